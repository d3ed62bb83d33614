"""Files: inodes, open files, address spaces, and the two file systems of this kernel.

The *huge-page* file system fills a whole compound page in its ``readpage``, offers ``huge_fault`` and places
mappings congruent to their file offset. The *4 KiB* file system is the ordinary kind. Which one a file is on is
decided at creation; everything else follows from the operation tables.

Models: include/linux/fs.h, fs/open.c, fs/file_table.c, fs/attr.c, fs/libfs.c (v5.3; nr_thps is v5.4's).
Left out: directories, permissions, dirty pages and writeback (a write goes to storage at once).
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from thpkit.kernel import (
    current,
    fault_inject,
    filemap,
    huge_memory,
    locks,
    memory,
    mm_types,
    splat,
    truncate,
    units,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Token, Zero
from thpkit.kernel.flags import FMode, Gfp, MapFlags, OpenFlags
from thpkit.kernel.kobject import KDict, KObject, kstruct, primitive
from thpkit.kernel.locks import RwSem
from thpkit.kernel.units import Pgoff, VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.mm_types import VmArea, VmOperations
    from thpkit.kernel.page import Page
    from thpkit.kernel.xarray import XArray

AS_THP_SUPPORT: Final = 1 << 0
"""Bit of ``mapping.flags``: this file system's readpage can fill a huge page. v5.3 has none; 5.9 added one."""


class AddressSpaceOperations(NamedTuple):
    """How a file system moves pages (struct address_space_operations)."""

    name: str
    readpage: Callable[[File, Page], int]
    """Fill a locked page, unlock it, return 0 or a negative errno. Uptodate says whether it worked."""

    def __repr__(self) -> str:
        return self.name


class FileOperations(NamedTuple):
    """What an open file can do (struct file_operations)."""

    name: str
    mmap: Callable[[File, VmArea], int]
    """Prepare a mapping: set ``vma.vm_ops``."""
    get_unmapped_area: Callable[[File, VirtAddr, int, Pgoff, MapFlags], int] | None
    """Choose an address; None leaves it to the address space's own search."""

    def __repr__(self) -> str:
        return self.name


@kstruct
class AddressSpace(KObject):
    """The page cache of one file (struct address_space)."""

    host: Inode
    i_pages: XArray
    """The cached pages by index. Its lock, taken with irqs off, is *the i_pages lock*."""
    nrpages: int = 0
    """Cached pages of 4 KiB; a huge page counts 512."""
    nrexceptional: int = 0
    """Value entries."""
    nr_thps: int = 0
    """Huge pages cached; checked when the file is opened for writing."""
    i_mmap: KDict[tuple[int, str], VmArea] = field(default_factory=KDict)
    """Every mapping of the file, by first index and name. Differs: the kernel keeps an interval tree."""
    i_mmap_rwsem: RwSem
    i_mmap_writable: int = 0
    """VM_SHARED mappings."""
    a_ops: AddressSpaceOperations
    flags: int = 0
    gfp_mask: Gfp = Gfp.HIGHUSER_MOVABLE


@kstruct
class Inode(KObject):
    """One file (struct inode)."""

    i_ino: int
    i_size: int
    """Length in bytes."""
    i_nlink: int = 1
    """Names the file has; at 0 it lives only as long as somebody has it open or mapped."""
    i_count: int = 0
    """Open files that refer to it."""
    i_writecount: int = 0
    """Positive: writers. Negative: mappings that forbid writing. Never both."""
    i_rwsem: RwSem
    i_mapping: AddressSpace | None = None
    """Set once, when the inode is made."""
    i_fop: FileOperations
    versions: KDict[int, int] = field(default_factory=KDict)
    """How often each block was written; a block that is not listed was never written over."""
    zero_from: Pgoff
    """Blocks from here on hold zeroes until they are written: they never existed, or were cut off once."""


@kstruct
class File(KObject):
    """One open file (struct file)."""

    f_inode: Inode
    f_mapping: AddressSpace
    f_mode: FMode
    f_op: FileOperations
    f_count: int = 1
    """Descriptors and mappings that refer to it."""


# ---- storage --------------------------------------------------------------------------------------------


@primitive
def read_block(inode: Inode, index: Pgoff) -> Token:
    """The content of one block on storage; zeroes beyond the end of the file and where nothing was written."""
    if index >= units.pages_in(inode.i_size):
        return Zero()
    if index >= inode.zero_from and index not in inode.versions:
        return Zero()
    return Block(inode.i_ino, index, inode.versions.get(index, 0))


