"""Exercises on disk: a folder ``exercises/exNN_name`` and what its ``meta.toml`` says."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from thpkit.grading.cases import Case, CaseError, case_of

CLONE: Final = Path(__file__).resolve().parents[2]
"""The directory that holds ``thpkit``, ``exercises`` and ``work``."""

RUNS: Final = "runs"
"""Id of the check that every exercise has: the file loads, and every case comes to an end."""
INVARIANTS: Final = "invariants"
"""Id of the check that no invariant is broken after any call; an exercise may have it."""

T = TypeVar("T")


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
            raise ValueError(f"this stands {text.count(self.old)} times in the text: {self.old!r}")
        return text.replace(self.old, self.new)

    def undo(self, text: str, around: str = "") -> str:
        """The opposite change; ``around`` is unchanged text in front of the place, if ``new`` does not tell it."""
        return Edit(around + self.new, around + self.old).apply(text)


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
        folder = next((each for each in known.values() if each.name == exercise_id), None)
    if folder is None:
        near = get_close_matches(exercise_id, known, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known) or 'none yet'}"
        raise ExerciseError(f"there is no exercise {exercise_id!r}; {hint}")
    try:
        return _read(folder)
    except (_Mistake, CaseError) as error:
        raise ExerciseError(f"exercise {folder.name} has a mistake: {error}") from None


# ---- reading --------------------------------------------------------------------------------------------


class _Mistake(ValueError):
    """Something in an exercise's folder is wrong."""


def _read(folder: Path) -> Exercise:
    meta = _Table("meta.toml", _toml(folder / "meta.toml"))
    cases = _Table("cases.toml", _toml(folder / "cases.toml"))
    hints = _Table("hints.toml", _toml(folder / "hints.toml"))
    symptom, planted = meta.table("symptom"), meta.table("planted")
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
        symptom=Symptom(symptom.text("text"), symptom.text("check"), symptom.text("path")),
        planted=Edit(planted.text("old"), planted.text("new", empty=True)),
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
    for table in (meta, symptom, planted, cases, hints):
        table.finish()
    _verify(exercise)
    return exercise


def _check(table: _Table) -> Check:
    case = None if table.data.get("id") == INVARIANTS else table.text("case")
    return Check(table.text("id"), table.text("title"), table.number("points"), case)


def _alternative(table: _Table) -> Solution:
    return Solution(table.text("name"), table.each("edit", _edit))


def _wrong_fix(table: _Table) -> Solution:
    return Solution(
        table.text("name"),
        table.each("edit", _edit),
        *(table.text(key) for key in ("check", "path", "than", "message")),
    )


def _edit(table: _Table) -> Edit:
    return Edit(table.text("old"), table.text("new", empty=True))


def _verify(exercise: Exercise) -> None:
    """What the parts must agree on."""
    ids = exercise.check_ids()
    cases = {each.id for each in exercise.cases}
    if exercise.id != exercise.name.partition("_")[0]:
        raise _Mistake(f"its id is {exercise.id!r}, but the folder says otherwise")
    if len(ids) < 2 or len(set(ids)) != len(ids):
        raise _Mistake("it needs checks, each with an id of its own")
    if len(cases) != len(exercise.cases):
        raise _Mistake("two of its cases have the same id")
    for check in exercise.checks:
        if check.case is not None and check.case not in cases:
            raise _Mistake(f"check {check.id} names a case {check.case!r} that does not exist")
    for wanted in (exercise.symptom.check, *(each.check for each in exercise.wrong_fixes)):
        if wanted not in ids:
            raise _Mistake(f"there is no check {wanted!r}")
    for each in exercise.wrong_fixes:
        if each.than not in ("less", "more", "other"):
            raise _Mistake(f"wrong fix {each.name}: than is less, more or other")
    if not exercise.shipped.is_file():
        raise _Mistake(f"there is no file {exercise.file}")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _Mistake(f"it has no {path.name}") from None
    except (OSError, ValueError) as error:
        raise _Mistake(f"{path.name}: {error}") from None


class _Table:
    """A table of a TOML file, of which every key must be read once and none may be left over."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, dict):
            raise _Mistake(f"{where} must be a table")
        self.data: Mapping[str, Any] = data
        self._where = where
        self._read: set[str] = set()

    def text(self, key: str, *, empty: bool = False) -> str:
        """A text, without white space around it unless it has several lines."""
        value = self._get(key)
        if not isinstance(value, str) or not (value or empty):
            raise _Mistake(f"{self._where}: {key} must be a text")
        return value if "\n" in value.strip("\n") or empty or key == "old" else value.strip()

    def texts(self, key: str) -> list[str]:
        """A list of texts with at least one."""
        value = self._get(key)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
            raise _Mistake(f"{self._where}: {key} must be a list of texts")
        return value

    def number(self, key: str) -> int:
        """A number that is not negative."""
        value = self._get(key)
        if type(value) is not int or value < 0:
            raise _Mistake(f"{self._where}: {key} must be a number, 0 or more")
        return value

    def table(self, key: str) -> _Table:
        """A table in this one."""
        return _Table(f"{self._where}: {key}", self._get(key))

    def each(self, key: str, read: Callable[[_Table], T]) -> tuple[T, ...]:
        """What ``read`` makes of each table of a list with at least one."""
        value = self._get(key)
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise _Mistake(f"{self._where}: write [[{key}]] at least once")
        found = []
        for number, data in enumerate(value, 1):
            table = _Table(f"{self._where}: {key} {number}", data)
            found.append(read(table))
            if key != "case":
                table.finish()
        return tuple(found)

    def finish(self) -> None:
        """Refuse keys that nobody has read."""
        unknown = sorted(set(self.data) - self._read)
        if unknown:
            raise _Mistake(f"{self._where}: nobody knows {', '.join(unknown)}")

    def _get(self, key: str) -> Any:
        if key not in self.data:
            raise _Mistake(f"{self._where}: {key} is missing")
        self._read.add(key)
        return self.data[key]
