"""What a window shows that is too small for panes."""

from __future__ import annotations

from thpkit.view import explain
from thpkit.view.layout import wrapped
from thpkit.view.moment import Moment, verb
from thpkit.view.rows import Role, Row, row
from tui.layouts import SMALLEST


def too_small(moment: Moment, width: int) -> list[Row]:
    """The statement, where it stands, and what to do."""
    step = moment.step
    name = step.frame.function.qualname
    text = explain.statement_text(moment) or f"{name}()"
    need = f"{SMALLEST[0]} columns and {SMALLEST[1]} rows"
    return [
        row((f"step {moment.n} of {len(moment.timeline) - 1}", Role.HEADING)),
        *wrapped(row((f"{verb(step.kind)}: ", Role.DIM), (text, Role.CODE)), width),
        *wrapped(row((f"{name}, line {step.line}", Role.DIM)), width),
        *wrapped(
            row(f"All keys work, but the panes need {need}: make the window larger."),
            width,
        ),
    ]
