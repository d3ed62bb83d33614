"""The structures a reader meets again and again, in full: which nodes, which slots, which counts, which
cursor.
"""

from __future__ import annotations

import errno

import pytest

from tests.xarray.shapes import (
    child,
    count_nodes,
    create_range,
    cursor,
    fail_allocation,
    fail_without_sleeping,
    loads,
    new_array,
    pointer,
    store_block,
    store_singly,
    store_wide,
    top,
    used,
)
from thpkit.kernel import xarray
from thpkit.kernel.flags import Gfp
from thpkit.kernel.init import Kernel
from thpkit.kernel.xarray import XAS_BOUNDS, XAS_RESTART, XaNode

pytestmark = [pytest.mark.real_size, pytest.mark.usefixtures("kernel")]


def test_a_nothing_stored() -> None:
    xa = new_array()
    assert xa.xa_head is None
    assert xarray.xa_empty(xa)


def test_b_one_entry_at_0_is_the_head() -> None:
    xa = new_array()
    stored = store_singly(xa, 0)
    assert xa.xa_head is stored[0]
    assert count_nodes(xa) == 0


def test_c_entries_at_0_and_1_share_a_leaf() -> None:
    xa = new_array()
    store_singly(xa, 0, 1)
    assert (top(xa).shift, top(xa).count, count_nodes(xa)) == (0, 2, 1)


def test_d_one_entry_at_512_takes_two_nodes() -> None:
    xa = new_array()
    stored = store_singly(xa, 512)
    leaf = child(top(xa), 8)
    assert (top(xa).shift, top(xa).count, used(top(xa))) == (6, 1, [8])
    assert (leaf.shift, leaf.offset, leaf.count, leaf.slots[0]) == (
        0,
        8,
        1,
        stored[512],
    )
    assert count_nodes(xa) == 2


def test_e_512_separate_entries() -> None:
    xa = new_array()
    stored = store_block(xa, 512)
    assert (top(xa).shift, top(xa).offset, top(xa).count) == (6, 0, 8)
    assert used(top(xa)) == list(range(8, 16))
    for slot in range(8, 16):
        leaf = child(top(xa), slot)
        assert (leaf.shift, leaf.offset, leaf.count) == (0, slot, 64)
    assert count_nodes(xa) == 9
    for index, page in stored.items():
        assert child(top(xa), index >> 6).slots[index & 63] is page


def test_f_create_range_alone_leaves_empty_leaves(kernel: Kernel) -> None:
    xa = new_array()
    xas = create_range(xa, 512)
    assert count_nodes(xa) == kernel.xa_nodes == 9
    assert (top(xa).count, used(top(xa))) == (8, list(range(8, 16)))
    assert [child(top(xa), slot).count for slot in range(8, 16)] == [0] * 8
    assert loads(xa, 512, 700, 1023) == [None, None, None]
    assert cursor(xas) == (512, 0, 0, child(top(xa), 8), 0)


@pytest.mark.parametrize("number", range(1, 10))
def test_f_leaves_are_made_from_the_last_to_the_first(
    kernel: Kernel, number: int
) -> None:
    xa = new_array()
    fail_allocation(kernel, number)
    xas = create_range(xa, 512)
    assert xarray.xas_error(xas) == -errno.ENOMEM
    if number == 1:
        assert xa.xa_head is None
    else:
        assert used(top(xa)) == list(range(18 - number, 16))


def test_g_one_order_9_entry_at_512() -> None:
    xa = new_array()
    page = pointer(512)
    store_wide(xa, 512, 9, page)
    assert (top(xa).shift, top(xa).count, count_nodes(xa)) == (6, 8, 1)
    assert top(xa).slots[8] is page
    assert [top(xa).slots[slot] for slot in range(9, 16)] == [
        xarray.xa_mk_sibling(8)
    ] * 7
    assert loads(xa, 511, 512, 777, 1023, 1024) == [None, page, page, page, None]


