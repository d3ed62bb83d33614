"""The system calls of this kernel. Each is where a recording begins a section.

Models: mm/mmap.c, fs/open.c, kernel/exit.c (v5.3): SYSCALL_DEFINE and what stands directly below it.
Left out: copying from user space, signals, audit.
"""

from __future__ import annotations

import errno

from thpkit.kernel import current, fs, locks, mmap, units
from thpkit.kernel.entry import system_call
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import File, Inode
from thpkit.kernel.kobject import KDict, primitive
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

    Models: fs/open.c: do_sys_open. Left out: creation, permissions, everything but the access mode and TRUNC.
    """
    inode = path_lookup(path)
    if inode is None:
        return -errno.ENOENT
    opened = fs.do_dentry_open(inode, flags)
    if isinstance(opened, int):
        return opened
    if flags & OpenFlags.TRUNC:
        locks.down_write(inode.i_rwsem)
        fs.do_truncate(inode, 0)
        locks.up_write(inode.i_rwsem)
    return fd_install(opened)


@system_call
def sys_close(fd: int) -> int:
    """close(2): 0, or −EBADF.

    Models: fs/open.c: close; fs/file.c: __close_fd. Left out: ->flush.
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

    Models: mm/mmap.c: ksys_mmap_pgoff; mm/util.c: vm_mmap_pgoff. Left out: huge TLB files.
    """
    file = None
    if offset & (units.PAGE_SIZE - 1):
        return -errno.EINVAL
    if not flags & MapFlags.ANONYMOUS:
        file = fget(fd)
        if file is None:
            return -errno.EBADF
    flags = flags & ~(MapFlags.EXECUTABLE | MapFlags.DENYWRITE)
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    result = mmap.do_mmap(
        file, addr, length, prot, flags, Pgoff(offset >> units.PAGE_SHIFT)
    )
    locks.up_write(mm.mmap_sem)
    return result


@system_call
def sys_munmap(addr: VirtAddr, length: int) -> int:
    """munmap(2): 0, or a negative errno.

    Models: mm/mmap.c: __vm_munmap. Left out: nothing.
    """
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    result = mmap.do_munmap(mm, addr, length)
    locks.up_write(mm.mmap_sem)
    return result


@system_call
def sys_truncate(path: str, length: int) -> int:
    """truncate(2): 0, or −ENOENT, −EINVAL, −ETXTBSY.

    Models: fs/open.c: do_sys_truncate. Left out: permissions.
    """
    if length < 0:
        return -errno.EINVAL
    inode = path_lookup(path)
    if inode is None:
        return -errno.ENOENT
    return fs.vfs_truncate(inode, length)


@system_call
def sys_exit() -> None:
    """exit(2): give the address space and the open files back.

    Models: kernel/exit.c: do_exit: exit_mm, exit_files. Left out: everything else.
    """
    task = current.task()
    mm = current.mm()
    locks.down_write(mm.mmap_sem)
    mmap.exit_mmap(mm)
    locks.up_write(mm.mmap_sem)
    task.mm = None
    table = files()
    for fd, file in table.items():
        del table[fd]
        fs.fput(file)
    task.files = None
