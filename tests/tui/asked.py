"""The small lesson with its quiz, as something the stepper opens."""

from __future__ import annotations

from functools import lru_cache

from tests.book.running import small
from thpkit.book.quiz import Quiz, load_quiz
from tui.opening import Run
from tui.where import Target


def small_quiz() -> Quiz:
    """The questions of the small lesson."""
    return load_quiz(*small())


@lru_cache(maxsize=1)
def asked_run() -> Run:
    """Its run. Tests only move in it."""
    lesson, runs = small()
    timeline = runs.timeline(lesson)
    return Run(lesson.id, lesson.title, timeline, ask=small_quiz)


def asked_target() -> Target:
    """Something to open that is recorded already."""
    return Target("01_small", "A small lesson", asked_run)


def letter_of(id_: str, text: str) -> str:
    """The letter of an option."""
    question = small_quiz().named(id_)
    assert question is not None
    return next(x[0] for x in question.options() if x[3:].startswith(text))
