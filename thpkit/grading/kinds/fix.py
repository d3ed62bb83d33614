"""*Fix*: one to three kernel functions with one planted bug.

The learner's functions play the cases, in a process of their own; after every call everything must be as in the kit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from thpkit.grading import handed_in, judging, plays, solutions
from thpkit.grading.answer import Answer, SeenCase
from thpkit.grading.cases import Case
from thpkit.grading.compare import Divergence, first_divergence
from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import INVARIANTS, RUNS, Check, Exercise, Solution, Task
from thpkit.grading.plays import Played
from thpkit.grading.process import GradingError
from thpkit.grading.results import CheckResult, Outcome
from thpkit.grading.seeded import SEEDED
from thpkit.grading.tables import Mistake, Table

RUNS_TITLE: Final = "the file loads, and every case comes to an end"


@dataclass(frozen=True)
class Fix(Task):
    """Nothing beyond what every exercise has."""


def read(_meta: Table, _folder: Path) -> Fix:
    """What ``meta.toml`` says for this kind alone: nothing."""
    return Fix()


def verify(exercise: Exercise) -> None:
    """Functions, a planted edit, and a case for every check.

    Raises:
        Mistake: something is missing or does not fit.
    """
    if not exercise.cases:
        raise Mistake("it has no cases.toml")
    if not exercise.functions or exercise.planted is None:
        raise Mistake("meta.toml: a fix needs functions and [planted]")
    cases = {each.id for each in exercise.cases} | {SEEDED}
    if not exercise.seeded:
        cases -= {SEEDED}
    for check in exercise.checks:
        if check.id in (RUNS, INVARIANTS):
            continue
        if check.case not in cases:
            raise Mistake(
                f"check {check.id} names a case {check.case!r} that does not exist"
            )
    for each in exercise.wrong_fixes:
        if each.than not in ("less", "more", "other"):
            raise Mistake(f"wrong fix {each.name}: than is less, more or other")


def right(exercise: Exercise) -> str:
    """The shipped file with the kit's functions in it."""
    return solutions.with_kit_functions(exercise)


def judge(job: Job) -> Judged:
    """Play every case, and compare.

    Raises:
        GradingError: this machine cannot grade, or the kit itself fails.
    """
    exercise = job.exercise
    try:
        handed_in.read(job.file, handed_in.CODE_LIMIT)
    except handed_in.Unreadable as error:
        return judging.unusable(exercise, str(error))
    kit, played = plays.play(exercise, job.file, exercise.all_cases, job.limits)
    checks = tuple(_Judge(exercise, kit, played).results())
    return Judged(checks, judging.IN_A_PROCESS, played.printed)


class _Judge:
    """One verdict."""

    def __init__(self, exercise: Exercise, kit: Answer, played: Played) -> None:
        self._exercise = exercise
        self._kit = kit
        self._problem = played.problem
        self._answer = played.answer

    def results(self) -> Iterator[CheckResult]:
        """What became of every check."""
        first = True
        for check in self._exercise.checks:
            found = self._check(check)
            if found.outcome is Outcome.FAILED:
                found = replace(found, next=self._advice(found, first))
                first = False
            yield found

    def _check(self, check: Check) -> CheckResult:
        if check.id == RUNS:
            if self._problem is None:
                return judging.passed(check)
            return judging.failed(check, self._problem, "")
        if self._problem is not None:
            return judging.not_reached(check)
        if check.id == INVARIANTS:
            return self._invariants(check)
        return self._cases(check)

    def _cases(self, check: Check) -> CheckResult:
        """Everything as in the kit, after each call of the case, or of every generated case."""
        for case in self._named(check):
            found = self._case(check, case)
            if found.outcome is not Outcome.PASSED:
                return found
        return judging.passed(check)

    def _named(self, check: Check) -> list[Case]:
        if check.case == SEEDED:
            return list(self._exercise.all_cases[len(self._exercise.cases) :])
        assert check.case is not None
        return [self._exercise.case(check.case)]

    def _case(self, check: Check, case: Case) -> CheckResult:
        kit, seen = self._kit.case(case.id), self._answer.case(case.id)
        if kit is None:
            raise GradingError(f"the kit did not run case {case.id}")
        if seen is None:
            return judging.not_reached(check, "an earlier case did not end")
        where = first_divergence(case, kit, seen)
        if where is None:
            return judging.passed(check)
        symptom = self._exercise.symptom
        shown = check.id == symptom.check and where.path == symptom.path
        return replace(
            judging.failed(check, self._origin(where), ""),
            divergence=where,
            broken=_broken_after(seen, where),
            symptom=symptom.text if shown else None,
        )

    def _origin(self, where: Divergence) -> str | None:
        """Of a generated case, how to play it again."""
        if where.seed is None:
            return None
        again = f"thp step ex:{self._exercise.id} --case {where.case} plays it again"
        return f"in a case that was generated from the seed {where.seed}; {again}"

    def _invariants(self, check: Check) -> CheckResult:
        """No invariant broken after any call of any case."""
        for case in self._exercise.all_cases:
            seen = self._answer.case(case.id)
            if seen is None:
                break
            for number, call in enumerate(seen.calls, 1):
                if call.broken:
                    name, sentence = call.broken[0]
                    where = f"case {case.id}, after call {number}: {case.calls[number - 1].text}"
                    broken = f"{name}: {sentence}"
                    return replace(judging.failed(check, where, ""), broken=broken)
            if len(seen.calls) != len(case.calls):
                break
        else:
            return judging.passed(check)
        return judging.not_reached(check, "a case did not end")

    def _advice(self, failed: CheckResult, first: bool) -> str:
        """What to try next: the message of a known wrong fix, or the exercise's first advice.

        A wrong fix is known by the first thing that it breaks, so only the first failure gets its message.
        """
        where = failed.divergence
        if where is not None and first:
            for known in self._exercise.wrong_fixes:
                if _fits(known, failed.id, where):
                    return known.message
        if failed.symptom is not None:
            return self._exercise.next
        if failed.id == RUNS:
            return judging.FIRST
        if not first:
            return judging.LATER
        return f"see where the two runs part: thp step ex:{self._exercise.id}"


def _fits(known: Solution, check: str, where: Divergence) -> bool:
    """Whether a failure is the one that a known wrong fix leads to."""
    return (
        (known.check, known.path, known.than) == (check, where.path, where.than)
    ) and known.got in str(where.got)


def _broken_after(seen: SeenCase, where: Divergence) -> str | None:
    """The first invariant that does not hold after the diverging call."""
    if where.call > len(seen.calls) or not seen.calls[where.call - 1].broken:
        return None
    name, sentence = seen.calls[where.call - 1].broken[0]
    return f"{name}: {sentence}"
