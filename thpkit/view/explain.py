"""What is about to run or just ran, and what it is for."""

from __future__ import annotations

from thpkit.trace.tape import Kind
from thpkit.view import source, sources
from thpkit.view.explanations import docstring_of
from thpkit.view.layout import wrapped
from thpkit.view.moment import Moment, verb, view
from thpkit.view.rows import Rendered, Role, Row, Span, row


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The statement and its explanation."""
    rows = [*header(moment, width), ()]
    for at, paragraph in enumerate(prose(moment)):
        if at:
            rows.append(())
        rows.extend(wrapped(paragraph, width))
    return Rendered(tuple(rows))


def header(moment: Moment, width: int) -> list[Row]:
    """Which statement of which function this is, and whether it has run."""
    step = moment.step
    text = f"{step.frame.function.qualname}()"
    if step.statement is not None:
        text = statement_text(moment)
    ran = step.kind in (Kind.RETURN, Kind.EXCEPTION)
    role = Role.RAN if ran else Role.NEXT
    if step.kind is Kind.EXCEPTION:
        role = Role.BAD
    glyphs = moment.glyphs
    head = row((f"{glyphs.ran if ran else glyphs.next} {verb(step.kind)}", role))
    where = (
        f"  {step.frame.function.qualname}, {step.frame.function.module}.py:{step.line}"
    )
    rows = wrapped((*head, Span(where, Role.DIM)), width, 2)
    rows += wrapped(row((text, Role.CODE)), width, 4)
    said = source.outcome(moment)
    if said:
        rows += wrapped(row((f"{glyphs.arrow} {said}", role)), width, 4)
    if moment.fold is not None:
        rows += wrapped(row((folded_text(moment), Role.DIM)), width, 2)
    return rows


def statement_text(moment: Moment) -> str:
    """The whole present statement on one line."""
    statement = moment.step.statement
    if statement is None:
        return ""
    lines = sources.lines_of(statement.file)[statement.first - 1 : statement.last]
    text = " ".join(line.strip() for line in lines) or statement.text
    return text.replace("( ", "(").replace(",)", ")").replace(", )", ")")


def folded_text(moment: Moment) -> str:
    """That this step is one of many alike."""
    fold = moment.fold
    if fold is None:
        return ""
    return f"(inside a fold: {fold.alike} iterations alike, of {fold.iterations})"


def prose(moment: Moment) -> tuple[Row, ...]:
    """The paragraphs for this step: the book's, else the docstring of the function."""
    step = moment.step
    found = moment.explanations(step.statement, step)
    return found or docstring_of(step.frame.function)
