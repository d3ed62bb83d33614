"""Exercises on disk: a folder ``exercises/exNN_name`` and what its ``meta.toml`` says."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from thpkit.grading.cases import Case, CaseError, case_of
from thpkit.grading.tables import Mistake, Table, read_toml

CLONE: Final = Path(__file__).resolve().parents[2]
"""The directory that holds ``thpkit``, ``exercises`` and ``work``."""

RUNS: Final = "runs"
"""Id of the check that every exercise has: the file loads, and every case comes to an end."""
INVARIANTS: Final = "invariants"
"""Id of the check that no invariant is broken after any call; an exercise may have it."""


class ExerciseError(Exception):
    """There is no such exercise, or its folder has a mistake; the message is a sentence."""


@dataclass(frozen=True)
class Edit:
    """A change of text: ``old`` stands in it exactly once."""

    old: str
    new: str

    def apply(self, text: str) -> str:
        """``text`` with the change made.

        Raises:
            ValueError: ``old`` does not stand in it exactly once.
        """
        if text.count(self.old) != 1:
            raise ValueError(
                f"this stands {text.count(self.old)} times in the text: {self.old!r}"
            )
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Solution:
    """A change of the shipped file that a learner may make: right, or wrong with a message of its own."""

    name: str
    edits: tuple[Edit, ...]
    check: str = ""
    """For a wrong one: the check that fails first."""
    path: str = ""
    """For a wrong one: the path of the first divergence …"""
    than: str = ""
    """… and whether the value is ``less``, ``more`` or ``other`` than expected."""
    message: str = ""
    """For a wrong one: what the learner is told."""


@dataclass(frozen=True)
class Check:
    """Something that must hold for the exercise to pass."""

    id: str
    title: str
    points: int
    case: str | None = None
    """The case after each of whose calls everything must be as in the kit; None for the general checks."""


@dataclass(frozen=True)
class Symptom:
    """What the bug looks like from outside."""

    text: str
    check: str
    """The check that shows it."""
    path: str
    """The path of the first divergence, as shipped."""


@dataclass(frozen=True)
class Exercise:
    """One exercise."""

    id: str
    name: str
    """Name of its folder."""
    title: str
    about: str
    """One sentence for lists."""
    lesson: str
    kind: str
    folder: Path
    file: str
    """Name of the file that the learner edits."""
    functions: tuple[str, ...]
    """Kernel functions that it replaces, ``module:function``."""
    symptom: Symptom
    planted: Edit
    """How the kit's text was changed."""
    next: str
    """What to try first, as shipped."""
    checks: tuple[Check, ...]
    cases: tuple[Case, ...]
    wrong_fixes: tuple[Solution, ...]
    alternatives: tuple[Solution, ...]
    hints: tuple[str, ...]

    def check_ids(self) -> tuple[str, ...]:
        """The ids of all checks."""
        return tuple(each.id for each in self.checks)

    def case(self, name: str) -> Case:
        """The case of that id.

        Raises:
            ExerciseError: there is none.
        """
        for each in self.cases:
            if each.id == name:
                return each
        known = ", ".join(each.id for each in self.cases)
        raise ExerciseError(f"{self.id} has no case {name!r}; it has {known}")

    @property
    def shipped(self) -> Path:
        """The file as it comes with the exercise."""
        return self.folder / self.file


def learner_file(exercise: Exercise, root: Path | None = None) -> Path:
    """The file that counts: the learner's copy in ``work/``, or without one the file as shipped."""
    copy = (root or CLONE) / "work" / exercise.id / exercise.file
    return copy if copy.is_file() else exercise.shipped


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
    cases = Table("cases.toml", read_toml(folder / "cases.toml"))
    hints = Table("hints.toml", read_toml(folder / "hints.toml"))
    exercise = Exercise(
        id=meta.text("id"),
        name=folder.name,
        title=meta.text("title"),
        about=meta.text("about"),
        lesson=meta.text("lesson"),
        kind=meta.text("kind"),
        folder=folder,
        file=meta.text("file"),
        functions=tuple(meta.texts("functions")),
        symptom=meta.one("symptom", _symptom),
        planted=meta.one("planted", _edit),
        next=meta.text("next"),
        checks=(
            Check(RUNS, "the file loads, and every case comes to an end", 0),
            *meta.each("check", _check),
        ),
        cases=tuple(cases.each("case", lambda each: case_of(each.data))),
        wrong_fixes=meta.each("wrong_fix", _wrong_fix),
        alternatives=meta.each("alternative", _alternative),
        hints=tuple(hints.each("hint", lambda each: each.text("text"))),
    )
    for table in (meta, cases, hints):
        table.finish()
    _verify(exercise)
    return exercise


def _symptom(table: Table) -> Symptom:
    return Symptom(table.text("text"), table.text("check"), table.text("path"))


def _check(table: Table) -> Check:
    case = None if table.data.get("id") == INVARIANTS else table.text("case")
    return Check(table.text("id"), table.text("title"), table.number("points"), case)


def _alternative(table: Table) -> Solution:
    return Solution(table.text("name"), table.each("edit", _edit))


def _wrong_fix(table: Table) -> Solution:
    return Solution(
        table.text("name"),
        table.each("edit", _edit),
        *(table.text(key) for key in ("check", "path", "than", "message")),
    )


def _edit(table: Table) -> Edit:
    return Edit(table.text("old"), table.text("new", empty=True))


def _verify(exercise: Exercise) -> None:
    """What the parts must agree on."""
    ids = exercise.check_ids()
    cases = {each.id for each in exercise.cases}
    if exercise.id != exercise.name.partition("_")[0]:
        raise Mistake(f"its id is {exercise.id!r}, but the folder says otherwise")
    if len(ids) < 2 or len(set(ids)) != len(ids):
        raise Mistake("it needs checks, each with an id of its own")
    if len(cases) != len(exercise.cases):
        raise Mistake("two of its cases have the same id")
    for check in exercise.checks:
        if check.case is not None and check.case not in cases:
            raise Mistake(
                f"check {check.id} names a case {check.case!r} that does not exist"
            )
    for wanted in (
        exercise.symptom.check,
        *(each.check for each in exercise.wrong_fixes),
    ):
        if wanted not in ids:
            raise Mistake(f"there is no check {wanted!r}")
    for each in exercise.wrong_fixes:
        if each.than not in ("less", "more", "other"):
            raise Mistake(f"wrong fix {each.name}: than is less, more or other")
    if not exercise.shipped.is_file():
        raise Mistake(f"there is no file {exercise.file}")
