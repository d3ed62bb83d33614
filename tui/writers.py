"""Who wrote a value: sentences about the past and the future of one cell."""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.trace.cells import Cell, Write
from thpkit.trace.tape import MISSING
from thpkit.trace.timeline import Timeline
from thpkit.view.values import short

LOOK_BACK: Final = 5000
"""Steps in which the last change is looked for when nothing is selected."""


class Answer(NamedTuple):
    """Where to go, if anywhere, and what to say."""

    step: int | None
    sentence: str


def writer(
    timeline: Timeline, cell: Cell, n: int, times: int = 1, onward: str = "}"
) -> Answer:
    """The statement that wrote what ``cell`` holds at step ``n``; with ``times`` 2 the one before it.

    ``onward`` is what a reader types to go to the first write of a cell that is not written yet.
    """
    name = timeline.cell_name(cell)
    write: Write | None = None
    for _ in range(times):
        found = timeline.last_write_before(cell, n)
        if found is None:
            break
        write, n = found, found.step
    else:
        assert write is not None
        change = f"{value(cell, write.old)} → {value(cell, write.new)}"
        return Answer(write.step, f"{name}: {change}  by {place(timeline, write.step)}")
    if write is not None:
        return Answer(
            None,
            f"nothing wrote {name} before step {write.step}: it began as {value(cell, write.old)}",
        )
    return Answer(None, _unwritten(timeline, cell, n, onward))


def _unwritten(timeline: Timeline, cell: Cell, n: int, onward: str) -> str:
    """Why nobody wrote a cell before step ``n``, and when somebody will."""
    name = timeline.cell_name(cell)
    after = timeline.first_write_after(cell, n)
    if after is None:
        return f"{name} is never written in this recording"
    where = f"at step {after.step}, by {place(timeline, after.step)}"
    return f"{name} is not written yet; {onward} goes to its first write, {where}"


def place(timeline: Timeline, n: int) -> str:
    """``page_add_file_rmap, rmap.py:117``."""
    step = timeline.step(n)
    function = step.frame.function
    return f"{function.qualname}, {function.file.rpartition('/')[2]}:{step.line}"


def last_changed(timeline: Timeline, n: int) -> Cell | None:
    """The cell that was written last before step ``n``, if that is not long ago."""
    for step in range(n - 1, max(n - LOOK_BACK, -1), -1):
        writes = timeline.writes(step)
        if writes:
            return writes[-1].cell
    return None


def value(cell: Cell, what: object) -> str:
    """A value as the panes write it."""
    if what is MISSING:
        return "nothing"
    if what is None and isinstance(cell.key, int):
        return "NULL"  # a slot of an array in the kernel
    return short(what, cell.key if isinstance(cell.key, str) else "")
