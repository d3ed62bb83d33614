"""The check finds every kind of damage, and names it with the numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.xarray.shapes import (
    child,
    create_range,
    new_array,
    pointer,
    store_singly,
    store_wide,
    top,
)
from thpkit.kernel import xarray
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KArray
from thpkit.kernel.xarray import Entry, XaNode, XArray

pytestmark = [pytest.mark.real_size, pytest.mark.usefixtures("kernel")]


def sample() -> XArray:
    """A tree of two levels: a wide entry in slots 8 to 15, and a leaf with two entries and a value in slot
    0.
    """
    xa = new_array()
    store_singly(xa, 1, 2)
    xarray.xa_store(xa, 3, xarray.xa_mk_value(7), Gfp.KERNEL)
    store_wide(xa, 512, 9, pointer(512))
    xarray.xa_set_mark(xa, 1, xarray.XA_MARK_1)
    assert xarray.check(xa) is None
    return xa


def wrong_count(xa: XArray) -> None:
    top(xa).count = 5


def wrong_values(xa: XArray) -> None:
    child(top(xa), 0).nr_values = 2


def wrong_offset(xa: XArray) -> None:
    child(top(xa), 0).offset = 3


def wrong_parent(xa: XArray) -> None:
    child(top(xa), 0).parent = None


def wrong_shift(xa: XArray) -> None:
    child(top(xa), 0).shift = 6


def odd_shift(xa: XArray) -> None:
    child(top(xa), 0).shift = 1


def freed_node(xa: XArray) -> None:
    child(top(xa), 0).array = xarray.XA_RCU_FREE


def empty_node(xa: XArray) -> None:
    leaf = child(top(xa), 0)
    for slot in (1, 2, 3):
        leaf.slots[slot] = None
    leaf.count = 0
    leaf.nr_values = 0


def orphaned_sibling(xa: XArray) -> None:
    top(xa).slots[8] = None
    top(xa).count = 8


def sibling_elsewhere(xa: XArray) -> None:
    top(xa).slots[20] = xarray.xa_mk_sibling(8)
    top(xa).count = top(xa).count + 1


def odd_width(xa: XArray) -> None:
    top(xa).slots[15] = None
    top(xa).count = 8


def retry_entry(xa: XArray) -> None:
    child(top(xa), 0).slots[1] = xarray.RETRY_ENTRY


def mark_not_gathered(xa: XArray) -> None:
    top(xa).marks[1] = 0


def mark_on_an_empty_slot(xa: XArray) -> None:
    child(top(xa), 0).marks[1] = 1 << 1 | 1 << 50


def mark_on_a_sibling(xa: XArray) -> None:
    top(xa).marks[1] = 1 | 1 << 9


def mark_beyond_the_slots(xa: XArray) -> None:
    top(xa).marks[1] = 1 | 1 << 64


def flag_without_mark(xa: XArray) -> None:
    xa.xa_flags = xa.xa_flags | xarray.XA_FLAGS_ALLOC & ~xarray.XA_FLAGS_TRACK_FREE


def topmost_node_with_a_parent(xa: XArray) -> None:
    slots: KArray[Entry] = KArray.filled(64, None)
    top(xa).parent = XaNode("stray", slots=slots, marks=KArray.filled(3, 0))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (wrong_count, "counts 5 entries, but 9"),
        (wrong_values, "counts 2 values, but 1"),
        (wrong_offset, "its slot 3"),
        (wrong_parent, "its parent is None"),
        (wrong_shift, "has shift 6 below"),
        (odd_shift, "has shift 1"),
        (freed_node, "belongs to XA_RCU_FREE"),
        (empty_node, "is empty and still in the tree"),
        (orphaned_sibling, "7 siblings, but holds None"),
        (sibling_elsewhere, "slot 20 of"),
        (odd_width, "7 slots wide"),
        (retry_entry, "slot 1 holds retry"),
        (mark_not_gathered, "lacks mark 1"),
        (mark_on_an_empty_slot, "slot 50"),
        (mark_on_a_sibling, "holds sibling(8)"),
        (mark_beyond_the_slots, "beyond its last slot"),
        (flag_without_mark, "the flag of mark 0 is set"),
        (topmost_node_with_a_parent, "has a parent"),
    ],
)
def test_damage_is_found(damage: Callable[[XArray], None], words: str) -> None:
    xa = sample()
    damage(xa)
    sentence = xarray.check(xa)
    assert sentence is not None
    assert words in sentence


def test_empty_nodes_can_be_allowed() -> None:
    xa = new_array()
    create_range(xa, 512)
    assert "is empty and still in the tree" in str(xarray.check(xa))
    assert xarray.check(xa, allow_empty_nodes=True) is None


def test_any_width_can_be_allowed() -> None:
    xa = new_array()
    xarray.xa_store_range(xa, 3, 9, pointer(3), Gfp.KERNEL)
    assert "7 slots wide" in str(xarray.check(xa))
    assert xarray.check(xa, allow_any_width=True) is None


def test_lone_heads() -> None:
    xa = new_array()
    assert xarray.check(xa) is None
    xa.xa_head = pointer(0)
    assert xarray.check(xa) is None
    xa.xa_head = xarray.RETRY_ENTRY
    assert "may not be the head" in str(xarray.check(xa))
    xa.xa_head = None
    xa.xa_flags = xa.xa_flags | 1 << 24
    assert "flag of mark 1" in str(xarray.check(xa))


def test_machine_words() -> None:
    assert xarray.machine_word(None) == "NULL = 0x0"
    assert xarray.machine_word(xarray.xa_mk_sibling(8)) == "sibling(8) = 0x22"
    assert xarray.machine_word(xarray.RETRY_ENTRY) == "retry = 0x402"
    assert xarray.machine_word(xarray.ZERO_ENTRY) == "zero = 0x406"
    assert xarray.machine_word(xarray.xa_mk_value(5)) == "value(5) = 0xb"
    assert (
        xarray.machine_word(xarray.xa_mk_error(-12))
        == "error(-ENOMEM) = 0xffffffffffffffd2"
    )
    assert xarray.machine_word(pointer(3)) == "page@3 = &page@3"
    xa = sample()
    assert xarray.machine_word(top(xa)) == f"node({top(xa)}) = &{top(xa)} + 2"
