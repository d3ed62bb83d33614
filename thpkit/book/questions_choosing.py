"""Questions that are answered with letters: the true sentence, the best reason, the order of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase
from typing import ClassVar, NamedTuple

from thpkit.book.questions import Judged, Play, Question
from thpkit.book.questions_typed import letter, lettered, letters, listed


class Option(NamedTuple):
    """One of the answers to choose from."""

    text: str
    right: bool
    reason: str = ""
    """Why it is not so; empty for the right one."""
    play: Play | None = None


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """Which of these sentences is true of the run?"""

    kind: ClassVar[str] = "choice"
    choices: tuple[Option, ...]
    """In the order in which they are shown; exactly one is right."""

    def options(self) -> list[str]:
        """The lettered options."""
        return lettered([each.text for each in self.choices])

    @property
    def how(self) -> str:
        """How to answer."""
        return f"a letter from a to {ascii_lowercase[len(self.choices) - 1]}"

    def sample(self) -> str:
        """The right letter."""
        return ascii_lowercase[[each.right for each in self.choices].index(True)]

    def answer(self) -> str:
        """The right letter."""
        return self.sample()

    def _judge(self, typed: str, here: int | None) -> Judged:
        chosen = self.choices[letter(typed, [each.text for each in self.choices])]
        return Judged(chosen.right, chosen.reason, chosen.play)


@dataclass(frozen=True, kw_only=True)
class Why(Choice):
    """Which of these reasons is the best?"""

    kind: ClassVar[str] = "why"


class Item(NamedTuple):
    """Something that happens in the run, or never does."""

    text: str
    step: int | None
    """When it happens first; None: it never does."""
    reason: str = ""
    """Why it does not happen, or a remark about when it does."""


@dataclass(frozen=True, kw_only=True)
class Ordering(Question):
    """In which order do these things happen? Some of them never may."""

    kind: ClassVar[str] = "ordering"
    items: tuple[Item, ...]
    """In the order in which they are shown."""

    def options(self) -> list[str]:
        """The lettered items."""
        return lettered([each.text for each in self.items])

    @property
    def how(self) -> str:
        """How to answer."""
        never = any(each.step is None for each in self.items)
        rest = ", without what never happens" if never else ""
        return f"the letters in order, as b a c{rest}"

    def _key(self) -> list[int]:
        """The items that happen, in order."""
        steps = {
            i: each.step for i, each in enumerate(self.items) if each.step is not None
        }
        return sorted(steps, key=lambda i: steps[i])

    def sample(self) -> str:
        """The letters in order."""
        return " ".join(ascii_lowercase[i] for i in self._key())

    def answer(self) -> str:
        """The letters in order."""
        return self.sample()

    def _judge(self, typed: str, here: int | None) -> Judged:
        given = letters(typed, len(self.items))
        if given == self._key():
            return Judged(True)
        never = [i for i in given if self.items[i].step is None]
        if never:
            told = " ".join(
                f"{ascii_lowercase[i]} never happens: {self.items[i].reason}"
                for i in never
            )
            return Judged(False, told)
        missing = [i for i in self._key() if i not in given]
        if missing:
            steps = [
                f"{ascii_lowercase[i]} at step {self.items[i].step}" for i in missing
            ]
            return Judged(False, f"You left out what does happen: {listed(steps)}.")
        return Judged(False, self._inversion(given))

    def _inversion(self, given: Sequence[int]) -> str:
        """The first neighbours that stand the wrong way round."""
        key = self._key()
        for first, second in pairwise(given):
            if key.index(first) > key.index(second):
                one, other = self.items[second], self.items[first]
                return (
                    f"{ascii_lowercase[second]} (step {one.step}) comes before "
                    f"{ascii_lowercase[first]} (step {other.step}). {one.reason}"
                )
        raise AssertionError("an order without an inversion is the right one")
