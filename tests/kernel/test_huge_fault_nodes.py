"""The huge fault when XArray nodes run out: R8 of FACTS §12.1 with CORRECTIONS A1, A2 and A3, at every allocation."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, Scene, tree_of
from thpkit.kernel import filemap, units, xarray
from thpkit.kernel.content import Block
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.units import REAL, SMALL, Geometry
from thpkit.kernel.xarray import XaNode
from thpkit.kernel.xarray.alloc import NOWAIT_SITE

NODES = {REAL.name: 9, SMALL.name: 3}
"""Nodes of one block in an otherwise empty tree: a top and its leaves (FACTS §2.11 e; two leaves in the toy)."""

EVERY = [(REAL, k) for k in range(9)] + [(SMALL, k) for k in range(3)]
every_allocation = pytest.mark.parametrize(
    ("geometry", "k"), EVERY, ids=[f"{g.name}-{k}" for g, k in EVERY]
)


def read_at(scene: Scene, index: int) -> None:
    """B reads one page of the file through the cache."""
    fd = scene.b.open(PATH)
    assert scene.b.read(fd, index) == [Block(scene.inode.i_ino, index, 0)]
    scene.b.close(fd)


def empty_nodes(scene: Scene) -> list[XaNode]:
    return [
        node
        for node, _first in xarray.walk_nodes(scene.mapping.i_pages)
        if node.count == 0
    ]


# ---- retries that succeed -------------------------------------------------------------------------------


@every_allocation
def test_one_failure_is_made_good_by_a_retry(geometry: Geometry, k: int) -> None:
    """FACTS §12.6: unlock, allocate one spare, retry; ends with 9 nodes and no spare, locks balanced (§9.2)."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("xa_node", skip=k, count=1)
    scene.touch(scene.a, start, scene.nr + 3)
    assert scene.machine.kernel.fail_plans["xa_node"].failed == 1
    assert scene.huge_at(scene.a, start + scene.block)
    nodes = NODES[geometry.name]
    assert tree_of(scene.mapping)[:2] == (nodes, scene.nr)
    assert scene.machine.kernel.xa_nodes == nodes, "no spare is left over"
    scene.assert_quiet()
    scene.finish()


@every_allocation
def test_every_later_attempt_without_sleeping_fails(geometry: Geometry, k: int) -> None:
    """FACTS §12.6: "3 succeed, the rest fail": 6 trips through xas_nomem, 9 nodes, no spare. So 9 − k trips for k."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    plan = FailPlan("nowait", skip=k, count=1000)
    scene.machine.kernel.fail_plans[NOWAIT_SITE] = plan
    scene.touch(scene.a, start, scene.nr + 3)
    # Each trip fails once and begins with one node in hand.
    assert plan.failed == NODES[geometry.name] - k
    assert scene.huge_at(scene.a, start + scene.block)
    assert scene.machine.kernel.xa_nodes == NODES[geometry.name]
    scene.assert_quiet()


@pytest.mark.real_size
def test_three_succeed_and_the_rest_fail() -> None:
    """FACTS §12.6, the worked number."""
    scene = Scene()
    start = scene.map(scene.a)
    plan = FailPlan("nowait", skip=3, count=1000)
    scene.machine.kernel.fail_plans[NOWAIT_SITE] = plan
    scene.touch(scene.a, start, 515)
    assert (plan.failed, scene.machine.kernel.xa_nodes) == (6, 9)


# ---- giving up ------------------------------------------------------------------------------------------


@every_allocation
def test_giving_up_leaves_nothing(geometry: Geometry, k: int) -> None:
    """A2: also when the first leaf failed, no node with count 0 stays. A7: the huge page goes back, unlocked."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("xa_node", skip=k, count=2)
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + 3)
    assert scene.machine.kernel.fail_plans["xa_node"].failed == 2
    assert empty_nodes(scene) == []
    assert (moved["PGALLOC"], moved["PGFREE"]) == (scene.nr + 1, scene.nr)
    assert (moved["NR_FILE_PAGES"], moved["memcg"], moved["nrpages"]) == (1, 1, 1)
    assert moved["THP_FILE_ALLOC"] == moved["NR_FILE_THPS"] == 0
    assert moved["PGMAJFAULT"] == 1, "the small path counts the fault, once"
    scene.assert_quiet()
    scene.finish()


