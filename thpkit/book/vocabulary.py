"""The names that prose may use: those of the code, of the command line, and files that exist.

A *name* is what a reader could look up: variables, functions, attributes, and strings of one word such as a counter's
name or an option of ``thp``.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Final

NOT_THE_BOOK: Final = frozenset({"tests", "work", "build", "dist"})
"""Folders below the root whose Python files do not make up the vocabulary; nor do hidden ones."""
OTHER_FILES: Final = ("Makefile", "pyproject.toml")
"""Files whose words count as well: targets, options, dependencies."""
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_PLAIN: Final = frozenset(keyword.kwlist) | frozenset(dir(builtins))


def vocabulary(root: Path) -> frozenset[str]:
    """Every name in the code of the project at ``root``, and those that Python itself has."""
    found = set(_PLAIN)
    for file in sources(root):
        stat = file.stat()
        found |= _words(file, (stat.st_mtime_ns, stat.st_size))
    found.update(_folders(root))
    for name in OTHER_FILES:
        if (root / name).is_file():
            found.update(_WORD.findall((root / name).read_text(encoding="utf-8")))
    return frozenset(found)


def _folders(root: Path) -> Iterator[str]:
    """What lessons and exercises are called: ``ex01_one_sided_counter``, and ``ex01`` for short."""
    for folder in (*root.glob("lessons/*/"), *root.glob("exercises/*/")):
        yield folder.name
        yield folder.name.partition("_")[0]


def sources(root: Path) -> Iterator[Path]:
    """The Python files that the names come from."""
    for folder in sorted(root.iterdir()):
        if folder.name not in NOT_THE_BOOK and not folder.name.startswith("."):
            yield from sorted(folder.rglob("*.py"))


@lru_cache(maxsize=1024)
def _words(file: Path, stamp: tuple[int, int]) -> frozenset[str]:
    """The names in one file; none if it is no Python."""
    try:
        code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return frozenset({file.stem})
    return frozenset({file.stem, *_names(code)})


def _names(code: CodeType) -> Iterator[str]:
    """The names and one-word strings of compiled code."""
    yield from code.co_names
    yield from code.co_varnames
    yield from code.co_cellvars
    yield code.co_name
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        else:
            yield from _strings(constant)


def _strings(constant: object) -> Iterator[str]:
    """The words of a string without blanks, and of a tuple of strings."""
    if isinstance(constant, str):
        if not re.search(r"\s", constant):
            yield from _WORD.findall(constant)
    elif isinstance(constant, (tuple, frozenset)):
        for each in constant:
            yield from _strings(each)


def words(span: str) -> Iterable[str]:
    """The names in a piece of code; numbers are none, nor is what stands behind the ``0x`` of one."""
    return _WORD.findall(re.sub(r"\b\d\w*", " ", span))
