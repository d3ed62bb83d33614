"""Huge pages mapped by PTEs as well: FACTS §8.1, §8.2 and §7.7, and CORRECTIONS A11."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, RX, Scene, fault_at
from thpkit.kernel import memory
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block
from thpkit.kernel.flags import Access, MapFlags, VmFault
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.mm_types import VmFaultInfo
from thpkit.kernel.page import Page
from thpkit.kernel.units import Geometry
from thpkit.kernel.variant import Variant, replaces


@replaces(memory.do_fault_around)
def do_fault_around(vmf: VmFaultInfo) -> VmFault:
    """No fault-around: as if fault_around_bytes were one page."""
    return VmFault.NONE


ONE_AT_A_TIME = Variant("no fault-around", functions=[do_fault_around])
"""The mixed example of §8.2 "assumes one PTE" (A11)."""


def state(scene: Scene, head: Page) -> tuple[int, ...]:
    """A row of §8.2: ref, compound, _mapcount[0], _mapcount[3], total_mapcount, NR_FILE_MAPPED, PMDMAPPED."""
    counters = scene.machine.counters()
    with scene.machine.installed():
        third = page_h.nth_page(head, 3)._mapcount
    return (
        head._refcount,
        scene.maps(head)[0],
        head._mapcount,
        third,
        scene.total_mapcount(head),
        counters.get("NR_FILE_MAPPED", 0),
        counters.get("NR_FILE_PMDMAPPED", 0),
    )


@pytest.fixture
def mixed(geometry: Geometry) -> tuple[Scene, int, int]:
    """A has a suitable mapping, B one in which only PTEs fit; one PTE a fault."""
    scene = Scene(geometry, variant=ONE_AT_A_TIME)
    return scene, scene.map(scene.a), scene.misaligned(scene.b)


def test_pmd_first(mixed: tuple[Scene, int, int]) -> None:
    """FACTS §8.2, mixed example, four rows."""
    scene, start_a, start_b = mixed
    n = scene.nr
    scene.touch(scene.a, start_a, n)
    head = scene.cached(n)
    assert state(scene, head) == (n + 1, 0, 0, 0, 1, n, 1)
    scene.touch(scene.b, start_b, n + 3)
    assert state(scene, head) == (n + 2, 0, 0, 1, 2, n, 1)
    with scene.machine.installed():
        assert page_h.PageDoubleMap(head)
    scene.assert_quiet()
    scene.a.munmap(start_a, scene.length)
    assert state(scene, head) == (n + 1, -1, -1, 0, 1, 1, 0)
    scene.assert_quiet()
    scene.b.munmap(start_b, scene.length)
    assert state(scene, head) == (n, -1, -1, -1, 0, 0, 0)
    with scene.machine.installed():
        assert page_h.PageDoubleMap(head), "not cleared by unmapping, only when freed"
    scene.finish()


def test_pte_first(mixed: tuple[Scene, int, int]) -> None:
    """FACTS §8.2, other order."""
    scene, start_a, start_b = mixed
    n = scene.nr
    scene.touch(scene.a, start_a, n)
    scene.a.munmap(start_a, scene.length)
    head = scene.cached(n)
    scene.touch(scene.b, start_b, n + 3)
    assert state(scene, head) == (n + 1, -1, -1, 0, 1, 1, 0)
    start_a = scene.map(scene.a)
    scene.touch(scene.a, start_a, n)
    assert state(scene, head) == (n + 2, 0, 0, 1, 2, n, 1)
    scene.b.munmap(start_b, scene.length)
    assert state(scene, head) == (n + 1, 0, 0, 0, 1, n, 1)
    scene.a.munmap(start_a, scene.length)
    assert state(scene, head) == (n, -1, -1, -1, 0, 0, 0)
    scene.finish()


def test_one_pte_of_a_tail(mixed: tuple[Scene, int, int]) -> None:
    """§12.6 row 1 without fault-around: PTE of sub-page 3, ref +1, _mapcount[3] + 1; filemap_fault found a tail."""
    scene, start_a, start_b = mixed
    scene.touch(scene.a, start_a, scene.nr)
    with scene.changes() as moved:
        got = scene.touch(scene.b, start_b, scene.nr + 3)
    assert got == Block(scene.inode.i_ino, scene.nr + 3, 0)
    assert dict(moved) == {
        "PGFAULT": 1,
        "min_flt(B)": 1,
        "tables(B)": 3,
        "MM_FILEPAGES(B)": 1,
    }


# ---- A11: with fault-around -----------------------------------------------------------------------------


def b_misaligned() -> tuple[Machine, Process, Process]:
    """A at 0x7f0000000000, huge in block 1; B's mapping begins at 0x7e5555401000, pgoff 0."""
    machine = Machine()
    machine.create(PATH, 4 << 20)
    a = machine.spawn("A", mmap_base=0x7F00005FF000)
    b = machine.spawn("B", mmap_base=0x7E55559FF000)
    assert a.mmap(4 << 20, RX, MapFlags.PRIVATE, a.open(PATH)) == 0x7F0000000000
    kind = MapFlags.PRIVATE | MapFlags.FIXED
    b.mmap(4 << 20, RX, kind, b.open(PATH), addr=0x7E5555401000)
    a.touch(0x7F0000203ABC)
    return machine, a, b


