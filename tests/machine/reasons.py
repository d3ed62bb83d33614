"""Tallying why the huge fault gave up, by watching which of its statements run.

A watched statement is named by the text of a line and, because the same ``return`` stands there many times, by how
many lines below that line it stands.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
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


def _lines() -> dict[CodeType, dict[int, list[str]]]:
    """Watched line numbers by code object."""
    found: dict[CodeType, dict[int, list[str]]] = {}
    for name, function, text, below in WATCHED:
        source, first = inspect.getsourcelines(function)
        places = [at for at, line in enumerate(source) if text in line]
        assert places, f"{name}: no line of {function.__name__} holds {text!r} any more"
        line = first + places[-1] + below
        found.setdefault(function.__code__, {}).setdefault(line, []).append(name)
    return found


@contextmanager
def tallied() -> Iterator[None]:
    """Count the watched statements that run in the block, in ``TALLY``."""
    watched = _lines()

    def local(frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            for name in watched[frame.f_code].get(frame.f_lineno, ()):
                TALLY[name] += 1
        return local

    def trace(frame: FrameType, _event: str, _arg: object) -> Any:
        return local if frame.f_code in watched else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
