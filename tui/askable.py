"""Which questions are due, and what a question looks like. Knows nothing of screens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from thpkit.book.questions import Question, Verdict
from thpkit.book.quiz import Quiz
from thpkit.trace import moves
from thpkit.view.explanations import paragraph
from thpkit.view.layout import wrapped
from thpkit.view.rows import Role, Row, Span, row, starred
from tui import answers
from tui.opening import Run
from tui.paths import UserError
from tui.reader import Reader
from tui.state import Store

_OPTION: Final = re.compile(r"(?:[a-z]\)|\d+\.) ")


def with_questions(run: Run) -> Run:
    """The run with its questions loaded; if that is impossible, a notice says why."""
    if run.ask is None:
        return run
    try:
        return replace(run, quiz=run.ask())
    except UserError as error:
        return replace(run, notices=(*run.notices, str(error)))


class Askable:
    """The questions of a lesson, for one visit of a reader."""

    def __init__(self, quiz: Quiz, store: Store) -> None:
        self._quiz = quiz
        self.lesson = quiz.lesson
        """The lesson's id."""
        self._store = store
        self.silent = False
        """Whether questions are asked on demand only."""
        self._met: set[str] = set()
        """Questions that were shown during this visit: they are not asked by themselves again."""

    def met(self, question: Question) -> None:
        """The question has been shown."""
        self._met.add(question.id)

    def note(self, question: Question, answer: str, verdict: Verdict) -> None:
        """Remember an answer."""
        answers.note(self._store, question, answer, verdict)

    def silence(self) -> None:
        """From now on only ask what is asked for."""
        self.silent = True

    def due(self, reader: Reader) -> list[Question]:
        """What is asked before the next stop; at the last stop, what is asked at the end."""
        if self.silent or not answers.asks(self._store):
            return []
        step = moves.next_stop(reader.timeline, reader.position)
        here = step == reader.position
        asked = self._quiz.at_end() if here else self._quiz.before(step)
        return [
            each
            for each in asked
            if each.id not in self._met and not answers.of(self._store, each).tries
        ]

    def here(self, reader: Reader) -> list[Question]:
        """The questions of the stop at or before this step; from the last stop on, those of the end that are open."""
        stops = reader.timeline.stops
        step = max(
            (each.step for each in stops if each.step <= reader.position), default=None
        )
        asked = [] if step is None else self._quiz.before(step)
        if stops and reader.position >= stops[-1].step:
            end = self._quiz.at_end()
            known = answers.of
            asked += [each for each in end if not known(self._store, each).right]
        return asked


def rows_of(question: Question, width: int, *, marked: bool = False) -> list[Row]:
    """The question and its options, in this width; ``marked`` for readers without colours."""
    rows: list[Row] = []
    for line in question.lines():
        hang = _OPTION.match(line)
        rows += wrapped(_prose(line, marked), width, hang.end() if hang else 0)
        if line is question.ask and question.options():
            rows.append(())
    return rows


def _prose(text: str, marked: bool) -> Row:
    return starred(paragraph(text)) if marked else paragraph(text)


def verdict_rows(verdict: Verdict, width: int, *, marked: bool = False) -> list[Row]:
    """What is said about an answer, in this width; ``marked`` for readers without colours."""
    head, _, rest = verdict.says.partition(" ")
    role = Role.GOOD if verdict.right else Role.BAD
    if not verdict.understood:
        return wrapped(_prose(verdict.says, marked), width)
    sign = "✓ " if verdict.right else "✗ "
    return wrapped((Span(sign + head, role), Span(" "), *_prose(rest, marked)), width)


def keys_row(pairs: Iterable[tuple[str, str]]) -> Row:
    """Keys and what they do."""
    spans: list[Span] = []
    for key, what in pairs:
        spans += row((key, Role.CODE), (f" {what}  ", Role.DIM))
    return tuple(spans)
