"""The one table of what a reader can do: keys, words, labels, help.

Bindings, the key bar, the ``?`` screen, the palette and the documentation's key list are all made from it, so they
cannot disagree. Lower case goes forward, upper case backward, and a key does the same on every screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple


class Group(Enum):
    """Headings of the key list, in order."""

    STORY = "Through the story"
    CODE = "Through the code"
    STATE = "Through the state"
    PANES = "Panes"
    EXERCISE = "In an exercise"
    OTHER = "Everything else"


class Action(NamedTuple):
    """One thing a reader can do."""

    id: str
    """The method ``action_<id>`` of the screen."""
    keys: tuple[str, ...]
    """As Textual names them: single characters, or ``space``, ``pageup``."""
    words: tuple[str, ...]
    """What the same action is called when typed. The first is shown."""
    label: str
    """Two or three words for the key bar and the palette."""
    help: str
    """What it does, in one line."""
    group: Group
    rank: int = 0
    """Place in the key bar, counted from 1; 0 keeps it out."""
    bar: str = ""
    """What the key bar calls it, together with its opposite."""


ACTIONS: Final[tuple[Action, ...]] = (
    Action(
        "next_stop", ("space", "right"), ("next",), "next stop",
        "Go to the next stop: the next place worth a look", Group.STORY, 1, "stop",
    ),
    Action(
        "previous_stop", ("backspace", "left"), ("previous",), "stop before",
        "Go back to the stop before", Group.STORY,
    ),
    Action(
        "next_section", ("]",), ("section",), "next section",
        "Go to the next system call or page fault", Group.STORY,
    ),
    Action(
        "previous_section", ("[",), ("section-back",), "section before",
        "Go back to where this system call or page fault began", Group.STORY,
    ),
    Action(
        "first", ("home",), ("first",), "first step",
        "Go to the first step", Group.STORY,
    ),
    Action("last", ("end",), ("last-step",), "last step", "Go to the last step", Group.STORY),
    Action(
        "over", ("n",), ("over",), "next line",
        "Run this statement, and all that it calls", Group.CODE, 2, "line",
    ),
    Action(
        "over_back", ("N",), ("over-back",), "line before",
        "Go back one statement of this function", Group.CODE,
    ),
    Action(
        "into", ("s",), ("step",), "step into",
        "Run one statement; if it calls a function, go in", Group.CODE, 3, "into",
    ),
    Action(
        "into_back", ("S",), ("step-back",), "step back",
        "Go back one step, into calls too", Group.CODE,
    ),
    Action(
        "finish", ("f",), ("finish",), "to the return",
        "Go to where this function returns", Group.CODE, 4, "out",
    ),
    Action(
        "finish_back", ("F",), ("call",), "to the call",
        "Go back to where this function was called", Group.CODE,
    ),
    Action(
        "fold", ("x",), ("skip",), "past the loop",
        "Skip the loop iterations that are all alike", Group.CODE, 5, "loop",
    ),
    Action(
        "fold_back", ("X",), ("skip-back",), "loop start",
        "Go back to the start of the alike iterations", Group.CODE,
    ),
    Action(
        "visit", ("t",), ("again",), "line again",
        "Go to the next run of the marked line (else of this one)", Group.CODE,
    ),
    Action(
        "visit_back", ("T",), ("again-back",), "line earlier",
        "Go to the run before of the marked line", Group.CODE,
    ),
    Action(
        "breakpoint", ("b",), ("break",), "breakpoint",
        "Set or clear a breakpoint on the line or value chosen last (else on this line)", Group.CODE,
    ),
    Action(
        "continue", ("c",), ("continue",), "to trouble",
        "Go to the next breakpoint, kernel report or broken invariant", Group.CODE, 12, "trouble",
    ),
    Action(
        "continue_back", ("C",), ("continue-back",), "trouble before",
        "Go back to the breakpoint, report or broken invariant before", Group.CODE,
    ),
    Action(
        "writer", ("w",), ("writer",), "who wrote it",
        "Go to the statement that wrote the selected value; again: the one before", Group.STATE, 6, "who wrote",
    ),
    Action(
        "writer_back", ("W",), ("writer-before",), "and before that",
        "Go to the statement that wrote the value before this one", Group.STATE,
    ),
    Action(
        "change", ("}",), ("change",), "next change",
        "Go to the next change of the selected value", Group.STATE,
    ),
    Action(
        "change_back", ("{",), ("change-back",), "change before",
        "Go back to just before the selected value got what it holds", Group.STATE,
    ),
    Action(
        "goto", ("g",), ("goto",), "go to …",
        "Go to a step number, a function, a statement or a counter", Group.STATE, 8, "go to",
    ),
    Action(
        "jump_back", ("O",), ("older",), "jump back",
        "Go back to where you were before the last jump", Group.STATE, 13, "jump back",
    ),
    Action(
        "jump_forward", ("o",), ("newer",), "jump forward",
        "Go forward again, to where you went back from", Group.STATE,
    ),
    Action(
        "search", ("/",), ("search",), "search",
        "Search the text of this pane", Group.PANES,
    ),
    Action("search_next", (".",), ("search-next",), "next match", "Next match", Group.PANES),
    Action("search_back", (",",), ("search-back",), "match before", "Match before", Group.PANES),
    Action(
        "focus_next", ("tab",), ("pane",), "next pane",
        "Next pane on the screen", Group.PANES, 10, "pane",
    ),
    Action(
        "focus_back", ("shift+tab",), ("pane-back",), "pane before",
        "Pane before", Group.PANES,
    ),
    Action(
        "up", ("up", "k"), ("up",), "up",
        "Select the value (in the source: the line) above", Group.PANES,
    ),
    Action(
        "down", ("down", "j"), ("down",), "down",
        "Select the value or line below", Group.PANES,
    ),
    Action("page_up", ("pageup",), ("page-up",), "page up", "Scroll one page up", Group.PANES),
    Action(
        "page_down", ("pagedown",), ("page-down",), "page down",
        "Scroll one page down", Group.PANES,
    ),
    Action(
        "centre", ("=",), ("centre",), "to this line",
        "Show the current line, and what changed, again after scrolling", Group.PANES,
    ),
    Action(
        "zoom", ("z",), ("zoom",), "zoom",
        "Give this pane the whole screen, or take it back", Group.PANES, 11, "zoom",
    ),
    Action(
        "lesson", ("l",), ("lesson",), "lesson's text",
        "Show the lesson's text beside the run, or the panes of state again", Group.PANES, 7, "lesson",
    ),
    Action(
        "leave", ("escape",), ("leave",), "back",
        "Leave the zoom; drop the selection; leave this screen", Group.PANES,
    ),
    Action(
        "check", ("r",), ("check",), "check",
        "Check your copy again (saving it does that too)", Group.EXERCISE,
    ),
    Action(
        "start", ("m",), ("start",), "make a copy",
        "Make your own copy of the exercise's file, in work/", Group.EXERCISE,
    ),
    Action("hint", ("h",), ("hint",), "hint", "Show the next hint", Group.EXERCISE),
    Action(
        "reset", ("u",), ("reset",), "begin anew",
        "Begin the exercise anew; your text is kept as a backup", Group.EXERCISE,
    ),
    Action("open", ("enter",), ("open",), "open", "Open what is selected; play a paragraph", Group.OTHER),
    Action(
        "exercise", ("e",), ("exercise",), "exercise",
        "Ask the questions of this stop again, or show the exercise that belongs here", Group.OTHER,
    ),
    Action(
        "questions", (), ("questions",), "questions",
        "Ask questions before the stops they concern, or no longer", Group.OTHER,
    ),
    Action(
        "introduction", (), ("introduction",), "introduction",
        "Read the lesson's introduction again", Group.OTHER,
    ),
    Action(
        "predict", ("p",), ("predict",), "predict",
        "Let n ask which counters the line will move; again: no longer", Group.OTHER,
    ),
    Action(
        "beside", (), ("beside",), "side by side",
        "Show the two runs of --against side by side", Group.OTHER,
    ),
    Action(
        "copy", ("y",), ("copy",), "copy",
        "Copy this pane as text to the clipboard", Group.OTHER,
    ),
    Action(
        "contents", (), ("contents",), "contents",
        "Go to the table of contents", Group.OTHER,
    ),
    Action("help", ("?", "f1"), ("help",), "help", "Show or hide this list of keys", Group.OTHER, 9, "help"),
    Action(
        "palette", (":", "ctrl+p"), ("palette",), "find a command",
        "Find a command by typing part of its name", Group.OTHER,
    ),
    Action(
        "theme", (), ("theme",), "colours",
        "Change the colours: dark, light, high contrast, monochrome", Group.OTHER,
    ),
    Action(
        "quit", ("q", "ctrl+q"), ("quit",), "quit",
        "Quit; your place is kept", Group.OTHER, 14, "quit",
    ),
)  # fmt: skip
"""Every action, in the order of the key list."""

BY_ID: Final = {each.id: each for each in ACTIONS}
"""The table by id."""

_SHOWN: Final = {
    "right": "→",
    "left": "←",
    "up": "↑",
    "down": "↓",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
    "f1": "F1",
}


def shown(key: str) -> str:
    """A key as a reader knows it."""
    return _SHOWN.get(key, key)


def keys_of(action: Action) -> str:
    """All keys of an action, as text; empty if it has none."""
    return " ".join(shown(key) for key in action.keys)


def opposite(action: Action) -> Action | None:
    """What leads back: ``over_back`` for ``over``; None if there is none."""
    for name in (f"{action.id}_back", action.id.replace("next", "previous", 1)):
        if name != action.id and name in BY_ID:
            return BY_ID[name]
    return None


def in_bar() -> list[Action]:
    """The actions of the key bar, in its order."""
    return sorted((each for each in ACTIONS if each.rank), key=lambda each: each.rank)


def grouped() -> Iterator[tuple[Group, list[Action]]]:
    """The actions under their headings."""
    for group in Group:
        yield group, [each for each in ACTIONS if each.group is group]


def markdown() -> str:
    """The key list as a Markdown table, for the documentation."""
    lines = ["| keys | word | what it does |", "|---|---|---|"]
    for each in ACTIONS:
        keys = " ".join(f"`{shown(key)}`" for key in each.keys) or "(palette)"
        lines.append(f"| {keys} | {each.words[0]} | {each.help} |")
    lines.append("| `1` … `9` | pane N | Go to a pane by its number, and show it |")
    return "\n".join(lines)
