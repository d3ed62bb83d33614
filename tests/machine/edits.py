"""Kernel functions with their source changed, as versions of the kernel.

Two kinds of change: a piece of text replaced by another (:func:`edited`), and one statement taken out
(:func:`without`). Either gives a :class:`~thpkit.kernel.variant.Variant` like every other version of the kernel.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Final

from thpkit.kernel.variant import Variant, code_of, replaces
from thpkit.trace.statements import Statement

UNEVALUATED: Final = annotations.compiler_flag
"""Annotations stay text, as in every module of the kernel."""


def edited(name: str, function: Callable[..., object], old: str, new: str) -> Variant:
    """The kernel in which ``old``, which stands in ``function`` exactly once, is ``new``."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{name}: {source.count(old)} places fit"
    return _variant(name, function, ast.parse(source.replace(old, new)))


def without(statement: Statement) -> Variant:
    """The kernel without one statement.

    Of an ``if``, a ``for`` or a ``while`` the whole guarded block goes: its condition is never true.
    """
    function = function_of(statement)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    line = statement.first - code_of(function).co_firstlineno + 1
    _Remove(line).visit(tree)
    return _variant(
        f"without {statement.text}", function, ast.fix_missing_locations(tree)
    )


def function_of(statement: Statement) -> Callable[..., object]:
    """The kernel function that a statement stands in."""
    module = sys.modules[statement.file.removesuffix(".py").replace("/", ".")]
    function: Callable[..., object] = getattr(module, statement.function)
    return function


class _Remove(ast.NodeTransformer):
    """Takes the one statement out that begins on a line."""

    def __init__(self, line: int) -> None:
        self._line = line

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the statement, or look for it below ``node``."""
        if not isinstance(node, ast.stmt) or node.lineno != self._line:
            return self.generic_visit(node)
        if isinstance(node, (ast.If, ast.While)):
            node.test = ast.copy_location(ast.Constant(False), node.test)
            return node
        if isinstance(node, ast.For):
            node.iter = ast.copy_location(ast.Tuple([], ast.Load()), node.iter)
            return node
        return ast.copy_location(ast.Pass(), node)


def _variant(name: str, function: Callable[..., object], tree: ast.Module) -> Variant:
    """``function`` compiled anew, in the place of the kernel's own."""
    compiled = compile(tree, f"<{name}>", "exec", UNEVALUATED, True)
    code = next(each for each in compiled.co_consts if isinstance(each, CodeType))
    module = sys.modules[function.__module__]
    changed = FunctionType(code, module.__dict__, function.__name__)
    changed.__defaults__ = getattr(function, "__defaults__", None)
    changed.__kwdefaults__ = getattr(function, "__kwdefaults__", None)
    return Variant(name, functions=[replaces(function)(changed)])
