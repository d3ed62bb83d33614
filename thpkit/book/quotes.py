"""Quotes: finding the code that a fence shows in the function that its info string names.

The info string is ``python src=PATH::FUNCTION``, with ``nth=N`` where the same lines stand in the function more than
once, and ``role=again`` for a quote that another passage explains, or ``role=sketch`` for code that stands nowhere.
The lines must be the source's own. Only trailing blanks may differ, and the whole quote may be moved to the left.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from thpkit.book.markdown import Bullet, Fence
from thpkit.book.match import find, nearest
from thpkit.trace.statements import Statement, bodies_of, path_of, source_of


class QuoteRole(Enum):
    """What a quote is for."""

    EXPLAIN = "explain"
    """The text explains this code here."""
    AGAIN = "again"
    """Checked like the others, but explained elsewhere."""
    SKETCH = "sketch"
    """Not the source's code, and not checked against it."""


class QuoteError(ValueError):
    """A quote does not stand in the source. ``rule`` is the name of the broken rule, the message says why."""

    def __init__(self, rule: str, sentence: str) -> None:
        super().__init__(sentence)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Place:
    """What an info string says."""

    path: str
    """File below the project's root; empty for a sketch without a place."""
    function: str
    """Qualified name of a function or class."""
    nth: int | None = None
    """Which of several matches, counted from 1."""
    role: QuoteRole = QuoteRole.EXPLAIN


class Standing(NamedTuple):
    """Where a quote stands."""

    place: Place
    first: int
    """First line in the file, counted from 1."""
    lines: tuple[str, ...]
    """The quoted lines as they stand there."""
    statements: Mapping[int, Statement]
    """File line → statement, of the whole function."""


class Binding(NamedTuple):
    """A bullet and the line of the quote that it explains."""

    bullet: Bullet
    line: int | None
    """Line in the source file; None if no line fits."""
    statement: Statement | None
    """The statement that begins there; None for lines where nothing runs."""


# ---- what an info string says ---------------------------------------------------------------------------


def place_of(fence: Fence) -> Place | None:
    """The place that a fence quotes; None for a fence that quotes nothing.

    Raises:
        QuoteError: the info string is not understood.
    """
    words = fence.info.split()[1:]
    given = dict(word.partition("=")[::2] for word in words)
    if "src" not in given and "role" not in given:
        return None
    unknown = [word for word in words if word.partition("=")[0] not in _KEYS]
    if unknown or len(given) < len(words):
        raise QuoteError(
            "info",
            f"a quote's info string is python src=PATH::FUNCTION [nth=N] [role=again]; {fence.info!r} is not",
        )
    role = _role(given.get("role", QuoteRole.EXPLAIN.value))
    path, _, function = given.get("src", "").partition("::")
    if role is not QuoteRole.SKETCH and not (path and function):
        raise QuoteError(
            "info", f"{fence.info!r} names no function: write src=PATH::FUNCTION"
        )
    return Place(path, function, _nth(given.get("nth")), role)


_KEYS = ("src", "nth", "role")


def _role(word: str) -> QuoteRole:
    try:
        return QuoteRole(word)
    except ValueError:
        known = ", ".join(each.value for each in QuoteRole)
        raise QuoteError(
            "role", f"there is no role {word!r}; known roles are {known}"
        ) from None


def _nth(word: str | None) -> int | None:
    if word is None:
        return None
    if not word.isdecimal() or int(word) < 1:
        raise QuoteError("info", f"nth={word}: nth is a number that counts from 1")
    return int(word)


# ---- where the quoted lines stand -----------------------------------------------------------------------


