"""Private copies, shared pages and anonymous memory: FACTS §7.5 and §7.8."""

from __future__ import annotations

import pytest

from tests.kernel.support import RW, Scene
from thpkit.kernel import pgtable
from thpkit.kernel.content import Block, Private, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.units import Geometry

ANONYMOUS = MapFlags.PRIVATE | MapFlags.ANONYMOUS


def small(geometry: Geometry, size: int | None = None) -> Scene:
    """A scene on the 4 KiB file system."""
    return Scene(geometry, huge=False, size=size)


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
    """mm/memory.c, __pud_alloc, __pmd_alloc, __pte_alloc: who finds the entry populated frees his own table."""
    scene = Scene(geometry)
    start = scene.a.mmap(2 * scene.block, RW, ANONYMOUS)
    twin = scene.machine.thread("A2", of=scene.a)
    scene.meanwhile(pgtable.alloc_table, lambda: twin.touch(start), visit=visit)
    scene.a.touch(start)
    twin.exit()
    assert scene.counters()["MM_ANONPAGES(A)"] == 1
    tables = scene.machine.kernel.zone.tables
    assert scene.a.mm.pgtables_bytes == len(tables) * scene.page == 3 * scene.page
    scene.assert_quiet()
    scene.finish()
