"""The last version, of 2 September 2019. It was not merged, and no sixth was posted."""

from typing import Final

from thpkit.kernel import filemap as kernel_filemap
from thpkit.patch.v3 import huge_fault as v3_huge_fault
from thpkit.patch.v4 import V4
from thpkit.patch.v4 import filemap as v4_filemap
from thpkit.patch.v5 import filemap, mmap
from thpkit.patch.version import Version

V5: Final = Version(
    "v5",
    functions=(
        filemap.filemap_huge_fault,
        filemap.filemap_huge_check_pagecache_usable,
        filemap.last_index,
        mmap.ro_exec_place,
    ),
    base=V4,
    restores=(kernel_filemap.page_cache_delete_batch,),
    helpers=(v4_filemap.make_room, v3_huge_fault.store),
    about="the patch as posted on 2 September 2019, its last version",
)
"""The last version; it also removed the assertion in page_cache_delete_batch."""
