"""Tallying why the huge fault gave up, by watching which of its statements run.

A watched statement is named by the text of a line and, because the same ``return`` stands there many times, by how
many lines below that line it stands.
"""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any, Final

from tests.machine.calls import TALLY
from thpkit.kernel import filemap, memory, rmap

WATCHED: Final[tuple[tuple[str, Callable[..., object], str, int], ...]] = (
    ("R0 not a PMD", filemap.filemap_huge_fault, "if size != PageEntrySize.PMD", 1),
    ("R1 write", filemap.filemap_huge_fault, "if vmf.flags & FaultFlags.WRITE", 1),
    ("R2 not suitable", filemap.filemap_huge_fault, "transhuge_vma_suitable", 1),
    ("R3 writer", filemap.filemap_huge_fault, "inode_is_open_for_write(inode)", 1),
    (
        "R4 beyond the end",
        filemap.filemap_huge_fault,
        "if vmf.pgoff >= fs.i_size_pages",
        1,
    ),
    ("R4 partial block", filemap.filemap_huge_fault, "> fs.i_size_pages(inode)", 1),
    ("R5 small page", filemap.filemap_huge_fault, "page_h.compound_order(page) !=", 1),
    ("R6 block in use", filemap.huge_fault_new_page, "if huge_block_in_use", 1),
    ("R7 no page", filemap.huge_fault_new_page, "if page is None", 1),
    ("R7 no charge", filemap.huge_fault_new_page, "if charge is None", 1),
    ("R8 not inserted", filemap.huge_fault_new_page, "if error:", 1),
    ("R8 EEXIST", filemap.filemap_huge_fault, "if page == -errno.EEXIST", 1),
    (
        "R10 read error",
        filemap.filemap_huge_fault,
        "if not page_h.PageUptodate(page)",
        1,
    ),
    ("R12 cut meanwhile", filemap.filemap_huge_fault, "if inserted:", 0),
    ("ENOMEM retry", filemap.thp_add_to_page_cache, "if not xarray.xas_nomem", 0),
    ("second map", rmap.page_add_file_rmap, "inc_and_test_compound_mapcount", 1),
    ("COW at first touch", memory.do_cow_fault, "copy_user_page", 0),
    ("COW of a mapped page", memory.wp_page_copy, "copy_user_page", 0),
)
"""Name, function, text of a line, and how many lines below it the watched statement stands."""


_COUNT: Final = "count_for_tests"
"""Name under which the changed functions find what counts."""


def _lines() -> dict[FunctionType, dict[int, list[str]]]:
    """Watched line numbers, counted from the function's first line, by function."""
    found: dict[FunctionType, dict[int, list[str]]] = {}
    for name, function, text, below in WATCHED:
        assert isinstance(function, FunctionType)
        source, _first = inspect.getsourcelines(function)
        places = [at for at, line in enumerate(source, 1) if text in line]
        assert places, f"{name}: no line of {function.__name__} holds {text!r} any more"
        line = places[-1] + below
        found.setdefault(function, {}).setdefault(line, []).append(name)
    return found


class _Counting(ast.NodeTransformer):
    """Puts a call that counts in front of each watched statement."""

    def __init__(self, lines: dict[int, list[str]]) -> None:
        self.left = dict(lines)

    def visit(self, node: ast.AST) -> Any:
        """A node, or for a watched statement the call and the statement."""
        self.generic_visit(node)
        names = self.left.pop(node.lineno, []) if isinstance(node, ast.stmt) else []
        counts = [ast.parse(f"{_COUNT}({name!r})").body[0] for name in names]
        return [*counts, node] if counts else node


def _counting(function: FunctionType, lines: dict[int, list[str]]) -> CodeType:
    """The code of ``function`` that counts as well."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    change = _Counting(lines)
    tree = ast.fix_missing_locations(change.visit(tree))
    assert not change.left, f"{function.__name__}: no statement begins at {change.left}"
    compiled = compile(tree, inspect.getfile(function), "exec", _ANNOTATIONS)
    (code,) = (each for each in compiled.co_consts if isinstance(each, CodeType))
    return code


_ANNOTATIONS: Final = __future__.annotations.compiler_flag


def _tally(name: str) -> None:
    TALLY[name] += 1


@contextmanager
def tallied() -> Iterator[None]:
    """Count the watched statements that run in the block, in ``TALLY``.

    The functions themselves are changed: a trace function would have to look at every call of everybody.
    """
    before = {function: function.__code__ for function in _lines()}
    try:
        for function, lines in _lines().items():
            function.__globals__[_COUNT] = _tally
            function.__code__ = _counting(function, lines)
        yield
    finally:
        for function, code in before.items():
            function.__code__ = code
            function.__globals__.pop(_COUNT, None)
