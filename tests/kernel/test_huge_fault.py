"""The fault by one huge page: end states of FACTS §12.3 and §12.4. Why it falls back: test_huge_fallback."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene, fault_at, tree_of
from thpkit.kernel import filemap, flags, memory
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Block, Zero
from thpkit.kernel.flags import (
    FaultFlags,
    MapFlags,
    PageEntrySize,
    Prot,
    VmFault,
)
from thpkit.kernel.units import SMALL, Geometry

# ---- success --------------------------------------------------------------------------------------------


def test_first_huge_fault(geometry: Geometry) -> None:
    """FACTS §12.3, cumulative, and stage 10: the reference count is 512 + 1."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    with scene.changes() as moved:
        content = scene.touch(scene.a, start, scene.nr + 3)
    leaves = scene.nr // scene.chunk
    assert dict(moved) == {
        "PGFAULT": 1,
        "PGMAJFAULT": 1,
        "maj_flt(A)": 1,
        "tables(A)": 2,
        "PGALLOC": scene.nr,
        "memcg": scene.nr,
        "nrpages": scene.nr,
        "NR_FILE_PAGES": scene.nr,
        "NR_FILE_THPS": 1,
        "THP_FILE_ALLOC": 1,
        "NR_INACTIVE_FILE": scene.nr,
        "MM_FILEPAGES(A)": scene.nr,
        "NR_FILE_PMDMAPPED": 1,
        "NR_FILE_MAPPED": scene.nr,
        "THP_FILE_MAPPED": 1,
        "nodes": 1 + leaves,
    }
    head = scene.cached(scene.nr)
    assert (head._refcount, scene.maps(head)) == (scene.nr + 1, (0, {0}))
    assert scene.total_mapcount(head) == 1
    with scene.machine.installed():
        assert not page_h.PageLocked(head)
        assert page_h.PageUptodate(head) and page_h.PageLRU(head)
    assert content == Block(scene.inode.i_ino, scene.nr + 3, 0)
    assert tree_of(scene.mapping) == (1 + leaves, scene.nr, leaves)
    word = scene.word(scene.a, start + scene.block)
    assert word & flags.PAGE_PSE and word & flags.PAGE_USER
    assert not word & (flags.PAGE_RW | flags.PAGE_NX), "r-x user"
    scene.assert_quiet()
    scene.finish()


def test_further_accesses_to_the_block_do_not_fault(geometry: Geometry) -> None:
    """FACTS §12.3, end: 512 pages, each with its own content, for one fault."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr + 3)
    with scene.changes() as moved:
        for index in range(scene.nr, 2 * scene.nr):
            found = scene.touch(scene.a, start, index)
            assert found == Block(scene.inode.i_ino, index, 0)
    assert dict(moved) == {}


def test_the_other_block(geometry: Geometry) -> None:
    """FACTS §12.3 (i-b): block 0 after block 1: 17 nodes, top count 16, all counters double. D1 would fall back."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr + 3)
    once = scene.counters()
    with scene.changes() as moved:
        scene.touch(scene.a, start, 1)
    leaves = scene.nr // scene.chunk
    nodes, entries, _top = tree_of(scene.mapping)
    if geometry is SMALL:
        # Two leaves a block, four slots a node: 4 leaves below one top node.
        assert (nodes, entries) == (5, 16)
    else:
        assert tree_of(scene.mapping) == (17, 1024, 16)
    same = {"tables(A)", "nodes"}
    expected = {name: value for name, value in once.items() if value}
    assert {k: v for k, v in moved.items() if k not in same} == {
        k: v for k, v in expected.items() if k not in same
    }
    assert moved["nodes"] == leaves
    assert moved["tables(A)"] == 0
    scene.assert_quiet()
    scene.finish()


