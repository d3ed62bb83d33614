"""Why the huge fault falls back to small pages: R0 to R7 of FACTS §12.1, and rows of §12.6."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene, fault_at
from thpkit.kernel import filemap, fs
from thpkit.kernel.content import Block, Private
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import (
    Access,
    OpenFlags,
    PageEntrySize,
    VmFault,
)
from thpkit.kernel.splat import Config, ThpPolicy
from thpkit.kernel.units import Geometry

NOT_HUGE = {"THP_FILE_ALLOC", "THP_FILE_MAPPED", "NR_FILE_THPS", "NR_FILE_PMDMAPPED"}


def assert_small(moved: dict[str, int]) -> None:
    """Nothing huge was made."""
    assert not NOT_HUGE & set(moved)


# ---- fallback, reason by reason ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [PageEntrySize.PUD, PageEntrySize.PTE])
def test_r0_only_pmds(geometry: Geometry, size: PageEntrySize) -> None:
    """R0: huge_fault is first asked for 1 GiB when the PUD is none; it must say FALLBACK (§7.3 step 2)."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    with scene.machine.installed():
        answer = filemap.filemap_huge_fault(fault_at(scene, scene.a, start), size)
    assert answer == VmFault.FALLBACK
    assert scene.mapping.nrpages == 0


def test_r1_write_fault_splits_and_copies(geometry: Geometry) -> None:
    """R1, B7 and §12.6 row 3: PROT_READ|PROT_WRITE read first, then written: split, then COW of one small page."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, scene.nr + 3)
    head = scene.cached(scene.nr)
    assert scene.huge_at(scene.a, start + scene.block)
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + 3, Access.WRITE)
    assert dict(moved) == {
        "PGFAULT": 1,
        "min_flt(A)": 1,
        "MM_FILEPAGES(A)": -scene.nr,
        "NR_FILE_MAPPED": -scene.nr,
        "NR_FILE_PMDMAPPED": -1,
        "THP_SPLIT_PMD": 1,
        "tables(A)": 1,
        "MM_ANONPAGES(A)": 1,
        "NR_ANON_MAPPED": 1,
        "PGALLOC": 1,
        "memcg": 1,
    }
    assert (head._refcount, scene.maps(head)) == (scene.nr, (-1, {-1}))
    assert scene.touch(scene.a, start, scene.nr + 3) == Private("A", 1)
    assert scene.cached(scene.nr + 3).content == Block(
        scene.inode.i_ino, scene.nr + 3, 0
    )
    scene.assert_quiet()
    scene.finish()


def test_r1_after_mprotect(geometry: Geometry) -> None:
    """§12.6 row 3 as written: mprotect(READ|WRITE) is allowed by VM_MAYWRITE; the write then splits and copies."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    assert scene.a.mprotect(start, scene.length, RW) == 0
    assert scene.huge_at(scene.a, start), "mprotect of whole blocks keeps the huge PMD"
    with scene.changes() as moved:
        scene.touch(scene.a, start, 0, Access.WRITE)
    assert (moved["THP_SPLIT_PMD"], moved["MM_ANONPAGES(A)"]) == (1, 1)
    scene.assert_quiet()
    scene.finish()


def test_r1_first_touch_is_a_write(geometry: Geometry) -> None:
    """R1 with the PMD none: nothing to split; do_cow_fault (§7.5) reads one small page and copies it."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 3, Access.WRITE)
    assert_small(moved)
    assert (moved["MM_ANONPAGES(A)"], moved["NR_FILE_PAGES"]) == (1, 1)
    assert (moved["PGALLOC"], moved["memcg"]) == (2, 2)
    assert moved["MM_FILEPAGES(A)"] == moved["NR_FILE_MAPPED"] == 0
    scene.assert_quiet()
    scene.finish()


def test_r2_not_suitable(geometry: Geometry) -> None:
    """R2: an incongruent mapping: nothing huge is read for it."""
    scene = Scene(geometry)
    start = scene.misaligned(scene.a)
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + 3)
    assert_small(moved)
    assert moved["PGALLOC"] == 1
    assert moved["NR_FILE_PAGES"] == 1
    scene.assert_quiet()


def test_r3_open_for_writing(geometry: Geometry) -> None:
    """R3: i_writecount > 0 → FALLBACK, until the writer closes."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    writer = scene.b.open(PATH, OpenFlags.RDWR)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 0)
    assert_small(moved)
    assert moved["PGALLOC"] == 1, "no huge page was even tried"
    scene.b.close(writer)
    scene.touch(scene.a, start, scene.nr)
    assert scene.huge_at(scene.a, start + scene.block)
    scene.assert_quiet()


def test_r3_readpage_that_fills_small_pages_only(geometry: Geometry) -> None:
    """R3, second half (REF-B): the mapping's readpage must be able to fill a huge page."""
    scene = Scene(geometry)
    scene.mapping.flags &= ~fs.AS_THP_SUPPORT
    start = scene.map(scene.a)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 0)
    assert_small(moved)
    assert moved["PGALLOC"] == 1


