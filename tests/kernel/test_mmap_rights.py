"""Who may do what: FACTS §6.1 (do_mmap), §6.6 (mprotect and the MAY bits) and §6.7 (i_writecount)."""

from __future__ import annotations

import errno

import pytest

from tests.kernel.support import PATH, RW, RX, Scene
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot, VmFlags
from thpkit.kernel.machine import Machine, Process

SHARED, PRIVATE = MapFlags.SHARED, MapFlags.PRIVATE
RDONLY, RDWR, WRONLY = OpenFlags.RDONLY, OpenFlags.RDWR, OpenFlags.WRONLY
MAY_ALL = VmFlags.MAYREAD | VmFlags.MAYWRITE | VmFlags.MAYEXEC
BLOCK = 2 << 20


@pytest.fixture
def process() -> Process:
    """A process on a machine with one file of 4 MiB."""
    machine = Machine()
    machine.create(PATH, 2 * BLOCK)
    return machine.spawn("A")


def mapped(process: Process, prot: Prot, kind: MapFlags, mode: OpenFlags) -> int:
    return process.mmap(BLOCK, prot, kind, process.open(PATH, mode))


# ---- the bits of a new mapping --------------------------------------------------------------------------

READ_EXEC = VmFlags.READ | VmFlags.EXEC
TABLE = [
    # FACTS §12.2: vm_flags = READ|EXEC|MAYREAD|MAYWRITE|MAYEXEC.
    (RX, PRIVATE, RDONLY, READ_EXEC | MAY_ALL),
    # §6.1: VM_MAYWRITE stays even if the file is read-only: writes go to private copies.
    (RW, PRIVATE, RDONLY, VmFlags.READ | VmFlags.WRITE | MAY_ALL),
    (RX, PRIVATE, RDWR, READ_EXEC | MAY_ALL),
    # §6.1: shared and not open for write: VM_MAYWRITE and VM_SHARED go, VM_MAYSHARE stays.
    (
        RX,
        SHARED,
        RDONLY,
        READ_EXEC | VmFlags.MAYREAD | VmFlags.MAYEXEC | VmFlags.MAYSHARE,
    ),
    (RX, SHARED, RDWR, READ_EXEC | MAY_ALL | VmFlags.SHARED | VmFlags.MAYSHARE),
    (
        RW,
        SHARED,
        RDWR,
        VmFlags.READ | VmFlags.WRITE | MAY_ALL | VmFlags.SHARED | VmFlags.MAYSHARE,
    ),
    # D41's counterpart: SHARED_VALIDATE contains the PRIVATE bit and is shared all the same.
    (
        RX,
        MapFlags.SHARED_VALIDATE,
        RDWR,
        READ_EXEC | MAY_ALL | VmFlags.SHARED | VmFlags.MAYSHARE,
    ),
    (Prot.NONE, PRIVATE, RDONLY, MAY_ALL),
]


@pytest.mark.parametrize(("prot", "kind", "mode", "expected"), TABLE)
def test_vm_flags(
    process: Process, prot: Prot, kind: MapFlags, mode: OpenFlags, expected: VmFlags
) -> None:
    """FACTS §6.1 step 9 and the table of step 11."""
    assert mapped(process, prot, kind, mode) > 0
    assert process.mm.mmap is not None
    assert process.mm.mmap.vm_flags == expected


def test_anonymous_memory_is_indexed_by_its_address(process: Process) -> None:
    """FACTS §6.1 step 12: private anonymous: pgoff = addr >> 12."""
    start = process.mmap(BLOCK, RW, PRIVATE | MapFlags.ANONYMOUS)
    assert process.mm.mmap is not None
    assert process.mm.mmap.vm_pgoff == start >> 12
    assert process.mm.mmap.vm_ops is None, "§6.2: that is what anonymous means"


def test_only_the_loader_can_deny_writing(process: Process) -> None:
    """FACTS §6.1, end: the system call strips MAP_DENYWRITE; the ELF loader calls below it."""
    inode = process.machine.kernel.inodes[PATH]
    assert mapped(process, RX, PRIVATE | MapFlags.DENYWRITE, RDONLY) > 0
    assert process.mm.mmap is not None
    assert not process.mm.mmap.vm_flags & VmFlags.DENYWRITE
    assert inode.i_writecount == 0
    start = process.load_text(3, BLOCK)
    assert inode.i_writecount == -1
    process.munmap(start, BLOCK)
    assert inode.i_writecount == 0


