"""The authors' check: what every exercise must be, whatever its kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import check_ids, grade, solutions
from thpkit.grading.exercise import Exercise, Solution, folders, load
from thpkit.grading.hints import LADDER
from thpkit.grading.limits import Limits
from thpkit.grading.model import CLONE
from thpkit.grading.results import Outcome, Result
from thpkit.scenario import load_file

EXERCISES = [load(each.name) for each in folders()]
LIMITS = Limits(case_seconds=20.0, cpu_seconds=60, wall_seconds=120.0)
"""Authors' files are trusted; a busy machine must not fail them."""
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)
each_with_code = pytest.mark.parametrize(
    "exercise", [each for each in EXERCISES if each.planted], ids=lambda each: each.id
)
each_fix = pytest.mark.parametrize(
    "exercise",
    [each for each in EXERCISES if each.kind == "fix"],
    ids=lambda each: each.id,
)


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Workers are forked by a server that has everything imported, and what the kit does is remembered."""
    with workshop.Steady():
        yield


def solutions_of(field: str) -> list[object]:
    """Every wrong solution or alternative of every exercise."""
    return [
        pytest.param(each, solution, id=f"{each.id}-{solution.name.replace(' ', '-')}")
        for each in EXERCISES
        for solution in getattr(each, field)
    ]


def graded(exercise: Exercise, tmp_path: Path, text: str) -> Result:
    """The result for a file with this text."""
    path = tmp_path / exercise.file
    path.write_text(text, encoding="utf-8")
    return grade(exercise.id, file=path, limits=LIMITS)


def test_there_are_exercises() -> None:
    assert len({each.id for each in EXERCISES}) == len(EXERCISES) >= 10
    kinds = [each.kind for each in EXERCISES]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "fix": 5,
        "locate": 2,
        "ledger": 1,
        "expose": 1,
        "review": 1,
    }


@each_exercise
def test_fails_as_shipped_with_its_symptom(exercise: Exercise) -> None:
    result = grade(exercise.id, file=exercise.shipped, limits=LIMITS)
    assert result.shipped
    assert not result.passed
    assert result.points <= result.max_points / 2
    first = result.first_failure
    assert first is not None
    assert first.id == exercise.symptom.check
    assert first.symptom == exercise.symptom.text
    assert "(the file as shipped)" in first.message
    if exercise.kind == "fix":
        assert first.divergence is not None
        assert first.divergence.path == exercise.symptom.path
    if exercise.kind != "expose":  # its advice goes by what the calls do
        assert first.next == exercise.next


@each_exercise
def test_passes_when_it_is_right(exercise: Exercise, tmp_path: Path) -> None:
    result = graded(exercise, tmp_path, solutions.right_text(exercise))
    assert not result.shipped
    assert result.passed, result.text()
    assert result.points == result.max_points > 0
    assert tuple(each.id for each in result.checks) == check_ids(exercise.id)


@pytest.mark.parametrize(("exercise", "wrong"), solutions_of("wrong_fixes"))
def test_wrong_solutions_fail_with_their_message(
    exercise: Exercise, wrong: Solution, tmp_path: Path
) -> None:
    result = graded(exercise, tmp_path, workshop.changed(exercise, wrong))
    first = result.first_failure
    assert first is not None, result.text()
    assert (first.id, first.next) == (wrong.check, wrong.message), result.text()
    assert _spaced(wrong.message) in _spaced(first.message)
    assert "(your file)" in first.message


@pytest.mark.parametrize(("exercise", "other"), solutions_of("alternatives"))
def test_other_right_solutions_pass(
    exercise: Exercise, other: Solution, tmp_path: Path
) -> None:
    result = graded(exercise, tmp_path, workshop.changed(exercise, other))
    assert result.passed, result.text()


@each_with_code
def test_is_the_kit_with_one_small_edit(exercise: Exercise) -> None:
    assert exercise.planted is not None
    old, new = exercise.planted.old, exercise.planted.new
    assert max(len(old.splitlines()), len(new.splitlines())) <= 3
    sources = {each: solutions.kit_source(each) for each in exercise.functions}
    edited = [each for each, text in sources.items() if old in text]
    assert len(edited) == 1
    file = exercise.folder / (exercise.mutant or exercise.file)
    shipped = file.read_text(encoding="utf-8")
    for target, text in sources.items():
        wanted = exercise.planted.apply(text) if target in edited else text
        wanted = solutions.qualified(wanted, target, shipped)
        name = target.partition(":")[2]
        found = workshop.function_of(shipped, name)
        found.decorator_list = []
        assert ast.dump(found) == ast.dump(workshop.function_of(wanted, name))


@each_exercise
def test_has_what_a_learner_needs(exercise: Exercise) -> None:
    assert len(exercise.wrong_fixes) >= 2
    assert (CLONE / "lessons" / exercise.lesson).is_dir()
    if exercise.kind == "fix":
        assert len(exercise.alternatives) >= 2
    readme = (exercise.folder / "README.md").read_text(encoding="utf-8")
    fourth = "Fix" if exercise.kind == "fix" else "Answer"
    for verb in ("Observe", "Locate", "Explain", fourth, "Re-check"):
        assert f"## {verb}" in readme
    for check in exercise.checks:
        points = str(check.points) if check.points else ""
        assert f"| `{check.id}` | {points}" in readme
    assert exercise.lesson in readme
    assert not (exercise.folder / "__init__.py").exists()


@each_exercise
def test_has_the_whole_ladder_of_hints(exercise: Exercise) -> None:
    assert [each.kind for each in exercise.hints] == list(LADDER)
    puzzle = exercise.hints[LADDER.index("parsons")]
    assert len(puzzle.lines) >= 3 <= len(puzzle.distractors) + 1
    assert sorted(puzzle.offered) == sorted(
        {each.strip() for each in (*puzzle.lines, *puzzle.distractors)}
    )
    assert "__" in exercise.hints[-1].text, "the solution has a blank"


@each_fix
def test_is_not_mended_by_deleting(exercise: Exercise, tmp_path: Path) -> None:
    """Neither by leaving out the last statement, nor by returning before anything has happened."""
    text = workshop.shipped(exercise)
    for target in exercise.functions:
        body = workshop.function_of(text, target.partition(":")[2]).body
        for statement in dict.fromkeys((body[-1], body[1])):
            lines = text.splitlines()
            lines[statement.lineno - 1 : statement.end_lineno] = ["    return"]
            result = graded(exercise, tmp_path, "\n".join(lines) + "\n")
            assert not result.passed
            assert Outcome.FAILED in {each.outcome for each in result.checks}


@each_exercise
def test_the_cases_are_short(exercise: Exercise) -> None:
    assert all(len(each.calls) <= 20 for each in exercise.cases)


def test_nothing_passes_unanswered(tmp_path: Path) -> None:
    """An empty file passes nowhere, and is a sentence everywhere."""
    for exercise in EXERCISES:
        result = graded(replace(exercise), tmp_path, "")
        assert not result.passed
        assert result.points == 0
        assert result.check("runs").outcome is Outcome.FAILED
        assert exercise.file in result.check("runs").message


def quoted_stops(text: str) -> Iterator[tuple[str, str]]:
    """Lesson and title of every stop that a text sends its reader to: ``the stop "…" of …, thp step LESSON``."""
    flat = " ".join(text.split())
    for match in re.finditer(r'\bstops? ("[^"]+"(?:(?:,| and) "[^"]+")*)', flat):
        lesson = re.search(r"thp step (\d\d_\w+)", flat[match.end() :])
        assert lesson is not None, f"of which lesson? {match[0]}"
        for title in re.findall(r'"([^"]+)"', match[1]):
            yield lesson[1], title


def test_quoted_stops_are_found() -> None:
    text = 'See the\nstop "One" of it, thp step 00_tour; the stops "a, b" and "c" (thp step 01_x).'
    assert list(quoted_stops(text)) == [
        ("00_tour", "One"),
        ("01_x", "a, b"),
        ("01_x", "c"),
    ]


@each_exercise
def test_stops_that_a_hint_names_exist(exercise: Exercise) -> None:
    readme = (exercise.folder / "README.md").read_text(encoding="utf-8")
    for text in (readme, *(each.text for each in exercise.hints)):
        for lesson, title in quoted_stops(text):
            name = lesson.partition("_")[2]
            scenario = load_file(CLONE / "lessons" / lesson / f"{name}.py")
            titles = [each.title for each in scenario.stops]
            assert title in titles, f"{exercise.id}: {lesson} has no stop {title!r}"


def _spaced(text: str) -> str:
    """In one line."""
    return " ".join(text.split())
