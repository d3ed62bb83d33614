"""Questions about Python's syntax trees that reading statements needs answered."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

SILENT: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Global,
    ast.Nonlocal,
)
"""Statements that are no step: definitions, and declarations that generate no code."""

YIELDS: Final = (ast.Yield, ast.YieldFrom, ast.Await)
DYNAMIC: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.Nonlocal,
)
"""With these in a function a variable may change elsewhere than in a statement that names it."""


def bound_by(node: ast.AST) -> list[str]:
    """The variables that one node of a syntax tree binds or unbinds."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.alias):
        return [node.asname or node.name.partition(".")[0]]
    if isinstance(node, (ast.MatchAs, ast.MatchStar)):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    return []


def header_of(node: ast.AST) -> list[ast.AST]:
    """The parts of a compound statement that stand in its header."""
    return [
        each
        for each in ast.iter_child_nodes(node)
        if not isinstance(each, (ast.stmt, ast.ExceptHandler, ast.match_case))
    ]


def generates_nothing(node: ast.stmt) -> bool:
    """Docstrings and other bare constants, and annotations without a value."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.AnnAssign) and node.value is None


def headed_parts(node: ast.stmt) -> list[ast.ExceptHandler | ast.match_case]:
    """Parts of a compound statement with a header where something runs: ``except`` and ``case``."""
    if isinstance(node, (ast.Try, ast.TryStar)):
        return list(node.handlers)
    return list(node.cases) if isinstance(node, ast.Match) else []


def blocks_of(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks below a compound statement, in the order of the source; none for a simple statement."""
    if isinstance(node, (ast.If, ast.For, ast.AsyncFor, ast.While)):
        return [node.body, node.orelse]
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return [node.body]
    if isinstance(node, (ast.Try, ast.TryStar)):
        return [
            node.body,
            *(each.body for each in node.handlers),
            node.orelse,
            node.finalbody,
        ]
    if isinstance(node, ast.Match):
        return [each.body for each in node.cases]
    return []


def functions(
    tree: ast.AST, prefix: str
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Every function below ``tree`` with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, prefix + node.name
            yield from functions(node, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)
