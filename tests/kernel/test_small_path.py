"""The fault by 4 KiB: filemap_fault, fault-around, copies; FACTS §7.4 to §7.8. Huge pages under PTEs: test_mixed_maps."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene, fault_at
from thpkit.kernel import locks, memory, pgtable
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Private, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.units import Geometry

ANONYMOUS = MapFlags.PRIVATE | MapFlags.ANONYMOUS


def small(geometry: Geometry, **size: int) -> Scene:
    """A scene on the 4 KiB file system."""
    return Scene(geometry, huge=False, **size)


def cache(scene: Scene, first: int, count: int) -> None:
    """Let B read pages into the cache."""
    fd = scene.b.open(PATH)
    got = scene.b.read(fd, first, count)
    assert isinstance(got, list) and len(got) == count
    scene.b.close(fd)
    scene.machine.drain()


# ---- filemap_fault --------------------------------------------------------------------------------------


def test_first_fault_reads_one_page(geometry: Geometry) -> None:
    """FACTS §7.6 and §4.3: absent → PGMAJFAULT, MAJOR; two references: cache and mapping. Left out: readahead."""
    scene = small(geometry)
    start = scene.aligned(scene.a)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) == Block(scene.inode.i_ino, 3, 0)
        scene.machine.drain()
    assert dict(moved) == {
        "PGFAULT": 1,
        "PGMAJFAULT": 1,
        "maj_flt(A)": 1,
        "tables(A)": 3,
        "PGALLOC": 1,
        "memcg": 1,
        "nrpages": 1,
        "nodes": 1,
        "NR_FILE_PAGES": 1,
        "NR_INACTIVE_FILE": 1,
        "NR_FILE_MAPPED": 1,
        "MM_FILEPAGES(A)": 1,
    }
    page = scene.cached(3)
    assert (page._refcount, page._mapcount) == (2, 0)
    scene.assert_quiet()
    scene.finish()


def test_a_lone_page_at_index_0_needs_no_node(geometry: Geometry) -> None:
    """FACTS §2.11 (b): one entry at 0 is the head itself."""
    scene = small(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    assert scene.machine.kernel.xa_nodes == 0
    assert scene.mapping.i_pages.xa_head is scene.cached(0)


def test_a_cached_page_is_a_minor_fault(geometry: Geometry) -> None:
    """FACTS §5.3: PGMAJFAULT only when the page was not in the cache at all."""
    scene = small(geometry)
    cache(scene, 3, 1)
    start = scene.map(scene.a)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 3)
    assert (moved["PGMAJFAULT"], moved["maj_flt(A)"], moved["min_flt(A)"]) == (0, 0, 1)
    assert moved["PGALLOC"] == 0


def test_beyond_the_end(geometry: Geometry) -> None:
    """FACTS §7.6 step 1: index ≥ ceil(i_size / 4096) → SIGBUS; the last partial page is inside."""
    scene = small(geometry, size=2 * 4096 + 1)
    start = scene.map(scene.a, length=scene.block)
    assert scene.touch(scene.a, start, 2) == Block(scene.inode.i_ino, 2, 0)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    assert dict(moved) == {"PGFAULT": 1}


def test_read_error_and_second_try(geometry: Geometry) -> None:
    """FACTS §7.6 step 6: EIO → SIGBUS, the page stays with PG_error; the next fault clears it and reads again."""
    scene = small(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("read")
    assert scene.touch(scene.a, start, 3) is Signal.SIGBUS
    page = scene.cached(3)
    with scene.machine.installed():
        assert page_h.PageError(page) and not page_h.PageUptodate(page)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) == Block(scene.inode.i_ino, 3, 0)
    assert moved["PGMAJFAULT"] == 0, "the page was in the cache, unread"
    with scene.machine.installed():
        assert not page_h.PageError(page)
    scene.assert_quiet()


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


# ---- private copies -------------------------------------------------------------------------------------


def test_cow_of_a_mapped_page(geometry: Geometry) -> None:
    """FACTS §7.8 step 5 and wp_page_copy: the file page loses the mapping, a private one is charged and mapped."""
    scene = small(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 3)
    page = scene.cached(3)
    with scene.changes() as moved:
        got = scene.touch(scene.a, start, 3, Access.WRITE)
        scene.machine.drain()
    assert got == Private("A", 1)
    # v5.3: lru_cache_add_active_or_unevictable: a new private page is active.
    assert dict(moved) == {
        "PGFAULT": 1,
        "min_flt(A)": 1,
        "MM_FILEPAGES(A)": -1,
        "MM_ANONPAGES(A)": 1,
        "NR_FILE_MAPPED": -1,
        "NR_ANON_MAPPED": 1,
        "NR_ACTIVE_ANON": 1,
        "NR_INACTIVE_FILE": 1,
        "PGALLOC": 1,
        "memcg": 1,
    }
    assert (page._refcount, page._mapcount) == (1, -1)
    assert page.content == Block(scene.inode.i_ino, 3, 0)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 3, Access.WRITE)
    assert dict(moved) == {}, "the copy is writable"
    scene.assert_quiet()
    scene.finish()


def test_a_private_page_is_written_again_without_copying(geometry: Geometry) -> None:
    """do_wp_page: a page of one's own, mapped once, is reused; here after mprotect took the write bit away."""
    scene = small(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 3, Access.WRITE)
    scene.a.mprotect(start, scene.length, Prot.READ)
    scene.a.mprotect(start, scene.length, RW)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3, Access.WRITE) == Private("A", 2)
    assert dict(moved) == {"PGFAULT": 1, "min_flt(A)": 1}


