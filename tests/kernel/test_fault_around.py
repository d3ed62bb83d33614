"""Mapping what is cached around a fault: do_fault_around and filemap_map_pages, FACTS §7.5 and §7.7."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, Scene
from thpkit.kernel import locks
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import MapFlags
from thpkit.kernel.units import Geometry


def small(geometry: Geometry, size: int | None = None) -> Scene:
    """A scene on the 4 KiB file system."""
    return Scene(geometry, huge=False, size=size)


def cache(scene: Scene, first: int, count: int) -> None:
    """Let B read pages into the cache."""
    fd = scene.b.open(PATH)
    got = scene.b.read(fd, first, count)
    assert isinstance(got, list) and len(got) == count
    scene.b.close(fd)
    scene.machine.drain()


# ---- fault-around ---------------------------------------------------------------------------------------


def test_fault_around_maps_its_window(geometry: Geometry) -> None:
    """FACTS §7.5, §1.1: the aligned window of 16 pages that holds the address, as far as it is cached."""
    scene = small(geometry)
    start = scene.aligned(scene.a)
    w = scene.window
    cache(scene, 0, 3 * w)
    with scene.changes() as moved:
        scene.touch(scene.a, start, w + 1)
    assert scene.mapped_indices(scene.a, start) == list(range(w, 2 * w))
    assert (moved["MM_FILEPAGES(A)"], moved["NR_FILE_MAPPED"]) == (w, w)
    assert (moved["PGFAULT"], moved["min_flt(A)"]) == (1, 1)
    assert all(scene.cached(i)._refcount == 2 for i in range(w, 2 * w))
    scene.assert_quiet()
    scene.finish()


def test_fault_around_begins_with_the_mapping(geometry: Geometry) -> None:
    """§7.5 "clipped to the VMA" below: begins at vm_start, and so ends later than the aligned window would."""
    scene = small(geometry)
    start = scene.misaligned(scene.a)
    cache(scene, 0, 2 * scene.window)
    scene.touch(scene.a, start, 0)
    assert scene.mapped_indices(scene.a, start) == list(range(scene.window))


def test_fault_around_ends_with_the_mapping(geometry: Geometry) -> None:
    """§7.5 "clipped to the VMA" above."""
    scene = small(geometry)
    start = scene.aligned(scene.a)
    scene.a.munmap(start + 2 * scene.page, scene.length - 2 * scene.page)
    cache(scene, 0, scene.window)
    scene.touch(scene.a, start, 0)
    assert scene.mapped_indices(scene.a, start) == [0, 1]


def test_fault_around_stays_in_one_table(geometry: Geometry) -> None:
    """§7.5 "and the PTE table": a mapping that begins two pages below a block boundary."""
    scene = small(geometry)
    high = scene.aligned(scene.a)
    addr = high - 4 * scene.block - 2 * scene.page
    kind = MapFlags.PRIVATE | MapFlags.FIXED
    start = scene.map(scene.b, kind=kind, addr=addr)
    cache(scene, 0, 2 * scene.window)
    scene.touch(scene.b, start, 0)
    assert scene.mapped_indices(scene.b, start) == [0, 1]
    scene.assert_quiet()


def test_fault_around_ends_with_the_file(geometry: Geometry) -> None:
    """§7.7: nothing beyond i_size is mapped (here: nothing beyond it is cached either)."""
    scene = small(geometry, size=3 * 4096)
    addr = scene.aligned(scene.a) - scene.block
    kind = MapFlags.PRIVATE | MapFlags.FIXED
    start = scene.map(scene.a, kind=kind, addr=addr, length=scene.block)
    cache(scene, 0, 3)
    scene.touch(scene.a, start, 1)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    assert moved["MM_FILEPAGES(A)"] == 0
    assert scene.counters()["MM_FILEPAGES(A)"] == 3


def test_fault_around_waits_for_nobody(geometry: Geometry) -> None:
    """§7.7: a locked page, and one that is not uptodate, are passed over; their references are given back."""
    scene = small(geometry)
    start = scene.aligned(scene.a)
    cache(scene, 0, 3)
    unread = scene.b.open(PATH)
    scene.machine.fail("read")
    assert scene.b.read(unread, 3) == -5
    scene.machine.drain()
    with scene.machine.installed():
        scene.machine.kernel.cpu.task = scene.b.task
        assert locks.trylock_page(scene.cached(1))
    scene.touch(scene.a, start, 0)
    assert scene.mapped_indices(scene.a, start) == [0, 2]
    assert [scene.cached(i)._refcount for i in range(4)] == [2, 1, 2, 1]
    with scene.machine.installed():
        scene.machine.kernel.cpu.task = scene.b.task
        locks.unlock_page(scene.cached(1))
    scene.assert_quiet()


def test_a_window_that_misses_the_address_falls_through(geometry: Geometry) -> None:
    """§7.5: the faulting PTE not filled → go on to ->fault; what was mapped around stays."""
    scene = small(geometry)
    start = scene.aligned(scene.a)
    cache(scene, 1, 2)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 0)
    assert scene.mapped_indices(scene.a, start) == [0, 1, 2]
    assert (moved["PGMAJFAULT"], moved["PGFAULT"]) == (1, 1)
    scene.assert_quiet()


@pytest.mark.parametrize("fails", [1, 2])
def test_no_pte_table_for_fault_around(geometry: Geometry, fails: int) -> None:
    """mm/memory.c v5.3: do_fault_around without a table answers 0; __do_fault asks again and reports OOM itself."""
    scene = small(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("pgtable", skip=2, count=fails)
    got = scene.touch(scene.a, start, 3)
    assert (got is Signal.SIGKILL) == (fails == 2)
    assert scene.mapping.nrpages == (1 if fails == 1 else 0), "no page lock was taken"
    scene.assert_quiet()
    scene.finish()