def test_h_order_9_at_0() -> None:
    wide = new_array()
    page = pointer(0)
    store_wide(wide, 0, 9, page)
    assert (
        top(wide).shift,
        top(wide).count,
        top(wide).slots[0],
        count_nodes(wide),
    ) == (6, 8, page, 1)
    assert [top(wide).slots[slot] for slot in range(1, 8)] == [
        xarray.xa_mk_sibling(0)
    ] * 7

    separate = new_array()
    create_range(separate, 0)
    assert (top(separate).shift, used(top(separate))) == (6, list(range(8)))
    assert count_nodes(separate) == 9


def test_i_order_9_at_4096_needs_a_third_level() -> None:
    separate = new_array()
    create_range(separate, 4096)
    middle = child(top(separate), 1)
    assert (top(separate).shift, top(separate).count) == (12, 1)
    assert (middle.shift, middle.offset, middle.count, used(middle)) == (
        6,
        1,
        8,
        list(range(8)),
    )
    assert count_nodes(separate) == 10

    wide = new_array()
    store_wide(wide, 4096, 9, pointer(4096))
    assert (top(wide).shift, count_nodes(wide)) == (12, 2)


def test_j_order_9_null_store_over_512_entries(kernel: Kernel) -> None:
    xa = new_array()
    store_block(xa, 512)
    leaves = [child(top(xa), slot) for slot in range(8, 16)]
    calls: list[XaNode] = []
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    xarray.xas_set_update(xas, calls.append)

    returned = xarray.xas_store(xas, None)

    assert xarray.xa_is_node(returned)
    assert xa.xa_head is None
    assert kernel.xa_nodes == 0
    assert len(calls) == 9
    assert xas.xa_node is XAS_BOUNDS
    assert all(leaf.array is xarray.XA_RCU_FREE for leaf in leaves)
    assert all(entry is xarray.RETRY_ENTRY for leaf in leaves for entry in leaf.slots)
    xarray.xas_init_marks(xas)
    assert xas.xa_node is XAS_BOUNDS


def test_j_with_another_block_only_the_leaves_go(kernel: Kernel) -> None:
    xa = new_array()
    store_block(xa, 512)
    others = store_block(xa, 1024)
    head = top(xa)
    xas = store_wide(xa, 512, 9, None)
    assert kernel.xa_nodes == 17 - 8
    assert xas.xa_node is head
    assert loads(xa, *others) == list(others.values())


def test_k_512_single_null_stores_as_a_batch(kernel: Kernel) -> None:
    xa = new_array()
    store_block(xa, 512)
    others = store_block(xa, 2048)
    xas = xarray.XA_STATE(xa, 512)
    erased = 0
    entry = xarray.xas_find(xas, 1023)
    while entry is not None:
        xarray.xas_store(xas, None)
        xarray.xas_init_marks(xas)
        erased += 1
        entry = xarray.xas_next_entry(xas, 1023)
    assert erased == 512
    assert kernel.xa_nodes == count_nodes(xa) == 9
    assert loads(xa, *others) == list(others.values())

    for index in others:
        xarray.xa_erase(xa, index)
    assert (xa.xa_head, kernel.xa_nodes) == (None, 0)


def test_l_order_9_null_store_over_a_wide_entry(kernel: Kernel) -> None:
    xa = new_array()
    store_wide(xa, 512, 9, pointer(512))
    assert kernel.xa_nodes == 1
    xas = store_wide(xa, 512, 9, None)
    assert (xa.xa_head, kernel.xa_nodes, xas.xa_node) == (None, 0, XAS_BOUNDS)


def test_m_wide_store_over_small_entries_frees_their_leaves(kernel: Kernel) -> None:
    xa = new_array()
    stored = store_singly(xa, *range(512, 576), 600)
    assert xarray.xas_find_conflict(xarray.XA_STATE_ORDER(xa, 512, 9)) is stored[512]
    assert kernel.xa_nodes == 3
    page = pointer(512)
    store_wide(xa, 512, 9, page)
    assert (kernel.xa_nodes, top(xa).count) == (1, 8)
    assert loads(xa, 512, 600, 1023) == [page] * 3


def test_n_order_9_cursor_over_small_entries_gives_a_node_link() -> None:
    xa = new_array()
    stored = store_block(xa, 512)
    leaf = child(top(xa), 8)
    assert xarray.xas_load(xarray.XA_STATE_ORDER(xa, 512, 9)) is leaf
    assert xarray.xas_find(xarray.XA_STATE_ORDER(xa, 512, 9), 1023) is leaf
    assert xarray.xas_load(xarray.XA_STATE(xa, 512)) is stored[512]