@primitive
def cut_blocks(inode: Inode, length: int) -> None:
    """Set the size of a file; blocks beyond it are gone from storage."""
    end = units.pages_in(length)
    inode.i_size = length
    inode.zero_from = Pgoff(min(inode.zero_from, end))
    for index in inode.versions.keys():
        if index >= end:
            del inode.versions[index]


@primitive
def write_block(inode: Inode, index: Pgoff) -> None:
    """Write one whole block to storage; the file grows if it ended before."""
    inode.versions[index] = inode.versions.get(index, 0) + 1
    inode.i_size = max(inode.i_size, (index + 1) << units.PAGE_SHIFT)


@primitive
def fill_page(page: Page, token: Token) -> None:
    """Put ``token`` into one page."""
    page.content = token


def simple_readpage(file: File, page: Page) -> int:
    """Fill one small page of a file and unlock it: what almost every file system's readpage does.

    It is unlocked whether or not the read worked.

    Returns:
        0, or −EIO; then the page has PG_error and is not uptodate.

    Locks: entry page lock; drops page lock; never sleeps.
    Models: fs/mpage.c: mpage_readpage (v5.3), as seen by its caller.
    Left out: buffers, asynchronous completion, sleeping for memory.
    """
    if fault_inject.should_fail("read"):
        page_h.SetPageError(page)
        locks.unlock_page(page)
        return -errno.EIO
    fill_page(page, read_block(file.f_inode, page.index))
    page_h.SetPageUptodate(page)
    locks.unlock_page(page)
    return 0


def huge_readpage(file: File, page: Page) -> int:
    """Fill a small page or every sub-page of a huge one, zeroes beyond the end of the file, and unlock it.

    Only ever called on a head. It is unlocked whether or not the read worked.

    Returns:
        0, or −EIO; then the page is not uptodate. PG_error is left alone: v5.3 forbids it on compound pages.

    Locks: entry page lock; drops page lock; never sleeps.
    Models: no file system (v5.3 has none that can do it): it is what the huge page fault needs, a part of REF.
    Left out: buffers, asynchronous completion, sleeping for memory.
    """
    if fault_inject.should_fail("read"):
        locks.unlock_page(page)
        return -errno.EIO
    for i in range(page_h.hpage_nr_pages(page)):
        fill_page(
            page_h.nth_page(page, i), read_block(file.f_inode, Pgoff(page.index + i))
        )
    page_h.SetPageUptodate(page)
    locks.unlock_page(page)
    return 0


def generic_file_mmap(file: File, vma: VmArea) -> int:
    """Let ``vma`` take its pages from the page cache, one at a time. Returns 0.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/filemap.c: generic_file_mmap (v5.3). Left out: the check for a missing readpage, the access time.
    """
    vma.vm_ops = current.kernel.vm_operations["small"]
    return 0


def huge_file_mmap(file: File, vma: VmArea) -> int:
    """Let ``vma`` take its pages from the page cache, 512 at a time where that is possible. Returns 0.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: no file system (v5.3): the patch series has no user (D31). Left out: nothing.
    """
    vma.vm_ops = current.kernel.vm_operations["huge"]
    return 0


def vm_operations() -> KDict[str, VmOperations]:
    """The operation tables for mappings, built at boot so that they hold a variant's functions.

    Locks: none; never sleeps.
    Models: mm/filemap.c: generic_file_vm_ops (v5.3). Left out: page_mkwrite and whatever else such a table holds.
    Differs: a table is a constant of the kernel.
    """
    tables: KDict[str, VmOperations] = KDict()
    tables["small"] = mm_types.VmOperations(
        "generic_file_vm_ops", filemap.filemap_fault, filemap.filemap_map_pages, None
    )
    tables["huge"] = mm_types.VmOperations(
        "huge_file_vm_ops",
        filemap.filemap_fault,
        filemap.filemap_map_pages,
        filemap.filemap_huge_fault,
    )
    return tables


