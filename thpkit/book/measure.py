"""Measuring a run: small expressions whose value is computed from a recording.

Numbers in the prose and the keys of questions are written as such expressions, so that they follow the code::

    cell("page#1._refcount", "One lock for 512 pages")
    change("NR_FILE_PAGES", "start", "In the page cache") == HPAGE_PMD_NR
    visits("filemap_huge_fault::swap.put_page(page)") == 0

The syntax is Python's, but nothing else is allowed than integers, strings, the operators ``+ - * // % &``,
comparisons, ``and or not``, the sizes of :mod:`thpkit.kernel.units` and the functions of :data:`FUNCTIONS`. A *place*
is a stop's title, ``function::statement@visit`` as in :mod:`thpkit.trace.stops`, ``start`` or ``end``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple, TypeAlias

from thpkit.book.measuring import FUNCTIONS, Fact, MeasureError, Measuring, Value
from thpkit.book.measuring import step_of as step_of
from thpkit.kernel import units
from thpkit.trace.timeline import Timeline

__all__ = [
    "FUNCTIONS",
    "Fact",
    "MeasureError",
    "Measured",
    "Value",
    "evaluate",
    "measure",
    "places",
    "step_of",
]

CONSTANTS: Final = (
    "PAGE_SIZE",
    "HPAGE_PMD_SIZE",
    "HPAGE_PMD_NR",
    "HPAGE_PMD_ORDER",
    "HPAGE_PMD_MASK",
)
_WORD: Final = (1 << 64) - 1
"""A mask is a 64-bit word, as in the kernel, and not a negative number."""

Binary: TypeAlias = Callable[[int, int], int]
_ARITHMETIC: Final[dict[type[ast.operator], Binary]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
}
_ORDER: Final[dict[type[ast.cmpop], Callable[[int, int], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ALLOWED: Final = (
    "an expression has integers, strings, + - * // % &, comparisons, and, or, not, sizes such as HPAGE_PMD_NR, "
    f"and the functions {', '.join(FUNCTIONS)}"
)


class Measured(NamedTuple):
    """What an expression is worth in a run, and what was looked at on the way."""

    value: Value
    facts: tuple[Fact, ...]


def evaluate(expression: str, timeline: Timeline) -> Value:
    """What ``expression`` is worth in this run. The timeline's position is the same afterwards.

    Raises:
        MeasureError: the expression is not understood, or names what does not exist in this run.
    """
    return measure(expression, timeline).value


def measure(expression: str, timeline: Timeline) -> Measured:
    """As :func:`evaluate`, with a sentence about each thing that was looked at.

    Raises:
        MeasureError: as there.
    """
    tree = _parse(expression)
    measuring = Measuring(timeline)
    before = timeline.position
    try:
        value = _Evaluator(expression, measuring).value(tree)
    except MeasureError as error:
        raise MeasureError(f"{expression.strip()}: {error}") from None
    finally:
        timeline.seek(before)
    return Measured(value, tuple(measuring.facts))


def places(expression: str) -> list[str]:
    """The places that an expression names, in its order; a counted statement is one as well.

    Raises:
        MeasureError: the expression is not understood.
    """
    found: list[str] = []
    for node in ast.walk(_parse(expression)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            known = FUNCTIONS.get(node.func.id)
            for name, given in zip(
                known.takes if known else (), node.args, strict=False
            ):
                if name in _PLACES and isinstance(given, ast.Constant):
                    found.append(str(given.value))
    return found


_PLACES: Final = ("PLACE", "FROM", "TO", "function::statement")


def _parse(expression: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise MeasureError(f"{expression.strip()!r} is no expression: {what}") from None


class _Evaluator:
    """Computes a syntax tree in which only what is allowed stands."""

    def __init__(self, expression: str, measuring: Measuring) -> None:
        self._expression = expression
        self._measuring = measuring

    def value(self, node: ast.expr) -> Value:
        """What ``node`` is worth."""
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
            return node.value
        if isinstance(node, ast.Name):
            return self._constant(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return self._arithmetic(node, _ARITHMETIC[type(node.op)])
        if isinstance(node, ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, ast.BoolOp):
            return self._logic(node)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        raise MeasureError(f"{ast.unparse(node)!r} is not allowed: {ALLOWED}")

    def _constant(self, name: str) -> int:
        if name not in CONSTANTS:
            known = [*CONSTANTS, *FUNCTIONS]
            hint = _nearest(name, known)
            raise MeasureError(
                f"there is no {name}{hint}; names of cells and places stand in quotes"
            )
        sizes = self._measuring.sizes()
        return sizes.get(name, units.PAGE_SIZE) & _WORD

    def _call(self, node: ast.Call) -> Value:
        name = ast.unparse(node.func)
        function = FUNCTIONS.get(name)
        if function is None:
            hint = _nearest(name, FUNCTIONS) or f"; there are {', '.join(FUNCTIONS)}"
            raise MeasureError(f"there is no function {name}{hint}")
        given = [self.value(each) for each in node.args]
        texts = [each for each in given if isinstance(each, str)]
        if (
            node.keywords
            or len(texts) != len(node.args)
            or len(texts) != len(function.takes)
        ):
            raise MeasureError(
                f"{ast.unparse(node)}: write {name}({', '.join(function.takes)}), each of them in quotes"
            )
        return function.measure(self._measuring, *texts)

    def _arithmetic(self, node: ast.BinOp, compute: Binary) -> int:
        left, right = self._number(node.left), self._number(node.right)
        if not right and isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            raise MeasureError(f"{ast.unparse(node)} divides by zero")
        return compute(left, right)

    def _unary(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return not self.value(node.operand)
        if isinstance(node.op, ast.USub):
            return -self._number(node.operand)
        if isinstance(node.op, ast.UAdd):
            return self._number(node.operand)
        raise MeasureError(f"{ast.unparse(node)!r} is not allowed: {ALLOWED}")

    def _logic(self, node: ast.BoolOp) -> bool:
        every = isinstance(node.op, ast.And)
        for each in node.values:
            if bool(self.value(each)) is not every:
                return not every
        return every

    def _comparison(self, node: ast.Compare) -> bool:
        """A chain: each neighbour pair must hold."""
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if not self._holds(left, op, right):
                return False
            left = right
        return True

    def _holds(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> bool:
        if isinstance(op, (ast.Eq, ast.NotEq)):
            return (self.value(left) == self.value(right)) is isinstance(op, ast.Eq)
        if type(op) not in _ORDER:
            raise MeasureError(
                f"{ast.unparse(left)} … {ast.unparse(right)}: compare with == != < <= > >="
            )
        return _ORDER[type(op)](self._number(left), self._number(right))

    def _number(self, node: ast.expr) -> int:
        value = self.value(node)
        if isinstance(value, str):
            raise MeasureError(f"{ast.unparse(node)} is {value!r}, which is no number")
        return value


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {near[0]}?" if near else ""
