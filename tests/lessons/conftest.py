"""The lesson that a test module names as LESSON, and its runs."""

from __future__ import annotations

from types import ModuleType

import pytest

from thpkit.book.lesson import Lesson, load_lesson
from thpkit.book.runs import Runs
from thpkit.trace.timeline import Timeline


@pytest.fixture(scope="module")
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """The lesson in the folder LESSON."""
    return load_lesson(request.module.LESSON)


@pytest.fixture(scope="module")
def runs() -> Runs:
    """Each version of the run, recorded once."""
    return Runs()


@pytest.fixture(scope="module")
def run(lesson: Lesson, runs: Runs) -> Timeline:
    """The lesson's own run."""
    return runs.timeline(lesson)


@pytest.fixture(scope="module")
def scenario_file(lesson: Lesson, runs: Runs) -> ModuleType:
    """The module that defines the scenario."""
    return runs.module(lesson)
