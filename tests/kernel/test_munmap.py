"""Taking mappings away, whole and in part: FACTS §8.3, §8.4, §12.5 and the second row of §12.6."""

from __future__ import annotations

import errno

import pytest

from tests.kernel.support import PATH, RX, Scene
from thpkit.kernel import flags, locks
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.kernel.units import Geometry


def test_teardown_of_two_mappings(geometry: Geometry) -> None:
    """FACTS §12.5 stages 1 to 3: only the last unmapping moves NR_FILE_MAPPED and NR_FILE_PMDMAPPED."""
    scene = Scene(geometry)
    starts = {who: scene.map(who) for who in (scene.a, scene.b)}
    for who, start in starts.items():
        scene.touch(who, start, scene.nr + 3)
    head = scene.cached(scene.nr)
    assert (head._refcount, scene.maps(head)) == (scene.nr + 2, (1, {1}))

    with scene.changes() as moved:
        assert scene.b.munmap(starts[scene.b], scene.length) == 0
    assert dict(moved) == {"MM_FILEPAGES(B)": -scene.nr, "tables(B)": -2}
    assert (head._refcount, scene.maps(head)) == (scene.nr + 1, (0, {0}))

    with scene.changes() as moved:
        assert scene.a.munmap(starts[scene.a], scene.length) == 0
    assert dict(moved) == {
        "MM_FILEPAGES(A)": -scene.nr,
        "NR_FILE_PMDMAPPED": -1,
        "NR_FILE_MAPPED": -scene.nr,
        "tables(A)": -2,
    }
    assert (head._refcount, scene.maps(head)) == (scene.nr, (-1, {-1}))
    assert scene.mapping.nrpages == scene.nr, "cached, unmapped"
    scene.assert_quiet()
    scene.finish()


@pytest.mark.parametrize("where", [0, 3, -1], ids=["first", "middle", "last"])
def test_one_page_out_of_a_block(geometry: Geometry, where: int) -> None:
    """FACTS §12.6 row 2: VMA split → PMD split: ref −1, rss −512, mapped −512, PMDMAPPED −1, THP_SPLIT_PMD +1."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    head = scene.cached(scene.nr)
    index = scene.nr + where % scene.nr
    with scene.changes() as moved:
        assert scene.a.munmap(start + index * scene.page, scene.page) == 0
    assert dict(moved) == {
        "MM_FILEPAGES(A)": -scene.nr,
        "NR_FILE_MAPPED": -scene.nr,
        "NR_FILE_PMDMAPPED": -1,
        "THP_SPLIT_PMD": 1,
    }
    assert (head._refcount, scene.maps(head)) == (scene.nr, (-1, {-1}))
    assert scene.word(scene.a, start + scene.block) == 0, "the PMD is none"
    edges = [(v.vm_start, v.vm_end, v.vm_pgoff) for v in scene.vmas(scene.a)]
    expected = [(start, start + index * scene.page, 0)]
    if index + 1 < 2 * scene.nr:
        after = start + (index + 1) * scene.page
        expected.append((after, start + scene.length, index + 1))
    assert edges == expected

    # "Next access: VMA no longer contains the block → PTEs", of the sub-pages of the huge page that is cached.
    neighbour = scene.nr + 4 if index != scene.nr + 4 else scene.nr + 5
    scene.touch(scene.a, start, neighbour)
    assert scene.level(scene.a, start + neighbour * scene.page) == "PTE"
    gone = start + index * scene.page
    assert scene.a.touch(gone) is Signal.SIGSEGV
    assert scene.cached(scene.nr) is head, "the huge page stays whole in the cache"
    scene.assert_quiet()
    scene.finish()


def test_a_cut_on_a_block_boundary_splits_nothing(geometry: Geometry) -> None:
    """FACTS §8.3: only an edge *inside* a huge PMD splits it."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, scene.nr)
    with scene.changes() as moved:
        assert scene.a.munmap(start, scene.block) == 0
    assert moved["THP_SPLIT_PMD"] == 0
    assert moved["MM_FILEPAGES(A)"] == -scene.nr
    assert scene.huge_at(scene.a, start + scene.block)
    scene.assert_quiet()


