"""What the patch found and did not change: generic code of v5.3 that is not made for huge pages of regular files.

The kernel of this kit has these functions in the form that v5.4 or the algorithm REF gave them. The patch ran on the
older form, and part of what goes wrong with it goes wrong here. Each function says in which place it differs.

Not a kernel to run by itself: the huge page fault that calls into it comes from v3, v4 or v5.
"""

from typing import Final

from thpkit.kernel.variant import Variant
from thpkit.patch.v53 import filemap, fs, proc, truncate

V53: Final = Variant(
    "v5.3",
    functions=(
        filemap.unaccount_page_cache_page,
        filemap.page_cache_delete_batch,
        filemap.forget_empty_nodes,
        filemap.pagecache_get_page,
        filemap.filemap_fault,
        filemap.page_read_again,
        filemap.generic_perform_write,
        filemap.lock_if_mappable,
        truncate.truncate_without_waiting,
        truncate.truncate_waiting,
        fs.do_dentry_open,
        proc.smaps,
    ),
    about="generic code of v5.3 as the patch found it; the base of v3, v4 and v5",
)
"""The base of the versions as posted."""