# ---- errors of mmap -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prot", "kind", "mode", "error"),
    [
        (RW, SHARED, RDONLY, errno.EACCES),
        (RW, MapFlags.SHARED_VALIDATE, RDONLY, errno.EACCES),
        (Prot.READ, PRIVATE, WRONLY, errno.EACCES),
        (Prot.WRITE, SHARED, WRONLY, errno.EACCES),
        (Prot.READ, MapFlags(0), RDONLY, errno.EINVAL),
        (Prot.READ, MapFlags(4), RDONLY, errno.EINVAL),
    ],
)
def test_refused_mappings(
    process: Process, prot: Prot, kind: MapFlags, mode: OpenFlags, error: int
) -> None:
    """FACTS §6.1 step 11. "Falls into the private checks": a shared mapping too needs a file open for reading."""
    assert mapped(process, prot, kind, mode) == -error
    assert process.mm.map_count == 0


def test_other_errors(process: Process) -> None:
    """FACTS §6.1 steps 1 and 5; descriptors and offsets are the system call's own checks."""
    fd = process.open(PATH)
    assert process.mmap(0, RX, PRIVATE, fd) == -errno.EINVAL
    assert process.mmap(BLOCK, RX, PRIVATE, fd, offset=0x123) == -errno.EINVAL
    assert process.mmap(BLOCK, RX, PRIVATE, 99) == -errno.EBADF
    assert process.open("/nowhere") == -errno.ENOENT
    assert process.close(99) == -errno.EBADF


def test_anonymous_memory_needs_a_known_type(process: Process) -> None:
    """mm/mmap.c, do_mmap: the anonymous switch knows MAP_SHARED and MAP_PRIVATE; anything else is −EINVAL."""
    anonymous = MapFlags.ANONYMOUS
    assert process.mmap(BLOCK, RW, anonymous) == -errno.EINVAL
    got = process.mmap(BLOCK, RW, anonymous | MapFlags.SHARED_VALIDATE)
    assert got == -errno.EINVAL


def test_file_mappings_do_not_grow(process: Process) -> None:
    """FACTS §6.1, MAP_PRIVATE row: GROWSDOWN → −EINVAL."""
    kind = PRIVATE | MapFlags.GROWSDOWN
    assert mapped(process, RX, kind, RDONLY) == -errno.EINVAL


def test_shared_validate_refuses_unknown_flags(process: Process) -> None:
    """FACTS §6.1, first row: −EOPNOTSUPP; plain MAP_SHARED ignores them."""
    unknown = MapFlags(0x1000000)
    assert mapped(process, RX, SHARED | unknown, RDONLY) > 0
    got = mapped(process, RX, MapFlags.SHARED_VALIDATE | unknown, RDONLY)
    assert got == -errno.EOPNOTSUPP


def test_an_offset_that_overflows(process: Process) -> None:
    """FACTS §6.1 step 5: offset overflow → −EOVERFLOW."""
    fd = process.open(PATH)
    got = process.mmap(2 * BLOCK, RX, PRIVATE, fd, offset=(1 << 64) - 4096)
    assert got == -errno.EOVERFLOW


# ---- mprotect -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mode", "wanted", "result"),
    [
        # §6.6: a private mapping of a read-only file *can* become writable (COW); a shared one cannot.
        (PRIVATE, RDONLY, RW, 0),
        (SHARED, RDONLY, RW, -errno.EACCES),
        (SHARED, RDWR, RW, 0),
        (MapFlags.SHARED_VALIDATE, RDWR, RW, 0),
        (SHARED, RDONLY, RX, 0),
        (SHARED, RDONLY, Prot.NONE, 0),
    ],
)
def test_mprotect_asks_the_may_bits(
    process: Process, kind: MapFlags, mode: OpenFlags, wanted: Prot, result: int
) -> None:
    """FACTS §6.6: newflags & ~(newflags >> 4) must have none of READ, WRITE, EXEC."""
    start = mapped(process, Prot.READ, kind, mode)
    assert process.mprotect(start, BLOCK, wanted) == result


def test_mprotect_errors(process: Process) -> None:
    """mm/mprotect.c: an unaligned start is −EINVAL, a hole −ENOMEM, nothing to do is 0."""
    start = mapped(process, Prot.READ, PRIVATE, RDONLY)
    assert process.mprotect(start + 1, BLOCK, Prot.READ) == -errno.EINVAL
    assert process.mprotect(start, 0, Prot.READ) == 0
    assert process.mprotect(start - 4096, BLOCK, Prot.READ) == -errno.ENOMEM
    assert process.mprotect(start, 2 * BLOCK, RX) == -errno.ENOMEM
    assert process.mm.mmap is not None
    assert process.mm.mmap.vm_flags & VmFlags.EXEC, "what came before the hole changed"


