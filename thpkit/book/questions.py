"""Questions about a run: what is asked, and judging a typed answer. Nothing here knows screens or recordings.

:func:`thpkit.book.quiz.load_quiz` makes them; by then every key has been computed from the lesson's run. The kinds
stand in :mod:`~thpkit.book.questions_choosing`, :mod:`~thpkit.book.questions_counting` and
:mod:`~thpkit.book.questions_finding`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from thpkit.book.questions_typed import NotUnderstood


class Play(NamedTuple):
    """A run in which a wrong answer would be right."""

    variant: str
    """Name of the version of the kernel, as :meth:`thpkit.book.runs.Runs.variant` knows it."""
    place: str | None
    """Where it shows; None: where that run parts from the lesson's own."""


class Verdict(NamedTuple):
    """What is said about an answer."""

    understood: bool
    """False: it was no answer at all, and should be asked for again."""
    right: bool
    says: str
    """What to tell: why it is right or wrong, or how to answer."""
    play: Play | None = None


class Judged(NamedTuple):
    """What a kind of question finds out about an answer that it understood."""

    right: bool
    reason: str = ""
    """A sentence or more; needed if it is wrong."""
    play: Play | None = None


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """One question of a lesson."""

    kind: ClassVar[str]
    """numeric, choice, why, ordering, ledger, or last-writer."""

    lesson: str
    """The lesson's id."""
    id: str
    """Unique in the lesson, and stable: misses are kept under it."""
    ask: str
    """The question, in plain prose with code in back-ticks."""
    explain: str
    """Why the right answer is right."""
    before: int | None = None
    """The step of the stop that it is asked before; None: at the end of the lesson."""
    stop: str = ""
    """Title of that stop; empty at the end."""

    def lines(self) -> list[str]:
        """The question and its lettered options; a line each, not broken."""
        return [self.ask, *self.options()]

    def options(self) -> list[str]:
        """The lettered options, if there are any."""
        return []

    @property
    @abstractmethod
    def how(self) -> str:
        """How to answer, in a few words: ``a letter from a to d``."""

    @abstractmethod
    def answer(self) -> str:
        """The right answer as one would tell it, without a full stop."""

    @abstractmethod
    def sample(self) -> str:
        """The right answer as one would type it."""

    def judge(self, answer: str, here: int | None = None) -> Verdict:
        """Judge a typed answer; ``here`` is the step that the reader looks at, if one."""
        typed = " ".join(answer.split())
        if not typed:
            return Verdict(False, False, f"Answer with {self.how}.")
        try:
            judged = self._judge(typed, here)
        except NotUnderstood as error:
            return Verdict(False, False, f"{error}. Answer with {self.how}.")
        head, key = "Right.", ""
        if not judged.right:
            head, key = "No.", f"The answer is {self.answer()}."
        said = (head, judged.reason, key, self.explain)
        told = " ".join(" ".join(each.split()) for each in said if each)
        return Verdict(True, judged.right, told, judged.play)

    @abstractmethod
    def _judge(self, typed: str, here: int | None) -> Judged:
        """Judge what was typed, blanks made single.

        Raises:
            NotUnderstood: it is no answer.
        """
