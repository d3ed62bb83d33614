"""The whole recording in one row, and where the reader is in it in another.

The scale is one of landmarks, not of steps: between two stops, or edges of system calls, lies the same distance,
whether it took ten steps or fifty thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from thpkit.trace import sections
from thpkit.trace.cells import Cell
from thpkit.trace.timeline import Timeline
from thpkit.view.layout import columns, cut, padded, width_of
from thpkit.view.moment import Moment, verb, view
from thpkit.view.rows import Rendered, Role, Row, Span, row


class Scale(NamedTuple):
    """Where steps stand on a line of some width."""

    landmarks: Sequence[int]
    width: int

    def column_of(self, n: int) -> int:
        """The column of a step."""
        marks = self.landmarks
        at = min(max(bisect_right(marks, n) - 1, 0), len(marks) - 2)
        part = (n - marks[at]) / max(marks[at + 1] - marks[at], 1)
        return int((at + part) * (self.width - 1) / (len(marks) - 1))

    def step_at(self, column: int) -> int:
        """The first step in a column."""
        marks = self.landmarks
        low, high = marks[0], marks[-1]
        while low < high:
            middle = (low + high) // 2
            if self.column_of(middle) < column:
                low = middle + 1
            else:
                high = middle
        return low


def scale(moment: Moment, width: int) -> Scale:
    """The scale of a recording."""
    timeline = moment.timeline
    last = len(timeline) - 1
    marks = {0, last, *(each.step for each in moment.stops)}
    for section in sections.sections(timeline):
        marks.update((section.first, min(section.last + 1, last)))
    found = sorted(marks)
    return Scale(found if len(found) > 1 else [0, 1], max(width, 2))


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The bar, and below it the names of the sections if there are two rows."""
    rows = [bar(moment, width)]
    if height is None or height > 1:
        rows.append(names(moment, width))
    return Rendered(tuple(rows))


def bar(moment: Moment, width: int) -> Row:
    """Sections, stops, splats, and the present step."""
    glyphs = moment.glyphs
    line = scale(moment, width)
    signs = [Span(glyphs.line, Role.DIM)] * width

    def put(n: int, sign: str, role: Role) -> None:
        signs[min(line.column_of(n), width - 1)] = Span(sign, role)

    for section in sections.sections(moment.timeline):
        put(section.first, glyphs.edge, Role.DIM)
    for each in moment.stops:
        passed = each.step <= moment.n
        put(each.step, glyphs.stop_passed if passed else glyphs.stop_ahead, Role.STOP)
    for n in splat_steps(moment.timeline):
        put(n, glyphs.splat, Role.BAD)
    put(moment.n, glyphs.position, Role.NEXT)
    return joined(signs)


def joined(signs: Sequence[Span]) -> Row:
    """Neighbours of the same role as one span."""
    made: list[Span] = []
    for sign in signs:
        if made and made[-1].role is sign.role:
            made[-1] = made[-1]._replace(text=made[-1].text + sign.text)
        else:
            made.append(sign)
    return tuple(made)


def names(moment: Moment, width: int) -> Row:
    """The name of each section below its beginning, as far as it does not run into the next."""
    line = scale(moment, width)
    every = sections.sections(moment.timeline)
    starts = [line.column_of(each.first) for each in every]
    made: list[Span] = []
    used = 0
    for at, section in enumerate(every):
        end = min(
            (start for start in starts[at + 1 :] if start > starts[at]), default=width
        )
        room = end - max(starts[at], used) - 1
        if starts[at] < used or room < 2:
            continue
        here = moment.section is section
        label = short_name(section.title, section.name)[:room]
        made.append(Span(" " * (starts[at] - used)))
        made.append(Span(label, Role.HEADING if here else Role.DIM))
        used = starts[at] + columns(label)
    return tuple(made)


def short_name(title: str, name: str) -> str:
    """``A munmap``: who calls what."""
    task = title.partition(":")[0] if ": " in title else ""
    call = "fault" if "fault" in name else name.removeprefix("sys_")
    return f"{task} {call}".strip()


def splat_steps(timeline: Timeline) -> list[int]:
    """The steps at which splats have been reported."""
    splats = getattr(timeline.root, "splats", None)
    if splats is None:
        return []
    found: list[int] = []
    write = timeline.first_write_after(Cell(splats, 1), 0)
    while write is not None:
        found.append(min(write.step + 1, len(timeline) - 1))
        write = timeline.first_write_after(Cell(splats, len(found) + 1), 0)
    return found


def status(moment: Moment, width: int) -> Row:
    """Stop, what a step is, who runs, step: one row; what does not fit is left out from the middle."""
    step = moment.step
    right = row((f" step {moment.n} of {len(moment.timeline) - 1}", Role.HEADING))
    task = moment.kernel.cpu.task
    parts: list[Row] = []
    if moment.stops:
        sign = moment.glyphs.stop_passed if moment.at_stop else moment.glyphs.stop_ahead
        number = moment.stop or 0
        stop = f"{sign} stop {number} of {len(moment.stops)}"
        title = moment.stops[number - 1].stop.title if number else ""
        parts.append(
            row((stop, Role.STOP), (f" {title}" if title else "", Role.HEADING))
        )
    elif moment.timeline.title:
        parts.append(row((moment.timeline.title, Role.HEADING)))
    section = moment.section
    between = "before the first call"
    if section is not None:
        between = section.title if moment.in_kernel else f"after {section.title}"
    parts.append(row((between, Role.DIM)))
    parts.append(row(f"{task} on {moment.kernel.cpu}: {verb(step.kind)}"))
    left: Row = ()
    for part in parts:
        left = (*left, Span("  "), *part) if left else part
    room = max(width - width_of(right), 0)
    return cut(
        (*padded(cut(left, room, moment.glyphs), room), *right), width, moment.glyphs
    )
