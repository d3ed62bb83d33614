"""Where the prose beside a statement comes from.

The book implements :class:`Explanations`; a screen without a book falls back on the docstring of the function, so
that the pane is never empty.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache
from typing import Protocol

from thpkit.trace.statements import Statement, absolute, source_of
from thpkit.trace.tape import Function
from thpkit.trace.timeline import Step
from thpkit.view.rows import Role, Row, Span

_CODE = re.compile(
    r"``(.+?)``|`(.+?)`|:\w+:`~?(.+?)`|(?<![\w*])\*(?![\s*])([^*`]+?)(?<!\s)\*(?![\w*])"
)


_LABEL = re.compile(r"(?:Locks|References|Returns|Raises|Models|Differs):")


class Explanations(Protocol):
    """Knows what to say about a statement."""

    def __call__(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        """The paragraphs that explain ``statement`` at ``step``, each one row of any length; none if there are none.

        The pane wraps them. ``statement`` is ``step.statement``: None where a function was only just called.
        """


class _NoExplanations:
    """Nothing is written about any statement."""

    def __call__(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        """No paragraph."""
        return ()


NO_EXPLANATIONS: Explanations = _NoExplanations()
"""For screens without a book."""


def docstring_of(function: Function) -> tuple[Row, ...]:
    """The paragraphs of a function's docstring, code marked as such; empty if it has none."""
    return tuple(_labelled(each) for each in _paragraphs(function.file, function.line))


def _labelled(text: str) -> Row:
    """A paragraph; one that begins with a label has it marked, and what a function models is less important."""
    label = _LABEL.match(text)
    if label is None:
        return paragraph(text)
    role = Role.DIM if label[0] == "Models:" else Role.PLAIN
    rest = paragraph(text[label.end() :])
    rest = tuple(
        each._replace(role=role) if each.role is Role.PLAIN else each for each in rest
    )
    return (Span(label[0], Role.KEYWORD if role is Role.PLAIN else role), *rest)


def paragraph(text: str) -> Row:
    """Prose with code between backquotes, and stressed words between asterisks, as one row."""
    spans: list[Span] = []
    at = 0
    for match in _CODE.finditer(text):
        if match.start() > at:
            spans.append(Span(text[at : match.start()]))
        code = match[1] or match[2] or match[3]
        if match[4]:
            spans.append(Span(match[4], Role.EMPHASIS))
        else:
            spans.append(Span(code.rpartition(" <")[0] or code, Role.CODE))
        at = match.end()
    if at < len(text):
        spans.append(Span(text[at:]))
    return tuple(spans)


@lru_cache(maxsize=512)
def _paragraphs(file: str, line: int) -> tuple[str, ...]:
    """The paragraphs of the docstring of the function whose ``def`` stands on ``line``."""
    node = _definitions(file).get(line)
    if node is None:
        return ()
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    parts = re.split(
        r"\n\s*\n|\n(?=(?:Locks|References|Returns|Models|Differs): )", text
    )
    return tuple(" ".join(each.split()) for each in parts if each)


@lru_cache(maxsize=64)
def _definitions(file: str) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a file by the line of their ``def``."""
    try:
        tree = ast.parse("\n".join(source_of(file)), str(absolute(file)))
    except SyntaxError:
        return {}
    return {
        node.lineno: node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
