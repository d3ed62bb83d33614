"""Calls that a learner has written, in a file of Python syntax that is never run: ``CALLS = […]``, and nothing else.

The list is read with :func:`ast.literal_eval`. A mistake is a sentence with its line.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, Final

from thpkit.grading import handed_in
from thpkit.grading.calls import CaseError, count
from thpkit.grading.cases import Case, case_of

NAME: Final = "CALLS"
LIMIT: Final = 60
"""So many calls are enough for anybody."""
CASE: Final = "yours"
"""Id of the learner's case."""
SIZE_LIMIT: Final = 1 << 16


class CallsError(ValueError):
    """The file is no list of calls; the message is a sentence with the line."""


def case_in(file: Path) -> Case:
    """The learner's case.

    Raises:
        CallsError: the file is no list of calls.
    """
    try:
        return parse(handed_in.text(file, SIZE_LIMIT), file.name)
    except handed_in.Unreadable as error:
        raise CallsError(str(error)) from None


def parse(text: str, name: str) -> Case:
    """The case in the text of a file; see :func:`case_in`.

    Raises:
        CallsError: the text is no list of calls.
    """
    listed = _list(text, name)
    _not_too_many(len(listed.elts))
    calls = [_literal(each, name) for each in listed.elts]
    if not calls:
        raise CallsError(f"{NAME} in {name} is still empty: write at least one call")
    for number in range(1, len(calls) + 1):
        try:
            case = case_of({"id": CASE, "title": "your calls", "calls": calls[:number]})
        except CaseError as error:
            line = listed.elts[number - 1].lineno
            sentence = str(error).partition(": ")[2]
            raise CallsError(f"line {line} of {name}: {sentence}") from None
    _not_too_many(count(case.calls))
    return case


def _not_too_many(number: int) -> None:
    if number > LIMIT:
        raise CallsError(f"{number} calls are too many; {LIMIT} are allowed")


def _list(text: str, name: str) -> ast.List:
    """The list that the file assigns to CALLS, and nothing else."""
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise CallsError(
            f"line {error.lineno} of {name} is no valid Python: {error.msg}"
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise CallsError(f"{name} is no valid Python") from None
    found: ast.List | None = None
    for node in body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        value = node.value if isinstance(node, ast.Assign) else None
        named = isinstance(target, ast.Name) and target.id == NAME
        if not named or not isinstance(value, ast.List) or found is not None:
            raise CallsError(
                f"line {node.lineno} of {name}: only one assignment {NAME} = [ … ] may stand here; the file is "
                "read as data and never run"
            )
        found = value
    if found is None:
        raise CallsError(f"{name} has no {NAME} = [ … ] any more")
    return found


def _literal(node: ast.expr, name: str) -> Any:  # whatever a literal can be
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise CallsError(
            f"line {node.lineno} of {name}: a call is a table of numbers and texts in quotes, nothing computed"
        ) from None
