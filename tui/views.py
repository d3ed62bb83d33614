"""The panes of the stepper: the views of :mod:`thpkit.view`, with their keys and what can be chosen in them."""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.trace.statements import Statement
from thpkit.trace.stops import ResolvedStop
from thpkit.trace.timeline import Step
from thpkit.view.explanations import NO_EXPLANATIONS, Explanations, paragraph
from thpkit.view.moment import Renderer
from thpkit.view.panes import PANES as TABLE
from thpkit.view.rows import Role, Row, row
from tui.layouts import PROSE, SOURCE
from tui.rowpane import Picks


class Pane(NamedTuple):
    """One pane."""

    digit: str
    """The key that goes to it."""
    name: str
    caption: str
    render: Renderer
    picks: Picks


_PICKS: Final = {SOURCE: Picks.LINES, PROSE: Picks.NOTHING}

PANES: Final = tuple(
    Pane(
        each.key,
        each.name,
        each.title,
        each.render,
        _PICKS.get(each.name, Picks.CELLS),
    )
    for each in TABLE
)
"""All panes in the order of their digits: source, prose, then those of state."""

STATE: Final = tuple(each.name for each in PANES if each.name not in _PICKS)
"""Names of the panes of state."""


class Told:
    """What a stop says, followed by what the book says about the statement."""

    def __init__(self, stops: list[ResolvedStop], book: Explanations | None) -> None:
        self._stops = {each.step: each.stop for each in stops}
        self._book = book or NO_EXPLANATIONS

    def __call__(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        """The paragraphs for a step."""
        stop = self._stops.get(step.number)
        book = self._book(statement, step)
        if stop is None:
            return book
        told = [row((stop.title, Role.STOP))]
        if stop.text:
            told.append(paragraph(stop.text))
        return (*told, *book)
