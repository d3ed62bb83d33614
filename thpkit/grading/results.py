"""Results: what the judge found, as data, as JSON and as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from thpkit.grading.compare import Divergence

WORDS: Final = {"passed": "ok  ", "failed": "FIX ", "not reached": "... "}
"""How each outcome begins its line."""
WIDTH: Final = 80
"""Columns of the report."""


class Outcome(Enum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_REACHED = "not reached"
    """Something before it failed, so that it could not be tried."""


@dataclass(frozen=True)
class CheckResult:
    """What became of one check."""

    id: str
    title: str
    points: int
    """Points it is worth."""
    outcome: Outcome
    problem: str | None = None
    """What is wrong, in one sentence, where there is no divergence to show."""
    divergence: Divergence | None = None
    """The first difference from the kit."""
    broken: str | None = None
    """The first invariant that this breaks, with the numbers."""
    symptom: str | None = None
    """What the bug looks like from outside, if this is the check that shows it."""
    next: str = ""
    """What to try next."""
    graded: str = ""
    """Which file was graded, for a message that stands alone."""
    bonus: bool = False
    """Whether the exercise passes without it."""

    @property
    def passed(self) -> bool:
        """Whether it passed. Not reached is not passed."""
        return self.outcome is Outcome.PASSED

    @property
    def message(self) -> str:
        """What a learner reads when the check has failed, or was not reached; complete in itself."""
        return "\n".join([*_fitted(self.lines()), "", f"Graded: {self.graded}"])

    def lines(self) -> list[str]:
        """Symptom, first divergence, what to try next."""
        rows: list[tuple[str, str]] = []
        if self.symptom is not None:
            rows.append(("Symptom", self.symptom))
        if self.divergence is not None:
            where = self.divergence
            rows.append(
                (
                    f"First divergence, after call {where.call} of {where.calls}",
                    where.text,
                )
            )
            rows.append(("", where.sentence))
        if self.problem is not None:
            rows.append(("Problem", self.problem))
        if self.broken is not None:
            rows.append(("Broken rule", self.broken))
        if self.next:
            rows.append(("Next", self.next))
        lines = []
        for title, text in rows:
            lines += [title] if title else []
            lines += [f"    {line}" for line in text.splitlines()]
        return lines

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        where = self.divergence
        return {
            "id": self.id,
            "title": self.title,
            "outcome": self.outcome.value.replace(" ", "_"),
            "points": self.points if self.passed else 0,
            "max_points": self.points,
            "problem": self.problem,
            "symptom": self.symptom,
            "broken": self.broken,
            "next": self.next,
            "message": "" if self.passed else self.message,
            "bonus": self.bonus,
            "seed": None if where is None else where.seed,
            "divergence": None
            if where is None
            else {
                "case": where.case,
                "call": where.call,
                "calls": where.calls,
                "text": where.text,
                "path": where.path,
                "expected": where.expected,
                "got": where.got,
                "alike": where.alike,
            },
        }


@dataclass(frozen=True)
class Result:
    """What became of one exercise."""

    exercise: str
    title: str
    file: Path
    """The file that was graded."""
    shipped: bool
    """Whether that is the file as it comes with the exercise."""
    graded: str
    """The file as a reader names it, and whether it is his."""
    checks: tuple[CheckResult, ...]
    expected: tuple[str, ...]
    """Ids of the checks that the exercise has."""
    printed: str = ""
    """The beginning of what the learner's code printed."""
    kind: str = "fix"
    """Kind of the exercise."""
    modified: tuple[str, ...] = ()
    """Files that the verdict depends on and that differ from those that came with the exercises."""
    isolation: str = ""
    """How the learner's file was kept apart from the grader."""

    @property
    def passed(self) -> bool:
        """Whether exactly the expected checks were made, and each passed but for a bonus."""
        made = tuple(each.id for each in self.checks)
        return (
            any(not each.bonus for each in self.checks)
            and made == self.expected
            and all(each.passed or each.bonus for each in self.checks)
        )

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(each.points for each in self.checks if each.passed)

    @property
    def max_points(self) -> int:
        """Points there are."""
        return sum(each.points for each in self.checks)

    def check(self, name: str) -> CheckResult:
        """What became of the check of that id. One that was not made is not reached."""
        for each in self.checks:
            if each.id == name:
                return each
        return CheckResult(
            name,
            name,
            0,
            Outcome.NOT_REACHED,
            "this check was not made",
            graded=self.graded,
        )

    @property
    def first_failure(self) -> CheckResult | None:
        """The first check that failed."""
        failed = (each for each in self.checks if each.outcome is Outcome.FAILED)
        return next(failed, None)

    @property
    def notice(self) -> str:
        """A line about files of the grader that were modified; empty if none were."""
        names = ", ".join(self.modified)
        return f"not as checked in: {names}" if names else ""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "schema": "thp/result/1",
            "exercise": self.exercise,
            "kind": self.kind,
            "title": self.title,
            "file": str(self.file),
            "shipped": self.shipped,
            "passed": self.passed,
            "points": self.points,
            "max_points": self.max_points,
            "printed": self.printed,
            "modified": list(self.modified),
            "isolation": self.isolation,
            "checks": [each.to_json() for each in self.checks],
        }

    def text(self) -> str:
        """The report: the first failure first and in full, then one line for every check."""
        lines = [f"{self.exercise}  {self.title}", f"graded: {self.graded}"]
        lines += [self.notice] if self.modified else []
        lines.append("")
        first = self.first_failure
        if first is not None:
            lines += [f"FIX {first.id} — {first.title}", ""]
            lines += _fitted(f"  {line}" for line in first.lines())
            lines.append("")
        width = max((len(each.id) for each in self.checks), default=0)
        lines += [
            f"  {WORDS[each.outcome.value]}{each.id:<{width}}  {each.title}"
            for each in self.checks
        ]
        if self.printed:
            lines += [
                "",
                "It printed:",
                *(f"    {each}" for each in self.printed.splitlines()[:8]),
            ]
        verdict = "passed" if self.passed else "not passed yet"
        return "\n".join(
            [*lines, "", f"{verdict}: {self.points} of {self.max_points} points", ""]
        )


def _fitted(lines: Iterable[str]) -> list[str]:
    """Lines that are too long broken, what follows under their beginning."""
    found: list[str] = []
    for line in lines:
        indent = " " * (len(line) - len(line.lstrip()))
        found += textwrap.wrap(
            line,
            WIDTH,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [line]
    return found
