"""The whole recording in one row, and where the reader is in it in another.

The scale is one of landmarks, not of steps: between two stops, or edges of system calls, lies the same distance,
whether it took ten steps or fifty thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

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


class Marked(NamedTuple):
    """What is marked on the bar besides what the recording says by itself."""

    cell: Cell | None = None
    """The selected value: its writes are marked."""
    broken: Sequence[int] = ()
    """Steps at which an invariant is broken that held before."""


NOTHING: Final = Marked()


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The bar, and below it the names of the sections if there are two rows."""
    return marked(moment, width, height, NOTHING)


def marked(moment: Moment, width: int, height: int | None, marks: Marked) -> Rendered:
    """The same with marks."""
    rows = [bar(moment, width, marks)]
    if height is None or height > 1:
        rows.append(names(moment, width))
    return Rendered(tuple(rows))


def bar(moment: Moment, width: int, marks: Marked = NOTHING) -> Row:
    """Sections, stops, writes of the selected value, splats, broken invariants, and the present step."""
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
    for n in written_at(moment.timeline, marks.cell, line):
        put(n, glyphs.written, Role.CHANGED)
    for n in splat_steps(moment.timeline):
        put(n, glyphs.splat, Role.BAD)
    for n in marks.broken:
        put(n, glyphs.broken, Role.BAD)
    here = Role.BAD if moment.n in marks.broken else Role.NEXT
    put(moment.n, glyphs.position, here)
    return joined(signs)


def written_at(timeline: Timeline, cell: Cell | None, line: Scale) -> list[int]:
    """The first step in each column of ``line`` at which ``cell`` is written."""
    if cell is None:
        return []

    def look() -> list[int]:
        found: list[int] = []
        write = timeline.first_write_after(cell, 0)
        while write is not None:
            found.append(write.step)
            column = line.column_of(write.step) + 1
            if column >= line.width:
                break
            write = timeline.first_write_after(cell, line.step_at(column))
        return found

    target, key = cell.ident()
    return timeline.memo(f"columns of {target} {key!r} in {line.width}", look)


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
    """Where the reader is, in one row: stop, whether it is about to run, step; then who runs, and in which call.

    What does not fit is left out whole, the least important first; only a title is ever cut.
    """
    right = row((f" step {moment.n} of {len(moment.timeline) - 1}", Role.HEADING))
    room = max(width - width_of(right), 0)
    where, done, who, call = _where(moment), _done(moment), _who(moment), _call(moment)
    for parts in ((where, call, who, done), (where, call, done), (where, done)):
        left = _apart(parts)
        if width_of(left) <= room:
            break
    else:
        first = cut(where, max(room - width_of(done) - 2, 0), moment.glyphs)
        left = _apart((first, done)) if room > 2 * width_of(done) else first
    return cut(
        (*padded(cut(left, room, moment.glyphs), room), *right), width, moment.glyphs
    )


def _apart(parts: Sequence[Row]) -> Row:
    """Parts with two blanks between them."""
    made: Row = ()
    for part in parts:
        made = (*made, Span("  "), *part) if made else part
    return made


def _where(moment: Moment) -> Row:
    """The stop, with its title where the reader stands on it; the recording's title if it has no stops."""
    if not moment.stops:
        return row((moment.timeline.title, Role.HEADING))
    count = len(moment.stops)
    if moment.stop is None:
        return row((f"{moment.glyphs.stop_ahead} before stop 1 of {count}", Role.STOP))
    if not moment.at_stop:
        passed = f"{moment.glyphs.stop_ahead} after stop {moment.stop} of {count}"
        return row((passed, Role.STOP))
    title = moment.stops[moment.stop - 1].stop.title
    here = f"{moment.glyphs.stop_passed} stop {moment.stop} of {count}"
    return row((here, Role.STOP), (f" {title}", Role.HEADING))


def _done(moment: Moment) -> Row:
    """Whether the statement is about to run or has run."""
    return row(verb(moment.step.kind))


def _who(moment: Moment) -> Row:
    """The task and its CPU."""
    return row((f"{moment.kernel.cpu.task} on {moment.kernel.cpu}", Role.DIM))


def _call(moment: Moment) -> Row:
    """The system call or fault, or the one that ended last."""
    section = moment.section
    if section is None:
        return row(("before the first call", Role.DIM))
    title = section.title if moment.in_kernel else f"after {section.title}"
    return row((title, Role.DIM))
