"""What the patch found and did not change: generic code of v5.3 that is not made for huge pages of regular files.

The kernel of this kit has these functions in the form that v5.4 or the algorithm REF gave them. The patch ran on the
older form, and part of what goes wrong with it goes wrong here. Each function says in which place it differs.
"""
