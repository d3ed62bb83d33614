"""The huge fault against errors and against others: CORRECTIONS A4 to A8 and A12, and the races of FACTS §12.6.

Another task's calls are scripted at the point where they hurt: ``machine.interrupt(function, visit, call)``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kernel.support import PATH, RW, Scene
from thpkit.kernel import filemap, flags, fs, locks, truncate
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Private, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, OpenFlags
from thpkit.kernel.fs import File
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.page import Page
from thpkit.kernel.units import Geometry
from thpkit.kernel.variant import Variant, replaces


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


# ---- A4, A5: read errors --------------------------------------------------------------------------------


def test_read_error_of_the_huge_page_only(geometry: Geometry) -> None:
    """A4: delete the page, FALLBACK: one bad sector must not make 511 readable pages fault. PGMAJFAULT once."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("read")
    with scene.changes() as moved:
        got = scene.touch(scene.a, start, scene.nr + 3)
    assert got == block_of(scene, scene.nr + 3)
    assert (moved["NR_FILE_PAGES"], moved["NR_FILE_MAPPED"]) == (1, 1)
    assert (moved["PGMAJFAULT"], moved["maj_flt(A)"]) == (1, 1)
    assert moved["NR_FILE_THPS"] == moved["THP_FILE_MAPPED"] == 0
    assert_freed(first_page(scene))
    scene.assert_quiet()
    scene.finish()


def test_read_error_of_both(geometry: Geometry) -> None:
    """FACTS §12.6 "read error" as DESIGN §3 restates it: the *small* path says SIGBUS; no bad-page report."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("read", count=2)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    assert (moved["PGMAJFAULT"], moved["NR_FILE_MAPPED"]) == (1, 0)
    assert_freed(first_page(scene))
    small = scene.cached(3)
    with scene.machine.installed():
        assert not page_h.PageUptodate(small) and not page_h.PageLocked(small)
    scene.assert_quiet()
    assert scene.touch(scene.a, start, 3) == block_of(scene, 3), "read again, and well"
    scene.assert_quiet()
    scene.finish()


@pytest.mark.parametrize("reader", ["read(2)", "small fault"])
def test_a4_somebody_else_read_it_well(geometry: Geometry, reader: str) -> None:
    """A4: A's read fails and unlocks; B finds the page, reads it successfully, perhaps maps it: A must keep it."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    fd = scene.b.open(PATH)
    other = scene.misaligned(scene.b)

    def read_it(machine: Machine) -> None:
        if reader == "read(2)":
            assert scene.b.read(fd, scene.nr + 3) == [block_of(scene, scene.nr + 3)]
        else:
            got = scene.touch(scene.b, other, scene.nr + 3)
            assert got == block_of(scene, scene.nr + 3)

    scene.machine.fail("read")
    scene.machine.interrupt(locks.lock_page, 1, read_it)
    assert scene.touch(scene.a, start, scene.nr) == block_of(scene, scene.nr)
    assert scene.huge_at(scene.a, start + scene.block)
    head = scene.cached(scene.nr)
    assert head is first_page(scene)
    by_b = 0 if reader == "read(2)" else 1
    assert head._refcount == scene.nr + 1 + by_b
    scene.assert_quiet()
    scene.finish()


def test_a5_readpage_is_called_on_heads_only(geometry: Geometry) -> None:
    """A5: the small path looked up a tail of a page that is not uptodate; it must read the head."""
    asked: list[bool] = []

    @replaces(fs.huge_readpage)
    def huge_readpage(file: File, page: Page) -> int:
        asked.append(page_h.PageTail(page))
        return original(file, page)

    original = fs.huge_readpage
    scene = Scene(geometry, variant=Variant("watched", functions=[huge_readpage]))
    start = scene.map(scene.a)
    fd = scene.b.open(PATH)
    scene.machine.fail("read")
    scene.machine.interrupt(
        locks.lock_page, 1, lambda machine: scene.b.read(fd, scene.nr + 3)
    )
    scene.touch(scene.a, start, scene.nr)
    assert asked == [False, False]
    last = 2 * scene.nr - 1
    assert scene.touch(scene.a, start, last) == block_of(scene, last)


# ---- A6: writers ----------------------------------------------------------------------------------------


