"""What tests of grading need: a place to work in that is not the clone's, and solutions of exercises."""

from __future__ import annotations

import ast
import importlib
import inspect
import shutil
import textwrap
from pathlib import Path

from thpkit.grading.exercise import CLONE, Edit, Exercise, Solution


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
    return exercise.shipped.read_text(encoding="utf-8")


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    """``text`` with all edits made."""
    for edit in edits:
        text = edit.apply(text)
    return text


def changed(exercise: Exercise, solution: Solution) -> str:
    """The shipped file with a solution's edits made."""
    return applied(shipped(exercise), solution.edits)


def kit_source(target: str) -> str:
    """The source of the kit's function ``module:function``."""
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    return textwrap.dedent(inspect.getsource(function))


def kit_solution(exercise: Exercise) -> str:
    """The shipped file with the kit's functions in the place of those to be mended."""
    text = shipped(exercise)
    for target in exercise.functions:
        text = text.replace(
            _segment(text, target.partition(":")[2]), kit_source(target).rstrip("\n")
        )
    return text


def _segment(text: str, name: str) -> str:
    """The source of a function of the file, without its decorators."""
    lines = text.splitlines()
    node = function_of(text, name)
    assert node.end_lineno is not None
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def function_of(text: str, name: str) -> ast.FunctionDef:
    """The syntax tree of a function of a file."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise AssertionError(f"no function {name}")
