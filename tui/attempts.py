"""What a learner has tried of one exercise, and what help was given: when the next hint may come.

Help comes after an attempt or after a while; how much of it is left is never said, because that only makes readers
hurry to the end of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final

WAIT_SECONDS: Final = 30.0
"""Without a new attempt the next hint comes after so many seconds."""
PASSED: Final = "passed"
"""The verdict on a text that passes."""


@dataclass
class Attempts:
    """The history of one exercise. Times are seconds since the epoch."""

    tries: int = 0
    """Texts that were graded; the same text twice is one try."""
    text: str = ""
    """Digest of the text that was graded last."""
    verdict: str = ""
    """What came out then: ``passed``, or the id of the first check that failed."""
    points: int = 0
    max_points: int = 0
    hints: list[float] = field(default_factory=list)
    """When each hint was given."""
    tries_then: int = 0
    """How many tries there were when the last hint was given."""
    review: bool = False
    """Whether it comes back for review: all the help was needed."""

    @property
    def begun(self) -> bool:
        """Whether anything was tried or asked."""
        return bool(self.tries or self.hints)

    def note(self, digest: str, verdict: str, points: int, max_points: int) -> bool:
        """Note what came out of a grading; whether it was a new try."""
        new = digest != self.text
        self.tries += new
        self.text, self.verdict = digest, verdict
        self.points, self.max_points = points, max_points
        return new

    def seconds_to_wait(self, now: float) -> int:
        """Whole seconds until the next hint may come without another try; 0 if it may come at once."""
        if not self.hints or self.tries > self.tries_then or self.verdict == PASSED:
            return 0
        passed = now - self.hints[-1]
        if not 0 <= passed < WAIT_SECONDS:  # a clock that was set back never locks
            return 0
        return ceil(WAIT_SECONDS - passed)

    def give(self, now: float, last: bool) -> None:
        """Note that a hint is given; the last one sends the exercise into review."""
        self.hints.append(now)
        self.tries_then = self.tries
        if last:
            self.ask_again()

    def ask_again(self) -> None:
        """The solution was seen: the exercise comes back."""
        self.review = True


def attempts_of(data: Any) -> Attempts:
    """The attempts that plain data describes; none if it makes no sense, as in files of older versions."""
    if not isinstance(data, dict):
        return Attempts()
    try:
        numbers = {
            name: max(int(data.get(name, 0)), 0)
            for name in ("tries", "points", "max_points", "tries_then")
        }
        hints = [float(each) for each in data.get("hints", ())]
    except (TypeError, ValueError, OverflowError):
        return Attempts()
    return Attempts(
        **numbers,
        text=str(data.get("text", "")),
        verdict=str(data.get("verdict", "")),
        hints=hints,
        review=bool(data.get("review", False)),
    )
