"""The patch as it was posted on 31 July 2019, with its mistakes: v3.

Files are named after the kernel's, and each function says which hunk it is. The fault handler was one function of 200
lines; here it is cut at its joints, so that a repair can replace one piece and leave the rest as posted.

What v3 relies on of unmodified v5.3 stands in :mod:`thpkit.patch.v53`. Run it with ``Config(on_splat=LOG,
debug_vm=False)`` for the production kernel of 2019, which says nothing about most broken rules, or with
``debug_vm=True`` for the debug kernel.
"""
