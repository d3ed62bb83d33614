"""Statements: which source lines belong together, and what the reader sees as one thing that runs.

The interpreter reports *lines*; a reader thinks in *statements*. A statement that spans several lines is one, and a
compound statement (``if``, ``for``, ``while``, ``with``, ``try``) is only its header: what stands below it are
statements of their own. Docstrings, ``def`` lines, decorators, ``else:`` and ``finally:`` are none, because
nothing runs there.
"""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Final, NamedTuple

from thpkit.trace import syntax

ROOT: Final = Path(__file__).resolve().parents[2]
"""The directory that file names are relative to: the one that holds ``thpkit``."""


class Statement(NamedTuple):
    """One statement of one function. Equal statements are the same place in the same version of a file."""

    file: str
    """Path from the project's root, with slashes; absolute for a file outside it."""
    function: str
    """Qualified name of the function it stands in."""
    first: int
    """First line, counted from 1."""
    last: int
    """Last line; for a compound statement the last line of its header."""
    text: str
    """The first line without its indentation."""


class Loop(NamedTuple):
    """A ``for`` or ``while`` loop of a function, by line numbers."""

    marker: int
    """First line of the statement that runs once an iteration: the header, or, as the header of
    ``while True`` runs only once, the first statement of the body."""
    header: int
    """Line of the ``for`` or ``while``."""
    last: int
    """Last line of the body; an ``else`` part does not belong to the loop."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is known about the statements of one function."""

    line: int
    """The ``def`` line; for code without source the first line the compiler noted."""
    statements: Mapping[int, Statement] = field(default_factory=dict)
    """The statement each line belongs to; lines of no statement are absent."""
    loops: tuple[Loop, ...] = ()
    alone: frozenset[int] = frozenset()
    """First lines of statements that are the whole body of a ``while True``: they may follow themselves."""
    stores: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By first line, the local variables that a statement may bind or unbind. Line 0 stands for what happens
    before the first statement. A line that is absent may change any variable."""


@lru_cache(maxsize=1024)
def path_of(file: str) -> str:
    """``file`` as it is named in statements: from the project's root if it lies below it, else absolute."""
    path = Path(file).resolve()
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    return path.as_posix()


def absolute(path: str) -> Path:
    """The file that a statement's ``file`` names."""
    return ROOT / path


def source_of(path: str) -> tuple[str, ...]:
    """The lines, without line ends, of the file that a statement names; empty if it cannot be read."""
    try:
        with tokenize.open(absolute(path)) as stream:
            return tuple(stream.read().splitlines())
    except (OSError, SyntaxError, UnicodeDecodeError):
        return ()


def statements_of(code: CodeType) -> Mapping[int, Statement]:
    """Line → statement, for every line of ``code`` that belongs to one. Empty if there is no source."""
    return body_of(code).statements


def body_of(code: CodeType) -> Body:
    """The statements and loops of the function that ``code`` was compiled from."""
    bodies = _bodies(code.co_filename, _stamp(code.co_filename))
    return bodies.get((code.co_firstlineno, code.co_name), Body(code.co_firstlineno))


def bodies_of(path: str) -> list[Body]:
    """Every function of a file, in the order of the source; methods and nested functions included."""
    file = str(absolute(path))
    return list(_bodies(file, _stamp(file)).values())


def _stamp(file: str) -> tuple[int, int]:
    """What changes when the file does, so that an edited file is read again."""
    try:
        stat = Path(file).stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=256)
def _bodies(file: str, stamp: tuple[int, int]) -> Mapping[tuple[int, str], Body]:
    """All functions of a file by first line (a decorator counts) and name."""
    lines = source_of(file)
    try:
        tree = ast.parse("\n".join(lines))
    except SyntaxError:
        return {}
    found: dict[tuple[int, str], Body] = {}
    for node, qualname in syntax.functions(tree, ""):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        found[first, node.name] = _Reader(path_of(file), qualname, lines).read(node)
    return found


class _Reader:
    """Collects the statements of one function from its syntax tree."""

    def __init__(self, file: str, qualname: str, lines: Sequence[str]) -> None:
        self._file = file
        self._qualname = qualname
        self._lines = lines
        self._found: dict[int, Statement] = {}
        self._loops: list[Loop] = []
        self._alone: set[int] = set()
        self._stores: dict[int, tuple[str, ...]] = {}
        self._caught: list[str] = []

    def read(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Body:
        """The body of ``node``."""
        self._block(node.body)
        known = not any(
            isinstance(each, syntax.DYNAMIC)
            for part in node.body
            for each in ast.walk(part)
        )
        if known and not any(
            isinstance(each, syntax.YIELDS)
            for part in node.body
            for each in ast.walk(part)
        ):
            self._stores[0] = ()
        return Body(
            node.lineno,
            self._found,
            tuple(self._loops),
            frozenset(self._alone),
            self._stores if known else {},
        )

    def _block(self, block: Sequence[ast.stmt]) -> None:
        for node in block:
            if not isinstance(node, syntax.SILENT) and not syntax.generates_nothing(
                node
            ):
                self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        """Note ``node`` and whatever stands below its header."""
        blocks = [block for block in syntax.blocks_of(node) if block]
        if not blocks:
            self._note(node.lineno, node.end_lineno or node.lineno, [node])
            return
        header = syntax.header_of(node)
        self._note(
            node.lineno, self._header_end(node.lineno, blocks[0][0].lineno), header
        )
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            self._loop(node)
        for part in syntax.headed_parts(node):
            self._part(part)
        for block in blocks:
            if not any(block is part.body for part in syntax.headed_parts(node)):
                self._block(block)

    def _part(self, part: ast.ExceptHandler | ast.match_case) -> None:
        """Note an ``except`` or ``case`` and what stands below it."""
        first = (
            part.lineno if isinstance(part, ast.ExceptHandler) else part.pattern.lineno
        )
        caught = (
            [part.name] if isinstance(part, ast.ExceptHandler) and part.name else []
        )
        self._caught += caught  # the name is unbound again wherever the handler is left
        self._note(
            first, self._header_end(first, part.body[0].lineno), syntax.header_of(part)
        )
        self._block(part.body)
        del self._caught[len(self._caught) - len(caught) :]

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        """Note where an iteration begins and where the loop ends."""
        marker = node.lineno
        if (
            isinstance(node, ast.While)
            and isinstance(node.test, ast.Constant)
            and node.test.value
        ):
            marker = node.body[0].lineno
            if len(node.body) == 1:
                self._alone.add(marker)
        self._loops.append(
            Loop(marker, node.lineno, node.body[-1].end_lineno or node.lineno)
        )

    def _header_end(self, first: int, below: int) -> int:
        """Last line of a header: the first one that ends in a colon before the line ``below`` it."""
        for line in range(first, below):
            if self._lines[line - 1].split("#")[0].rstrip().endswith(":"):
                return line
        return first

    def _note(self, first: int, last: int, parts: Sequence[ast.AST]) -> None:
        """A statement stands on these lines; an earlier one keeps a line that both share."""
        text = self._lines[first - 1].strip()
        statement = Statement(self._file, self._qualname, first, last, text)
        for line in range(first, last + 1):
            self._found.setdefault(line, statement)
        names = [
            name
            for part in parts
            for each in ast.walk(part)
            for name in syntax.bound_by(each)
        ]
        names += [*self._caught, *self._stores.get(first, ())]
        self._stores[first] = tuple(dict.fromkeys(names))
