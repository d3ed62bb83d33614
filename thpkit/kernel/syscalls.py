"""The system calls of this kernel. Each is where a recording begins a section.

Models: mm/mmap.c, fs/open.c, kernel/exit.c (v5.3): SYSCALL_DEFINE and what stands directly below it.
Left out: copying from user space, signals, audit.
"""

from __future__ import annotations

import errno

from thpkit.kernel import (
    current,
    filemap,
    fs,
    locks,
    memory,
    mmap,
    mprotect,
    pgtable,
    units,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Token
from thpkit.kernel.entry import system_call
from thpkit.kernel.flags import FMode, MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import File, Inode
from thpkit.kernel.kobject import KDict, primitive
from thpkit.kernel.mm_types import VmArea
from thpkit.kernel.units import Pgoff, VirtAddr


@primitive
def files() -> KDict[int, File]:
    """The open files of the running task."""
    table = current.task().files
    assert table is not None, "the running task has exited"
    return table


@primitive
def fget(fd: int) -> File | None:
    """The open file of a descriptor, or None."""
    return files().get(fd)


@primitive
def fd_install(file: File) -> int:
    """Give an open file the lowest free descriptor and return it."""
    table = files()
    fd = next(
        number
        for number in range(len(table) + 4)
        if number >= 3 and number not in table
    )
    table[fd] = file
    return fd


@primitive
def path_lookup(path: str) -> Inode | None:
    """The file of that path, or None."""
    return current.kernel.inodes.get(path)


@system_call
def sys_open(path: str, flags: OpenFlags) -> int:
    """open(2): a descriptor, or −ENOENT, −ETXTBSY.

    Locks: takes i_rwsem for writing (TRUNC), page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: the descriptor has one on the file.
    Models: fs/open.c: do_sys_open (v5.3); fs/namei.c: handle_truncate (v5.3).
    Left out: creation, permissions, everything but the access mode and TRUNC.
    """
    inode = path_lookup(path)
    if inode is None:
        return -errno.ENOENT
    opened = fs.do_dentry_open(inode, flags)
    if isinstance(opened, int):
        return opened
    if flags & OpenFlags.TRUNC:
        error = fs.vfs_truncate(inode, 0)
        if error:
            fs.fput(opened)
            return error
    return fd_install(opened)


@system_call
def sys_close(fd: int) -> int:
    """close(2): 0, or −EBADF.

    Locks: takes page lock, lru_lock, i_pages, RCU (as fput); may sleep.
    References: drops the descriptor's on the file.
    Models: fs/open.c: close (v5.3); fs/file.c: __close_fd (v5.3). Left out: ->flush.
    """
    file = fget(fd)
    if file is None:
        return -errno.EBADF
    del files()[fd]
    fs.fput(file)
    return 0


@system_call
def sys_mmap(
    addr: VirtAddr, length: int, prot: Prot, flags: MapFlags, fd: int, offset: int
) -> int:
    """mmap(2): the address, or a negative errno. ``offset`` and ``length`` are in bytes.

    EXECUTABLE and DENYWRITE are stripped: only the program loader may forbid writing.

    Locks: takes mmap_sem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: the mapping takes one on the file.
    Models: mm/mmap.c: ksys_mmap_pgoff (v5.3); mm/util.c: vm_mmap_pgoff (v5.3).
    Left out: huge TLB files, a killable wait for mmap_sem.
    """
    file = None
    if offset & (units.PAGE_SIZE - 1):
        return -errno.EINVAL
    if not flags & MapFlags.ANONYMOUS:
        file = fget(fd)
        if file is None:
            return -errno.EBADF
    flags = without_loader_flags(flags)
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    result = mmap.do_mmap(
        file, addr, length, prot, flags, Pgoff(offset >> units.PAGE_SHIFT)
    )
    locks.up_write(mm.mmap_sem)
    return result


@primitive
def without_loader_flags(flags: MapFlags) -> MapFlags:
    """The flags that a user may pass: unknown ones stay, so that do_mmap can refuse them."""
    return MapFlags(int(flags) & ~int(MapFlags.EXECUTABLE | MapFlags.DENYWRITE))


@system_call
def sys_munmap(addr: VirtAddr, length: int) -> int:
    """munmap(2): 0, or a negative errno.

    Locks: takes mmap_sem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the mappings' on pages and files.
    Models: mm/mmap.c: __vm_munmap (v5.3).
    Left out: a killable wait for mmap_sem, and its downgrade to reading before the zapping.
    """
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    result = mmap.do_munmap(mm, addr, length)
    locks.up_write(mm.mmap_sem)
    return result


@system_call
def sys_truncate(path: str, length: int) -> int:
    """truncate(2): 0, or −ENOENT, −EINVAL, −ETXTBSY.

    Locks: takes i_rwsem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: fs/open.c: do_sys_truncate (v5.3). Left out: permissions.
    """
    if length < 0:
        return -errno.EINVAL
    inode = path_lookup(path)
    if inode is None:
        return -errno.ENOENT
    return fs.vfs_truncate(inode, length)


@system_call
def sys_mprotect(addr: VirtAddr, length: int, prot: Prot) -> int:
    """mprotect(2): 0, or a negative errno.

    Locks: takes mmap_sem for writing, i_mmap_rwsem, ptl; may sleep.
    Models: mm/mprotect.c: mprotect (v5.3). Left out: a killable wait for mmap_sem.
    Differs: takes mmap_sem, which the kernel leaves to do_mprotect_pkey.
    """
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    result = mprotect.do_mprotect(mm, addr, length, prot)
    locks.up_write(mm.mmap_sem)
    return result


@system_call
def sys_elf_map(fd: int, length: int, offset: int) -> int:
    """What exec does to map a program's text: private, read and execute, and nobody may write the file meanwhile.

    Returns:
        The address, or a negative errno (−ETXTBSY if the file has a writer).

    Locks: takes mmap_sem for writing, i_mmap_rwsem; may sleep.
    References: the mapping takes one on the file.
    Models: fs/binfmt_elf.c: elf_map (v5.3). Left out: MAP_FIXED, and all else that exec does.
    """
    file = fget(fd)
    if file is None:
        return -errno.EBADF
    mm = current.mm()
    map_flags = MapFlags.PRIVATE | MapFlags.DENYWRITE | MapFlags.EXECUTABLE
    pgoff = Pgoff(offset >> units.PAGE_SHIFT)
    locks.down_write(mm.mmap_sem)
    result = mmap.do_mmap(
        file, VirtAddr(0), length, Prot.READ | Prot.EXEC, map_flags, pgoff
    )
    locks.up_write(mm.mmap_sem)
    return result


@system_call
def sys_ftruncate(fd: int, length: int) -> int:
    """ftruncate(2): 0, or −EBADF, −EINVAL.

    Locks: takes i_rwsem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: fs/open.c: do_sys_ftruncate (v5.3). Left out: large-file limits.
    """
    if length < 0:
        return -errno.EINVAL
    file = fget(fd)
    if file is None:
        return -errno.EBADF
    if not file.f_mode & FMode.WRITE:
        return -errno.EINVAL
    locks.down_write(file.f_inode.i_rwsem)
    error = fs.do_truncate(file.f_inode, length)
    locks.up_write(file.f_inode.i_rwsem)
    return error


@system_call
def sys_pread(fd: int, index: int, count: int) -> list[Token] | int:
    """pread(2) in whole pages: the tokens of up to ``count`` pages from page ``index`` on, or a negative errno.

    Locks: takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: fs/read_write.c: ksys_pread64 (v5.3). Left out: bytes; an error after the first page is a short read.
    """
    file = fget(fd)
    if file is None or not file.f_mode & FMode.READ:
        return -errno.EBADF
    found: list[Token] = []
    end = fs.i_size_pages(file.f_inode)
    while len(found) < count and index + len(found) < end:
        content = filemap.generic_file_buffered_read(file, Pgoff(index + len(found)))
        if isinstance(content, int):
            return found if found else content
        found = [*found, content]
    return found


@system_call
def sys_pwrite(fd: int, index: int, count: int) -> int:
    """pwrite(2) in whole pages: the number of pages written from page ``index`` on, or a negative errno.

    Locks: takes i_rwsem for writing, page lock, lru_lock, i_pages, RCU; may sleep.
    Models: fs/read_write.c: ksys_pwrite64 (v5.3); mm/filemap.c: generic_file_write_iter (v5.3). Left out: bytes.
    """
    file = fget(fd)
    if file is None or not file.f_mode & FMode.WRITE:
        return -errno.EBADF
    error = 0
    written = 0
    locks.down_write(file.f_inode.i_rwsem)
    while written < count and not error:
        error = filemap.generic_perform_write(file, Pgoff(index + written))
        if not error:
            written = written + 1
    locks.up_write(file.f_inode.i_rwsem)
    return written if written else error


@system_call
def sys_unlink(path: str) -> int:
    """unlink(2): 0, or −ENOENT.

    Locks: takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: fs/namei.c: do_unlinkat (v5.3). Left out: directories.
    """
    inode = path_lookup(path)
    if inode is None:
        return -errno.ENOENT
    fs.vfs_unlink(path, inode)
    return 0


@system_call
def sys_mincore(addr: VirtAddr, length: int) -> list[bool] | int:
    """mincore(2): for each page of the range whether touching it would need no storage, or a negative errno.

    A page that is not mapped counts as in core if it is cached.

    Locks: takes mmap_sem for reading, RCU; may sleep.
    Models: mm/mincore.c: do_mincore, mincore_pte_range, mincore_page (v5.3). Left out: the permission to ask.
    """
    if addr & (units.PAGE_SIZE - 1):
        return -errno.EINVAL
    mm = current.mm()
    end = units.advance(addr, units.page_align(length))
    found: list[bool] = []
    locks.down_read(mm.mmap_sem)
    while addr < end:
        vma = mmap.find_vma(mm, addr)
        if vma is None or vma.vm_start > addr:
            locks.up_read(mm.mmap_sem)
            return -errno.ENOMEM
        found = [*found, page_in_core(vma, addr)]
        addr = units.advance(addr, units.PAGE_SIZE)
    locks.up_read(mm.mmap_sem)
    return found


@primitive
def page_in_core(vma: VmArea, addr: VirtAddr) -> bool:
    """Whether one page of a mapping is resident: mapped, or uptodate in its file's cache."""
    ptr = pgtable.walk(vma.vm_mm, addr)[-1]
    if pgtable.entry_present(pgtable.entry_val(ptr)):
        return True
    if vma.vm_file is None:
        return False
    entry = xarray.xa_load(
        vma.vm_file.f_mapping.i_pages, memory.linear_page_index(vma, addr)
    )
    return filemap.is_page(entry) and page_h.PageUptodate(entry)


@system_call
def sys_exit() -> None:
    """exit(2): give the address space and the open files back, if no other thread uses them.

    Locks: takes mmap_sem for writing, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the descriptors' on the files, and the mappings'.
    Models: kernel/exit.c: do_exit, exit_mm (v5.3); fs/file.c: exit_files (v5.3). Left out: everything else.
    Differs: mmap_sem is held.
    """
    task = current.task()
    mm = current.mm()
    table = files()
    task.mm = None
    task.files = None
    mm.mm_users = mm.mm_users - 1
    if mm.mm_users:
        return
    locks.down_write(mm.mmap_sem)
    mmap.exit_mmap(mm)
    locks.up_write(mm.mmap_sem)
    for fd, file in table.items():
        del table[fd]
        fs.fput(file)