def test_n_also_when_the_head_is_a_leaf() -> None:
    xa = new_array()
    store_singly(xa, 0, 1)
    assert xarray.xas_load(xarray.XA_STATE_ORDER(xa, 0, 9)) is xa.xa_head


def test_o_order_9_cursor_over_an_empty_created_range_too() -> None:
    xa = new_array()
    create_range(xa, 512)
    assert xarray.xas_find(xarray.XA_STATE_ORDER(xa, 512, 9), 1023) is child(top(xa), 8)


def test_p_filling_the_last_block_of_a_tree_walks_off_its_end() -> None:
    xa = new_array()
    xas = create_range(xa, 3584)
    for index in range(3584, 4096):
        assert xarray.xas_store(xas, pointer(index)) is None
        xarray.xas_next(xas)
    assert (xas.xa_index, xas.xa_node) == (4096, XAS_BOUNDS)
    assert xarray.check(xa) is None


# ---- order-9 arithmetic ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("blocks", "shift", "slots", "nodes_singly", "nodes_wide"),
    [
        ([0], 6, range(8), 9, 1),
        ([512], 6, range(8, 16), 9, 1),
        ([3584], 6, range(56, 64), 9, 1),
        ([4096], 12, range(8), 10, 2),
        ([0, 512], 6, range(16), 17, 1),
    ],
)
def test_nodes_of_a_block(
    blocks: list[int], shift: int, slots: range, nodes_singly: int, nodes_wide: int
) -> None:
    singly, wide = new_array(), new_array()
    for block in blocks:
        store_block(singly, block)
        store_wide(wide, block, 9, pointer(block))
    assert (count_nodes(singly), count_nodes(wide)) == (nodes_singly, nodes_wide)
    assert top(singly).shift == top(wide).shift == shift
    middle = top(singly) if shift == 6 else child(top(singly), 1)
    assert used(middle) == list(slots)
    assert xarray.check(singly) is None
    assert xarray.check(wide) is None


def test_reach_of_the_topmost_node() -> None:
    xa = new_array()
    store_singly(xa, 4095)
    assert top(xa).shift == 6
    store_singly(xa, 4096)
    assert top(xa).shift == 12
    store_singly(xa, 262143)
    assert top(xa).shift == 12
    store_singly(xa, 262144)
    assert top(xa).shift == 18


# ---- the cursor during an insertion ---------------------------------------------------------------------


def test_cursor_after_each_call_of_an_insertion() -> None:
    xa = new_array()
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    assert cursor(xas) == (512, 6, 7, XAS_RESTART, 0)
    assert xarray.xas_find_conflict(xas) is None
    assert cursor(xas) == (512, 6, 7, XAS_BOUNDS, 0)
    xarray.xas_create_range(xas)
    leaf = child(top(xa), 8)
    assert cursor(xas) == (512, 0, 0, leaf, 0)
    xarray.xas_store(xas, pointer(512))
    assert cursor(xas) == (512, 0, 0, leaf, 0)
    xarray.xas_next(xas)
    assert cursor(xas) == (513, 0, 0, leaf, 1)
    for index in range(513, 1024):
        xarray.xas_store(xas, pointer(index))
        if index < 1023:
            xarray.xas_next(xas)
    assert cursor(xas) == (1023, 0, 0, child(top(xa), 15), 63)
    assert xarray.xas_next(xas) is None
    assert cursor(xas) == (1024, 0, 0, top(xa), 16)


@pytest.mark.parametrize("number", range(1, 10))
def test_cursor_after_a_failed_creation_and_recovery(
    kernel: Kernel, number: int
) -> None:
    xa = new_array()
    fail_allocation(kernel, number)
    xas = create_range(xa, 512)
    assert (xas.xa_index, xas.xa_shift, xas.xa_sibs) == (512, 6, 7)
    assert xarray.xas_error(xas) == -errno.ENOMEM
    assert xarray.xas_nomem(xas, Gfp.KERNEL)
    assert xas.xa_node is XAS_RESTART
    assert xas.xa_alloc is not None
    xarray.xas_create_range(xas)
    assert xarray.xas_error(xas) == 0
    assert not xarray.xas_nomem(xas, Gfp.KERNEL)
    assert xas.xa_alloc is None
    assert kernel.xa_nodes == count_nodes(xa) == 9


