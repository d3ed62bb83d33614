"""The XArray pane: worked trees as a reader sees them."""

from __future__ import annotations

import pytest

from tests.view.conftest import BIG
from tests.view.looking import at, shown, text
from thpkit.kernel import fs, locks, xarray
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL, Pfn
from thpkit.kernel.xarray import XArray
from thpkit.trace.timeline import Timeline
from thpkit.view.glyphs import UNICODE
from thpkit.view.layout import is_changed
from thpkit.view.moment import Lens, Moment
from thpkit.view.rows import plain, text_of
from thpkit.view.text import tree
from thpkit.view.xarray_tree import Sight, tree_rows


def test_a_huge_page_fills_eight_leaves(tour: Timeline) -> None:
    moment = at(tour, "huge_fault_new_page::return page@1")
    assert text(moment, "xarray", 90).splitlines()[1:] == [
        "  xa_head → xa_node#1  shift 6  offset 0  count 8  covers 0–4095",
        "    slots 0–7: NULL",
        "    [8] → xa_node#9  shift 0  offset 8  count 64  512–575: page#1+0 … +63",
        "    [9] → xa_node#8  shift 0  offset 9  count 64  576–639: page#1+64 … +127",
        "    [10] → xa_node#7  shift 0  offset 10  count 64  640–703: page#1+128 … +191",
        "    [11] → xa_node#6  shift 0  offset 11  count 64  704–767: page#1+192 … +255",
        "    [12] → xa_node#5  shift 0  offset 12  count 64  768–831: page#1+256 … +319",
        "    [13] → xa_node#4  shift 0  offset 13  count 64  832–895: page#1+320 … +383",
        "    [14] → xa_node#3  shift 0  offset 14  count 64  896–959: page#1+384 … +447",
        "    [15] → xa_node#2  shift 0  offset 15  count 64  960–1023: page#1+448 … +511",
        "    slots 16–63: NULL",
    ]


def test_the_cursor_is_shown_where_it_stands(tour: Timeline) -> None:
    """§2.11 (f): after create_range the leaves are empty and the cursor is on the first slot, now of order 0."""
    moment = at(tour, "thp_add_to_page_cache::xarray.xas_create_range@1+")
    lines = text(moment, "xarray", 90).splitlines()
    assert lines[0].endswith("xa_lock held by A")
    assert lines[1].split("covers")[0] == "  xas index 512  shift 0  sibs 0  "
    [leaf] = [line for line in lines if "xas at slot 0" in line]
    assert leaf.startswith("    [8] → xa_node#9  shift 0  offset 8  count 0")
    assert leaf.endswith("512–575: NULL  ◀ xas at slot 0")


def test_a_cursor_that_has_not_walked(tour: Timeline) -> None:
    moment = at(tour, "huge_block_in_use::locks.spin_lock_irq@1")
    lines = text(moment, "xarray", 120).splitlines()
    assert lines[1] == (
        "● xas index 512  shift 6  sibs 7  covers 512–1023  at XAS_RESTART"
    )


def test_a_store_marks_its_slot_and_the_count(tour: Timeline) -> None:
    """The node's count rises one statement after its slot was filled."""
    moment = at(tour, "thp_fill_block::if i + 1 <@3")
    node = moment.kernel.inodes[BIG].i_mapping.i_pages.xa_head.slots[8]  # type: ignore[union-attr]
    start = at(tour, "thp_fill_block::if i + 1 <@2").n
    steps = [Moment.of(tour, n) for n in range(start, moment.n)]
    filled = next(m for m in steps if m.lens.change(node.slots, 2))
    [row] = [line for line in shown(filled, "xarray").rows if is_changed(line)][:1]
    assert "count 2  512–514: page#1+0 … +2" in text_of(row)
    counted = next(m for m in steps if m.lens.change(node, "count"))
    assert "count 3 (was 2)" in text(counted, "xarray")