def new_inode(ino: int, size: int, huge: bool) -> Inode:
    """A file of ``size`` bytes on the huge-page file system or on the 4 KiB one, with an empty page cache.

    Locks: none; never sleeps.
    Models: fs/inode.c: new_inode, inode_init_always (v5.3).
    Left out: the super block, times, owners, the list of inodes.
    """
    name = f"inode#{ino}"
    if huge:
        fop = FileOperations(
            "huge_file_operations", huge_file_mmap, huge_memory.thp_get_unmapped_area
        )
        aops = AddressSpaceOperations("huge_aops", huge_readpage)
    else:
        fop = FileOperations("generic_file_operations", generic_file_mmap, None)
        aops = AddressSpaceOperations("generic_aops", simple_readpage)
    rwsem = RwSem(f"{name}.i_rwsem", cls="i_rwsem")
    zero_from = units.pages_in(size)
    inode = Inode(
        name, i_ino=ino, i_size=size, i_rwsem=rwsem, i_fop=fop, zero_from=zero_from
    )
    inode.i_mapping = AddressSpace(
        f"mapping#{ino}",
        host=inode,
        i_pages=xarray.page_cache_xarray(f"i_pages#{ino}"),
        i_mmap_rwsem=RwSem(f"mapping#{ino}.i_mmap_rwsem", cls="i_mmap_rwsem"),
        a_ops=aops,
        flags=AS_THP_SUPPORT if huge else 0,
    )
    return inode


# ---- predicates of inodes and mappings --------------------------------------------------------------------


@primitive
def inode_mapping(inode: Inode) -> AddressSpace:
    """``inode->i_mapping``, which every finished inode has."""
    assert inode.i_mapping is not None
    return inode.i_mapping


@primitive
def mapping_thp_support(mapping: AddressSpace) -> bool:
    """Whether the file system's readpage can fill a huge page."""
    return bool(mapping.flags & AS_THP_SUPPORT)


@primitive
def inode_is_open_for_write(inode: Inode) -> bool:
    """Whether anybody holds write access."""
    return inode.i_writecount > 0


@primitive
def i_size_pages(inode: Inode) -> Pgoff:
    """Pages in the file, the last partial one included: DIV_ROUND_UP(i_size_read(inode), PAGE_SIZE)."""
    return units.pages_in(inode.i_size)


@primitive
def smp_mb() -> None:
    """A full memory barrier. This model is sequentially consistent: it marks where the real code needs one."""


@primitive
def get_write_access(inode: Inode) -> int:
    """Become a writer: 0, or −ETXTBSY while writing is forbidden."""
    if inode.i_writecount < 0:
        return -errno.ETXTBSY
    inode.i_writecount = inode.i_writecount + 1
    return 0


@primitive
def put_write_access(inode: Inode) -> None:
    """Stop being a writer."""
    inode.i_writecount = inode.i_writecount - 1


@primitive
def deny_write_access(file: File) -> int:
    """Forbid writing: 0, or −ETXTBSY while there are writers."""
    inode = file.f_inode
    if inode.i_writecount > 0:
        return -errno.ETXTBSY
    inode.i_writecount = inode.i_writecount - 1
    return 0


@primitive
def allow_write_access(file: File) -> None:
    """Take one prohibition of writing back."""
    file.f_inode.i_writecount = file.f_inode.i_writecount + 1


# ---- opening, closing, cutting ----------------------------------------------------------------------------


@primitive
def alloc_file(inode: Inode, mode: FMode) -> File:
    """A new struct file with one reference."""
    mapping = inode_mapping(inode)
    inode.i_count = inode.i_count + 1
    return File(
        current.new_name("file"),
        f_inode=inode,
        f_mapping=mapping,
        f_mode=mode,
        f_op=inode.i_fop,
    )


@primitive
def open_mode(flags: OpenFlags) -> FMode:
    """OPEN_FMODE: what the access bits of open(2) allow."""
    return {
        OpenFlags.RDONLY: FMode.READ,
        OpenFlags.WRONLY: FMode.WRITE,
        OpenFlags.RDWR: FMode.READ | FMode.WRITE,
    }.get(flags & OpenFlags.ACCMODE, FMode.NONE)


@primitive
def get_file(file: File) -> File:
    """Take a reference on an open file and return it."""
    file.f_count = file.f_count + 1
    return file


