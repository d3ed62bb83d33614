"""The list of keys, made from the table of actions: in wide windows in two columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Final

from thpkit.view.glyphs import UNICODE
from thpkit.view.layout import padded, wrapped
from thpkit.view.panes import PANES
from thpkit.view.rows import Role, Row, Span, row
from tui.actions import Action, Group, grouped, keys_of

KEYS: Final = 17
"""Columns for the keys."""
WIDE: Final = 116
"""Columns of text from which the list has two columns: in windows of 120."""
BETWEEN: Final = 4
"""Columns between the two."""

INTRODUCTION: Final = (
    "A step is one statement. The marked line in the source is about to run (▶) or just ran (◀); "
    "every other pane shows the kernel's state at that moment, and ● marks what the last step changed.",
    "Small letters go forward, capital letters go back. Nothing can be broken: the run is recorded, and you only "
    "move in it.",
    "Who wrote a value? Its pane's digit goes there, ↑ and ↓ choose the value, w goes to the statement that wrote "
    "it, O leads back to where you were.",
)
TIMELINE: Final = (
    f"The line below the panes is the whole run: {UNICODE.edge} a call begins, {UNICODE.stop_passed} and "
    f"{UNICODE.stop_ahead} stops before and ahead, {UNICODE.written} writes of the chosen value, {UNICODE.splat} a "
    f"report of the kernel, {UNICODE.broken} an invariant breaks, {UNICODE.position} you are here"
)
MOUSE: Final = (
    "Click a line, a value or the timeline (or drag along it); on a line's number: breakpoint; twice on a title: "
    "zoom; the wheel scrolls"
)


def rows_of(width: int) -> tuple[Row, ...]:
    """The whole help text."""
    rows: list[Row] = []
    for text in INTRODUCTION:
        rows += wrapped(row(text), width)
        rows.append(())
    groups = list(grouped())
    if width < WIDE:
        rows += _groups(groups, width)
        rows += _rest(width)
    else:
        half = (width - BETWEEN) // 2
        parts = [_groups([each], half) for each in groups] + [_rest(half)]
        left, right = _halves(parts)
        rows += [
            (*padded(one, half + BETWEEN), *other)
            for one, other in zip_longest(left, right, fillvalue=())
        ]
    return (*rows, (), *wrapped(row(("? or esc closes this list", Role.DIM)), width))


def _halves(parts: Sequence[Sequence[Row]]) -> tuple[list[Row], list[Row]]:
    """Parts in two columns of about the same height, in order."""
    heights = [len(each) for each in parts]
    at = min(
        range(len(parts) + 1),
        key=lambda at: max(sum(heights[:at]), sum(heights[at:])),
    )
    return list(chain(*parts[:at])), list(chain(*parts[at:]))


def _groups(groups: Sequence[tuple[Group, Sequence[Action]]], width: int) -> list[Row]:
    """The actions under their headings."""
    rows: list[Row] = []
    for group, actions in groups:
        rows += wrapped(row((group.value, Role.HEADING)), width)
        for each in actions:
            rows += _entry(keys_of(each) or f": {each.words[0]}", each.help, width)
        rows.append(())
    return rows


def _rest(width: int) -> list[Row]:
    """What stands in no table of actions."""
    listed = ", ".join(f"{each.key} {each.title}" for each in PANES)
    rows = _entry("1 … 9", f"Go to a pane by its number, and show it: {listed}", width)
    rows += _entry("mouse", MOUSE, width)
    return rows + _entry("timeline", TIMELINE, width)


def _entry(keys: str, text: str, width: int) -> list[Row]:
    """Keys and what they do; in a narrow window one below the other."""
    if width < 3 * KEYS:
        lines = wrapped(row(text), max(width - 4, 1))
        return [row((keys, Role.CODE)), *(row("  ", *line) for line in lines)]
    first, *rest = wrapped(row(text), width - KEYS)
    blank = " " * KEYS
    head = Span(f"  {keys}".ljust(KEYS), Role.CODE)
    return [row(head, *first), *(row(blank, *line) for line in rest)]
