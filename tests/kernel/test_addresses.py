"""Where a mapping goes: FACTS §6.3, §6.4, §6.5 and the addresses of §12.2 and §12.4."""

from __future__ import annotations

import errno
from typing import NamedTuple

import pytest

from tests.kernel.support import PATH, RX, Scene
from thpkit.kernel import current, huge_memory, mmap, units
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import File
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.units import Geometry, Pgoff, VirtAddr

MIB = 1 << 20
TOP = 0x7FFFF7FFF000


class Row(NamedTuple):
    """One row of the table in FACTS §6.4: offset, length, and the padded search's answer."""

    offset: int
    length: int
    result: int


ROWS = [
    Row(0, 4 * MIB, 0x7FFFF7A00000),
    Row(0x1000, 4 * MIB, 0x7FFFF7A01000),
    Row(0, 2 * MIB, 0x7FFFF7C00000),
    Row(0, 2 * MIB - 4096, 0),
    Row(0x1000, 2 * MIB, 0),
    Row(0x1000, 4 * MIB - 4096, 0x7FFFF7A01000),
    Row(0x1FF000, 2 * MIB + 4096, 0x7FFFF7BFF000),
    Row(0x1FF000, 2 * MIB, 0),
]
ids = [f"{row.offset:#x}+{row.length:#x}" for row in ROWS]


def boot(base: int = TOP, *, huge: bool = True) -> tuple[Machine, Process, int]:
    """A machine, a process whose mappings go below ``base``, and its descriptor of an 8 MiB file."""
    machine = Machine()
    machine.create(PATH, 8 * MIB, huge=huge)
    process = machine.spawn("A", mmap_base=base)
    return machine, process, process.open(PATH)


def file_of(process: Process, fd: int) -> File:
    assert process.task.files is not None
    return process.task.files[fd]


# ---- the table ------------------------------------------------------------------------------------------


@pytest.mark.real_size
@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_padded_search(row: Row) -> None:
    """FACTS §6.4, the table: 2 MiB more are asked for, then the address moves up; 0 without a whole block."""
    machine, process, fd = boot()
    with machine.installed():
        current.kernel.cpu.task = process.task
        found = huge_memory.__thp_get_unmapped_area(
            file_of(process, fd),
            row.length,
            row.offset,
            MapFlags.PRIVATE,
            units.PMD_SIZE,
        )
    assert found == row.result


@pytest.mark.real_size
@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_mmap_takes_the_padded_address_or_the_plain_one(row: Row) -> None:
    """A table row of 0 means the plain search: the highest hole, which is just below mmap_base."""
    _machine, process, fd = boot()
    plain = TOP - row.length
    got = process.mmap(row.length, RX, MapFlags.PRIVATE, fd, row.offset)
    assert got == (row.result or plain)


@pytest.mark.real_size
def test_raw_address_of_the_first_two_rows() -> None:
    """FACTS §6.4: the search for 4 MiB + 2 MiB finds 0x7ffff79ff000."""
    machine, process, fd = boot()
    with machine.installed():
        current.kernel.cpu.task = process.task
        raw = mmap.arch_get_unmapped_area_topdown(
            file_of(process, fd), VirtAddr(0), 6 * MIB, Pgoff(0), MapFlags.PRIVATE
        )
    assert raw == 0x7FFFF79FF000


@pytest.mark.real_size
@pytest.mark.parametrize(
    ("base", "address"),
    [(0x7F00005FF000, 0x7F0000000000), (0x7E55559FF000, 0x7E5555400000)],
)
def test_addresses_of_the_worked_traces(base: int, address: int) -> None:
    """FACTS §12.2 (A) and §12.4 (B): reached by the padded search, without a hint."""
    _machine, process, fd = boot(base)
    assert process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd) == address


# ---- what goes to the plain search ----------------------------------------------------------------------


@pytest.mark.real_size
def test_a_file_open_for_writing_gets_the_plain_address() -> None:
    """FACTS §12.1, do_mmap side: only files opened read-only are placed for huge pages."""
    _machine, process, _fd = boot()
    fd = process.open(PATH, OpenFlags.RDWR)
    assert process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd) == TOP - 4 * MIB


@pytest.mark.real_size
def test_shared_or_private_makes_no_difference() -> None:
    """FACTS §12.1, do_mmap side: used for files opened read-only, private *or shared*."""
    _machine, process, fd = boot()
    assert process.mmap(4 * MIB, RX, MapFlags.SHARED, fd) == 0x7FFFF7A00000


@pytest.mark.real_size
def test_an_ordinary_file_system_places_nothing() -> None:
    """FACTS §6.3: without an operation of its own the file uses mm->get_unmapped_area."""
    _machine, process, fd = boot(huge=False)
    assert process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd) == TOP - 4 * MIB


@pytest.mark.real_size
def test_a_hint_is_taken_page_aligned_if_it_is_free() -> None:
    """FACTS §6.3 and §6.4: addr ≠ 0 → plain; a usable hint is returned, rounded to a page."""
    _machine, process, fd = boot()
    hint = 0x500000001000
    assert process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd, addr=hint + 0x234) == hint
    again = process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd, addr=hint)
    assert again == TOP - 4 * MIB, "a taken hint falls back to the plain search"


@pytest.mark.real_size
def test_a_low_hint_is_raised_to_the_lowest_address() -> None:
    """FACTS §6.1 step 4: without FIXED the hint is rounded to mmap_min_addr."""
    _machine, process, fd = boot()
    got = process.mmap(4096, RX, MapFlags.PRIVATE, fd, addr=0x1000)
    assert got == units.MMAP_MIN_ADDR == 0x10000


