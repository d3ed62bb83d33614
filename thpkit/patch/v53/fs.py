"""Opening a file in v5.3: nobody asks whether huge pages of it are cached (D29).

Models: fs/open.c (v5.3).
Left out: as in the kernel's own fs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import fs
from thpkit.kernel.flags import FMode, OpenFlags
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import File, Inode


@replaces(fs.do_dentry_open)
def do_dentry_open(inode: Inode, flags: OpenFlags) -> File | int:
    """Open ``inode``: the open file with one reference, or −ETXTBSY.

    Models: fs/open.c: do_dentry_open (v5.3): without the rule about nr_thps that v5.4 added. Left out: everything
    but write access.
    """
    mode = fs.open_mode(flags)
    if mode & FMode.WRITE:
        error = fs.get_write_access(inode)
        if error:
            return error
    return fs.alloc_file(inode, mode)
