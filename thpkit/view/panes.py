"""The panes in their order: the one table that the screen and the plain text share."""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.view import (
    counters_view,
    explain,
    locks_view,
    pages_view,
    pagetable_view,
    source,
    stack_view,
    vmas_view,
    xarray_view,
)
from thpkit.view.moment import Renderer


class Pane(NamedTuple):
    """One view with a place on the screen."""

    key: str
    """The digit that goes to it."""
    name: str
    """What it is called in commands."""
    title: str
    """What stands above it."""
    render: Renderer


PANES: Final = (
    Pane("1", "source", "Source", source.render),
    Pane("2", "explain", "Explanation", explain.render),
    Pane("3", "xarray", "XArray", xarray_view.render),
    Pane("4", "pagetable", "Page tables", pagetable_view.render),
    Pane("5", "pages", "Pages and references", pages_view.render),
    Pane("6", "vmas", "Mappings", vmas_view.render),
    Pane("7", "counters", "Counters", counters_view.render),
    Pane("8", "stack", "Stack and locals", stack_view.render),
    Pane("9", "locks", "Locks and context", locks_view.render),
)
"""Source, explanation, then the panes of state."""

BY_NAME: Final = {pane.name: pane for pane in PANES}


def pane(name: str) -> Pane:
    """The pane of this name, or with this key.

    Raises:
        KeyError: there is none; the message lists them.
    """
    for each in PANES:
        if name in (each.name, each.key):
            return each
    raise KeyError(f"there is no pane {name!r}; known: {', '.join(BY_NAME)}")
