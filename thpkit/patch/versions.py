"""The posted versions of the patch, as variants of the kernel, and the v5.3 that they were written for."""

from __future__ import annotations

from typing import Final

from thpkit.kernel import filemap
from thpkit.patch.v3 import filemap as v3_filemap
from thpkit.patch.v3 import fs as v3_fs
from thpkit.patch.v3 import huge_fault as v3_huge_fault
from thpkit.patch.v3 import huge_memory as v3_huge_memory
from thpkit.patch.v3 import mmap as v3_mmap
from thpkit.patch.v3 import rmap as v3_rmap
from thpkit.patch.v4 import filemap as v4_filemap
from thpkit.patch.v4 import mmap as v4_mmap
from thpkit.patch.v5 import filemap as v5_filemap
from thpkit.patch.v5 import mmap as v5_mmap
from thpkit.patch.v53 import filemap as v53_filemap
from thpkit.patch.v53 import fs as v53_fs
from thpkit.patch.v53 import proc as v53_proc
from thpkit.patch.v53 import rmap as v53_rmap
from thpkit.patch.v53 import truncate as v53_truncate
from thpkit.patch.version import Version

V53: Final = Version(
    "v5.3",
    functions=(
        v53_filemap.unaccount_page_cache_page,
        v53_filemap.page_cache_delete_batch,
        v53_filemap.forget_empty_nodes,
        v53_filemap.pagecache_get_page,
        v53_filemap.filemap_fault,
        v53_filemap.page_read_again,
        v53_filemap.generic_perform_write,
        v53_filemap.lock_if_mappable,
        v53_truncate.truncate_without_waiting,
        v53_truncate.truncate_waiting,
        v53_rmap.page_add_file_rmap,
        v53_rmap.page_remove_file_rmap,
        v53_fs.do_dentry_open,
        v53_proc.smaps,
    ),
    about="generic code of v5.3 as the patch found it; the base of v3, v4 and v5",
)
"""Not a kernel to run by itself: the huge page fault that calls into it is one of the patch's."""

V3: Final = Version(
    "v3",
    functions=(
        v3_filemap.filemap_huge_fault,
        v3_filemap.unaccount_page_cache_page,
        v3_mmap.do_mmap,
        v3_huge_memory.thp_get_unmapped_area,
        v3_rmap.page_add_file_rmap,
        v3_rmap.page_remove_file_rmap,
        v3_fs.new_inode,
    ),
    base=V53,
    helpers=(v3_huge_fault.map_page,),
    about="the patch as posted on 31 July 2019, on the v5.3 that it was written for",
)
"""The patch that the review is about."""

V4: Final = Version(
    "v4",
    functions=(
        v4_filemap.filemap_huge_fault,
        v4_filemap.huge_entry_is_unusable,
        v4_mmap.ro_exec_place,
    ),
    base=V3,
    about="the patch as posted on 15 August 2019: the page is in the cache before it is read",
)
"""The version after the review."""

V5: Final = Version(
    "v5",
    functions=(
        v5_filemap.filemap_huge_fault,
        v5_filemap.filemap_huge_check_pagecache_usable,
        v5_filemap.last_index,
        v5_mmap.ro_exec_place,
    ),
    base=V4,
    restores=(filemap.page_cache_delete_batch,),
    about="the patch as posted on 2 September 2019, its last version",
)
"""The last version; it also removed the assertion in page_cache_delete_batch."""