@pytest.mark.parametrize("site", ["page", "memcg"])
@pytest.mark.parametrize("first", [Access.READ, Access.WRITE])
def test_cow_without_memory(geometry: Geometry, site: str, first: Access) -> None:
    """FACTS §7.5, do_cow_fault "undo on failure": OOM, and nothing is left of the copy."""
    scene = small(geometry)
    start = scene.map(scene.a, RW)
    if first is Access.READ:
        scene.touch(scene.a, start, 3)
    scene.machine.fail(site)
    assert scene.touch(scene.a, start, 3, Access.WRITE) is Signal.SIGKILL
    assert scene.counters()["MM_ANONPAGES(A)"] == 0
    scene.assert_quiet()
    scene.finish()


def test_a_cow_that_cannot_read_the_file(geometry: Geometry) -> None:
    """do_cow_fault: the copy was allocated and charged before ->fault; its failure gives both back."""
    scene = small(geometry)
    start = scene.map(scene.a, RW)
    scene.machine.fail("read")
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3, Access.WRITE) is Signal.SIGBUS
    assert (moved["PGALLOC"], moved["PGFREE"], moved["memcg"]) == (2, 1, 1)
    scene.assert_quiet()


# ---- shared and anonymous -------------------------------------------------------------------------------


def test_shared_writes_go_to_the_file(geometry: Geometry) -> None:
    """do_shared_fault: the cache's own page, writable; other mappings see the write."""
    scene = small(geometry)
    start = scene.map(scene.a, RW, MapFlags.SHARED, mode=OpenFlags.RDWR)
    other = scene.map(scene.b, Prot.READ)
    got = scene.touch(scene.a, start, 3, Access.WRITE)
    assert got == Block(scene.inode.i_ino, 3, 1)
    assert scene.touch(scene.b, other, 3) == got
    assert scene.cached(3).content == got
    assert scene.counters()["NR_FILE_MAPPED"] == 1
    scene.assert_quiet()


def test_anonymous_memory(geometry: Geometry) -> None:
    """do_anonymous_page: zeroes, charged, one mapping, active list."""
    scene = Scene(geometry)
    start = scene.a.mmap(scene.block, RW, ANONYMOUS)
    with scene.changes() as moved:
        assert scene.a.touch(start) == Zero()
        assert scene.a.touch(start, Access.WRITE) == Private("A", 1)
    assert (moved["MM_ANONPAGES(A)"], moved["NR_ANON_MAPPED"], moved["memcg"]) == (
        1,
        1,
        1,
    )
    assert (moved["PGFAULT"], moved["PGALLOC"]) == (1, 1)
    scene.assert_quiet()
    scene.finish()


@pytest.mark.parametrize("visit", [1, 2, 3], ids=["PUD", "PMD", "PTE"])
def test_two_threads_make_one_table(geometry: Geometry, visit: int) -> None:
    """mm/memory.c, __pud_alloc, __pmd_alloc, __pte_alloc: who finds the entry populated frees the table he brought."""
    scene = Scene(geometry)
    start = scene.a.mmap(2 * scene.block, RW, ANONYMOUS)
    twin = scene.machine.thread("A2", of=scene.a)
    scene.machine.interrupt(
        pgtable.alloc_table, visit, lambda machine: twin.touch(start)
    )
    scene.a.touch(start)
    twin.exit()
    assert scene.counters()["MM_ANONPAGES(A)"] == 1
    tables = scene.machine.kernel.zone.tables
    assert scene.a.mm.pgtables_bytes == len(tables) * scene.page == 3 * scene.page
    scene.assert_quiet()
    scene.finish()


def test_a_spurious_fault_changes_nothing(geometry: Geometry) -> None:
    """FACTS §7.4: a present PTE with the right to be used: young is set, 0 is answered."""
    scene = small(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 3)
    word = scene.word(scene.a, start + 3 * scene.page)
    with scene.machine.installed():
        vmf = fault_at(scene, scene.a, start + 3 * scene.page)
        assert memory.handle_pte_fault(vmf) == 0
    assert scene.word(scene.a, start + 3 * scene.page) == word
    scene.assert_quiet()
