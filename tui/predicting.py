"""Predicting: before a statement runs, which counters will it move? The question is made from the recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from thpkit.book.questions import Judged, Question
from thpkit.book.questions_typed import NotUnderstood
from thpkit.trace.timeline import Timeline
from thpkit.view import prediction
from thpkit.view.prediction import Forecast, PredictionError

ON = "n asks before a statement that moves a counter: which, and by how much? p ends it"
OFF = "predicting is over; p begins it again"
"""What is said when the mode changes."""


@dataclass(frozen=True, kw_only=True)
class Foretold(Question):
    """Which counters does this statement move?"""

    kind: ClassVar[str] = "prediction"
    made: Forecast

    @property
    def how(self) -> str:
        """How an answer is written."""
        return prediction.HOW

    def answer(self) -> str:
        """The changes, in order."""
        return self.made.text()

    def sample(self) -> str:
        """The same."""
        return self.made.text()

    def _judge(self, typed: str, here: int | None) -> Judged:
        try:
            wrong = prediction.differences(self.made, typed)
        except PredictionError as error:
            raise NotUnderstood(str(error)) from None
        return Judged(not wrong, "".join(f"{each}. " for each in wrong))


def question_at(timeline: Timeline, n: int) -> Foretold | None:
    """The question about the statement that is about to run at step ``n``; None if it moves no counter."""
    made = prediction.forecast(timeline, n)
    if made is None or not made.moved:
        return None
    return Foretold(
        lesson="",
        id=f"step-{n}",
        ask=f"`{made.statement}` is about to run, with all that it calls. "
        "Which counters will it move, and by how much?",
        explain="",
        made=made,
    )