def test_three_nodes_at_once_then_one_a_trip(kernel: Kernel) -> None:
    xa = new_array()
    fail_without_sleeping(kernel, succeed=3)
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    xarray.xas_create_range(xas)
    trips = 0
    while xarray.xas_nomem(xas, Gfp.KERNEL):
        trips += 1
        xarray.xas_create_range(xas)
    assert (trips, kernel.xa_nodes, xas.xa_alloc) == (6, 9, None)


TREES: dict[str, list[int]] = {
    "empty": [],
    "lone head": [0],
    "one leaf": [0, 5],
    "another block": [1024],
    "the block before": [511],
    "a taller tree": [4096],
    "far away": [300_000],
    "very far away": [1 << 24],
    "the block after the next": [1536, 1537],
}


@pytest.mark.parametrize("name", TREES)
def test_find_conflict_before_create_range(name: str) -> None:
    xa = new_array()
    others = store_singly(xa, *TREES[name])
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    assert xarray.xas_find_conflict(xas) is None
    xarray.xas_create_range(xas)
    for index in range(512, 1024):
        assert xarray.xas_store(xas, pointer(index)) is None
        xarray.xas_next(xas)
    found = xarray.xa_extract(xa, 512, 1023, 1000, xarray.XA_PRESENT)
    assert [repr(entry) for entry in found] == [
        f"page@{index}" for index in range(512, 1024)
    ]
    assert loads(xa, *others) == list(others.values())
    assert xarray.check(xa) is None


# ---- precisions found by replaying ----------------------------------------------------------------------


def test_cleaning_up_by_a_wide_null_store_destroys_a_page_that_came_in_between(
    kernel: Kernel,
) -> None:
    xa = new_array()
    fail_allocation(kernel, 6)
    create_range(xa, 512)
    store_singly(xa, 700)
    store_wide(xa, 512, 9, None)
    assert loads(xa, 700) == [None]


def test_cleaning_up_chunk_by_chunk_keeps_it(kernel: Kernel) -> None:
    xa = new_array()
    fail_allocation(kernel, 6)
    create_range(xa, 512)
    stored = store_singly(xa, 700)
    for first in range(512, 1024, 64):
        if xarray.xas_find_conflict(xarray.XA_STATE_ORDER(xa, first, 6)) is None:
            store_wide(xa, first, 6, None)
    assert loads(xa, 700) == [stored[700]]
    assert xarray.check(xa) is None
    assert kernel.xa_nodes == 2


@pytest.mark.parametrize(("other", "left"), [(None, 1), (4096, 4)])
def test_a_wide_null_store_does_not_remove_what_has_no_leaf(
    kernel: Kernel, other: int | None, left: int
) -> None:
    xa = new_array()
    if other is not None:
        store_singly(xa, other)
    fail_allocation(kernel, 2)
    create_range(xa, 512)
    store_wide(xa, 512, 9, None)
    empty = [node for node, _ in xarray.walk_nodes(xa) if node.count == 0]
    assert [node.shift for node in empty] == [6]
    assert kernel.xa_nodes == left
    assert xarray.check(xa) is not None

    # A placeholder needs no memory once its node exists, and its removal lowers the count.
    store_wide(xa, 512, 9, xarray.xa_mk_value(0))
    store_wide(xa, 512, 9, None)
    assert xarray.check(xa) is None
    assert kernel.xa_nodes == count_nodes(xa) == (0 if other is None else 3)


def test_a_conflict_on_the_second_trip_leaves_the_leaves_of_the_first(
    kernel: Kernel,
) -> None:
    xa = new_array()
    fail_allocation(kernel, 6)
    xas = create_range(xa, 512)
    assert xarray.xas_nomem(xas, Gfp.KERNEL)
    stored = store_singly(xa, 700)
    assert xarray.xas_find_conflict(xas) is stored[700]
    assert top(xa).count == 5
    assert [child(top(xa), slot).count for slot in used(top(xa))] == [1, 0, 0, 0, 0]


