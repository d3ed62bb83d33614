"""The ladder of hints of an exercise, as ``hints.toml`` has it::

    [[hint]]
    kind = "rule"
    text = "…"

    [[hint]]
    kind = "parsons"
    text = "Put the right ones of these lines into the right order."
    lines = ["if ret & flags.VM_FAULT_NOT_MAPPED:", "    swap.put_page(page)"]
    distractors = ["if ret & flags.VM_FAULT_ERROR:"]

The hints stand in the order in which they are given. ``lines`` are the lines of a Parsons puzzle in the order of the
solution, with their indentation; ``distractors`` look alike and do not belong there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from thpkit.grading.tables import Mistake, Table

LADDER: Final = ("rule", "localise", "concept", "parsons", "solution")
"""The kinds of hints, from the gentlest to the last one."""

TITLES: Final = {
    "": "Hint",
    "rule": "The rule",
    "localise": "In this run",
    "concept": "The idea behind it",
    "parsons": "Put the lines in order",
    "solution": "The solution, almost",
}
"""What stands above a hint of each kind."""


@dataclass(frozen=True)
class Hint:
    """One hint."""

    kind: str
    """One of :data:`LADDER`; empty in a file of the older form, which has only texts."""
    text: str
    lines: tuple[str, ...] = ()
    """Of a Parsons puzzle: the solution, a line each, in order, with its indentation."""
    distractors: tuple[str, ...] = ()
    """Of a Parsons puzzle: lines that do not belong to the solution."""

    @property
    def title(self) -> str:
        """What stands above it."""
        return TITLES[self.kind]

    @property
    def offered(self) -> tuple[str, ...]:
        """All lines of the puzzle without indentation, mixed, and always mixed in the same way."""
        known = dict.fromkeys(
            each.strip() for each in (*self.lines, *self.distractors) if each.strip()
        )
        return tuple(sorted(known, key=_mixed))


def read_hint(table: Table) -> Hint:
    """The hint that a table of ``hints.toml`` describes.

    Raises:
        Mistake: it has an unknown kind, or a puzzle without lines, or lines without a puzzle.
    """
    kind = table.text("kind") if "kind" in table.data else ""
    text = table.text("text")
    if kind and kind not in LADDER:
        raise Mistake(f"{table.where}: kind is one of {', '.join(LADDER)}")
    if kind != "parsons":
        return Hint(kind, text)
    lines, distractors = table.texts("lines"), table.texts("distractors")
    if set(lines) & set(distractors):
        raise Mistake(f"{table.where}: a line is part of the solution and a distractor")
    return Hint(kind, text, tuple(lines), tuple(distractors))


def verify_ladder(hints: tuple[Hint, ...]) -> None:
    """See to it that the kinds come in the order of the ladder.

    Raises:
        Mistake: they do not.
    """
    steps = [LADDER.index(each.kind) for each in hints if each.kind]
    if steps != sorted(steps):
        raise Mistake(f"hints.toml: the order is {', '.join(LADDER)}")


def _mixed(line: str) -> bytes:
    """What the lines of a puzzle are sorted by: nothing that a reader could guess."""
    return hashlib.sha256(line.encode()).digest()
