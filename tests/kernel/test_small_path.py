"""The fault by one small page: filemap_fault and handle_pte_fault, FACTS §7.4 and §7.6."""

from __future__ import annotations

from tests.kernel.support import PATH, Scene, fault_at
from thpkit.kernel import memory
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block
from thpkit.kernel.fault import Signal
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
