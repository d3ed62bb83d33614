"""The face that learners use with pytest: one test for each check of an exercise, and a table of points at the end.

An exercise's ``test_exNN_name.py`` is one line::

    test_ex01 = checks_of(__file__)

and ``exercises/conftest.py`` names the hook that prints the table. pytest is imported when a function here is called:
it is a tool of those who use this face, not of the kit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from thpkit.grading import check_ids, grade
from thpkit.grading.model import ExerciseError
from thpkit.grading.process import GradingError
from thpkit.grading.results import Outcome, Result

if TYPE_CHECKING:
    import pytest

POINTS: Final = "thp_points"
"""Name of the property that every test's report carries; also in JUnit files."""


def checks_of(test_file: str) -> Callable[..., None]:
    """The test function of the exercise in whose folder ``test_file`` lies, with one case for each check.

    The exercise is graded once. The learner's file is never imported: it runs in a process of its own, or is read.
    """
    import pytest

    folder = Path(test_file).resolve().parent
    root, exercise = folder.parents[1], folder.name.partition("_")[0]

    @lru_cache(maxsize=1)
    def result() -> Result | str:
        try:
            return grade(exercise, root)
        except GradingError as error:
            return str(error)

    try:
        ids = check_ids(exercise, root)
    except ExerciseError as error:
        pytest.fail(str(error), pytrace=False)

    @pytest.mark.parametrize("check", ids)
    def test(check: str, record_property: Callable[[str, object], None]) -> None:
        _report(result(), check, record_property)

    return test


def _report(
    result: Result | str, name: str, record_property: Callable[[str, object], None]
) -> None:
    """Let one test pass, fail with the learner's message, or be skipped if it is a bonus."""
    import pytest

    if isinstance(result, str):
        pytest.fail(result, pytrace=False)
    check = result.check(name)
    earned = check.points if check.passed else 0
    record_property(POINTS, _encoded(result, earned, check.points))
    if tuple(each.id for each in result.checks) != result.expected:
        pytest.fail("not exactly the expected checks were made", pytrace=False)
    if check.passed:
        return
    if check.bonus and check.outcome is not Outcome.PASSED:
        pytest.skip(f"a bonus, not earned: {check.problem or check.title}")
    pytest.fail(check.message, pytrace=False)


def _encoded(result: Result, earned: int, points: int) -> str:
    """What one test has to say for the table, as a text: workers of pytest-xdist and JUnit files carry texts."""
    fields = (result.exercise, result.title, result.graded, earned, points)
    return "\t".join(map(str, (*fields, result.notice)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the points of every exercise that was graded, and their sum."""
    rows: dict[str, _Row] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for key, value in report.user_properties:
                if key == POINTS:
                    row = _Row(str(value), outcome)
                    row.add_to(rows)
    if not rows:
        return
    terminalreporter.section("points")
    for each in sorted(rows.values(), key=lambda row: row.exercise):
        terminalreporter.line(each.line())
    earned = sum(each.earned for each in rows.values())
    points = sum(each.points for each in rows.values())
    terminalreporter.line(f"{'':6}{earned:3} of {points:3}  all together")
    for notice in sorted({each.notice for each in rows.values() if each.notice}):
        terminalreporter.line(notice)


class _Row:
    """One line of the table."""

    def __init__(self, encoded: str, outcome: str) -> None:
        self.exercise, self.title, self.graded, earned, points, self.notice = (
            encoded.split("\t")
        )
        self.earned, self.points = int(earned), int(points)
        self._passed = outcome != "failed"

    def add_to(self, rows: dict[str, _Row]) -> None:
        """Sum this up with what there is of the same exercise."""
        row = rows.setdefault(self.exercise, self)
        if row is not self:
            row.earned += self.earned
            row.points += self.points
            row._passed = row._passed and self._passed

    def line(self) -> str:
        """The exercise, its points, whether it is passed, and which file was graded."""
        verdict = "passed" if self._passed else "not passed yet"
        points = f"{self.earned:3} of {self.points:3}"
        return f"{self.exercise:6}{points}  {verdict}: {self.title} [{self.graded}]"