def test_every_write_to_the_tree_comes_into_view(tour: Timeline) -> None:
    """Whatever a step did to slots and counts of this tree is on the row in focus."""
    start = at(tour, "thp_fill_block::@call@1").n
    seen = 0
    for n in range(start, start + 1200):
        moment = Moment.of(tour, n)
        nodes = [w for w in moment.writes if isinstance(w.target, xarray.XaNode)]
        if any(moment.lens.change(w.target, "count") for w in nodes):
            rendered = shown(moment, "xarray", 100)
            assert is_changed(rendered.rows[rendered.focus])
            seen += 1
    assert seen > 10


def test_freed_nodes_are_named(tour: Timeline) -> None:
    moments = (
        Moment.of(tour, n)
        for n in range(at(tour, "page_cache_delete_batch::@call@1").n, len(tour))
    )
    freed = next(m for m in moments if any(w.key == "array" for w in m.writes))
    assert "freed: xa_node#9  shift 0" in text(freed, "xarray", 100)


# ---- trees made by hand -----------------------------------------------------------------------------------


@pytest.fixture
def machine() -> Machine:
    return Machine()


def drawn(machine: Machine, xa: XArray, width: int = 100) -> str:
    with machine.installed():
        return plain(tree_rows(xa, Sight(Lens(UNICODE)), width))


def page(pfn: int, name: str) -> Page:
    from thpkit.kernel.content import Zero

    return Page(name, pfn=Pfn(pfn), content=Zero())


def store(machine: Machine, xa: XArray, index: int, order: int, entry: object) -> None:
    with machine.installed():
        xas = xarray.XA_STATE_ORDER(xa, index, order)
        locks.spin_lock_irq(xa.xa_lock)
        xarray.xas_store(xas, entry)  # type: ignore[arg-type]
        locks.spin_unlock_irq(xa.xa_lock)


def test_an_empty_array_and_a_lone_entry(machine: Machine) -> None:
    xa = xarray.page_cache_xarray("pages")
    assert drawn(machine, xa) == "xa_head → NULL"
    store(machine, xa, 0, 0, page(5, "page#9"))
    assert drawn(machine, xa) == "xa_head → page#9"


def test_siblings_and_values(machine: Machine) -> None:
    """§2.11 (g): one entry of order 9 is one slot and seven that refer to it."""
    xa = xarray.page_cache_xarray("pages")
    store(machine, xa, 512, 9, page(512, "page#1"))
    store(machine, xa, 3, 0, xarray.xa_mk_value(7))
    assert drawn(machine, xa).splitlines() == [
        "xa_head → xa_node#1  shift 6  offset 0  count 9  covers 0–4095",
        "  [0] → xa_node#2  shift 0  offset 0  count 1  nr_values 1  3: value 7",
        "  slots 1–7: NULL",
        "  slot 8: page#1",
        "  slots 9–15: sibling of slot 8",
        "  slots 16–63: NULL",
    ]


def test_marks_are_said_at_every_level(machine: Machine) -> None:
    xa = xarray.page_cache_xarray("pages")
    for index in (64, 65, 70):
        store(machine, xa, index, 0, page(index, f"page#{index}"))
        with machine.installed():
            xarray.xa_set_mark(xa, index, xarray.XA_MARK_1)
    shown_tree = drawn(machine, xa)
    assert "mark 1: 1" in shown_tree.splitlines()[0]
    assert "mark 1: 0–1 6" in shown_tree
    assert shown_tree.startswith("xa_head (marks 1) → xa_node#1")


def test_many_full_leaves_share_rows(machine: Machine) -> None:
    xa = xarray.page_cache_xarray("pages")
    for index in range(20 * 64):
        store(machine, xa, index, 0, page(index, f"page#{index}"))
    assert "[0–19] → 20 full leaves  0–1279: page#0 … pfn 0x4ff" in drawn(machine, xa)


def test_toy_geometry_draws_four_slots() -> None:
    machine = Machine(config=Config(geometry=SMALL))
    machine.create("/f", size=8 * 4096)
    process = machine.spawn("A")
    at_f = process.mmap(8 * 4096, fd=process.open("/f"))
    process.touch(at_f)
    assert "covers 0–15" in tree(machine, "/f")
    assert isinstance(machine.kernel.inodes["/f"], fs.Inode)