def test_fixed_replaces_what_is_there() -> None:
    """FACTS §6.3: MAP_FIXED returns the address unchanged; §6.2: overlapping mappings are unmapped first."""
    scene = Scene()
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    with scene.changes() as moved:
        got = scene.map(scene.a, kind=MapFlags.PRIVATE | MapFlags.FIXED, addr=start)
    assert got == start
    assert moved["MM_FILEPAGES(A)"] == -scene.nr
    assert len(scene.vmas(scene.a)) == 1
    scene.assert_quiet()


def test_fixed_noreplace() -> None:
    """FACTS §6.1 steps 3 and 7: implies FIXED; any overlap is −EEXIST and nothing changes."""
    scene = Scene()
    start = scene.map(scene.a)
    fd = 3
    flags = MapFlags.PRIVATE | MapFlags.FIXED_NOREPLACE
    before = [(v.vm_start, v.vm_end) for v in scene.vmas(scene.a)]
    below = start - scene.block
    assert scene.a.mmap(scene.block + 4096, RX, flags, fd, addr=below) == -errno.EEXIST
    assert [(v.vm_start, v.vm_end) for v in scene.vmas(scene.a)] == before
    assert scene.a.mmap(scene.block, RX, flags, fd, addr=below) == below


# ---- errors ---------------------------------------------------------------------------------------------


@pytest.mark.real_size
@pytest.mark.parametrize(
    ("length", "flags", "addr", "error"),
    [
        (1 << 48, MapFlags.PRIVATE, 0, errno.ENOMEM),
        (4096, MapFlags.PRIVATE | MapFlags.FIXED, 0x20001, errno.EINVAL),
        (4096, MapFlags.PRIVATE | MapFlags.FIXED, 0x1000, errno.EPERM),
        (8192, MapFlags.PRIVATE | MapFlags.FIXED, 0x7FFFFFFFE000, errno.ENOMEM),
        ((1 << 47) - 4096, MapFlags.PRIVATE, 0, errno.ENOMEM),
    ],
    ids=["too long", "unaligned", "too low", "over the end", "whole space"],
)
def test_get_unmapped_area_errors(
    length: int, flags: MapFlags, addr: int, error: int
) -> None:
    """FACTS §6.3: len > TASK_SIZE, addr > TASK_SIZE − len → −ENOMEM; unaligned → −EINVAL; security_mmap_addr."""
    _machine, process, fd = boot()
    assert process.mmap(length, RX, flags, fd, addr=addr) == -error


@pytest.mark.real_size
def test_bottom_up_when_nothing_is_free_below_mmap_base() -> None:
    """FACTS §6.3: on failure the search goes bottom-up, from a third of the address space."""
    _machine, process, fd = boot(base=0x200000)
    got = process.mmap(4 * MIB, RX, MapFlags.PRIVATE, fd, offset=0x1000)
    third = units.page_align(units.TASK_SIZE // 3)
    assert got >= third
    assert got & 0x1FFFFF == 0x1000, "and the result is moved to the offset's place too"


def test_holes_are_found_between_mappings() -> None:
    """FACTS §1.2: the *highest* hole of sufficient size below mmap_base."""
    _machine, process, _fd = boot()
    anonymous = MapFlags.PRIVATE | MapFlags.ANONYMOUS
    first = process.mmap(3 * 4096, Prot.READ, anonymous)
    second = process.mmap(4096, Prot.READ, anonymous)
    assert (first, second) == (TOP - 3 * 4096, TOP - 4 * 4096)
    process.munmap(first, 2 * 4096)
    assert process.mmap(4096, Prot.READ, anonymous) == first + 4096
    assert process.mmap(2 * 4096, Prot.READ, anonymous) == second - 2 * 4096


# ---- eligibility ----------------------------------------------------------------------------------------


def test_congruence_not_alignment(geometry: Geometry) -> None:
    """FACTS §6.5: (vm_start >> 12) and vm_pgoff must agree modulo 512; neither need be a multiple."""
    scene = Scene(geometry, blocks=3)
    start = scene.map(scene.a, offset=scene.page, length=2 * scene.block)
    assert start % scene.block == scene.page
    vma = scene.vmas(scene.a)[0]
    first = start - scene.page
    with scene.machine.installed():
        suits = [
            huge_memory.transhuge_vma_suitable(vma, VirtAddr(first + n * scene.block))
            for n in range(3)
        ]
    assert suits == [False, True, False], "only the middle block lies wholly inside"


@pytest.mark.parametrize("shift", [1, 3, 7])
def test_an_incongruent_mapping_never_suits(geometry: Geometry, shift: int) -> None:
    """FACTS §6.5, modulo HPAGE_PMD_NR — not modulo HPAGE_PMD_NR − 1, as the follow-up mail writes by mistake."""
    scene = Scene(geometry, blocks=4)
    high = scene.map(scene.a, length=3 * scene.block)
    addr = high - 8 * scene.block
    kind = MapFlags.PRIVATE | MapFlags.FIXED
    scene.map(scene.a, kind=kind, addr=addr, offset=shift * scene.page)
    vma = scene.vmas(scene.a)[0]
    with scene.machine.installed():
        for n in range(4):
            at = VirtAddr(addr + n * scene.block)
            assert not huge_memory.transhuge_vma_suitable(vma, at)


def test_nobody_asks_for_congruence_of_anonymous_memory() -> None:
    """FACTS §6.5, first bullet: the test is for mappings that are not anonymous."""
    scene = Scene()
    anonymous = MapFlags.PRIVATE | MapFlags.ANONYMOUS
    start = scene.a.mmap(3 * scene.block, Prot.READ, anonymous)
    vma = scene.vmas(scene.a)[0]
    inside = (start + scene.block - 1) // scene.block * scene.block
    with scene.machine.installed():
        assert huge_memory.transhuge_vma_suitable(vma, VirtAddr(inside))