@every_allocation
def test_memory_never_comes_back(geometry: Geometry, k: int) -> None:
    """A2 with a clean-up that cannot allocate either; the small path then fails too: out of memory."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.machine.fail("xa_node", skip=k, count=10**6)
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + 3)
    assert moved["nodes"] == moved["NR_FILE_PAGES"] == moved["memcg"] == 0
    assert moved["PGALLOC"] == moved["PGFREE"]
    scene.assert_quiet()


OTHERS = [(), (0,), (700 - 512,), (1024,), (4096,), (300000,), (4096, 300000)]


@pytest.mark.real_size
@pytest.mark.parametrize("others", OTHERS, ids=str)
@pytest.mark.parametrize("fails", [2, 3, 10**6])
@pytest.mark.parametrize("k", [0, 1, 2, 3, 8])
def test_giving_up_in_taller_trees(others: tuple[int, ...], fails: int, k: int) -> None:
    """A2: eight tree shapes; pages of others survive, and what cannot be kept is removed at order 9, 12 or 18.

    Growth above an existing entry may stay (harmless, says A2): its counts are not zero.
    """
    scene = Scene(size=300001 * 4096)
    start = scene.map(scene.a, length=2 * scene.block)
    for index in others:
        read_at(scene, index)
    pages = {index: scene.cached(index) for index in others}
    scene.machine.fail("xa_node", skip=k, count=fails)
    scene.touch(scene.a, start, 512)
    assert empty_nodes(scene) == []
    assert all(scene.entry(index) is page for index, page in pages.items())
    scene.assert_quiet()
    scene.finish()


# ---- somebody else inserts while we wait for memory -------------------------------------------------------


@every_allocation
@pytest.mark.parametrize("place", [0, 188, 511])
def test_a1_clean_up_spares_the_pages_of_others(
    geometry: Geometry, k: int, place: int
) -> None:
    """A1: between the failure and the clean-up B caches a page of the block; one order-9 store would lose it."""
    scene = Scene(geometry)
    index = scene.nr + place * scene.nr // 512
    start = scene.map(scene.a)
    scene.machine.fail("xa_node", skip=k, count=2)
    scene.meanwhile(filemap.forget_empty_nodes, lambda: read_at(scene, index))
    # The fault is for another page than the one that B reads.
    mine = scene.nr + (place * scene.nr // 512 + scene.nr // 2) % scene.nr
    scene.touch(scene.a, start, mine)
    assert scene.cached(index).index == index
    assert empty_nodes(scene) == []
    assert scene.mapping.nrpages == 2
    scene.assert_quiet()
    scene.finish()


@every_allocation
def test_a3_conflict_on_a_later_trip(geometry: Geometry, k: int) -> None:
    """A3: trip 1 made leaves and ran out of memory; B caches a page; trip 2 says −EEXIST: no leaf stays."""
    scene = Scene(geometry)
    index = scene.nr + 188 * scene.nr // 512
    start = scene.map(scene.a)
    scene.machine.fail("xa_node", skip=k, count=1)
    scene.meanwhile(xarray.xas_nomem, lambda: read_at(scene, index))
    with scene.changes() as moved:
        scene.touch(scene.a, start, scene.nr + scene.nr - 1)
    assert moved["THP_FILE_ALLOC"] == 0
    assert scene.cached(index).index == index
    assert empty_nodes(scene) == []
    assert (moved["PGALLOC"], moved["PGFREE"]) == (scene.nr + 2, scene.nr)
    scene.assert_quiet()
    scene.finish()


def test_eexist_on_the_first_trip_makes_no_leaf(geometry: Geometry) -> None:
    """FACTS §12.1 R8: the conflict is looked for before create_range, and the cursor then carries the error."""
    scene = Scene(geometry)
    index = scene.nr + 1
    start = scene.map(scene.a)

    def read_and_count() -> None:
        read_at(scene, index)
        counted.append(scene.machine.kernel.xa_nodes)

    counted: list[int] = []
    scene.meanwhile(filemap.thp_add_to_page_cache, read_and_count)
    scene.touch(scene.a, start, scene.nr)
    assert counted == [2], "a top node and one leaf"
    assert scene.machine.kernel.xa_nodes == 2
    scene.assert_quiet()


def test_a_spare_node_is_not_kept(geometry: Geometry) -> None:
    """B9 (D37): a spare that the last trip does not need is freed by one more xas_nomem.

    A runs out at the last leaf and asks for a spare; meanwhile B inserts the whole block.
    """
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    nodes = NODES[geometry.name]
    scene.machine.fail("xa_node", skip=nodes - 1, count=1)
    scene.meanwhile(xarray.xas_nomem, lambda: scene.touch(scene.b, start_b, scene.nr))
    scene.touch(scene.a, start_a, scene.nr)
    assert scene.machine.kernel.xa_nodes == nodes
    assert scene.cached(scene.nr)._refcount == scene.nr + 2
    scene.assert_quiet()
    scene.finish()


def test_small_insertion_retries_and_gives_up_alike(geometry: Geometry) -> None:
    """FACTS §4.3: the loop of __add_to_page_cache_locked; after giving up nothing is left behind."""
    with units.geometry(geometry):
        far = units.XA_CHUNK_SIZE * units.XA_CHUNK_SIZE
    for k in range(3):
        for fails in (1, 2):
            scene = Scene(geometry, huge=False, size=(far + 1) * 4096)
            fd = scene.a.open(PATH)
            scene.machine.fail("xa_node", skip=k, count=fails)
            got = scene.a.read(fd, far)
            assert (got == -12) == (fails == 2)
            assert scene.machine.kernel.xa_nodes == (3 if fails == 1 else 0)
            scene.assert_quiet()