def test_a_second_process_maps_the_cached_page(geometry: Geometry) -> None:
    """FACTS §12.4: 514 = 512 + 2; a minor fault; the node's mapped counters do not move; the tree is unchanged."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    scene.touch(scene.a, start_a, scene.nr + 3)
    tree = tree_of(scene.mapping)
    with scene.changes() as moved:
        scene.touch(scene.b, start_b, scene.nr + 3)
    assert dict(moved) == {
        "PGFAULT": 1,
        "min_flt(B)": 1,
        "tables(B)": 2,
        "MM_FILEPAGES(B)": scene.nr,
        "THP_FILE_MAPPED": 1,
    }
    head = scene.cached(scene.nr)
    assert (head._refcount, scene.maps(head)) == (scene.nr + 2, (1, {1}))
    assert scene.total_mapcount(head) == 2
    assert tree_of(scene.mapping) == tree
    scene.assert_quiet()
    scene.finish()


@pytest.mark.real_size
@pytest.mark.parametrize(("hindex", "nodes"), [(0, 9), (512, 9), (3584, 9), (4096, 10)])
def test_nodes_by_place_in_the_file(hindex: int, nodes: int) -> None:
    """FACTS Appendix A: nodes for 512 single entries; the block at 4096 needs a third level."""
    scene = Scene(blocks=hindex // 512 + 1)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, hindex + 511)
    assert scene.machine.kernel.xa_nodes == nodes
    assert tree_of(scene.mapping)[1] == 512


def test_a_mapping_that_begins_inside_the_file(geometry: Geometry) -> None:
    """FACTS §6.5: congruent, not aligned: only the block that lies wholly inside is mapped huge."""
    scene = Scene(geometry, blocks=3)
    start = scene.map(scene.a, offset=scene.page, length=2 * scene.block)
    scene.a.touch(start + scene.block)
    assert scene.huge_at(scene.a, start + scene.block)
    assert scene.cached(scene.nr).index == scene.nr
    scene.a.touch(start)
    assert scene.level(scene.a, start) == "PTE"
    scene.assert_quiet()
    scene.finish()


def test_a_read_only_shared_mapping_is_served_too(geometry: Geometry) -> None:
    """FACTS §12.1, do_mmap side: private or shared, as long as nobody can write."""
    scene = Scene(geometry)
    start = scene.map(scene.a, kind=MapFlags.SHARED)
    scene.touch(scene.a, start, 0)
    assert scene.huge_at(scene.a, start)
    scene.assert_quiet()


def test_r13_passes_the_sub_page_of_the_fault(geometry: Geometry) -> None:
    """R13: vmf->page = head + (pgoff − hindex), so that the PTE path would map the right page (K11, D17)."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    with scene.machine.installed():
        vmf = fault_at(scene, scene.a, start + (scene.nr + 5) * scene.page)
        answer = filemap.filemap_huge_fault(vmf, PageEntrySize.PMD)
    assert answer == VmFault.MAJOR
    assert vmf.page is scene.cached(scene.nr + 5)
    assert (vmf.pte, vmf.memcg) == (None, None)


def test_wp_huge_pmd_needs_the_split(geometry: Geometry) -> None:
    """FACTS §7.3: with a huge_fault operation wp_huge_pmd does not split by itself: the handler must have."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 0)
    with scene.machine.installed():
        vmf = fault_at(scene, scene.a, start)
        vmf.flags |= FaultFlags.WRITE
        assert memory.wp_huge_pmd(vmf) == VmFault.FALLBACK
    assert scene.word(scene.a, start) == 0


def test_content_beyond_the_end_is_zero(geometry: Geometry) -> None:
    """REF-B: readpage fills the whole compound page, zeroing beyond EOF; here the file grew without being written."""
    scene = Scene(geometry, size=Scene(geometry).block // 2)
    start = scene.map(scene.a, Prot.READ, length=scene.block)
    scene.b.truncate(PATH, scene.block)
    assert scene.touch(scene.a, start, scene.nr - 1) == Zero()
    assert scene.huge_at(scene.a, start)
    assert scene.touch(scene.a, start, 0) == Block(scene.inode.i_ino, 0, 0)