def test_a_conflict_on_the_first_trip_makes_nothing(kernel: Kernel) -> None:
    xa = new_array()
    stored = store_singly(xa, 700)
    assert kernel.xa_nodes == 2
    assert xarray.xas_find_conflict(xarray.XA_STATE_ORDER(xa, 512, 9)) is stored[700]
    assert kernel.xa_nodes == 2


def test_find_stays_at_bounds() -> None:
    xa = new_array()
    store_singly(xa, 1, 2)
    xas = xarray.XA_STATE(xa, 100)
    assert xarray.xas_find(xas, 1 << 20) is None
    assert xas.xa_node is XAS_BOUNDS
    store_singly(xa, 200)
    assert xarray.xas_find(xas, 1 << 20) is None


def test_find_beyond_max_goes_to_bounds() -> None:
    xa = new_array()
    store_singly(xa, 1, 2)
    xas = xarray.XA_STATE(xa, 2)
    assert xarray.xas_find(xas, 1) is None
    assert xas.xa_node is XAS_BOUNDS


def test_next_from_a_lone_head_leaves_the_tree() -> None:
    xa = new_array()
    stored = store_singly(xa, 0)
    xas = xarray.XA_STATE(xa, 0)
    assert xarray.xas_next(xas) is stored[0]
    assert xarray.xas_next(xas) is None
    assert (xas.xa_index, xas.xa_node) == (1, XAS_BOUNDS)


def test_empty_leaves_beside_a_conflicting_page(kernel: Kernel) -> None:
    xa = new_array()
    store_singly(xa, 700)
    create_range(xa, 512)
    assert kernel.xa_nodes == 9
    xarray.xa_erase(xa, 700)
    assert kernel.xa_nodes == 8
    assert xarray.xa_is_node(xarray.xas_find(xarray.XA_STATE_ORDER(xa, 512, 9), 1023))
    store_wide(xa, 512, 9, None)
    assert kernel.xa_nodes == 0


def test_a_spare_node_survives_a_trip_that_needs_none(kernel: Kernel) -> None:
    xa = new_array()
    fail_allocation(kernel, 9)
    xas = create_range(xa, 512)
    assert xarray.xas_nomem(xas, Gfp.KERNEL)
    create_range(xa, 512)
    xarray.xas_create_range(xas)
    assert xarray.xas_error(xas) == 0
    assert (kernel.xa_nodes, count_nodes(xa)) == (10, 9)
    assert not xarray.xas_nomem(xas, Gfp.KERNEL)
    assert (kernel.xa_nodes, xas.xa_alloc) == (9, None)


def test_page_cache_array_has_two_flags() -> None:
    assert new_array().xa_flags == xarray.XA_FLAGS_LOCK_IRQ | xarray.XA_FLAGS_ACCOUNT


def test_xas_set_keeps_the_range_and_create_range_ends_it() -> None:
    xa = new_array()
    stored = store_block(xa, 512)
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    assert xarray.xa_is_node(xarray.xas_find(xas, 1023))
    xarray.xas_set(xas, 512)
    assert (xas.xa_shift, xas.xa_sibs) == (6, 7)
    xarray.xas_create_range(xas)
    xarray.xas_set(xas, 512)
    assert xarray.xas_find(xas, 1023) is stored[512]


def test_searching_behind_a_created_range() -> None:
    xa = new_array()
    xas = xarray.XA_STATE_ORDER(xa, 512, 9)
    assert xarray.xas_find(xas, 1024) is None
    assert xas.xa_node is XAS_BOUNDS
    xarray.xas_reset(xas)
    xarray.xas_create_range(xas)
    assert xarray.xas_find(xas, 1024) is None
    assert cursor(xas) == (1088, 0, 0, top(xa), 17)


@pytest.mark.parametrize(("index", "seen"), [(1024, True), (1025, False)])
def test_max_is_inclusive(index: int, seen: bool) -> None:
    xa = new_array()
    stored = store_singly(xa, index)
    found = xarray.xas_find(xarray.XA_STATE(xa, 512), 1024)
    assert found is (stored[index] if seen else None)
