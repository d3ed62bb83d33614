"""Grade exercise ex01: ``pytest exercises/ex01_one_sided_counter``.

Your copy in work/ex01/ is graded if there is one, else the file beside this test. It is never imported here: it runs
in a process of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from thpkit.grading import check_ids, grade
from thpkit.grading.results import Result

EXERCISE = "ex01"
ROOT = Path(__file__).parents[2]
"""The directory that holds exercises/ and work/."""


@pytest.fixture(scope="module")
def result() -> Result:
    """The one grading that all tests of this file look at."""
    return grade(EXERCISE, ROOT)


@pytest.mark.parametrize("check", check_ids(EXERCISE, ROOT))
def test_ex01(result: Result, check: str) -> None:
    """Each check of the exercise."""
    found = result.check(check)
    if not found.passed:
        pytest.fail(found.message, pytrace=False)


def test_ex01_is_complete(result: Result) -> None:
    """Exactly the checks above were made, and all of them passed."""
    if not result.passed:
        pytest.fail(
            f"{result.points} of {result.max_points} points so far", pytrace=False
        )
