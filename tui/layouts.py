"""Where the panes stand: pure functions of the size of the terminal, never of what the panes show.

Narrow (under 100 columns): the source above, below it the prose and one chosen pane of state. Medium: source and
prose on the left, a column of state on the right. Wide (150 and more): two columns of state. Status, timeline and
keys keep their rows always.

With the lesson's text beside the run: the source above and the text below; from 100 columns on the text on the right,
and on the left the source above one pane of state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

SMALLEST: Final = (60, 16)
"""Columns and rows below which there is no room for panes."""
MEDIUM: Final = 100
WIDE: Final = 150
TALL: Final = 30
"""Rows from which the timeline has a second one, with the names of the calls."""
PANE_ROWS: Final = 11
"""Rows that a pane of state should have at least, its title included."""

STATUS, SOURCE, PROSE, TIMELINE, BAR, SMALL = (
    "status",
    "source",
    "explain",
    "timeline",
    "bar",
    "small",
)
"""Names of what is always there; ``small`` stands in for all panes where there is no room."""
LESSON: Final = "lesson"
"""Name of the lesson's text, which takes the place of the prose and of most panes of state."""


class Spot(NamedTuple):
    """A rectangle of the screen."""

    x: int
    y: int
    width: int
    height: int


Plan = dict[str, Spot]
"""The visible panes by name."""


def plan(
    width: int,
    height: int,
    state: Sequence[str],
    chosen: str,
    zoomed: str | None = None,
    reading: bool = False,
) -> Plan:
    """The rectangles of all visible panes.

    ``state`` names those of state in order; ``chosen`` is always visible, except that in a narrow window with the
    lesson's text (``reading``) there is room for the source and the text only.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        rows = max(height - 1, 1)
        return {SMALL: Spot(0, 0, width, rows), BAR: Spot(0, rows, width, 1)}
    line = 2 if height >= TALL else 1
    made = {
        STATUS: Spot(0, 0, width, 1),
        TIMELINE: Spot(0, height - 1 - line, width, line),
        BAR: Spot(0, height - 1, width, 1),
    }
    body = Spot(0, 1, width, height - 2 - line)
    if zoomed is not None:
        made[zoomed] = body
    elif reading:
        made |= _reading(body, chosen)
    elif width < MEDIUM:
        made |= _narrow(body, chosen)
    elif width < WIDE:
        made |= _columns(body, state, chosen, [width * 58 // 100])
    else:
        left = min(92, width * 46 // 100)
        made |= _columns(body, state, chosen, [left, left + (width - left) // 2])
    return made


def _narrow(body: Spot, chosen: str) -> Plan:
    """Source above; prose and the chosen pane below."""
    above = body.height * 3 // 7
    half = body.width // 2
    y, rows = body.y + above, body.height - above
    return {
        SOURCE: Spot(0, body.y, body.width, above),
        PROSE: Spot(0, y, half, rows),
        chosen: Spot(half, y, body.width - half, rows),
    }


def _reading(body: Spot, chosen: str) -> Plan:
    """Source and text; where there is room, one pane of state below the source."""
    if body.width < MEDIUM:
        above = body.height * 3 // 7
        rows = body.height - above
        return {
            SOURCE: Spot(0, body.y, body.width, above),
            LESSON: Spot(0, body.y + above, body.width, rows),
        }
    left, above = body.width * 48 // 100, body.height * 6 // 10
    return {
        SOURCE: Spot(0, body.y, left, above),
        chosen: Spot(0, body.y + above, left, body.height - above),
        LESSON: Spot(left, body.y, body.width - left, body.height),
    }


def _columns(body: Spot, state: Sequence[str], chosen: str, edges: list[int]) -> Plan:
    """Source and prose in the first column; panes of state in the columns that begin at ``edges``."""
    above = body.height * 6 // 10
    made = {
        SOURCE: Spot(0, body.y, edges[0], above),
        PROSE: Spot(0, body.y + above, edges[0], body.height - above),
    }
    each = max(body.height // PANE_ROWS, 1)
    shown = _shown(state, chosen, each * len(edges))
    stops = [*edges[1:], body.width]
    for column, (left, right) in enumerate(zip(edges, stops, strict=True)):
        share = -(-len(shown) // len(edges))
        names = shown[column * share : (column + 1) * share]
        made |= _stacked(Spot(left, body.y, right - left, body.height), names)
    return made


def _shown(state: Sequence[str], chosen: str, room: int) -> list[str]:
    """The first ``room`` panes of state; the chosen one takes the last place if it is not among them."""
    shown = list(state[:room])
    if chosen in state and chosen not in shown:
        shown[-1] = chosen
    return shown


def _stacked(column: Spot, names: Sequence[str]) -> Plan:
    """Panes one above the other, of heights as equal as they can be."""
    made: Plan = {}
    top = column.y
    for i, name in enumerate(names):
        bottom = column.y + column.height * (i + 1) // len(names)
        made[name] = Spot(column.x, top, column.width, bottom - top)
        top = bottom
    return made