def test_a_block_that_is_mapped_again_may_be_huge_again(geometry: Geometry) -> None:
    """FACTS §8.4: nothing is re-populated after a split; the next access faults and may be mapped huge again."""
    scene = Scene(geometry, blocks=3)
    start = scene.map(scene.a)
    for n in range(3):
        scene.touch(scene.a, start, n * scene.nr)
    scene.a.munmap(start + scene.block + scene.page, scene.page)
    with scene.changes() as moved:
        scene.touch(scene.a, start, 2 * scene.nr + 1)
    assert moved["PGFAULT"] == 0, "the third block was not touched by the cut"
    assert scene.huge_at(scene.a, start)
    assert not scene.huge_at(scene.a, start + scene.block)
    scene.assert_quiet()


def test_small_pages_one_put_each(geometry: Geometry) -> None:
    """FACTS §8.3, zap_pte_range: per present PTE rss −1, one rmap removal, one put."""
    scene = Scene(geometry, huge=False)
    start = scene.map(scene.a)
    for index in range(scene.window):
        scene.touch(scene.a, start, index)
    page = scene.cached(1)
    scene.machine.drain()
    assert page._refcount == 2
    with scene.changes() as moved:
        assert scene.a.munmap(start + scene.page, 2 * scene.page) == 0
    assert dict(moved) == {"MM_FILEPAGES(A)": -2, "NR_FILE_MAPPED": -2}
    assert (page._refcount, page._mapcount) == (1, -1)
    assert scene.mapped_indices(scene.a, start) == [0, *range(3, scene.window)]
    scene.assert_quiet()


def test_what_zapping_tells_reclaim(geometry: Geometry) -> None:
    """FACTS §8.3: a PTE's young bit becomes PG_referenced, a huge PMD's does not; §8.4: a split one's does."""
    small, whole, split = Scene(geometry, huge=False), Scene(geometry), Scene(geometry)
    seen = []
    for scene in (small, whole, split):
        start = scene.map(scene.a)
        scene.touch(scene.a, start, 0)
        page = scene.cached(0)
        assert not page.flags >> flags.PG_referenced & 1
        scene.a.munmap(start, scene.page if scene is split else scene.length)
        seen.append(bool(page.flags >> flags.PG_referenced & 1))
    assert seen == [True, False, True]


