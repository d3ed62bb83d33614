"""The difference of two states, cell by cell: what a reader of two runs side by side wants to know.

Cells are matched by name. Sub-pages and slots that differ alike share a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from thpkit.trace.compare import shown
from thpkit.trace.digest import Plain, state_of
from thpkit.trace.tape import MISSING
from thpkit.trace.timeline import Timeline
from thpkit.view.glyphs import Glyphs
from thpkit.view.layout import wrapped
from thpkit.view.rows import Rendered, Role, Row, Span, row

NUMBER: Final = re.compile(r"(?<=\+)\d+|(?<=\[)\d+(?=\])")
"""The place of a sub-page behind its head, or a slot's number."""
LAST_STATE: Final = (
    "lockdep",
    "kstack",
    "held_locks",
    "preempt_count",
    "irqs_disabled",
)
"""Fields of the CPU and its tasks: they differ all the way and say little, so they stand last."""


class Differing(NamedTuple):
    """One cell that holds different values, or several that differ alike."""

    path: str
    """Name of the first one."""
    left: object
    right: object
    last: str = ""
    """Name of the last one; empty if there is only one."""
    alike: int = 1


def differing(left: Timeline, right: Timeline) -> list[Differing]:
    """The cells in which two recordings differ where they stand now, each once; alike neighbours are joined."""
    ours, theirs = state_of(left.root), state_of(right.root)
    found = [
        Differing(path, ours.get(path, MISSING), theirs.get(path, MISSING))
        for path in (*ours, *(each for each in theirs if each not in ours))
        if ours.get(path, MISSING) != theirs.get(path, MISSING)
    ]
    found = list(_joined(_as_pages(found)))
    return sorted(found, key=lambda each: any(name in each.path for name in LAST_STATE))


def _as_pages(found: Sequence[Differing]) -> list[Differing]:
    """In order of their pattern, so that ``page#1+0._mapcount`` meets ``page#1+1._mapcount``."""
    order: dict[str, int] = {}
    for each in found:
        order.setdefault(_pattern(each.path), len(order))
    return sorted(found, key=lambda each: order[_pattern(each.path)])


def _pattern(path: str) -> str:
    """A cell's name without the number of its sub-page or slot."""
    return NUMBER.sub("*", path)


def _kind(value: object) -> object:
    """A value without the number of the sub-page or slot that it points to."""
    return _pattern(value) if isinstance(value, str) else value


def _joined(found: Sequence[Differing]) -> Iterator[Differing]:
    """Neighbours with one pattern and like values as one; pointers to sub-pages of one page are alike."""

    def alike(each: Differing) -> tuple[str, object, object]:
        return _pattern(each.path), _kind(each.left), _kind(each.right)

    for _key, group in groupby(found, alike):
        members = list(group)
        first, last = members[0], members[-1]
        if len(members) == 1:
            yield first
        else:
            yield first._replace(last=last.path, alike=len(members))


def rows_of(found: Sequence[Differing], width: int, glyphs: Glyphs) -> list[Row]:
    """A line for each: the name, and both values."""
    if not found:
        return [row(("The two states are equal here.", Role.GOOD))]
    made: list[Row] = []
    for each in found:
        made += wrapped(_row(each, glyphs), width, 4)
    return made


def _row(each: Differing, glyphs: Glyphs) -> Row:
    name = each.path
    if each.alike > 1:
        name = f"{name} {glyphs.ellipsis} {each.last} ({each.alike} alike)"
    values = [_value(each.path, value) for value in (each.left, each.right)]
    return (Span(f"{name}  ", Role.NAME), *row(values[0], " | ", values[1]))


def _value(path: str, value: Plain | object) -> tuple[str, Role]:
    text = shown(path, value)
    return text, Role.DIM if value is MISSING else Role.CHANGED


def render(left: Timeline, right: Timeline, width: int, glyphs: Glyphs) -> Rendered:
    """The whole difference of two states."""
    return Rendered(tuple(rows_of(differing(left, right), width, glyphs)))
