"""Breakpoints: on a statement, on the call of a function, on the change of a value. Where they stop, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from thpkit.trace.cells import Cell, Write
from thpkit.trace.statements import Statement, bodies_of
from thpkit.trace.timeline import Timeline
from tui import writers


class Called(NamedTuple):
    """A function, to stop at each call of it."""

    file: str
    line: int
    """Its ``def`` line."""
    name: str


Point: TypeAlias = Statement | Called | Cell
"""What a breakpoint can be set on."""


class Find(NamedTuple):
    """A step worth stopping at, and why."""

    step: int
    why: str


class Breakpoints:
    """The breakpoints of one reader."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._points: dict[Point, None] = {}

    def __len__(self) -> int:
        return len(self._points)

    def toggle(self, point: Point) -> str:
        """Set a breakpoint, or clear it; a sentence about what was done."""
        if point in self._points:
            del self._points[point]
            return f"breakpoint cleared from {self._name(point)}"
        self._points[point] = None
        count = self._count(point)
        times = f"{count} time{'s' * (count != 1)}" if count else "never"
        does = "changes" if isinstance(point, Cell) else "runs"
        return (
            f"breakpoint set on {self._name(point)}, which {does} {times}; "
            "c goes to the next"
        )

    def lines(self, file: str) -> list[int]:
        """The lines of a file that have one."""
        return [
            each.first if isinstance(each, Statement) else each.line
            for each in self._points
            if not isinstance(each, Cell) and each.file == file
        ]

    def after(self, n: int) -> list[Find]:
        """Where each breakpoint stops next after step ``n``; none for those that do not any more."""
        return [found for each in self._points if (found := self._next(each, n))]

    def before(self, n: int) -> list[Find]:
        """Where each breakpoint stopped last before step ``n``."""
        return [found for each in self._points if (found := self._last(each, n))]

    # ---- one point --------------------------------------------------------------------------------------

    def _next(self, point: Point, n: int) -> Find | None:
        if isinstance(point, Cell):
            write = self._timeline.first_write_after(point, n)
            return None if write is None else self._changed(point, write)
        if isinstance(point, Called):
            step = next((each for each in self._calls(point) if each > n), None)
        else:
            step = self._timeline.next_visit(point, n)
        return None if step is None else Find(step, self._why(point))

    def _last(self, point: Point, n: int) -> Find | None:
        if isinstance(point, Cell):
            # a write is seen at the step behind it: that step, and not this one, is where the reader stopped
            write = self._timeline.last_write_before(point, n)
            if write is not None and write.step + 1 >= n:
                write = self._timeline.last_write_before(point, write.step)
            return None if write is None else self._changed(point, write)
        if isinstance(point, Called):
            step = max((each for each in self._calls(point) if each < n), default=None)
        else:
            step = self._timeline.previous_visit(point, n)
        return None if step is None else Find(step, self._why(point))

    def _why(self, point: Point) -> str:
        name = self._name(point)
        return f"a breakpoint: {name}"

    def _changed(self, cell: Cell, write: Write) -> Find:
        step = min(write.step + 1, len(self._timeline) - 1)
        old, new = (writers.value(cell, each) for each in (write.old, write.new))
        name = self._timeline.cell_name(cell)
        by = writers.place(self._timeline, write.step)
        return Find(step, f"a breakpoint: {name} {old} → {new}, by {by}")

    def _calls(self, point: Called) -> Iterator[int]:
        """The steps at which a function is called."""
        for frame in self._timeline.tape.frames:
            function = frame.function
            if (function.file, function.line) == (point.file, point.line):
                yield frame.first_step

    def _count(self, point: Point) -> int:
        """How often it stops in the whole recording."""
        if isinstance(point, Cell):
            return len(self._timeline.writes_of(point))
        if isinstance(point, Called):
            return sum(1 for _ in self._calls(point))
        return len(self._timeline.visits(point))

    def _name(self, point: Point) -> str:
        if isinstance(point, Cell):
            return self._timeline.cell_name(point)
        if isinstance(point, Called):
            return f"{point.name}()"
        return f"line {point.first}"


def point_on(timeline: Timeline, file: str, line: int) -> Statement | Called | None:
    """What a breakpoint on a line of a file means: its statement, or on a ``def`` line the function."""
    for body in bodies_of(file):
        found = body.statements.get(line)
        if found is not None:
            return found
    for frame in timeline.tape.frames:
        function = frame.function
        if (function.file, function.line) == (file, line):
            return Called(file, line, function.qualname)
    return None


def named(timeline: Timeline, n: int, text: str) -> Point | None:
    """What somebody at step ``n`` means by a line's number, a function's name or a value's; None if nothing."""
    here = timeline.step(n).frame.function
    if text.isascii() and text.isdecimal():
        return point_on(timeline, here.file, int(text[:9]))
    for frame in timeline.tape.frames:
        each = frame.function
        if text.removesuffix("()") in (each.name, each.qualname):
            return Called(each.file, each.line, each.qualname)
    return timeline.resolve(text) if text else None


def nearest(found: list[Find], forward: bool) -> Find | None:
    """The first of several steps in the direction of travel."""
    if not found:
        return None
    return min(found) if forward else max(found)
