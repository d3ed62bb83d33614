"""What tests of exercises share: every file is graded by the real grader, but the same text only once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.learner import GradedOnce
from thpkit import grading


@pytest.fixture(scope="module")
def grader() -> Iterator[GradedOnce]:
    """Grades for all tests of a module."""
    found = GradedOnce()
    with found:
        yield found


@pytest.fixture
def graded_once(grader: GradedOnce, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process nothing is graded twice."""
    monkeypatch.setattr(grading, "grade", grader.grade)