def do_dentry_open(inode: Inode, flags: OpenFlags) -> File | int:
    """Open ``inode``; a writer also throws its cached huge pages away.

    Returns:
        The open file, or a negative errno (−ETXTBSY).

    Locks: takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: one on the file it returns, which has one on the inode.
    Models: fs/open.c: do_dentry_open (v5.3). Left out: everything else it does.
    Differs from v5.3: with what later kernels added for huge pages of files: v5.4 dropped the cache of such a file
    here, v5.14 paired the barriers, and a later fix spared the private copies.
    """
    mode = open_mode(flags)
    if mode & FMode.WRITE:
        error = get_write_access(inode)
        if error:
            return error
        # Pairs with the barrier of the huge page insertion: one of the two sides sees the other.
        smp_mb()
        mapping = inode_mapping(inode)
        if mapping.nr_thps:
            # Private copies of the file's pages belong to their processes: only the file's own pages go.
            memory.unmap_mapping_pages(mapping, Pgoff(0), None, even_cows=False)
            truncate.truncate_inode_pages(mapping, 0)
    return alloc_file(inode, mode)


def fput(file: File) -> None:
    """Let go of an open file; the last one to do so ends write access.

    Locks: takes page lock, lru_lock, i_pages, RCU (evicting a nameless file); may sleep.
    References: drops one on the file; the last one drops one on the inode.
    Models: fs/file_table.c: fput, __fput (v5.3).
    Left out: the deferral to task work (so eviction may run under mmap_sem here), ->release.
    """
    file.f_count = file.f_count - 1
    if file.f_count:
        return
    inode = file.f_inode
    if file.f_mode & FMode.WRITE:
        put_write_access(inode)
    inode.i_count = inode.i_count - 1
    if inode.i_count == 0 and inode.i_nlink == 0:
        evict(inode)


def vfs_unlink(path: str, inode: Inode) -> None:
    """Take a file's name away; its pages go when nobody has it open or mapped any more.

    Locks: takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: fs/namei.c: vfs_unlink (v5.3); fs/inode.c: iput_final (v5.3).
    Left out: directories, i_rwsem of the directory and of the file; a file has one name.
    """
    inode.i_nlink = 0
    rename_deleted(path, inode)
    if inode.i_count == 0:
        evict(inode)


@primitive
def rename_deleted(path: str, inode: Inode) -> None:
    """Keep a nameless file where the checks see it, under the name that /proc would show."""
    inodes = current.kernel.inodes
    del inodes[path]
    inodes[f"{path} (deleted, {inode})"] = inode


def evict(inode: Inode) -> None:
    """Throw a dead file's pages away, and check that nothing is left.

    Locks: takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: fs/inode.c: evict, clear_inode (v5.3); mm/truncate.c: truncate_inode_pages_final (v5.3).
    Left out: writeback.
    """
    mapping = inode_mapping(inode)
    truncate.truncate_inode_pages(mapping, 0)
    splat.BUG_ON(mapping.nrpages != 0, f"{inode} dies with nrpages {mapping.nrpages}")
    splat.BUG_ON(
        mapping.nrexceptional != 0, f"{inode} dies with {mapping.nrexceptional} values"
    )
    forget_inode(inode)


@primitive
def forget_inode(inode: Inode) -> None:
    """destroy_inode: the inode is gone."""
    inodes = current.kernel.inodes
    for path, other in inodes.items():
        if other is inode:
            del inodes[path]


def do_truncate(inode: Inode, length: int) -> int:
    """Set the size of a file and drop every cached page beyond it.

    Returns:
        0.

    Locks: entry i_rwsem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: fs/open.c: do_truncate (v5.3); fs/libfs.c: simple_setattr (v5.3).
    Left out: notify_change, zeroing a partial page. Differs: the callers take i_rwsem; the kernel does it here.
    """
    cut_blocks(inode, length)
    truncate.truncate_pagecache(inode, length)
    return 0


def vfs_truncate(inode: Inode, length: int) -> int:
    """truncate(2): takes write access for the length of the call only, so that no huge page is inserted meanwhile.

    Returns:
        0, or −ETXTBSY if writing is forbidden.

    Locks: takes i_rwsem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: fs/open.c: vfs_truncate (v5.3). Left out: permissions, leases, quota.
    Differs: takes i_rwsem, which the kernel leaves to do_truncate.
    """
    error = get_write_access(inode)
    if error:
        return error
    locks.down_write(inode.i_rwsem)
    error = do_truncate(inode, length)
    locks.up_write(inode.i_rwsem)
    put_write_access(inode)
    return error