def stand(fence: Fence, place: Place, root: Path) -> Standing:
    """Find the lines of ``fence`` in the function that ``place`` names.

    Raises:
        QuoteError: no such file or function; the lines are not there; or they are there more than once.
    """
    file = root / place.path
    source = source_of(str(file))
    if not source:
        raise QuoteError("quote-file", f"there is no source file {place.path}")
    start, end = _span(file, place)
    found = find(source[start - 1 : end], fence.code)
    if not found:
        hint = nearest(source, (start, end), fence.code)
        sentence = f"the lines do not stand in {place.function} of {place.path}; {hint}"
        raise QuoteError("quote-missing", sentence)
    first = _pick(place, [start + each for each in found])
    lines = source[first - 1 : first - 1 + len(fence.code)]
    return Standing(place, first, lines, statements(file, place.function))


def _pick(place: Place, found: Sequence[int]) -> int:
    """The wanted one of the lines at which a quote begins."""
    if place.nth is None and len(found) > 1:
        numbers = ", ".join(str(each) for each in found)
        raise QuoteError(
            "quote-ambiguous",
            f"the lines stand in {place.function} {len(found)} times, at lines {numbers} of {place.path}; "
            "quote more lines, or add nth=N",
        )
    nth = place.nth or 1
    if nth > len(found):
        times = "once" if len(found) == 1 else f"{len(found)} times"
        raise QuoteError(
            "quote-missing",
            f"nth={nth}, but the lines stand in {place.function} only {times}",
        )
    return found[nth - 1]


def statements(file: Path, function: str) -> Mapping[int, Statement]:
    """File line → statement, of one function."""
    for body in bodies_of(path_of(str(file))):
        if any(each.function == function for each in body.statements.values()):
            return body.statements
    return {}


def definitions(file: Path) -> Mapping[str, tuple[int, int]]:
    """First and last line of every function and class of a file, by qualified name; decorators belong to it."""
    return _definitions("\n".join(source_of(str(file))))


@lru_cache(maxsize=64)
def _definitions(source: str) -> Mapping[str, tuple[int, int]]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {}
    found: dict[str, tuple[int, int]] = {}
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        above, prefix = pending.pop()
        for node in ast.iter_child_nodes(above):
            below = prefix
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                first = min(
                    [node.lineno, *(each.lineno for each in node.decorator_list)]
                )
                found[prefix + node.name] = first, node.end_lineno or node.lineno
                local = "" if isinstance(node, ast.ClassDef) else "<locals>."
                below = f"{prefix}{node.name}.{local}"
            pending.append((node, below))
    return found


def _span(file: Path, place: Place) -> tuple[int, int]:
    """First and last line of the function, or a sentence about what comes nearest."""
    known = definitions(file)
    if place.function in known:
        return known[place.function]
    near = get_close_matches(place.function, known, 3)
    near = near or [each for each in known if each.endswith(f".{place.function}")]
    moved = [
        each.name
        for each in sorted(file.parent.glob("*.py"))
        if each != file and place.function in definitions(each)
    ]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    hint = f"; it stands in {' and '.join(moved)}" if moved else hint
    raise QuoteError(
        "quote-function", f"{place.path} has no function {place.function}{hint}"
    )


# ---- which line a bullet explains -----------------------------------------------------------------------


def bind(bullets: Sequence[Bullet], standing: Standing) -> list[Binding]:
    """Give each bullet the first fitting line after the previous bullet's line.

    A line fits if it holds the bullet's code span. A statement of several lines is met at its first line only.
    """
    bound: list[Binding] = []
    at = 0
    for bullet in bullets:
        hit = _first_fit(bullet, standing, at)
        if hit is None:
            bound.append(Binding(bullet, None, None))
            continue
        at = hit + 1
        line = standing.first + hit
        bound.append(Binding(bullet, line, standing.statements.get(line)))
    return bound


def _first_fit(bullet: Bullet, standing: Standing, at: int) -> int | None:
    """Offset in the quote, from ``at`` on, of the first line that holds the bullet's span."""
    span = bullet.span or ""
    for offset in range(at, len(standing.lines)):
        line = standing.first + offset
        statement = standing.statements.get(line)
        begins = statement is None or statement.first == line
        if begins and span.strip() and span in standing.lines[offset]:
            return offset
    return None