def test_r4_beyond_the_end(geometry: Geometry) -> None:
    """R4 and §12.6: a mapping longer than the file, fault beyond EOF: SIGBUS, nothing allocated."""
    scene = Scene(geometry)
    start = scene.map(scene.a, length=3 * scene.block)
    with scene.changes() as moved:
        result = scene.touch(scene.a, start, 2 * scene.nr)
    assert result is Signal.SIGBUS
    assert dict(moved) == {"PGFAULT": 1, "tables(A)": 2}
    scene.assert_quiet()


def test_r4_block_not_entirely_inside(geometry: Geometry) -> None:
    """R4 and §12.6: a file of a block and a half (3 MiB): block 1 by small pages, block 0 huge, beyond: SIGBUS."""
    with_half = 2 * Scene(geometry).block * 3 // 4
    scene = Scene(geometry, size=with_half)
    start = scene.map(scene.a, length=2 * scene.block)
    end = scene.nr + scene.nr // 2
    scene.touch(scene.a, start, scene.nr)
    assert scene.level(scene.a, start + scene.block) == "PTE"
    scene.touch(scene.a, start, end - 1)
    assert scene.touch(scene.a, start, end) is Signal.SIGBUS
    scene.touch(scene.a, start, 0)
    assert scene.huge_at(scene.a, start)
    assert scene.mapping.nrpages == scene.nr + 2
    scene.assert_quiet()
    scene.finish()


def test_r4_one_byte_makes_the_block_whole(geometry: Geometry) -> None:
    """R4 counts ceil(i_size / 4096): a partial last page belongs to the block and reads as written."""
    scene = Scene(geometry, size=Scene(geometry).block - 4095)
    start = scene.map(scene.a, length=scene.block)
    scene.touch(scene.a, start, 0)
    assert scene.huge_at(scene.a, start)
    scene.assert_quiet()


def test_r5_small_page_at_the_head(geometry: Geometry) -> None:
    """R5: what stands at hindex is no head of order 9 → put, FALLBACK: no reference stays."""
    scene = Scene(geometry)
    scene.b.read(scene.b.open(PATH), scene.nr)
    scene.machine.drain()
    page = scene.cached(scene.nr)
    start = scene.map(scene.a)
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + scene.window)
    assert_small(moved)
    assert moved["PGALLOC"] == 1
    assert page._refcount == 1
    scene.assert_quiet()


@pytest.mark.parametrize("place", [1, 188, 511])
def test_r6_small_page_in_the_block(geometry: Geometry, place: int) -> None:
    """R6 and §12.6: a small page already cached at 700 (= 512 + 188), fault at 515: small pages, no THP."""
    scene = Scene(geometry)
    cached = scene.nr + (place * scene.nr // 512 or 1)
    scene.b.read(scene.b.open(PATH), cached)
    start = scene.map(scene.a)
    nodes = scene.machine.kernel.xa_nodes
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr)
    assert_small(moved)
    assert moved["PGALLOC"] == 1
    assert scene.machine.kernel.xa_nodes - nodes <= 1, "no empty leaves (D4)"
    scene.assert_quiet()


def test_r6_the_next_block_is_no_conflict(geometry: Geometry) -> None:
    """§12.6: only index 1024 and up cached: the bound hindex + 511 is inclusive (D1)."""
    scene = Scene(geometry, blocks=3)
    reader = scene.b.open(PATH)
    scene.b.read(reader, 2 * scene.nr)
    scene.b.read(reader, scene.nr - 1)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    assert scene.huge_at(scene.a, start + scene.block)
    scene.assert_quiet()


def test_r7_no_huge_page(geometry: Geometry) -> None:
    """R7: no order-9 page → FALLBACK to a small one."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("page")
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 3) == Block(scene.inode.i_ino, 3, 0)
    assert_small(moved)
    assert (moved["PGALLOC"], moved["PGMAJFAULT"]) == (1, 1)
    scene.assert_quiet()


@pytest.mark.parametrize("how", ["limit", "failure"])
def test_r7_no_charge(geometry: Geometry, how: str) -> None:
    """R7: a charge of 512 refused: put, FALLBACK; the page goes back whole."""
    limit = Scene(geometry).nr - 1 if how == "limit" else 1 << 20
    scene = Scene(config=Config(geometry=geometry, memcg_limit=limit))
    start = scene.map(scene.a)
    if how == "failure":
        scene.machine.fail("memcg")
    with scene.changes() as moved:
        scene.touch(scene.a, start, 3)
    assert_small(moved)
    assert (moved["PGALLOC"], moved["PGFREE"]) == (scene.nr + 1, scene.nr)
    assert moved["memcg"] == 1
    scene.assert_quiet()


@pytest.mark.parametrize("policy", [ThpPolicy.NEVER, ThpPolicy.MADVISE])
def test_policy_keeps_the_huge_fault_out(geometry: Geometry, policy: ThpPolicy) -> None:
    """FACTS §6.5: __transparent_hugepage_enabled; without it create_huge_pmd is not asked (§7.3 step 4)."""
    scene = Scene(config=Config(geometry=geometry, thp=policy))
    start = scene.map(scene.a)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 3)
    assert_small(moved)
