"""Scrolling and finding in rows, and painting one line."""

from __future__ import annotations

from itertools import product

import pytest

from thpkit.kernel.kobject import KArray
from thpkit.trace.cells import Cell
from thpkit.view.rows import Role, Span, row, text_of
from tui.looks import Look
from tui.painter import CHOSEN, Line, Painter, title_line
from tui.rowmath import cell_at, cells_of, find, place, with_chosen


@pytest.mark.parametrize(
    ("count", "height"), [*product((0, 1, 5, 90), (0, 1, 2, 9, 40))]
)
def test_the_focus_is_always_seen(count: int, height: int) -> None:
    """Whatever the size; and no room is wasted below the last row."""
    for focus in range(count):
        top = place(focus, None, count, height)
        assert top >= 0
        if height > 1:
            assert top <= focus < top + height
        if count > height > 0:
            assert top <= count - height


def test_what_belongs_to_the_focus_is_seen_too_if_it_fits() -> None:
    """Else the focus alone."""
    top = place(50, 57, 90, 9)
    assert top <= 50 and top + 9 > 57
    top = place(50, 80, 90, 9)
    assert top <= 50 < top + 9


def test_small_steps_do_not_scroll() -> None:
    """Nine neighbouring lines need at most three places."""
    assert len({place(at, None, 500, 20) for at in range(100, 109)}) <= 3


def test_the_chosen_row_is_seen_beside_the_focus_if_both_fit() -> None:
    """Else only in the pane where the reader is."""
    assert with_chosen(10, 15, 12, 90, 9, False) == 10
    top = with_chosen(10, 5, 12, 90, 9, False)
    assert top <= 5 and top + 9 > 12
    assert with_chosen(10, 80, 12, 90, 9, False) == 10
    top = with_chosen(10, 80, 12, 90, 9, True)
    assert top <= 80 < top + 9


def test_search_goes_both_ways_and_around_the_end() -> None:
    """Whatever the case."""
    rows = [row("one"), row("Two"), row(("tw", Role.DIM), "o again"), row("four")]
    assert find(rows, "two", 0, True, False) == 1
    assert find(rows, "two", 1, True, True) == 2
    assert find(rows, "two", 2, True, True) == 1
    assert find(rows, "two", 1, False, True) == 2
    assert find(rows, "none", 0, True, False) is None
    assert find([], "x", 0, True, False) is None


def test_cells_are_found_by_column() -> None:
    """Also in wide letters; beside them the first one counts."""
    slots = KArray.filled(2, 0)
    one, two = Cell(slots, 0), Cell(slots, 1)
    line = (Span("ab"), Span("漢", cell=one), Span("c", cell=two), Span("c", cell=two))
    assert [cell_at(line, column) for column in (2, 3, 4)] == [one, one, two]
    assert cell_at(line, 40) == one
    assert cell_at(row("x"), 0) is None
    assert cells_of([row("x"), line]) == [(1, one), (1, two)]


def test_a_line_is_painted_in_its_width() -> None:
    """Cut or filled up; the present statement's bar reaches the edge; neighbours of one style are one segment."""
    painter = Painter(Look.DARK)
    strip = painter.strip(Line(row("  ", ("x", Role.DIM), "  ", "y")), 10, False)
    assert strip.text == "   x  y   "
    assert len(list(strip)) == 2
    assert painter.strip(Line(row("x" * 50)), 10, True).text == "x" * 10
    bar = painter.strip(Line(row(("here", Role.NEXT))), 10, True)
    assert len(list(bar)) == 1


def test_a_title_keeps_its_width_with_and_without_focus() -> None:
    """Only its weight changes."""
    for width in (5, 20, 60):
        plain, heavy = (
            title_line("3 XArray", " ▼4 more ", width, on) for on in (False, True)
        )
        assert len(text_of(plain.row)) == len(text_of(heavy.row))
    assert "━" in text_of(title_line("a", "", 20, True).row)


def test_a_title_keeps_the_end_of_a_chosen_values_name() -> None:
    """Slot 8 and slot 9 differ at the end; a title that is too long loses what stands before it."""
    caption = f"3 XArray{CHOSEN}xa_node#1.slots[8]"
    wide, narrow, tiny = (
        text_of(title_line(caption, " ▼11 ", width, False).row)
        for width in (40, 34, 16)
    )
    assert "3 XArray  › xa_node#1.slots[8] " in wide
    assert "3 XArray  › …" in narrow and "slots[8] " in narrow
    assert "3 XArr" in tiny and "›" not in tiny
    assert [len(each) for each in (wide, narrow, tiny)] == [40, 34, 16]
