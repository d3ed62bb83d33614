"""The authors' check: what every exercise must be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import check_ids, grade
from thpkit.grading.exercise import Exercise, Solution, folders, load
from thpkit.grading.results import Outcome

EXERCISES = [load(each.name) for each in folders()]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)


def cases_of(kind: str) -> list[object]:
    """Every wrong fix or alternative of every exercise."""
    return [
        pytest.param(each, solution, id=f"{each.id}-{solution.name.replace(' ', '-')}")
        for each in EXERCISES
        for solution in getattr(each, kind)
    ]


def test_there_is_an_exercise() -> None:
    assert EXERCISES


@each_exercise
def test_fails_as_shipped_with_its_symptom(exercise: Exercise, tmp_path: Path) -> None:
    result = grade(exercise.id, workshop.place(tmp_path))
    assert result.shipped
    assert not result.passed
    first = result.first_failure
    assert first is not None
    assert first.id == exercise.symptom.check
    assert first.symptom == exercise.symptom.text
    assert first.divergence is not None
    assert first.divergence.path == exercise.symptom.path
    assert first.next == exercise.next
    assert "(the file as shipped)" in first.message


@each_exercise
def test_passes_with_the_kits_functions(exercise: Exercise, tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    workshop.hand_in(root, exercise, workshop.kit_solution(exercise))
    result = grade(exercise.id, root)
    assert not result.shipped
    assert result.passed, result.text()
    assert result.points == result.max_points > 0
    assert tuple(each.id for each in result.checks) == check_ids(exercise.id)


@pytest.mark.parametrize(("exercise", "wrong"), cases_of("wrong_fixes"))
def test_wrong_fixes_fail_with_their_message(
    exercise: Exercise, wrong: Solution, tmp_path: Path
) -> None:
    root = workshop.place(tmp_path)
    workshop.hand_in(root, exercise, workshop.changed(exercise, wrong))
    result = grade(exercise.id, root)
    first = result.first_failure
    assert first is not None, result.text()
    assert (first.id, first.next) == (wrong.check, wrong.message), result.text()
    assert wrong.message.split("\n")[0] in first.message
    assert "(your file)" in first.message


@pytest.mark.parametrize(("exercise", "other"), cases_of("alternatives"))
def test_other_right_fixes_pass(
    exercise: Exercise, other: Solution, tmp_path: Path
) -> None:
    root = workshop.place(tmp_path)
    workshop.hand_in(root, exercise, workshop.changed(exercise, other))
    result = grade(exercise.id, root)
    assert result.passed, result.text()


@each_exercise
def test_is_the_kit_with_one_small_edit(exercise: Exercise) -> None:
    old, new = exercise.planted.old, exercise.planted.new
    assert max(len(old.splitlines()), len(new.splitlines())) <= 3
    sources = {each: workshop.kit_source(each) for each in exercise.functions}
    edited = [each for each, text in sources.items() if old in text]
    assert len(edited) == 1
    for target, text in sources.items():
        wanted = exercise.planted.apply(text) if target in edited else text
        name = target.partition(":")[2]
        found = workshop.function_of(workshop.shipped(exercise), name)
        found.decorator_list = []
        assert ast.dump(found) == ast.dump(workshop.function_of(wanted, name))


@each_exercise
def test_has_what_a_learner_needs(exercise: Exercise) -> None:
    assert len(exercise.wrong_fixes) >= 2
    assert len(exercise.alternatives) >= 2
    assert len(exercise.hints) >= 3
    readme = (exercise.folder / "README.md").read_text(encoding="utf-8")
    for verb in ("Observe", "Locate", "Explain", "Fix", "Re-check"):
        assert f"## {verb}" in readme
    for check in exercise.checks:
        assert f"`{check.id}`" in readme
    assert not (exercise.folder / "__init__.py").exists()


@each_exercise
def test_is_not_mended_by_deleting(exercise: Exercise, tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    text = workshop.shipped(exercise)
    for target in exercise.functions:
        node = workshop.function_of(text, target.partition(":")[2])
        lines = text.splitlines()
        lines[node.body[-1].lineno - 1 : node.body[-1].end_lineno] = ["    return"]
        workshop.hand_in(root, exercise, "\n".join(lines) + "\n")
        result = grade(exercise.id, root)
        assert not result.passed
        outcomes = {each.outcome for each in result.checks}
        assert Outcome.FAILED in outcomes
