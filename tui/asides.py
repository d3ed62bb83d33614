"""What the plain walk says beside its stops, as the screen does: questions before them, and the other run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from thpkit.book.questions import Question
from thpkit.view import differences, plain
from thpkit.view.glyphs import Glyphs, spelled
from thpkit.view.moment import Moment
from thpkit.view.plain import WIDTH
from thpkit.view.rows import text_of
from tui import askable
from tui.askable import with_questions
from tui.opening import Run

SHOWN: Final = 24
"""Rows of a difference that are printed; a reader of more wants the screen."""


class Questions:
    """The questions of a run, each printed once, without its answer."""

    def __init__(self, run: Run, glyphs: Glyphs) -> None:
        self._quiz = with_questions(run).quiz
        self._name = run.name
        self._glyphs = glyphs

    def before(self, step: int) -> Iterator[str]:
        """Those that belong before the stop at a step."""
        if self._quiz is not None:
            yield from self._told("Before you go on:", self._quiz.before(step))

    def at_end(self) -> Iterator[str]:
        """Those that are asked at the end."""
        if self._quiz is not None:
            yield from self._told("Check yourself:", self._quiz.at_end())

    def _told(self, heading: str, questions: Iterable[Question]) -> Iterator[str]:
        for each in questions:
            yield heading
            for line in askable.rows_of(each, WIDTH - 2, marked=True):
                yield spelled(f"  {text_of(line)}".rstrip(), self._glyphs)
            yield spelled(f"  (thp ask {self._name} takes answers)", self._glyphs)
            yield ""


def beside(run: Run, glyphs: Glyphs) -> Iterator[str]:
    """Two runs at the place where they part: where each is, and in what their states differ."""
    other = run.other
    if other is None or run.start is None:
        return
    for each in (run, other):
        here = Moment.of(each.timeline, each.start or 0, glyphs=glyphs)
        yield f"{each.version}, step {here.n} of {len(each.timeline) - 1}:"
        yield from plain.here(here)
        yield ""
    yield f"Difference of the states ({run.version} | {other.version}):"
    shown = differences.render(run.timeline, other.timeline, WIDTH - 2, glyphs).rows
    for line in islice(shown, SHOWN):
        yield spelled(f"  {text_of(line)}", glyphs)
    if len(shown) > SHOWN:
        yield f"  and {len(shown) - SHOWN} rows more"
    yield ""
