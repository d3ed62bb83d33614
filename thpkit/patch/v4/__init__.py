"""The next version, of 15 August 2019: inserted first, then read, then mapped, as the review asked (K17).

Much of the rest is as it was, and the new order brings mistakes of its own.
"""

from typing import Final

from thpkit.patch.v3 import V3
from thpkit.patch.v4 import filemap, mmap
from thpkit.patch.version import Version

V4: Final = Version(
    "v4",
    functions=(
        filemap.filemap_huge_fault,
        filemap.huge_entry_is_unusable,
        mmap.ro_exec_place,
    ),
    base=V3,
    about="the patch as posted on 15 August 2019: the page is in the cache before it is read",
)
"""The version after the review."""