def test_the_cpu_obeys_the_rights(process: Process) -> None:
    """FACTS §7.2: what the VMA forbids never reaches handle_mm_fault: SIGSEGV, and PGFAULT is not counted."""
    start = mapped(process, Prot.READ, PRIVATE, RDONLY)
    assert process.touch(start, Access.WRITE) is Signal.SIGSEGV
    assert process.touch(start, Access.EXEC) is Signal.SIGSEGV
    assert process.touch(start - 4096) is Signal.SIGSEGV
    assert process.machine.counters() == {}
    process.mprotect(start, BLOCK, Prot.NONE)
    assert process.touch(start) is Signal.SIGSEGV


def test_rights_taken_away_from_a_huge_pmd_and_given_back() -> None:
    """FACTS §6.6, whole block: the huge entry is rewritten, not split; what is resident stays resident."""
    scene = Scene()
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 3)
    before = scene.machine.counters()
    assert scene.a.mprotect(start, scene.length, Prot.NONE) == 0
    assert scene.huge_at(scene.a, start)
    assert scene.touch(scene.a, start, 3) is Signal.SIGSEGV
    assert scene.a.mprotect(start, scene.length, Prot.READ) == 0
    assert scene.touch(scene.a, start, 3) == scene.cached(3).content
    assert scene.machine.counters() == before, "no fault was needed"
    scene.assert_quiet()


# ---- writers and deniers --------------------------------------------------------------------------------


def test_writers_and_deniers_exclude_each_other(process: Process) -> None:
    """FACTS §6.7: positive = writers, negative = denials; each is refused −ETXTBSY while the other exists."""
    inode = process.machine.kernel.inodes[PATH]
    reader, writer = process.open(PATH), process.open(PATH, RDWR)
    assert inode.i_writecount == 1
    assert process.load_text(reader, BLOCK) == -errno.ETXTBSY
    process.close(writer)
    assert process.load_text(reader, BLOCK) > 0
    assert process.load_text(reader, BLOCK) > 0
    assert inode.i_writecount == -2
    assert process.open(PATH, RDWR) == -errno.ETXTBSY
    assert process.open(PATH, WRONLY) == -errno.ETXTBSY
    assert process.truncate(PATH, 0) == -errno.ETXTBSY
    process.exit()
    assert inode.i_writecount == 0


def test_truncating_open_needs_write_access(process: Process) -> None:
    """fs/namei.c, handle_truncate: O_TRUNC takes write access even if the file is opened for reading only."""
    inode = process.machine.kernel.inodes[PATH]
    process.load_text(process.open(PATH), BLOCK)
    assert process.open(PATH, RDONLY | OpenFlags.TRUNC) == -errno.ETXTBSY
    assert inode.i_size == 2 * BLOCK
    process.munmap(process.mm.mmap.vm_start if process.mm.mmap else 0, BLOCK)
    assert process.open(PATH, RDONLY | OpenFlags.TRUNC) >= 0
    assert (inode.i_size, inode.i_writecount) == (0, 0)


def test_truncate_takes_write_access_for_the_call_only(process: Process) -> None:
    """FACTS §6.7: get_write_access by truncate(2); no writer is left behind."""
    assert process.truncate(PATH, BLOCK) == 0
    assert process.machine.kernel.inodes[PATH].i_writecount == 0
    assert process.truncate(PATH, -1) == -errno.EINVAL
    assert process.truncate("/nowhere", 0) == -errno.ENOENT
    reader, writer = process.open(PATH), process.open(PATH, RDWR)
    assert process.ftruncate(reader, 0) == -errno.EINVAL
    assert process.ftruncate(writer, 0) == 0
    assert process.ftruncate(99, 0) == -errno.EBADF


def test_a_split_mapping_denies_twice(process: Process) -> None:
    """FACTS §6.2: VM_DENYWRITE VMAs *each* subtract 1 from i_writecount; splitting makes two of one."""
    inode = process.machine.kernel.inodes[PATH]
    start = process.load_text(process.open(PATH), 2 * BLOCK)
    process.munmap(start + BLOCK, 4096)
    assert inode.i_writecount == -2
    process.munmap(start, 2 * BLOCK)
    assert inode.i_writecount == 0
