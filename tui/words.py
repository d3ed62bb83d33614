"""The words of the conversation: those of the table of actions, its keys, and a few that only ask."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from thpkit.view.panes import PANES
from thpkit.view.plain import WIDTH
from tui.actions import ACTIONS, Action

COLUMNS: Final = 26
"""Columns for the words in the list of words."""

OWN: Final = {
    "why": "what the book says about this statement",
    "last CELL": "who wrote it last, and what it held; again, the write before",
    "change CELL": "go to its next change (writer CELL: to who wrote it)",
    "goto PLACE": "a step, stop N, a function, its code, a counter",
    "break PLACE": "a breakpoint on a line's number, a function, a value",
    "show PANE": ", ".join(each.name for each in PANES),
    "question": "the questions of this stop; answer TEXT answers",
    "predict": "which counters will this statement move? answer TEXT answers",
    "here": "say again where this is",
    "beside": "with --against: the other run at this place, and what differs",
    "introduction": "what the lesson says before the first step",
    "quit": "leave; so does the end of input",
}
"""Words of the dialogue alone, and what they answer."""

_OF_KEYS: Final = {key: each.words[0] for each in ACTIONS for key in each.keys}
"""The words of keys: who knows the screen may type its keys as well."""


def meant(typed: str) -> str:
    """The word that was typed, or that is on the key that was typed; ``next`` for nothing."""
    return _OF_KEYS.get(typed, typed.lower()) or "next"


def action_of(word: str) -> Action | None:
    """The action of the table that a word names."""
    return next((each for each in ACTIONS if word in each.words), None)


def nearest(word: str) -> list[str]:
    """The words that look most like one that is none; at most two."""
    known = [each.words[0] for each in ACTIONS] + [each.split()[0] for each in OWN]
    return get_close_matches(word, dict.fromkeys(known), 2, 0.6)


def listed(can: Callable[[str], bool]) -> Iterator[str]:
    """The lines that list all words; of the table's actions those that ``can`` be done."""
    for word, what in OWN.items():
        yield from _entry(word, what)
    for each in ACTIONS:
        if can(each.id):
            yield from _entry(" or ".join(each.words), each.help)
    yield from textwrap.wrap(
        "The keys of the screen are understood too: n for over, S for step-back.", WIDTH
    )


def _entry(word: str, what: str) -> Iterator[str]:
    """A word and what it does."""
    first, *rest = textwrap.wrap(what, WIDTH - COLUMNS)
    yield f"  {word:<{COLUMNS - 3}} {first}"
    yield from (" " * COLUMNS + line for line in rest)
