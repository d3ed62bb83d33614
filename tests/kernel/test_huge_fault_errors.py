"""The huge fault against read errors and writers: CORRECTIONS A4, A5, A6 and A7."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene
from thpkit.kernel import filemap, flags, fs, locks
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Private
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, OpenFlags
from thpkit.kernel.fs import File
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

    def read_it() -> None:
        if reader == "read(2)":
            assert scene.b.read(fd, scene.nr + 3) == [block_of(scene, scene.nr + 3)]
        else:
            got = scene.touch(scene.b, other, scene.nr + 3)
            assert got == block_of(scene, scene.nr + 3)

    scene.machine.fail("read")
    scene.meanwhile(locks.lock_page, read_it)
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
    scene.meanwhile(locks.lock_page, lambda: scene.b.read(fd, scene.nr + 3))
    scene.touch(scene.a, start, scene.nr)
    assert asked == [False, False]
    last = 2 * scene.nr - 1
    assert scene.touch(scene.a, start, last) == block_of(scene, last)


# ---- A6: writers ----------------------------------------------------------------------------------------


def test_a6_the_writer_comes_between_check_and_insertion(geometry: Geometry) -> None:
    """A6: R3 saw no writer; the insertion looks again, undoes itself, and the fault goes on with a small page."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.meanwhile(
        filemap.thp_add_to_page_cache, lambda: scene.b.open(PATH, OpenFlags.RDWR)
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
    scene.meanwhile(locks.lock_page, lambda: scene.b.open(PATH, OpenFlags.RDWR))
    scene.touch(scene.a, start, 3)
    assert scene.mapping.nr_thps == 0
    assert scene.level(scene.a, start) == "PTE"
    assert_freed(first_page(scene))
    scene.assert_quiet()
