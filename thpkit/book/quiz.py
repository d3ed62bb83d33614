"""Loading a lesson's questions from its ``quiz.toml``; every key is computed from the lesson's run.

The format is described in ``CONTRIBUTING.md``; :mod:`~thpkit.book.quiz_choosing` and its
neighbours read each kind of question. An
author's mistake is a :class:`QuizError` that names file and question and says what to do.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from thpkit.book.lesson import Lesson
from thpkit.book.questions import Question
from thpkit.book.quiz_choosing import choice, ordering, why
from thpkit.book.quiz_counting import ledger, numeric
from thpkit.book.quiz_entry import Entry, QuizError
from thpkit.book.quiz_finding import last_writer
from thpkit.book.runs import RunError, Runs

__all__ = ["FILE", "Quiz", "QuizError", "load_quiz"]

FILE: Final = "quiz.toml"
READERS: Final[dict[str, Callable[[Entry], Question]]] = {
    "numeric": numeric,
    "choice": choice,
    "why": why,
    "ordering": ordering,
    "ledger": ledger,
    "last-writer": last_writer,
}
"""How each kind of question is read."""


@dataclass(frozen=True)
class Quiz:
    """The questions of a lesson."""

    lesson: str
    """The lesson's id."""
    questions: tuple[Question, ...]
    """Those asked before a stop first, in order of the run; then those of the end. Empty if there is no quiz."""

    def before(self, step: int) -> list[Question]:
        """The questions that are asked before the stop at ``step``."""
        return [each for each in self.questions if each.before == step]

    def at_end(self) -> list[Question]:
        """The questions that are asked at the end."""
        return [each for each in self.questions if each.before is None]

    def named(self, id_: str) -> Question | None:
        """The question of that id, or None."""
        return next((each for each in self.questions if each.id == id_), None)


def load_quiz(lesson: Lesson, runs: Runs, *, variants: bool = True) -> Quiz:
    """The lesson's questions. A lesson without the file has none.

    With ``variants`` each variant that a wrong answer names is recorded, and it is checked that the answer is right
    there; without, that is left out, because it takes time.

    Raises:
        QuizError: the file cannot be read, or a question cannot be asked.
    """
    return runs.memo(
        f"quiz of {lesson.folder}, variants {variants}",
        lambda: _read(lesson, runs, variants),
    )


def _read(lesson: Lesson, runs: Runs, variants: bool) -> Quiz:
    """The quiz in the lesson's folder."""
    where = f"{lesson.id}/{FILE}"
    text = _text(lesson, where)
    if text is None:
        return Quiz(lesson.id, ())
    try:
        runs.timeline(lesson)
    except RunError as error:
        raise QuizError(f"{where}: {error}") from None
    found: list[Question] = []
    for n, table in enumerate(_tables(text, where), 1):
        entry = Entry(n, table, lesson, runs, check_variants=variants)
        found.append(_load(entry, {each.id for each in found}))
    return Quiz(lesson.id, tuple(sorted(found, key=_order)))


def _text(lesson: Lesson, where: str) -> str | None:
    """What the file says; None if there is none."""
    try:
        return (lesson.folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise QuizError(f"{where} cannot be read: {reason}") from None


def _tables(text: str, where: str) -> list[dict[str, object]]:
    """The questions as they stand in the file."""
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuizError(f"{where}: {error}") from None
    tables = facts.pop("question", [])
    if (
        facts
        or not isinstance(tables, list)
        or not all(isinstance(x, dict) for x in tables)
    ):
        extra = next(iter(facts), "question")
        raise QuizError(
            f"{where}: {extra!r} means nothing there; write [[question]] for each question"
        )
    return tables


def _load(entry: Entry, taken: set[str]) -> Question:
    """One question."""
    if entry.id in taken:
        raise entry.error(
            "another question has this id already; ids are unique in a lesson"
        )
    return READERS[entry.kind](entry)


def _order(question: Question) -> tuple[bool, int]:
    return question.before is None, question.before or 0
