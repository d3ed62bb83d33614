"""What has just changed, in a line or two: by the last step, and on arriving at a stop since the stop before.

The panes of state mark changes too, but in a small window most of them are not on the screen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from thpkit.kernel.page import Page
from thpkit.trace.cells import Cell
from thpkit.trace.tape import MISSING
from thpkit.view import changes, values
from thpkit.view.layout import wrapped
from thpkit.view.moment import Change, Moment
from thpkit.view.rows import Role, Row, Span, row

MOST: Final = 2
"""Values of a step that are named; there are more only where something is made or thrown away."""
_COUNTER: Final = re.compile(r"vmstat\.\w+\[(\w+)\]")


def rows(moment: Moment, width: int) -> list[Row]:
    """The change since the stop before if this is a stop, else by the last step; no rows if there is none."""
    found = _since_stop(moment) if moment.at_stop else _by_step(moment)
    lines: list[Row] = []
    for at, text in enumerate(found):
        sign = moment.glyphs.changed if at == 0 else " "
        text = text.replace(changes.NO_BREAK, " ")
        # one column is left for the sign that there is more
        lines += wrapped((Span(f"{sign} ", Role.CHANGED), *row(text)), width - 1, 4)
    return lines


def parted(
    lines: Sequence[Row], room: int, moment: Moment
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The first ``room`` rows, so that the prose stays in sight; if there are more, all of them for below it."""
    if len(lines) <= room:
        return tuple(lines), ()
    last = (*lines[room - 1], Span(moment.glyphs.ellipsis, Role.DIM))
    return (*lines[: room - 1], last), ((), *lines)


def _since_stop(moment: Moment) -> list[str]:
    """What is different from the stop before."""
    assert moment.stop is not None
    found = changes.sentences(moment, moment.last_stop)
    since = f"since stop {moment.stop - 1}" if moment.stop > 1 else "since the start"
    return [f"{since}: {found[0]}", *found[1:]] if found else []


def _by_step(moment: Moment) -> list[str]:
    """What the step before wrote."""
    by_cell = {
        each.cell: moment.changed[each.cell.ident()]
        for each in moment.writes
        if each.cell.ident() in moment.changed
    }
    found = [_said(moment, *each) for each in list(by_cell.items())[:MOST]]
    more = len(by_cell) - len(found)
    return [*found, f"and {values.count_of(more, 'more value')}"] if more else found


def _said(moment: Moment, cell: Cell, change: Change) -> str:
    """``NR_FILE_PAGES 0 → 512``."""
    name = moment.timeline.cell_name(cell)
    counter = _COUNTER.fullmatch(name)
    old, new = (_value(cell, each) for each in change)
    return f"{counter[1] if counter else name} {old} {moment.glyphs.arrow} {new}"


def _value(cell: Cell, value: object) -> str:
    if value is MISSING:
        return "nothing"
    if value is None and isinstance(cell.key, int):
        return "NULL"  # a slot of an array in the kernel
    if cell.key == "flags" and isinstance(cell.target, Page) and isinstance(value, int):
        return values.page_flags(value)
    return values.short(value, cell.key if isinstance(cell.key, str) else "")
