"""What the judges of all kinds share: what they are given, what they return, and how a check begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from thpkit.grading.limits import Limits
from thpkit.grading.model import RUNS, Check, Exercise
from thpkit.grading.results import CheckResult, Outcome

IN_A_PROCESS: Final = "its own process with limits, no jail"
"""Isolation of a learner's code."""
AS_DATA: Final = "read as data, never run"
"""Isolation of a learner's answers."""

FIRST: Final = "put this right first; nothing else can be checked before"
"""Advice for a file that cannot be used at all."""
LATER: Final = "fix the first failure first; this one may go with it"
"""Advice for a failure that is not the first."""


@dataclass(frozen=True)
class Job:
    """One file to judge."""

    exercise: Exercise
    file: Path
    limits: Limits


@dataclass(frozen=True)
class Judged:
    """What became of every check."""

    checks: tuple[CheckResult, ...]
    isolation: str
    printed: str = ""
    """The beginning of what the learner's code printed."""


def begun(check: Check, outcome: Outcome, problem: str | None = None) -> CheckResult:
    """A result for a check, with nothing said yet but the outcome."""
    return CheckResult(
        check.id, check.title, check.points, outcome, problem, bonus=check.bonus
    )


def passed(check: Check) -> CheckResult:
    """A check that has passed."""
    return begun(check, Outcome.PASSED)


def not_reached(check: Check, why: str = f"{RUNS} comes first") -> CheckResult:
    """A check that could not be tried."""
    return begun(check, Outcome.NOT_REACHED, f"not reached: {why}")


def failed(check: Check, problem: str | None, next_: str) -> CheckResult:
    """A check that has failed: what is wrong, and what to try."""
    return replace(begun(check, Outcome.FAILED, problem), next=next_)


def open_answer(exercise: Exercise, check: Check, what: str) -> CheckResult:
    """A check without an answer yet; the first one says where to begin."""
    first = check.id == exercise.symptom.check
    return failed(check, f"{what} is still open", exercise.next if first else "")


def unusable(exercise: Exercise, problem: str, next_: str = FIRST) -> Judged:
    """The judgement on a file of answers that cannot be read: ``runs`` fails, nothing else is reached."""
    first, *others = exercise.checks
    checks = (failed(first, problem, next_), *map(not_reached, others))
    return Judged(checks, AS_DATA)


def shown(exercise: Exercise, result: CheckResult) -> CheckResult:
    """``result`` with the exercise's symptom and first advice, if it is the check that shows it as shipped."""
    if result.outcome is not Outcome.FAILED or result.id != exercise.symptom.check:
        return result
    return replace(result, symptom=exercise.symptom.text)
