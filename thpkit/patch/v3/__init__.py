"""The patch as it was posted on 31 July 2019, with its mistakes: v3.

Files are named after the kernel's, and each function says which hunk it is. The fault handler was one function of 200
lines; here it is cut at its joints, so that a repair can replace one piece and leave the rest as posted.

What v3 relies on of unmodified v5.3 stands in :mod:`thpkit.patch.v53`. Run it with ``Config(on_splat=LOG,
debug_vm=False)`` for the production kernel of 2019, which says nothing about most broken rules, or with
``debug_vm=True`` for the debug kernel.
"""

from typing import Final

from thpkit.patch.v3 import filemap, fs, huge_fault, huge_memory, mmap, rmap
from thpkit.patch.v53 import V53
from thpkit.patch.version import Version

V3: Final = Version(
    "v3",
    functions=(
        filemap.filemap_huge_fault,
        filemap.unaccount_page_cache_page,
        mmap.do_mmap,
        huge_memory.thp_get_unmapped_area,
        rmap.page_add_file_rmap,
        rmap.page_remove_file_rmap,
        fs.new_inode,
    ),
    base=V53,
    helpers=(huge_fault.map_page,),
    about="the patch as posted on 31 July 2019, on the v5.3 that it was written for",
)
"""The patch as posted."""