def test_tables_go_with_the_last_mapping_they_serve(geometry: Geometry) -> None:
    """FACTS §8.3 "free page tables", §5.2: pgtables_bytes counts 4096 a table and returns to zero."""
    scene = Scene(geometry, huge=False)
    start = scene.aligned(scene.a)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, scene.nr)
    tables = scene.counters()["tables(A)"]
    with scene.changes() as moved:
        scene.a.munmap(start, scene.block // 2)
    assert moved["tables(A)"] == 0, "half of the table's range is still mapped"
    scene.a.munmap(start + scene.block // 2, scene.block // 2)
    assert scene.counters()["tables(A)"] == tables - 1
    scene.a.munmap(start, scene.length)
    assert scene.a.mm.pgtables_bytes == 0
    assert len(scene.machine.kernel.zone.tables) == 0
    scene.assert_quiet()


def test_a_hole_over_several_mappings(geometry: Geometry) -> None:
    """FACTS §8.3: one call cuts the first, removes the middle and cuts the last mapping."""
    scene = Scene(geometry)
    starts = sorted(scene.map(scene.a, length=scene.block) for _ in range(3))
    for start in starts:
        scene.a.touch(start)
    low, high = starts[0] + scene.page, starts[2] + scene.page
    assert scene.a.munmap(low, high - low) == 0
    edges = [(v.vm_start, v.vm_end) for v in scene.vmas(scene.a)]
    assert edges == [(starts[0], low), (high, starts[2] + scene.block)]
    assert scene.vmas(scene.a)[1].vm_pgoff == 1
    assert scene.a.mm.map_count == 2
    scene.assert_quiet()


def test_errors_and_empty_ranges() -> None:
    """FACTS §8.3 (mm/mmap.c, __do_munmap): unaligned, beyond the end or empty is −EINVAL; nothing there is 0."""
    scene = Scene()
    start = scene.map(scene.a)
    assert scene.a.munmap(start + 1, scene.page) == -errno.EINVAL
    assert scene.a.munmap(start, 0) == -errno.EINVAL
    assert scene.a.munmap(1 << 47, scene.page) == -errno.EINVAL
    assert scene.a.munmap(start, 1 << 47) == -errno.EINVAL
    assert scene.a.munmap(start - scene.length, scene.page) == 0
    assert len(scene.vmas(scene.a)) == 1


def test_a_mapping_keeps_its_file_open() -> None:
    """FACTS §6.2: vm_file = get_file; a writer that mapped the file is a writer until it unmaps."""
    scene = Scene()
    fd = scene.a.open(PATH, OpenFlags.RDWR)
    start = scene.a.mmap(scene.length, Prot.READ, MapFlags.SHARED, fd)
    scene.a.close(fd)
    assert scene.inode.i_writecount == 1
    scene.a.munmap(start, scene.page)
    assert scene.inode.i_writecount == 1
    scene.a.munmap(start, scene.length)
    assert scene.inode.i_writecount == 0
    assert scene.inode.i_count == 0


def test_exit_gives_everything_back(geometry: Geometry) -> None:
    """FACTS §12.5: after exit and truncation all gauges are zero."""
    scene = Scene(geometry, blocks=3)
    scene.map(scene.a)
    start = scene.map(scene.a, Prot.READ | Prot.WRITE)
    scene.touch(scene.a, start, 1)
    scene.finish()


def test_truncation_during_a_split_finds_both_halves(geometry: Geometry) -> None:
    """mm/mmap.c, __vma_adjust: vm_end moves and the upper part joins i_mmap under one hold of i_mmap_rwsem.

    So truncation, which looks for mappings under that lock, never finds a page mapped from nowhere.
    """
    scene = Scene(geometry, huge=False)
    start = scene.map(scene.a)
    for index in range(scene.window):
        scene.touch(scene.a, start, index)
    # munmap takes mmap_sem first and the file's i_mmap_rwsem, for the split, second.
    scene.meanwhile(locks.down_write, lambda: cut(scene), visit=2)
    assert scene.a.munmap(start, scene.page) == 0
    assert scene.mapping.nrpages == 0
    scene.assert_quiet()


def cut(scene: Scene) -> None:
    """B truncates the file."""
    assert scene.b.truncate(PATH, 0) == 0


def test_an_unlinked_file_lives_until_it_is_unmapped(geometry: Geometry) -> None:
    """A mapping refers to the file (§6.2); the last reference takes cache and inode along (§4.7, end)."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    assert scene.a.unlink(PATH) == 0
    assert scene.a.close(3) == 0
    assert scene.mapping.nrpages == scene.nr
    assert scene.a.munmap(start, scene.length) == 0
    assert scene.mapping.nrpages == 0
    scene.assert_nothing_left()


def test_machine_with_two_files_keeps_them_apart() -> None:
    """Unmapping one file moves nothing of the other."""
    machine = Machine()
    machine.create("/one", 2 << 20)
    machine.create("/two", 2 << 20)
    process = machine.spawn("A")
    starts = [
        process.mmap(2 << 20, RX, MapFlags.PRIVATE, process.open(path))
        for path in ("/one", "/two")
    ]
    for start in starts:
        process.touch(start)
    process.munmap(starts[0], 2 << 20)
    assert machine.counters()["NR_FILE_MAPPED"] == 512
    assert machine.counters()["NR_FILE_PAGES"] == 1024
