"""What an exercise is: the part that all kinds share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from thpkit.grading.cases import Case
from thpkit.grading.hints import Hint
from thpkit.grading.seeded import SEEDED, seed_of, seeded_case
from thpkit.grading.sheet import Cell, Value

CLONE: Final = Path(__file__).resolve().parents[2]
"""The directory that holds ``thpkit``, ``exercises`` and ``work``."""

RUNS: Final = "runs"
"""Id of the check that every exercise has: the learner's file can be used at all."""
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
    """A change of a file that a learner may make: right, or wrong with a message of its own.

    Where code is to be mended, and where calls are to be written, ``edits`` change the file as shipped; where an
    ``answer.toml`` is to be filled in, ``answers`` stand in the place of right ones.
    """

    name: str
    edits: tuple[Edit, ...] = ()
    answers: Mapping[Cell, Value] = field(default_factory=dict)
    """By table and key of the sheet."""
    check: str = ""
    """For a wrong one: the check that fails first."""
    path: str = ""
    """For a wrong fix: the path of the first divergence …"""
    than: str = ""
    """… and whether the value is ``less``, ``more`` or ``other`` than expected."""
    got: str = ""
    """For a wrong fix: a text that the value must contain; empty for any."""
    message: str = ""
    """For a wrong one: what the learner is told."""


@dataclass(frozen=True)
class Check:
    """Something that must hold for the exercise to pass."""

    id: str
    title: str
    points: int
    case: str | None = None
    """*Fix*: the case, or ``seed`` for all generated ones, that must be as in the kit after each call. *Locate*: the
    place and what is asked of it: ``left.step``."""
    bonus: bool = False
    """Whether the exercise passes without it."""


@dataclass(frozen=True)
class Symptom:
    """What the bug looks like from outside."""

    text: str
    check: str
    """The check that shows it."""
    path: str = ""
    """*Fix*: the path of the first divergence, as shipped."""


class Task:
    """What only one kind of exercise has: the base of the kinds' own descriptions."""


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
    """``fix``, ``locate``, ``ledger``, ``expose`` or ``review``."""
    folder: Path
    file: str
    """Name of the file that the learner edits."""
    symptom: Symptom
    next: str
    """What to try first, as shipped."""
    checks: tuple[Check, ...]
    cases: tuple[Case, ...]
    hints: tuple[Hint, ...]
    """From the gentlest to the last one."""
    task: Task
    """What this kind of exercise has besides."""
    base: str = "ref"
    """Version of the kernel that the exercise is about: ``ref``, ``v3``, ``v4``, ``v3+D2``."""
    mutant: str = ""
    """*Expose*: name of the file with the function that is wrong."""
    functions: tuple[str, ...] = ()
    """*Fix* and *expose*: kernel functions that the file replaces, ``module:function``."""
    planted: Edit | None = None
    """*Fix* and *expose*: how the kit's text was changed."""
    wrong_fixes: tuple[Solution, ...] = ()
    """Solutions, of any kind, that must not pass."""
    alternatives: tuple[Solution, ...] = ()
    """Solutions that must pass."""
    seeded: int = 0
    """How many generated cases there are besides."""

    def check_ids(self) -> tuple[str, ...]:
        """The ids of all checks."""
        return tuple(each.id for each in self.checks)

    @property
    def all_cases(self) -> tuple[Case, ...]:
        """The cases that are written down, and the generated ones."""
        return (*self.cases, *map(seeded_case, self.seeds))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the generated cases: always the same ones, so that a verdict can be repeated."""
        first = 100 * int(self.id.removeprefix("ex"))
        return tuple(range(first + 1, first + 1 + self.seeded))

    def case(self, name: str) -> Case:
        """The case of that id; ``seed-1742`` is the case that is generated from that seed.

        Raises:
            ExerciseError: there is none.
        """
        for each in self.cases:
            if each.id == name:
                return each
        seed = seed_of(name)
        if seed is not None and self.seeded:
            return seeded_case(seed)
        known = ", ".join(each.id for each in self.cases) or "none"
        more = f", and {SEEDED}-N for any N" if self.seeded else ""
        raise ExerciseError(f"{self.id} has no case {name!r}; it has {known}{more}")

    @property
    def shipped(self) -> Path:
        """The file as it comes with the exercise."""
        return self.folder / self.file
