"""Exercises on disk: a folder ``exercises/exNN_name`` and what its files say."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from thpkit.grading import kinds
from thpkit.grading.cases import Case, CaseError, case_of
from thpkit.grading.hints import read_hint, verify_ladder
from thpkit.grading.model import (
    CLONE,
    INVARIANTS,
    RUNS,
    Check,
    Edit,
    Exercise,
    ExerciseError,
    Solution,
    Symptom,
)
from thpkit.grading.sheet import Cell, Value
from thpkit.grading.tables import Mistake, Table, read_toml

__all__ = [
    "CLONE",
    "INVARIANTS",
    "RUNS",
    "Check",
    "Edit",
    "Exercise",
    "ExerciseError",
    "Solution",
    "Symptom",
    "folders",
    "learner_file",
    "load",
    "place_of",
]


def learner_file(exercise: Exercise, root: Path | None = None) -> Path:
    """The file that counts: the learner's copy in ``work/``, or without one the file as shipped.

    Whatever stands in the place of the copy counts, even if it is no file: grading another one instead would hide it.
    """
    copy = (root or CLONE) / "work" / exercise.id / exercise.file
    return copy if os.path.lexists(copy) else exercise.shipped


def place_of(file: Path) -> Path:
    """Where a file really stands; where its symbolic links lead nowhere, its own absolute path."""
    try:
        return file.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return file.absolute()


def folders(root: Path | None = None) -> list[Path]:
    """The folders of all exercises, in order."""
    parent = (root or CLONE) / "exercises"
    return sorted(each for each in parent.glob("ex[0-9]*_*") if each.is_dir())


def load(exercise_id: str, root: Path | None = None) -> Exercise:
    """The exercise ``ex01``; its folder's name is accepted too.

    Raises:
        ExerciseError: there is no such exercise, or its folder has a mistake.
    """
    known = {each.name.partition("_")[0]: each for each in folders(root)}
    folder = known.get(exercise_id)
    if folder is None:
        folder = next(
            (each for each in known.values() if each.name == exercise_id), None
        )
    if folder is None:
        near = get_close_matches(exercise_id, known, 1, 0.5)
        hint = (
            f"did you mean {near[0]}?"
            if near
            else f"there is {', '.join(known) or 'none yet'}"
        )
        raise ExerciseError(f"there is no exercise {exercise_id!r}; {hint}")
    try:
        return _read(folder)
    except (Mistake, CaseError) as error:
        raise ExerciseError(f"exercise {folder.name} has a mistake: {error}") from None


# ---- reading --------------------------------------------------------------------------------------------


def _read(folder: Path) -> Exercise:
    meta = Table("meta.toml", read_toml(folder / "meta.toml"))
    hints = Table("hints.toml", read_toml(folder / "hints.toml"))
    kind = meta.text("kind")
    if kind not in kinds.NAMES:
        raise Mistake(f"meta.toml: kind is one of {', '.join(kinds.NAMES)}")
    cases, seeded = _cases(folder)
    wrong = "wrong_fix" if kind == "fix" else "wrong_answer"
    exercise = Exercise(
        id=meta.text("id"),
        name=folder.name,
        title=meta.text("title"),
        about=meta.text("about"),
        lesson=meta.text("lesson"),
        kind=kind,
        folder=folder,
        file=meta.text("file"),
        symptom=meta.one("symptom", _symptom),
        next=meta.text("next"),
        checks=(
            Check(RUNS, kinds.kind_named(kind).RUNS_TITLE, 0),
            *meta.each("check", _check),
        ),
        cases=cases,
        hints=hints.each("hint", read_hint),
        task=kinds.kind_named(kind).read(meta, folder),
        base=meta.text("base") if meta.has("base") else "ref",
        mutant=meta.text("mutant") if meta.has("mutant") else "",
        functions=tuple(meta.texts("functions")) if meta.has("functions") else (),
        planted=meta.one("planted", _edit) if meta.has("planted") else None,
        wrong_fixes=meta.each(wrong, _wrong(kind)) if meta.has(wrong) else (),
        alternatives=meta.each("alternative", _alternative)
        if meta.has("alternative")
        else (),
        seeded=seeded,
    )
    meta.finish()
    hints.finish()
    _verify(exercise)
    kinds.kind_named(kind).verify(exercise)
    return exercise


def _cases(folder: Path) -> tuple[tuple[Case, ...], int]:
    """The cases that are written down, and how many are to be generated; none without the file."""
    path = folder / "cases.toml"
    if not path.exists():
        return (), 0
    table = Table("cases.toml", read_toml(path))
    found = table.each("case", lambda each: case_of(each.data))
    seeded = table.number("seeded") if table.has("seeded") else 0
    table.finish()
    return found, seeded


def _symptom(table: Table) -> Symptom:
    path = table.text("path") if table.has("path") else ""
    return Symptom(table.text("text"), table.text("check"), path)


def _check(table: Table) -> Check:
    case = table.text("case") if table.has("case") else None
    return Check(
        table.text("id"),
        table.text("title"),
        table.number("points"),
        case,
        table.flag("bonus"),
    )


def _alternative(table: Table) -> Solution:
    return Solution(table.text("name"), table.each("edit", _edit))


def _wrong(kind: str) -> Callable[[Table], Solution]:
    """What reads a solution that must not pass."""
    return _wrong_fix if kind == "fix" else _wrong_answer


def _wrong_answer(table: Table) -> Solution:
    return Solution(
        table.text("name"),
        table.each("edit", _edit) if table.has("edit") else (),
        table.one("answers", _answers) if table.has("answers") else {},
        check=table.text("check"),
        message=table.text("message"),
    )


def _answers(table: Table) -> dict[Cell, Value]:
    """Answers as ``"table.key" = value``."""
    found: dict[Cell, Value] = {}
    for name in table.data:
        place, _, key = name.partition(".")
        value = table.data[name]
        if isinstance(value, list):
            found[place, key] = tuple(table.texts(name))
        elif isinstance(value, str):
            found[place, key] = table.text(name)
        else:
            found[place, key] = table.number(name)
    return found


def _wrong_fix(table: Table) -> Solution:
    path, than = table.text("path"), table.text("than")
    got = table.text("got") if table.has("got") else ""
    return replace(_wrong_answer(table), path=path, than=than, got=got)


def _edit(table: Table) -> Edit:
    return Edit(table.text("old"), table.text("new", empty=True))


def _verify(exercise: Exercise) -> None:
    """What the parts must agree on, whatever the kind."""
    ids = exercise.check_ids()
    verify_ladder(exercise.hints)
    if exercise.id != exercise.name.partition("_")[0]:
        raise Mistake(f"its id is {exercise.id!r}, but the folder says otherwise")
    if len(ids) < 2 or len(set(ids)) != len(ids):
        raise Mistake("it needs checks, each with an id of its own")
    if len({each.id for each in exercise.cases}) != len(exercise.cases):
        raise Mistake("two of its cases have the same id")
    wanted = [
        exercise.symptom.check,
        *(each.check for each in exercise.wrong_fixes),
    ]
    for name in wanted:
        if name not in ids:
            raise Mistake(f"there is no check {name!r}")
    for file in filter(None, (exercise.file, exercise.mutant)):
        if not (exercise.folder / file).is_file():
            raise Mistake(f"there is no file {file}")
