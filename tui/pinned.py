"""The rows that are always there: where the reader is, the timeline, and what stands in for panes in a tiny window."""

from __future__ import annotations

from thpkit.view import explain
from thpkit.view.layout import columns, cut, head_of, wrapped
from thpkit.view.moment import Moment, verb
from thpkit.view.rows import Role, Row, Span, row
from tui.layouts import SMALLEST


def status_row(moment: Moment, width: int) -> Row:
    """Stop, section and step: as much as fits, the step always."""
    count = len(moment.timeline)
    right = f" step {moment.n} of {count - 1} "
    if moment.stops:
        reached = moment.stop or 0
        sign = "●" if moment.at_stop else "○"
        left = f" {sign} stop {reached} of {len(moment.stops)} "
        title = (
            moment.stops[reached - 1].stop.title if reached else "before the first stop"
        )
    else:
        left, title = " ", moment.timeline.title
    section = "" if moment.section is None else moment.section.title
    if not moment.in_kernel:
        section = f"after {section}" if section else "before the first call"
    spans = [
        Span(left, Role.STOP),
        Span(title, Role.HEADING),
        Span(f"  {section}", Role.DIM),
    ]
    room = max(width - columns(right), 0)
    line = cut(tuple(spans), room, moment.glyphs)
    used = sum(columns(each.text) for each in line)
    return (*line, Span(" " * (room - used)), Span(head_of(right, width), Role.HEADING))


def timeline_row(moment: Moment, width: int) -> Row:
    """The whole run from left to right."""
    at = column_of(moment.n, len(moment.timeline), width)
    stops = {column_of(each.step, len(moment.timeline), width) for each in moment.stops}
    spans: list[Span] = []
    for column in range(width):
        if column == at:
            spans.append(Span("▼", Role.NEXT))
        elif column in stops:
            spans.append(Span("●" if column < at else "○", Role.STOP))
        else:
            spans.append(Span("─", Role.DIM))
    return tuple(spans)


def column_of(step: int, count: int, width: int) -> int:
    """Where a step stands on the timeline."""
    return step * (width - 1) // max(count - 1, 1)


def step_at(moment: Moment, width: int, column: int) -> int:
    """Which step a click on the timeline means."""
    return column * (len(moment.timeline) - 1) // max(width - 1, 1)


def too_small(moment: Moment, width: int) -> list[Row]:
    """What a window shows that is too small for panes: the statement, and what to do."""
    columns_, rows_ = SMALLEST
    step = moment.step
    where = f"{step.frame.function.qualname}, line {step.line}"
    text = explain.statement_text(moment) or f"{step.frame.function.qualname}()"
    lines: list[Row] = [
        row((f"step {moment.n} of {len(moment.timeline) - 1}", Role.HEADING)),
        *wrapped(row((f"{verb(step.kind)}: ", Role.DIM), (text, Role.CODE)), width),
        *wrapped(row((where, Role.DIM)), width),
        *wrapped(
            row(
                f"The panes need {columns_} columns and {rows_} rows: make the window larger. All keys work."
            ),
            width,
        ),
    ]
    return lines
