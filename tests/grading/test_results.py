"""Results, and exercises on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import check_ids, grade
from thpkit.grading.cases import Case
from thpkit.grading.compare import Divergence
from thpkit.grading.exercise import ExerciseError, learner_file, load
from thpkit.grading.results import CheckResult, Outcome, Result

EX = load("ex01")


# ---- results --------------------------------------------------------------------------------------------


def result(*checks: CheckResult, expected: tuple[str, ...]) -> Result:
    """A result with these checks."""
    return Result(
        "ex99", "t", Path("f.py"), False, "f.py (your file)", checks, expected
    )


def test_only_exactly_the_expected_checks_pass() -> None:
    a = CheckResult("a", "A", 1, Outcome.PASSED)
    b = CheckResult("b", "B", 2, Outcome.PASSED)
    assert result(a, b, expected=("a", "b")).passed
    assert not result(expected=()).passed
    assert not result(a, expected=("a", "b")).passed
    assert not result(a, b, expected=("a",)).passed
    assert not result(a, a, expected=("a",)).passed
    assert not result(
        a, replace(b, outcome=Outcome.NOT_REACHED), expected=("a", "b")
    ).passed
    assert not result(a, expected=("a", "b")).check("b").passed


def test_the_report_fits_into_80_columns() -> None:
    why = "no function of that name runs here, " * 5
    check = CheckResult("a", "first", 1, Outcome.FAILED, f"{why}\nand more")
    lines = result(check, expected=("a",)).text().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[6].startswith("      no function of that name runs here,")
    assert lines[7].startswith("      ")
    assert "      and more" in lines
    assert max(map(len, check.message.splitlines())) <= 80


def test_the_report_shows_the_first_failure_first() -> None:
    where = Divergence("c", 1, 2, "A: exit()", "x.y", 0, 512)
    checks = (
        CheckResult("a", "first", 1, Outcome.PASSED),
        CheckResult(
            "b", "second", 2, Outcome.FAILED, divergence=where, symptom="S", next="N"
        ),
        CheckResult("c", "third", 2, Outcome.NOT_REACHED, "not reached"),
    )
    made = result(*checks, expected=("a", "b", "c"))
    assert made.text() == (
        "ex99  t\ngraded: f.py (your file)\n\n"
        "FIX b — second\n\n"
        "  Symptom\n      S\n"
        "  First divergence, after call 1 of 2\n      A: exit()\n      x.y: expected 0, got 512\n"
        "  Next\n      N\n\n"
        "  ok  a  first\n  FIX b  second\n  ... c  third\n\n"
        "not passed yet: 1 of 5 points\n"
    )
    data = json.loads(json.dumps(made.to_json()))
    assert data["passed"] is False
    assert [each["outcome"] for each in data["checks"]] == [
        "passed",
        "failed",
        "not_reached",
    ]
    assert data["checks"][1]["divergence"]["path"] == "x.y"
    assert data["checks"][1]["message"].startswith("Symptom\n    S\n")
    assert set(data) == {
        *("schema", "exercise", "kind", "title", "file", "shipped", "passed"),
        *("points", "max_points", "printed", "modified", "isolation", "checks"),
    }
    assert set(data["checks"][1]) == {
        *("id", "title", "outcome", "points", "max_points", "problem", "symptom"),
        *("broken", "next", "message", "bonus", "seed", "divergence"),
    }


def test_a_bonus_may_be_missing() -> None:
    a = CheckResult("a", "A", 1, Outcome.PASSED)
    b = CheckResult("b", "B", 2, Outcome.FAILED, bonus=True)
    made = result(a, b, expected=("a", "b"))
    assert made.passed
    assert (made.points, made.max_points) == (1, 3)
    assert not result(b, expected=("b",)).passed, "a bonus alone is no exercise"


# ---- exercises on disk ----------------------------------------------------------------------------------


def test_an_unknown_exercise_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        ExerciseError, match=r"there is no exercise 'x01'; did you mean ex01\?"
    ):
        load("x01")
    with pytest.raises(ExerciseError, match="there is none yet"):
        grade("ex01", tmp_path)


def test_the_folders_name_is_accepted_too() -> None:
    assert load(EX.name) == EX
    assert check_ids(EX.name) == EX.check_ids()


def test_the_learners_copy_counts_if_there_is_one(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    assert (
        learner_file(load("ex01", root), root) == root / "exercises" / EX.name / EX.file
    )
    copy = workshop.hand_in(root, EX, "")
    assert learner_file(load("ex01", root), root) == copy


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("meta.toml", 'title = "The', 'titel = "The', "meta.toml: title is missing"),
        ("meta.toml", 'kind = "fix"', 'kind = "fix"\nmode = 1', "nobody knows mode"),
        ("meta.toml", "points = 3", 'points = "3"', "points must be a number"),
        ("meta.toml", 'case = "mixed"', 'case = "mixd"', "names a case 'mixd'"),
        (
            "meta.toml",
            'check = "one-process"\npath',
            'check = "one"\npath',
            "there is no check",
        ),
        ("meta.toml", 'id = "ex01"', 'id = "ex02"', "the folder says otherwise"),
        ("meta.toml", 'id = "ex01"', "id = ", "meta.toml: "),
        ("meta.toml", 'kind = "fix"', 'kind = "fox"', "kind is one of fix, locate"),
        ("cases.toml", 'do = "drain"', 'do = "drian"', "case small-pages, call 8"),
        ("hints.toml", 'kind = "rule"', 'kind = "rool"', "kind is one of rule, local"),
        ("hints.toml", 'kind = "rule"', 'kind = "solution"', "the order is rule"),
        ("hints.toml", "distractors = [", "others = [", "distractors is missing"),
        (
            "hints.toml",
            '"if nr == 0:"',
            '"else:"',
            "a line is part of the solution and a distractor",
        ),
    ],
)
def test_mistakes_of_authors_are_sentences(
    tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    root = workshop.place(tmp_path)
    path = root / "exercises" / EX.name / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ExerciseError, match=says):
        load("ex01", root)


def test_missing_files_are_sentences(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    folder = root / "exercises" / EX.name
    (folder / "cases.toml").unlink()
    with pytest.raises(ExerciseError, match=r"it has no cases\.toml"):
        load("ex01", root)
    shutil.copy(EX.folder / "cases.toml", folder)
    (folder / EX.file).unlink()
    with pytest.raises(ExerciseError, match="there is no file"):
        load("ex01", root)


def test_cases_are_plain_and_complete() -> None:
    assert all(isinstance(each, Case) and each.calls for each in EX.cases)
