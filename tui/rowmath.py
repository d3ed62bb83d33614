"""Scrolling and finding in rows of text: pure functions, so that panes behave the same whatever came before."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from thpkit.trace.cells import Cell
from thpkit.view.layout import width_of
from thpkit.view.rows import Row


class Picks(Enum):
    """What can be chosen in a pane."""

    NOTHING = "nothing"
    CELLS = "cells"
    LINES = "lines"


def place(focus: int, focus_end: int | None, count: int, height: int) -> int:
    """The first of ``count`` rows to show in ``height`` so that ``focus`` is seen, and ``focus_end`` if it fits.

    It moves by half a pane at a time, so small steps do not scroll.
    """
    if height <= 0 or count <= height:
        return 0
    half = max(height // 2, 1)
    top = (focus // half) * half - height // 4
    if focus_end is not None and focus_end >= top + height:
        top = min(focus, focus_end - height + 1)
    return clamped(top, count, height)


def clamped(top: int, count: int, height: int) -> int:
    """``top``, or the nearest row that leaves no empty room below the last one."""
    return max(min(top, count - height), 0)


def with_chosen(
    top: int, at: int, focus: int, count: int, height: int, follow: bool
) -> int:
    """``top`` moved so that row ``at`` is seen beside ``focus``, or instead of it if the reader is in this pane."""
    if top <= at < top + height:
        return top
    if abs(at - focus) < height:
        return clamped(min(at, focus), count, height)
    return place(at, None, count, height) if follow else top


def row_of(rows: Sequence[Row], cell: Cell | None) -> int | None:
    """The first row that shows ``cell``; None if none does."""
    if cell is None:
        return None
    return next((at for at, each in cells_of(rows) if each == cell), None)


def find(
    rows: Sequence[Row], text: str, start: int, forward: bool, again: bool
) -> int | None:
    """The nearest row from ``start`` on, around the end, that holds ``text``, whatever the case.

    ``again``: not ``start`` itself, unless there is no other.
    """
    wanted = text.casefold()
    size = len(rows)
    for i in range(1 if again else 0, size + 1 if size else 0):
        at = (start + i if forward else start - i) % size
        if wanted in "".join(span.text for span in rows[at]).casefold():
            return at
    return None


def cells_of(rows: Sequence[Row]) -> list[tuple[int, Cell]]:
    """All cells with their rows, in reading order, each once in a row."""
    return [
        (at, cell)
        for at, line in enumerate(rows)
        for cell in dict.fromkeys(span.cell for span in line)
        if cell is not None
    ]


def cell_at(line: Row, column: int) -> Cell | None:
    """The cell in this column, else the first cell of the row."""
    used = 0
    for span in line:
        used += width_of((span,))
        if span.cell is not None and used > column:
            return span.cell
    return next((span.cell for span in line if span.cell is not None), None)
