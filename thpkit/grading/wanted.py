"""What is asked about a recorded run, and what was found there: plain data, for the way to a worker and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

ASKS: Final = ("breaks", "heals", "returns")
"""What is asked: where the rule breaks, where it holds again after that, or by which statement a function returns."""


@dataclass(frozen=True)
class Wanted:
    """A place that is looked for."""

    id: str
    asks: str
    """One of :data:`ASKS`."""
    during: int
    """In which section of the run, a system call or a page fault, counted from 1 as the recording lists them."""
    rule: str = ""
    """The rule, by its id among the checks; empty for ``returns``."""
    inside: str = ""
    """Only the steps of this function itself count: its first activation in the section. Empty: every step."""
    within: str = ""
    """Only the steps from the first call of this function to its return are looked at, to save time."""
    unlocked: bool = False
    """Whether the rule is looked at only while nobody holds an i_pages lock."""

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Located:
    """A place that was found: a statement that is about to run, with what is around it."""

    id: str
    step: int
    function: str
    """Qualified name of the function it stands in."""
    file: str
    line: int
    text: str
    """The statement's first line."""
    active: tuple[str, ...]
    """Functions that are active then, the innermost last."""
    calling: tuple[str, ...]
    """Statements of the callers that are being executed then, the innermost last."""
    others: tuple[str, ...]
    """The other statements of the function."""
    said: str | None
    """How the rule is broken at the step that the learner named; None if it holds there, or he named none."""


@dataclass(frozen=True)
class RunFacts:
    """What is known about a recorded run."""

    length: int
    """How many steps it has."""
    functions: frozenset[str]
    """Names of the functions that ran."""
    places: Mapping[str, Located]
    """The places by id."""
