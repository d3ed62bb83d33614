"""How a learner's file differs from the kit's version of it."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Final

from tui.paths import UserError

if TYPE_CHECKING:
    from tui.work import Desk

CODE: Final = frozenset({"fix"})
"""Kinds of exercises whose file is code that stands in for the kit's."""


def difference(desk: Desk) -> list[str]:
    """The lines of a unified diff from the learner's file to the kit's version; empty if they say the same.

    Raises:
        UserError: the exercise is of another kind, or there is no copy.
    """
    from thpkit.grading.solutions import right_text

    exercise = desk.exercise
    short = exercise.id
    if exercise.kind not in CODE:
        raise UserError(
            f"{short} is not about mending code, so there is nothing to compare with; thp check {short} says what of "
            "your answer is right"
        )
    if not desk.begun:
        raise UserError(f"there is no {desk.name} yet; thp start {short} makes it")
    yours = desk.file.read_text(encoding="utf-8", errors="replace")
    return [
        line.rstrip("\n")
        for line in unified_diff(
            yours.splitlines(),
            right_text(exercise).splitlines(),
            desk.name,
            "as the kit has it",
            lineterm="",
        )
    ]
