"""Slots of a node in runs, and what stands in them."""

from __future__ import annotations

from typing import Any, NamedTuple

from thpkit.kernel.page import Page
from thpkit.kernel.xarray import XaNode
from thpkit.kernel.xarray.entries import Sibling, XaInternal, XaValue
from thpkit.view import values
from thpkit.view.moment import Lens


class Run(NamedTuple):
    """Neighbouring slots of a node that hold the same kind of thing."""

    first: int
    last: int
    entry: Any
    """What the first of them holds."""


def runs_of(node: XaNode) -> list[Run]:
    """The slots of a node in runs: NULLs, consecutive pages, siblings of one slot, retry entries."""
    slots = node.slots
    found: list[Run] = []
    start = 0
    for at in range(1, len(slots) + 1):
        if at == len(slots) or not goes_on(slots[at], slots[start], at - start):
            found.append(Run(start, at - 1, slots[start]))
            start = at
    return found


def goes_on(entry: Any, first: Any, distance: int) -> bool:
    """Whether ``entry`` belongs to a run that began ``distance`` slots before with ``first``."""
    if entry is None or first is None:
        return entry is first
    if isinstance(entry, Page):
        return isinstance(first, Page) and entry.pfn == first.pfn + distance
    return isinstance(entry, XaInternal) and entry is first


def entry_text(entry: Any, count: int, lens: Lens) -> str:
    """What ``count`` slots hold that begin with ``entry``."""
    if entry is None:
        return "NULL"
    if isinstance(entry, Page):
        return values.page_range(entry, count, lens.glyphs)
    if isinstance(entry, Sibling):
        return f"sibling of slot {entry.number}"
    if isinstance(entry, XaValue):
        return f"value {entry.number}"
    return repr(entry)
