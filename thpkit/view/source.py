"""The source around the present statement, with the statement marked as *about to run* or *just ran*.

The pane shows the whole file; its focus is the statement. Rows depend on file and width only, except the marked ones.
"""

from __future__ import annotations

from typing import NamedTuple

from thpkit.trace.statements import Statement
from thpkit.trace.tape import Kind
from thpkit.view import sources, values
from thpkit.view.layout import clean, cut, width_of
from thpkit.view.moment import Moment
from thpkit.view.rows import Rendered, Role, Row, Span


class Mark(NamedTuple):
    """Lines that are marked, how, and what is said behind them."""

    first: int
    last: int
    sign: str
    role: Role
    says: str = ""


def render(moment: Moment, width: int, height: int | None = None) -> Rendered:
    """The file of the present statement. Unlike those of other views its rows come from a cache and fit already."""
    sheet = sheet_of(moment, width)
    if not sheet.rows:
        file = moment.step.frame.function.file
        sorry = (Span(f"the source of {file} cannot be read", Role.BAD),)
        return Rendered((cut(sorry, width, moment.glyphs),))
    rows = list(sheet.rows)
    marks = marks_of(moment)
    for mark in reversed(marks):
        _mark(rows, sheet, mark, width, moment)
    top = min(sheet.row_of(marks[0].first), len(rows) - 1)
    return Rendered(tuple(rows), top, max(sheet.row_of(marks[0].last + 1) - 1, top))


def sheet_of(moment: Moment, width: int) -> sources.Sheet:
    """The present file in this width, with the way from rows to lines and back."""
    return sources.sheet(moment.step.frame.function.file, width, moment.glyphs)


def excerpt(moment: Moment, width: int, before: int, after: int) -> list[Row]:
    """The present statement with a few source lines before and after it."""
    rendered = render(moment, width)
    sheet = sheet_of(moment, width)
    here = marks_of(moment)[0]
    top = sheet.row_of(here.first - before)
    end = sheet.row_of(here.last + after + 1)
    return list(rendered.rows[top : max(end, rendered.focus + 1)])


# ---- marks ----------------------------------------------------------------------------------------------


def marks_of(moment: Moment) -> list[Mark]:
    """What is marked in the file: the present statement first, then statements that wait for a call."""
    step, glyphs = moment.step, moment.glyphs
    first, last = _lines(step.statement, step.line)
    if step.kind in (Kind.LINE, Kind.CALL):
        marks = [Mark(first, last, glyphs.next, Role.NEXT)]
    else:
        role = Role.BAD if step.kind is Kind.EXCEPTION else Role.RAN
        marks = [Mark(first, last, glyphs.ran, role, outcome(moment))]
    for level in moment.stack[1:]:
        if level.frame.function.file == step.frame.function.file:
            if level.statement is not None:
                lines = _lines(level.statement, 0)
                marks.append(Mark(*lines, glyphs.caller, Role.CALLER))
    return marks


def outcome(moment: Moment) -> str:
    """How the statement ended that just ran: the value it returns, or what it raised. Empty if it only ran."""
    known = moment.locals[0]
    if moment.step.kind is Kind.RETURN and "<return>" in known:
        return f"returns {values.short(known['<return>'])}"
    if moment.step.kind is Kind.EXCEPTION and "<exception>" in known:
        return f"raised {known['<exception>']}"
    return ""


def _lines(statement: Statement | None, line: int) -> tuple[int, int]:
    if statement is None:
        return line, line
    return statement.first, statement.last


def _mark(
    rows: list[Row], sheet: sources.Sheet, mark: Mark, width: int, moment: Moment
) -> None:
    """Mark the rows of some lines, and say behind the last of them what there is to say."""
    top, end = sheet.row_of(mark.first), sheet.row_of(mark.last + 1)
    for at in range(top, end):
        sign = mark.sign if at == top else moment.glyphs.more
        _blank, *rest = sheet.rows[at]
        code = [span._replace(role=mark.role) for span in rest]
        rows[at] = cut((Span(f"{sign} ", mark.role), *code), width, moment.glyphs)
    if mark.says and end > top:
        room = width - width_of(rows[end - 1])
        said = Span(f"  {moment.glyphs.arrow} {clean(mark.says)}", mark.role)
        rows[end - 1] = (*rows[end - 1], *cut((said,), room, moment.glyphs))
