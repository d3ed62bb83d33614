"""Cutting files: FACTS §4.7 and §12.5, CORRECTIONS A12 and A13, DESIGN §3 on part of a huge page."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene
from thpkit.kernel import filemap, locks, swap, truncate, units
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Private, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, OpenFlags
from thpkit.kernel.splat import Deadlock
from thpkit.kernel.units import Geometry


def cut(scene: Scene, pages: int) -> None:
    """B truncates the file to so many pages."""
    assert scene.b.truncate(PATH, pages * scene.page) == 0


# ---- the whole huge page --------------------------------------------------------------------------------


def test_references_on_the_way_out(geometry: Geometry) -> None:
    """FACTS §12.5 stages 4 to 8: 512 → 527 by the lookup of 15, → 15 by the cache's 512, → 0 by the pagevec."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    scene.a.munmap(start, scene.length)
    head = scene.cached(scene.nr)
    seen: list[tuple[int, bool]] = []

    def look() -> None:
        seen.append((head._refcount, page_h.PageLocked(head)))

    scene.meanwhile(filemap.delete_from_page_cache_batch, look)
    scene.meanwhile(filemap.page_cache_free_page, look)
    scene.meanwhile(locks.unlock_page, look)
    scene.meanwhile(swap.pagevec_release, look)
    with scene.changes() as moved:
        cut(scene, 0)
    nr, batch = scene.nr, scene.batch
    assert seen == [
        (nr + batch, True),
        (nr + batch, True),
        (batch, True),
        (batch, False),
    ]
    assert head._refcount == 0
    assert head.mapping is None and head.index == nr, "mapping NULL, index kept"
    assert dict(moved) == {
        "NR_FILE_PAGES": -nr,
        "NR_FILE_THPS": -1,
        "nrpages": -nr,
        "nodes": -(1 + nr // scene.chunk),
        "NR_INACTIVE_FILE": -nr,
        "memcg": -nr,
        "PGFREE": nr,
    }
    scene.finish()


def test_events_that_only_grow(geometry: Geometry) -> None:
    """FACTS §12.5, last lines: after everything only the events remain."""
    scene = Scene(geometry)
    for who in (scene.a, scene.b):
        start = scene.map(who)
        scene.touch(who, start, scene.nr)
        who.munmap(start, scene.length)
    cut(scene, 0)
    assert scene.machine.counters() == {
        "PGFAULT": 2,
        "PGMAJFAULT": 1,
        "THP_FILE_ALLOC": 1,
        "THP_FILE_MAPPED": 2,
        "PGALLOC": scene.nr,
        "PGFREE": scene.nr,
    }


def test_mapped_pages_are_unmapped_first(geometry: Geometry) -> None:
    """FACTS §9.2, truncate protocol: set i_size, unmap, truncate, unmap again; later accesses get SIGBUS."""
    scene = Scene(geometry)
    starts = {who: scene.map(who) for who in (scene.a, scene.b)}
    for who, start in starts.items():
        scene.touch(who, start, scene.nr)
    last = scene.machine.spawn("C")
    assert last.truncate(PATH, 0) == 0
    counters = scene.counters()
    assert counters["MM_FILEPAGES(A)"] == counters["MM_FILEPAGES(B)"] == 0
    assert counters["NR_FILE_MAPPED"] == counters["NR_FILE_PMDMAPPED"] == 0
    for who, start in starts.items():
        assert scene.touch(who, start, scene.nr) is Signal.SIGBUS
    scene.assert_quiet()
    last.exit()
    scene.finish()


# ---- part of a huge page --------------------------------------------------------------------------------


@pytest.mark.parametrize("below", [1, 100, 511])
def test_a_cut_inside_takes_the_whole_huge_page(geometry: Geometry, below: int) -> None:
    """A13 and DESIGN §3: the lookup starts on a tail; the whole clean huge page leaves, its neighbour stays."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, scene.nr)
    first, second = scene.cached(0), scene.cached(scene.nr)
    keep = scene.nr + (below * scene.nr // 512 or 1)
    with scene.changes() as moved:
        cut(scene, keep)
    assert moved["THP_SPLIT_PMD"] == 1, "§8.3: the range covers less than the PMD"
    assert second._refcount == 0 and scene.mapping.nrpages == scene.nr
    assert scene.cached(0) is first and scene.huge_at(scene.a, start)
    assert scene.word(scene.a, start + scene.block) == 0
    got = scene.touch(scene.a, start, scene.nr)
    assert got == Block(scene.inode.i_ino, scene.nr, 0), "what is below the cut remains"
    assert scene.level(scene.a, start + scene.block) == "PTE"
    assert scene.touch(scene.a, start, keep) is Signal.SIGBUS
    scene.assert_quiet()
    scene.finish()


def test_a_cut_at_the_block_boundary(geometry: Geometry) -> None:
    """FACTS §4.7 step 1: start = ceil(lstart / 4096): exactly the second block goes."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, scene.nr)
    with scene.changes() as moved:
        cut(scene, scene.nr)
    assert moved["THP_SPLIT_PMD"] == 0
    assert (moved["NR_FILE_THPS"], moved["MM_FILEPAGES(A)"]) == (-1, -scene.nr)
    assert scene.huge_at(scene.a, start)
    scene.assert_quiet()


def test_a_cut_inside_with_the_head_locked(geometry: Geometry) -> None:
    """A12 and A13 together: pass 2 begins on a tail."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    head = scene.cached(0)
    with scene.machine.installed():
        scene.machine.kernel.cpu.task = scene.a.task
        assert locks.trylock_page(head)
    scene.meanwhile(truncate.truncate_waiting, lambda: locks.unlock_page(head))
    cut(scene, 2)
    assert head._refcount == 0
    assert scene.mapping.nrpages == scene.machine.kernel.xa_nodes == 0
    scene.finish()


def test_a_page_lock_that_nobody_releases(geometry: Geometry) -> None:
    """FACTS §4.7 step 4: the second pass waits for the lock; on one CPU that is a deadlock with a sentence."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    with scene.machine.installed():
        scene.machine.kernel.cpu.task = scene.a.task
        assert locks.trylock_page(scene.cached(0))
    with pytest.raises(Deadlock, match=r"B waits for the page lock of .*, which A"):
        scene.b.truncate(PATH, 0)


def test_private_copies_beyond_the_end_go_too(geometry: Geometry) -> None:
    """mm/truncate.c, truncate_pagecache: even_cows; below the cut they stay, although the page they copy leaves."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    for index in (1, 5):
        scene.touch(scene.a, start, index)
        scene.touch(scene.a, start, index, Access.WRITE)
    with scene.changes() as moved:
        cut(scene, 3)
    assert moved["MM_ANONPAGES(A)"] == -1
    assert scene.touch(scene.a, start, 1) == Private("A", 1)
    assert scene.touch(scene.a, start, 5) is Signal.SIGBUS
    scene.assert_quiet()
    scene.finish()


def test_somebody_was_faster(geometry: Geometry) -> None:
    """FACTS §4.7 step 2: between the lookup and the trylock the page left the cache: mapping mismatch → skip."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    head = scene.cached(0)
    other = scene.machine.spawn("C")
    # Opening for writing drops the cache too (A6), and does not need the inode lock that B holds.
    scene.meanwhile(locks.trylock_page, lambda: other.open(PATH, OpenFlags.RDWR))
    cut(scene, 0)
    assert head._refcount == 0
    other.exit()
    scene.finish()


# ---- small pages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 1, 5, 40])
def test_small_pages(geometry: Geometry, keep: int) -> None:
    """FACTS §4.7: batches of 15, several of them; pages below the cut stay cached and mapped."""
    scene = Scene(geometry, huge=False)
    count = min(40, 2 * scene.nr)
    start = scene.map(scene.a)
    for index in range(count):
        scene.touch(scene.a, start, index)
    kept = min(keep, count)
    cut(scene, keep)
    scene.machine.drain()
    assert scene.mapping.nrpages == kept
    assert scene.counters()["MM_FILEPAGES(A)"] == kept
    assert scene.mapped_indices(scene.a, start) == list(range(kept))
    scene.assert_quiet()
    scene.finish()


def test_small_and_huge_pages_in_one_batch(geometry: Geometry) -> None:
    """FACTS §4.6, batch form: a small page before a huge one; the tails' slots are emptied one by one."""
    scene = Scene(geometry, blocks=3)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    fd = scene.b.open(PATH)
    scene.b.read(fd, scene.nr - 1)
    scene.b.read(fd, 2 * scene.nr)
    assert scene.mapping.nrpages == scene.nr + 2
    cut(scene, scene.nr - 1)
    assert scene.mapping.nrpages == scene.machine.kernel.xa_nodes == 0
    scene.finish()


def test_nothing_cached_nothing_done(geometry: Geometry) -> None:
    """FACTS §4.7 step 0: nrpages and nrexceptional both 0: return at once."""
    scene = Scene(geometry)
    scene.meanwhile(filemap.find_get_entries, lambda: pytest.fail("looked"))
    cut(scene, 0)
    assert scene.inode.i_size == 0


def test_what_was_cut_off_reads_as_zeroes_later(geometry: Geometry) -> None:
    """truncate(2): "if the file is extended, the extended part reads as null bytes": old content must not return."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    cut(scene, 2)
    cut(scene, 2 * scene.nr)
    assert scene.touch(scene.a, start, scene.nr) == Zero()
    assert scene.huge_at(scene.a, start + scene.block)
    assert scene.touch(scene.a, start, 1) == Block(scene.inode.i_ino, 1, 0)
    assert scene.touch(scene.a, start, 2) == Zero()
    scene.assert_quiet()


def test_ftruncate_by_the_writer(geometry: Geometry) -> None:
    """The same through a descriptor opened for writing; the cache has only small pages then (I14)."""
    scene = Scene(geometry)
    fd = scene.b.open(PATH, OpenFlags.RDWR)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    assert scene.b.ftruncate(fd, 0) == 0
    assert scene.mapping.nrpages == 0
    assert scene.b.write(fd, 1) == 1
    assert scene.inode.i_size == 2 * units.PAGE_SIZE
    assert scene.touch(scene.a, start, 1) == Block(scene.inode.i_ino, 1, 1)
    assert scene.touch(scene.a, start, 0) == Zero()
    scene.assert_quiet()
    scene.b.close(fd)
    scene.finish()
