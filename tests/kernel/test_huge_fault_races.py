"""The huge fault against truncation and other faults: CORRECTIONS A8 and A12, and the races of FACTS §12.6.

Another task's calls are scripted at the point where they hurt: ``scene.meanwhile(function, call)``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.support import PATH, Scene
from thpkit.kernel import filemap, flags, locks, truncate
from thpkit.kernel.content import Block, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.machine import Process
from thpkit.kernel.page import Page
from thpkit.kernel.units import Geometry


def block_of(scene: Scene, index: int) -> Block:
    return Block(scene.inode.i_ino, index, 0)


def first_page(scene: Scene) -> Page:
    """The first page that was ever allocated: the faulting process's huge page."""
    memmap = scene.machine.kernel.zone.memmap
    return memmap[min(memmap)]


def assert_freed(page: Page) -> None:
    """A7: no reference, no lock bit, no mapping, no charge; the free-time checks found nothing (assert_quiet)."""
    assert page._refcount == 0
    assert page.flags & flags.PAGE_FLAGS_CHECK_AT_FREE == 0
    assert page.mapping is None and page.mem_cgroup is None


# ---- A8, A12: truncation --------------------------------------------------------------------------------


def cut(scene: Scene, pages: int) -> None:
    """B truncates the file to so many pages."""
    assert scene.b.truncate(PATH, pages * scene.page) == 0


POINTS = [filemap.thp_add_to_page_cache, locks.lock_page, filemap.huge_block_in_use]
points = pytest.mark.parametrize("point", POINTS, ids=lambda each: str(each.__name__))


@points
def test_a8_truncated_to_nothing_meanwhile(
    geometry: Geometry, point: Callable[..., object]
) -> None:
    """A8: pgoff ≥ end under the page lock → SIGBUS, and the page that this fault inserted goes: all gauges 0."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.meanwhile(point, lambda: cut(scene, 0))
    assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    assert scene.machine.kernel.xa_nodes == scene.mapping.nrpages == 0
    assert_freed(first_page(scene))
    scene.finish()


@points
@pytest.mark.parametrize("gone", [1, 4])
def test_a8_truncated_into_the_block_meanwhile(
    geometry: Geometry, point: Callable[..., object], gone: int
) -> None:
    """A8: hindex + 512 > end → FALLBACK, also for a page below the new end: no huge page beyond EOF stays cached."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    keep = scene.nr - gone
    scene.meanwhile(point, lambda: cut(scene, keep))
    assert scene.touch(scene.a, start, 3) == block_of(scene, 3)
    assert scene.level(scene.a, start) == "PTE"
    assert (scene.mapping.nrpages, scene.mapping.nr_thps) == (1, 0)
    assert scene.touch(scene.a, start, keep) is Signal.SIGBUS
    scene.assert_quiet()
    scene.finish()


def test_a_fault_counts_once_however_often_it_tries(geometry: Geometry) -> None:
    """DESIGN §3: PGMAJFAULT counted once a fault. B cuts and regrows the file, so A's second try inserts again."""
    scene = Scene(geometry)
    start = scene.map(scene.a)

    def cut_and_grow() -> None:
        cut(scene, 0)
        assert scene.b.truncate(PATH, scene.length) == 0

    scene.meanwhile(locks.lock_page, cut_and_grow)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) == Zero()
    assert scene.huge_at(scene.a, start)
    assert (moved["PGFAULT"], moved["PGMAJFAULT"], moved["maj_flt(A)"]) == (1, 1, 1)
    scene.assert_quiet()


def test_a12_head_locked_during_the_first_pass(geometry: Geometry) -> None:
    """A12: pass 1 cannot lock the head; pass 2 finds head and 14 tails: the head goes, the tails are skipped."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    head = scene.cached(scene.nr)
    with scene.machine.installed():
        scene.machine.kernel.cpu.task = scene.a.task
        assert locks.trylock_page(head)

    def unlock() -> None:
        assert scene.mapping.nrpages == scene.nr, "pass 1 took nothing"
        locks.unlock_page(head)

    scene.meanwhile(truncate.truncate_waiting, unlock)
    assert scene.b.truncate(PATH, 0) == 0
    assert_freed(head)
    assert scene.mapping.nrpages == 0
    scene.finish()


# ---- two faults at once ---------------------------------------------------------------------------------


def test_two_processes_race_for_the_block(geometry: Geometry) -> None:
    """§12.6: the loser gets −EEXIST, frees its page (513 → 1 → 0) and maps the winner's: 512 + 2 references."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    scene.meanwhile(
        filemap.thp_add_to_page_cache, lambda: scene.touch(scene.b, start_b, 3)
    )
    with scene.changes() as moved:
        scene.touch(scene.a, start_a, 5)
    head = scene.cached(0)
    assert head is not first_page(scene)
    assert (head._refcount, scene.maps(head)) == (scene.nr + 2, (1, {1}))
    assert (moved["PGALLOC"], moved["PGFREE"]) == (2 * scene.nr, scene.nr)
    assert (moved["THP_FILE_ALLOC"], moved["THP_FILE_MAPPED"]) == (1, 2)
    assert (moved["PGMAJFAULT"], moved["maj_flt(B)"], moved["min_flt(A)"]) == (1, 1, 1)
    assert_freed(first_page(scene))
    scene.assert_quiet()
    scene.finish()


@pytest.mark.parametrize(
    "point", [filemap.thp_add_to_page_cache, locks.lock_page], ids=["insert", "lock"]
)
def test_two_threads_race_for_the_block(
    geometry: Geometry, point: Callable[..., object]
) -> None:
    """§12.6: the loser finds the PMD no longer none → NOPAGE → put_page: ref 513, THP_FILE_MAPPED 1."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    twin: Process = scene.machine.thread("A2", of=scene.a)
    scene.meanwhile(point, lambda: scene.touch(twin, start, 3))
    with scene.changes() as moved:
        scene.touch(scene.a, start, 5)
    twin.exit()
    head = scene.cached(0)
    assert (head._refcount, scene.maps(head)) == (scene.nr + 1, (0, {0}))
    assert (moved["THP_FILE_MAPPED"], moved["MM_FILEPAGES(A)"]) == (1, scene.nr)
    assert (moved["PGFAULT"], moved["NR_FILE_PMDMAPPED"]) == (2, 1)
    scene.assert_quiet()
    scene.finish()


@pytest.mark.parametrize("k", [0, 1, 2])
def test_no_page_table(geometry: Geometry, k: int) -> None:
    """FACTS §7.3 steps 1 and 3: no PUD or PMD table → OOM. A huge PMD needs no PTE table (§7.9): k = 2 succeeds."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("pgtable", skip=k, count=1)
    got = scene.touch(scene.a, start, 3)
    assert (got is Signal.SIGKILL) == (k < 2)
    assert scene.mapping.nrpages == (0 if k < 2 else scene.nr)
    scene.assert_quiet()
    scene.finish()
