"""The book says what the code is and the runs give, explains all of the path, and keeps what it has reached."""

from __future__ import annotations

import pytest

from thpkit import book
from thpkit.book import check_report, rules_coverage
from thpkit.book.check import Findings, examine
from thpkit.book.coverage import Coverage
from thpkit.book.runs import Runs
from thpkit.trace.statements import ROOT


@pytest.fixture(scope="module")
def runs() -> Runs:
    """Each lesson is recorded once for all tests here."""
    return Runs()


@pytest.fixture(scope="module")
def findings(runs: Runs) -> Findings:
    """What thp book check finds."""
    return examine(ROOT, runs)


@pytest.fixture(scope="module")
def coverage(findings: Findings) -> Coverage:
    """How much is explained."""
    assert findings.coverage is not None, "a lesson cannot be recorded"
    return findings.coverage


def test_there_are_lessons() -> None:
    assert book.lessons(), "lessons/ holds no lesson that can be loaded"


def test_the_book_is_true_to_the_source_and_to_the_runs(findings: Findings) -> None:
    told = [str(each) for each in findings.problems]
    assert not told, "\n".join(["thp book check says:", *told])


def test_every_statement_of_the_path_has_exactly_one_bullet(coverage: Coverage) -> None:
    assert coverage.total > 1500, "the path has lost its files"
    missing = list(check_report.missing(coverage, ROOT))
    assert not missing, "\n".join(missing)


def test_every_statement_that_a_lesson_executes_is_explained(
    coverage: Coverage,
) -> None:
    silent = [
        f"{each.lesson}: {statement.file} line {statement.first}: {statement.text}"
        for each in coverage.lessons
        for statement in each.missing
    ]
    assert not silent, "\n".join(silent)


def test_the_floors_are_what_is_reached(findings: Findings, coverage: Coverage) -> None:
    assert findings.floors is not None
    stale = rules_coverage.stale(findings.floors, coverage)
    assert not stale, "\n".join(["thp book raise writes the floors:", *stale])


def test_every_lesson_has_a_scenario_of_its_name(runs: Runs) -> None:
    for lesson in book.lessons():
        scenario = runs.module(lesson).SCENARIO
        assert scenario.name == lesson.id
        assert scenario.stops, f"{lesson.id} has no stops"
