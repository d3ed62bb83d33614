"""The simple moves: those that need nothing but the place, and which actions are jumps or about a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from thpkit.trace import moves
from thpkit.trace.timeline import Timeline

Move = Callable[[Timeline, int], int]

PLAIN: Final[dict[str, tuple[Move, str]]] = {
    "first": (moves.home, "this is the first step"),
    "last": (moves.end, "this is the last step"),
    "into": (moves.into, "this is the last step of the run"),
    "into_back": (moves.back, "this is the first step of the run"),
    "over": (moves.over, "this is the last step of the run"),
    "over_back": (moves.back_over, "nothing ran before this here"),
    "finish": (moves.to_return, "this is where it ends"),
    "finish_back": (moves.to_call, "this is where it was called"),
    "next_section": (moves.next_section, "no system call or fault begins after this"),
    "previous_section": (
        moves.previous_section,
        "no system call or fault began before this",
    ),
    "fold": (moves.past_fold, "there is nothing to skip in this loop from here on"),
    "fold_back": (
        moves.fold_start,
        "there is nothing to skip in this loop before this",
    ),
}
"""Moves that need nothing but the place, and what to say when they lead nowhere."""

JUMPS: Final = frozenset(
    {
        *("first", "last", "next_section", "previous_section", "finish", "finish_back"),
        *("visit", "visit_back", "continue", "continue_back", "fold", "fold_back"),
        *("writer", "writer_back", "change", "change_back"),
    }
)
"""Actions whose starting place is noted in the jump history."""

ASKING: Final = frozenset({"writer", "writer_back", "change", "change_back"})
"""Actions about the selected value."""
