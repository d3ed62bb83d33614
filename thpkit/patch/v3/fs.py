"""The file system that the posted series lacks (D31): one that offers the huge fault, and chooses no addresses.

Models: no file system; the patch has no user. Addresses are the business of its do_mmap.
Left out: as in the kernel's own fs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import fs
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import Inode

_new_inode = fs.new_inode
"""The kit's own."""


@replaces(fs.new_inode)
def new_inode(ino: int, size: int, huge: bool) -> Inode:
    """A file of ``size`` bytes. On the huge-page file system it has no say in where it is mapped.

    Models: no kernel function. Left out: nothing.
    """
    inode = _new_inode(ino, size, huge)
    if huge:
        inode.i_fop = fs.FileOperations("huge_file_operations", fs.huge_file_mmap, None)
    return inode
