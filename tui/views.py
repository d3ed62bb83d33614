"""The panes of the stepper: the views of :mod:`thpkit.view`, with their keys and what can be chosen in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from thpkit.trace.statements import Statement
from thpkit.trace.stops import ResolvedStop
from thpkit.trace.timeline import Step
from thpkit.view import explain, news
from thpkit.view.explanations import NO_EXPLANATIONS, Explanations, paragraph
from thpkit.view.glyphs import UNICODE, Glyphs, spelled
from thpkit.view.moment import Moment, Renderer, view
from thpkit.view.panes import PANES as TABLE
from thpkit.view.rows import Rendered, Role, Row, row
from tui.layouts import PROSE, SOURCE
from tui.rowmath import Picks

_TITLES: Final = {each.name: f"{each.key} {each.title}" for each in TABLE}
ROOMY: Final = 14
"""Rows from which the explanation has room for all of it."""


class Pane(NamedTuple):
    """One pane."""

    digit: str
    """The key that goes to it."""
    name: str
    caption: str
    render: Renderer
    picks: Picks


class Told:
    """What a stop says, followed by what the book says about the statement; at the first step the introduction."""

    def __init__(
        self,
        stops: Iterable[ResolvedStop] = (),
        book: Explanations | None = None,
        begin: tuple[Row, ...] = (),
        glyphs: Glyphs = UNICODE,
    ) -> None:
        self._stops = {each.step: each.stop for each in stops}
        self._book = book or NO_EXPLANATIONS
        self._begin = begin
        self._glyphs = glyphs

    def __call__(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        """The paragraphs for a step, in signs that the terminal has."""
        told = self._told(statement, step)
        if self._glyphs is UNICODE:
            return told
        return tuple(
            tuple(each._replace(text=spelled(each.text, self._glyphs)) for each in line)
            for line in told
        )

    def pane_at(self, step: int) -> str:
        """Name of the pane of which the stop at a step speaks; empty if there is none."""
        stop = self._stops.get(step)
        return stop.pane if stop is not None and stop.pane in STATE else ""

    def _told(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        if step.number == 0 and self._begin:
            return self._begin
        stop = self._stops.get(step.number)
        book = self._book(statement, step)
        if stop is None:
            return book
        told = [row((stop.title, Role.STOP))]
        if stop.text:
            told.append(paragraph(stop.text))
        if stop.pane in _TITLES:  # in the same paragraph: rows are scarce
            look = row((f" Look at {_TITLES[stop.pane]}.", Role.DIM))
            told[-1] = (*told[-1], *look)
        return (*told, *book)


@view
def _prose_first(moment: Moment, width: int, height: int | None) -> Rendered:
    """The explanation, with what has changed; in a low pane the prose comes before what the source shows anyway."""
    shown, new = explain.render(moment, width, height).rows, news.rows(moment, width)
    at = shown.index(()) if () in shown else len(shown)
    statement, prose = shown[:at], shown[at + 1 :]
    room = len(new) if height is None else max(height // 4, 3)
    first, rest = news.parted(new, room, moment)
    if height is None or height >= ROOMY or not prose:
        return Rendered((*statement, *first, (), *prose, *rest))
    if moment.at_stop:
        return Rendered((*_stop_first(moment, prose, new, height), (), *statement))
    gap = [()] if new else []
    return Rendered((*first, *gap, *prose, *rest, (), *statement))


def _stop_first(
    moment: Moment, prose: Sequence[Row], new: Sequence[Row], height: int
) -> tuple[Row, ...]:
    """What a stop says, all of it in view if that is possible; news above it only in the rows that are left."""
    told, book = _parted_prose(moment, prose)
    if not new:
        return tuple(prose)
    if len(told) >= height:
        return (*told, (), *new, *book)
    summary, again = news.parted(new, 1, moment)
    return (*summary, *told, *again, *book)


def _parted_prose(
    moment: Moment, prose: Sequence[Row]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows of the stop itself, title and text, and those of the book that follow, with the gap above them."""
    assert moment.stop is not None
    text = moment.stops[moment.stop - 1].stop.text
    gaps = [at for at, line in enumerate(prose) if line == ()]
    end = [*gaps, len(prose), len(prose)][1 if text else 0]
    return tuple(prose[:end]), tuple(prose[end:])


_RENDER: Final = {PROSE: _prose_first}
_PICKS: Final = {SOURCE: Picks.LINES, PROSE: Picks.NOTHING}

PANES: Final = tuple(
    Pane(
        each.key,
        each.name,
        each.title,
        _RENDER.get(each.name, each.render),
        _PICKS.get(each.name, Picks.CELLS),
    )
    for each in TABLE
)
"""All panes in the order of their digits: source, prose, then those of state."""

STATE: Final = tuple(each.name for each in PANES if each.name not in _PICKS)
"""Names of the panes of state."""
