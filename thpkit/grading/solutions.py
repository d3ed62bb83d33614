"""Right files of an exercise: for authors' checks, and for a reader who wants to compare after a pass."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap

from thpkit.grading import sheet
from thpkit.grading.model import Exercise, Solution


def right_text(exercise: Exercise) -> str:
    """The text of a file that passes: the kit's functions, or the right answers, computed."""
    from thpkit.grading.kinds import kind_named  # the kinds import this module

    return kind_named(exercise.kind).right(exercise)


def changed_text(exercise: Exercise, solution: Solution) -> str:
    """The file that a solution describes: see :class:`~thpkit.grading.model.Solution`."""
    if solution.answers:
        return sheet.filled(right_text(exercise), solution.answers)
    text = shipped_text(exercise)
    for edit in solution.edits:
        text = edit.apply(text)
    return text


def shipped_text(exercise: Exercise) -> str:
    """The text of the file as it comes with the exercise."""
    return exercise.shipped.read_text(encoding="utf-8")


def with_kit_functions(exercise: Exercise) -> str:
    """The shipped file with the kit's functions in the place of those to be mended."""
    text = shipped_text(exercise)
    for target in exercise.functions:
        name = target.partition(":")[2]
        source = qualified(kit_source(target), target, text)
        text = text.replace(_segment(text, name), source.rstrip("\n"))
    return text


def qualified(source: str, target: str, text: str) -> str:
    """The source of a kit's function as it has to stand in the file ``text``, which is another module.

    What the function uses of its own module is written ``module.name`` there, so that the stepper shows where it
    stands and interruptions and variants reach it; unless ``text`` defines a name like that itself.
    """
    home = importlib.import_module(target.partition(":")[0])
    short = home.__name__.rpartition(".")[2]
    bound = _bound(ast.parse(text)) | _bound(ast.parse(source))
    lines = source.splitlines()
    uses = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and node.id in vars(home) and node.id not in bound
    ]
    for node in sorted(uses, key=lambda each: (each.lineno, -each.col_offset)):
        line = lines[node.lineno - 1]
        lines[node.lineno - 1] = (
            f"{line[: node.col_offset]}{short}.{line[node.col_offset :]}"
        )
    return "\n".join(lines) + "\n"


def _bound(tree: ast.AST) -> set[str]:
    """Every name that is imported, defined or assigned somewhere in a tree."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(each.asname or each.name) for each in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
    return names


def kit_source(target: str) -> str:
    """The source of the kit's function ``module:function``."""
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    return textwrap.dedent(inspect.getsource(function))


def function_of(text: str, name: str) -> ast.FunctionDef:
    """The syntax tree of a function of a file.

    Raises:
        LookupError: the file has no such function.
    """
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise LookupError(f"no function {name}")


def _segment(text: str, name: str) -> str:
    """The source of a function of the file, without its decorators."""
    node = function_of(text, name)
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    return "\n".join(lines)