def test_a6_the_writer_comes_between_check_and_insertion(geometry: Geometry) -> None:
    """A6: R3 saw no writer; the insertion looks again, undoes itself, and the fault goes on with a small page."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.interrupt(
        filemap.thp_add_to_page_cache,
        1,
        lambda machine: scene.b.open(PATH, OpenFlags.RDWR),
    )
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) == block_of(scene, 3)
    assert scene.inode.i_writecount == 1
    assert scene.mapping.nr_thps == 0
    assert moved["THP_FILE_ALLOC"] == moved["NR_FILE_THPS"] == 0
    assert (moved["NR_FILE_PAGES"], moved["memcg"]) == (1, 1)
    assert_freed(first_page(scene))
    scene.assert_quiet()
    scene.finish()


def test_a6_the_writer_comes_while_a_huge_page_is_cached(geometry: Geometry) -> None:
    """§12.6 last row with A6: the whole cache of the file goes; private copies stay: MM_ANONPAGES unchanged."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a, RW), scene.map(scene.b)
    scene.touch(scene.a, start_a, 1, Access.WRITE)
    scene.b.munmap(start_b, scene.block)
    scene.touch(scene.a, start_a, scene.nr)
    scene.touch(scene.b, start_b, scene.nr)
    head = scene.cached(scene.nr)
    with scene.changes() as moved:
        writer = scene.b.open(PATH, OpenFlags.RDWR)
    assert moved["MM_ANONPAGES(A)"] == 0
    assert moved["MM_FILEPAGES(B)"] == -scene.nr
    assert (moved["NR_FILE_THPS"], moved["NR_FILE_PMDMAPPED"]) == (-1, -1)
    assert scene.mapping.nrpages == scene.mapping.nr_thps == 0
    assert_freed(head)
    assert scene.touch(scene.a, start_a, 1) == Private("A", 1)
    scene.touch(scene.b, start_b, scene.nr)
    assert scene.level(scene.b, start_b + scene.block) == "PTE"
    scene.assert_quiet()
    scene.b.close(writer)
    scene.finish()


def test_a6_the_writer_comes_between_read_and_lock(geometry: Geometry) -> None:
    """A6 with R11: the writer drops the page while A waits for its lock; A sees mapping ≠ ours and ends small."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.interrupt(
        locks.lock_page, 1, lambda machine: scene.b.open(PATH, OpenFlags.RDWR)
    )
    scene.touch(scene.a, start, 3)
    assert scene.mapping.nr_thps == 0
    assert scene.level(scene.a, start) == "PTE"
    assert_freed(first_page(scene))
    scene.assert_quiet()


# ---- A8, A12: truncation --------------------------------------------------------------------------------


def cut(scene: Scene, pages: int) -> Callable[[Machine], None]:
    """A call of B: truncate the file to so many pages."""

    def call(machine: Machine) -> None:
        assert scene.b.truncate(PATH, pages * scene.page) == 0

    return call


POINTS = [filemap.thp_add_to_page_cache, locks.lock_page, filemap.huge_block_in_use]
points = pytest.mark.parametrize("point", POINTS, ids=lambda each: str(each.__name__))


@points
def test_a8_truncated_to_nothing_meanwhile(
    geometry: Geometry, point: Callable[..., object]
) -> None:
    """A8: pgoff ≥ end under the page lock → SIGBUS, and the page that this fault inserted goes: all gauges 0."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.interrupt(point, 1, cut(scene, 0))
    assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    assert scene.machine.kernel.xa_nodes == scene.mapping.nrpages == 0
    assert_freed(first_page(scene))
    scene.finish()


@points
def test_a8_truncated_into_the_block_meanwhile(
    geometry: Geometry, point: Callable[..., object]
) -> None:
    """A8: hindex + 512 > end → FALLBACK, also for a page below the new end: no huge page beyond EOF stays cached."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.interrupt(point, 1, cut(scene, 4))
    assert scene.touch(scene.a, start, 3) == block_of(scene, 3)
    assert scene.level(scene.a, start) == "PTE"
    assert (scene.mapping.nrpages, scene.mapping.nr_thps) == (1, 0)
    assert scene.touch(scene.a, start, 4) is Signal.SIGBUS
    scene.assert_quiet()
    scene.finish()


def test_a_fault_counts_once_however_often_it_tries(geometry: Geometry) -> None:
    """DESIGN §3: PGMAJFAULT counted once a fault. B cuts and regrows the file, so A's second try inserts again."""
    scene = Scene(geometry)
    start = scene.map(scene.a)

    def cut_and_grow(machine: Machine) -> None:
        cut(scene, 0)(machine)
        assert scene.b.truncate(PATH, scene.length) == 0

    scene.machine.interrupt(locks.lock_page, 1, cut_and_grow)
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

    def unlock(machine: Machine) -> None:
        assert scene.mapping.nrpages == scene.nr, "pass 1 took nothing"
        locks.unlock_page(head)

    scene.machine.interrupt(truncate.truncate_waiting, 1, unlock)
    assert scene.b.truncate(PATH, 0) == 0
    assert_freed(head)
    assert scene.mapping.nrpages == 0
    scene.finish()


# ---- two faults at once ---------------------------------------------------------------------------------


def test_two_processes_race_for_the_block(geometry: Geometry) -> None:
    """§12.6: the loser gets −EEXIST, frees its page (513 → 1 → 0) and maps the winner's: 512 + 2 references."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    scene.machine.interrupt(
        filemap.thp_add_to_page_cache,
        1,
        lambda machine: scene.touch(scene.b, start_b, 3),
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
    scene.machine.interrupt(point, 1, lambda machine: scene.touch(twin, start, 3))
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