@pytest.mark.real_size
def test_a11_numbers() -> None:
    """A11: the window at 0x7e5555600000 is indices 511..526; 511 is absent; sub-pages 0..14 get PTEs: 513 → 528."""
    machine, _a, b = b_misaligned()
    head = machine.kernel.zone.memmap[min(machine.kernel.zone.memmap)]
    before = machine.counters()
    assert b.touch(0x7E5555604000) == Block(1, 515, 0)
    moved = {k: v - before.get(k, 0) for k, v in machine.counters().items()}
    with machine.installed():
        maps = [page_h.nth_page(head, i)._mapcount for i in range(512)]
        assert page_h.total_mapcount(head) == 1 + 15
        assert page_h.PageDoubleMap(head)
    assert head._refcount == 528
    assert maps == [1] * 15 + [0] * 497
    assert b.mm.rss_stat[0] == 15
    assert {k: v for k, v in moved.items() if v} == {"PGFAULT": 1}
    assert not machine.kernel.splats


def test_a11_in_both_geometries(geometry: Geometry) -> None:
    """A11 scaled: all of the window but its first page, which belongs to the block below and is absent."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.misaligned(scene.b)
    scene.touch(scene.a, start_a, scene.nr)
    head = scene.cached(scene.nr)
    around = scene.window - 1
    with scene.changes() as moved:
        scene.touch(scene.b, start_b, scene.nr + 1)
    assert head._refcount == scene.nr + 1 + around
    assert moved["MM_FILEPAGES(B)"] == around
    assert moved["NR_FILE_MAPPED"] == moved["NR_FILE_PMDMAPPED"] == 0
    assert scene.total_mapcount(head) == 1 + around
    first = scene.nr
    assert scene.mapped_indices(scene.b, start_b) == list(range(first, first + around))
    scene.assert_quiet()
    scene.finish()


def test_fault_around_may_map_the_whole_block(geometry: Geometry) -> None:
    """FACTS §7.7, end: alloc_set_pte of a compound page with the PMD none goes to do_set_pmd: one PMD, then stop."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    scene.touch(scene.a, start_a, scene.nr)
    head = scene.cached(scene.nr)
    with scene.machine.installed():
        vmf = fault_at(scene, scene.b, start_b + (scene.nr + 1) * scene.page)
        assert memory.do_fault(vmf) == VmFault.NOPAGE
        assert vmf.prealloc_pte is None, "the spare table went back"
    assert scene.huge_at(scene.b, start_b + scene.block)
    assert head._refcount == scene.nr + 2
    scene.assert_quiet()


def test_after_a_copy_the_rest_of_the_block_is_small(geometry: Geometry) -> None:
    """§12.6 row 3 goes on: the PMD holds a table now, so the other sub-pages are mapped by PTEs, around the copy."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, 1, Access.WRITE)
    head = scene.cached(0)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 0)
    assert moved["MM_FILEPAGES(A)"] == scene.window - 1
    assert head._refcount == scene.nr + scene.window - 1
    assert scene.maps(head) == (-1, {-1, 0})
    assert scene.counters()["NR_FILE_MAPPED"] == scene.window - 1
    scene.assert_quiet()
    scene.finish()


def test_cow_of_a_sub_page(geometry: Geometry) -> None:
    """wp_page_copy on a tail: the reference and the map count are those of the huge page and of that sub-page."""
    scene = Scene(geometry)
    start_a = scene.map(scene.a)
    start_b = scene.misaligned(scene.b, RW)
    scene.touch(scene.a, start_a, scene.nr)
    scene.touch(scene.b, start_b, scene.nr + 3)
    head, tail = scene.cached(scene.nr), scene.cached(scene.nr + 3)
    refs, maps = head._refcount, tail._mapcount
    scene.touch(scene.b, start_b, scene.nr + 3, Access.WRITE)
    assert (head._refcount, tail._mapcount) == (refs - 1, maps - 1)
    assert tail._refcount == 0, "tails never hold references (§3.1)"
    scene.assert_quiet()
    scene.finish()
