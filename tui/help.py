"""The list of keys, made from the table of actions."""

from __future__ import annotations

from thpkit.view.layout import wrapped
from thpkit.view.panes import PANES
from thpkit.view.rows import Role, Row, Span, row
from tui.actions import grouped, keys_of

KEYS = 18
"""Columns for the keys."""

INTRODUCTION = (
    "A step is one statement. The marked line in the source is about to run (▶) or just ran (◀); "
    "every other pane shows the kernel's state at that moment, and ● marks what the last step changed.",
    "Small letters go forward, capital letters go back. Nothing can be broken: the run is recorded, and you only "
    "move in it.",
)


def rows_of(width: int) -> tuple[Row, ...]:
    """The whole help text."""
    rows: list[Row] = []
    for text in INTRODUCTION:
        rows += wrapped(row(text), width)
        rows.append(())
    for group, actions in grouped():
        rows += wrapped(row((group.value, Role.HEADING)), width)
        for each in actions:
            rows += _entry(keys_of(each) or "by name, :", each.help, width)
        rows.append(())
    listed = ", ".join(f"{each.key} {each.title}" for each in PANES)
    rows += _entry("1 … 9", f"Go to a pane by its number, and show it: {listed}", width)
    rows += _entry(
        "mouse", "Click a line, a value or the timeline; the wheel scrolls", width
    )
    rows += [(), *wrapped(row(("? or esc closes this list", Role.DIM)), width)]
    return tuple(rows)


def _entry(keys: str, text: str, width: int) -> list[Row]:
    """Keys and what they do; in a narrow window one below the other."""
    if width < 3 * KEYS:
        lines = wrapped(row(text), max(width - 4, 1))
        return [row((keys, Role.CODE)), *(row("  ", *line) for line in lines)]
    first, *rest = wrapped(row(text), width - KEYS)
    blank = " " * KEYS
    head = Span(f"  {keys}".ljust(KEYS), Role.CODE)
    return [row(head, *first), *(row(blank, *line) for line in rest)]
