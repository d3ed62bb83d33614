"""What tests of grading need: a place to work in that is not the clone's, and solutions of exercises."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

from thpkit.grading import process, solutions, warm
from thpkit.grading.limits import Limits
from thpkit.grading.model import CLONE, Exercise, Solution


def place(tmp_path: Path) -> Path:
    """A root of its own: a copy of ``exercises/`` and an empty ``work/``."""
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CLONE / "exercises", tmp_path / "exercises", ignore=skip)
    (tmp_path / "work").mkdir()
    return tmp_path


def hand_in(root: Path, exercise: Exercise, text: str) -> Path:
    """Put ``text`` into the learner's copy."""
    path = root / "work" / exercise.id / exercise.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def shipped(exercise: Exercise) -> str:
    """The text of the file as shipped."""
    return solutions.shipped_text(exercise)


def changed(exercise: Exercise, solution: Solution) -> str:
    """The file that a solution describes."""
    return solutions.changed_text(exercise, solution)


def kit_solution(exercise: Exercise) -> str:
    """The shipped file with the kit's functions in the place of those to be mended."""
    return solutions.with_kit_functions(exercise)


def function_of(text: str, name: str) -> ast.FunctionDef:
    """The syntax tree of a function of a file."""
    return solutions.function_of(text, name)


class Steady(warm.Warm):
    """Workers forked by a server, as long as nobody changes the kit's sources: it does not look whether they did."""

    def _see_to_the_sources(self) -> None:
        """Nothing changes them while a module of tests runs."""


class KitOnce(Steady):
    """Inside ``with KitOnce():`` a learner's code gets a process of its own as ever, but runs of the kit alone are
    remembered, so that many files are graded in half the time."""

    def _fork(
        self, request: dict[str, Any], limits: Limits, directory: Path, trusted: bool
    ) -> process.Worker:
        token = process.STARTER.set(None)
        try:
            made = process.start(request, limits, directory)
        finally:
            process.STARTER.reset(token)
        kind = warm._Watched if trusted else process.Worker
        return kind(made.process, made.channel, made.nonce, limits, mark=made.mark)
