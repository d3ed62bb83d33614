"""What a reader has answered: by lesson and question, with how often it was missed. Ids of questions are stable."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from thpkit.book.questions import Question, Verdict
    from tui.state import Store

LONGEST: Final = 80
"""Characters that are kept of an answer."""


@dataclass
class Answered:
    """The history of one question."""

    tries: int = 0
    """Answers that were understood."""
    misses: int = 0
    """Those of them that were wrong."""
    right: bool = False
    """Whether it has ever been answered right."""
    missed: bool = False
    """Whether the last answer was wrong."""
    last: str = ""
    """The last answer, as it was typed."""


Answers: TypeAlias = dict[str, dict[str, Answered]]
"""By the lesson's id and the question's."""


def answers_of(data: Any) -> Answers:
    """The answers that plain data describes. What makes no sense is left out, as in files of older versions."""
    if not isinstance(data, dict):
        return {}
    found: Answers = {}
    for lesson, questions in data.items():
        for id_, each in questions.items() if isinstance(questions, dict) else ():
            with suppress(TypeError, ValueError, AttributeError, OverflowError):
                found.setdefault(str(lesson), {})[str(id_)] = _answered(each)
    return found


def _answered(data: Any) -> Answered:
    return Answered(
        tries=max(int(data.get("tries", 0)), 0),
        misses=max(int(data.get("misses", 0)), 0),
        right=bool(data.get("right", False)),
        missed=bool(data.get("missed", False)),
        last=str(data.get("last", ""))[:LONGEST],
    )


def of(store: Store, question: Question) -> Answered:
    """What is known about a question; a fresh record if nothing is."""
    known = store.memory.answers.get(question.lesson, {})
    return known.get(question.id) or Answered()


def note(store: Store, question: Question, answer: str, verdict: Verdict) -> None:
    """Remember an answer, beside those of other running copies; one that was not understood does not count."""
    if not verdict.understood:
        return
    store.reload()
    record = of(store, question)
    record.tries += 1
    record.misses += not verdict.right
    record.right = record.right or verdict.right
    record.missed = not verdict.right
    record.last = answer.strip()[:LONGEST]
    store.memory.answers.setdefault(question.lesson, {})[question.id] = record
    store.save()


def missed(store: Store, lessons: Iterable[str]) -> list[tuple[str, str]]:
    """Lesson and question of what was answered wrong last: the lesson with the most misses first."""
    found = []
    for lesson in lessons:
        records = store.memory.answers.get(lesson, {})
        ids = [id_ for id_, each in records.items() if each.missed]
        ids.sort(key=lambda id_: -records[id_].misses)
        weight = sum(records[id_].misses for id_ in ids)
        found.append((-weight, [(lesson, id_) for id_ in ids]))
    found.sort(key=lambda each: each[0])
    return [pair for _, pairs in found for pair in pairs]


def asks(store: Store) -> bool:
    """Whether questions are asked by themselves."""
    return not store.memory.silent


def toggle(store: Store) -> bool:
    """Ask questions by themselves from now on, or no longer; whether they are asked now."""
    silent = not store.memory.silent
    store.reload()
    store.memory.silent = silent
    store.save()
    return not silent
