"""Hints: which comes next and when, and how each is written."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.attempts import Attempts
from tui.state import Store

if TYPE_CHECKING:
    from thpkit.grading.exercise import Exercise
    from thpkit.grading.hints import Hint
    from thpkit.view.rows import Row


@dataclass(frozen=True)
class Help:
    """What an asking learner gets: hints, and a sentence below them."""

    hints: tuple[Hint, ...]
    said: str
    waiting: bool = False
    """Whether nothing was given because it is too early."""


def next_hint(exercise: Exercise, store: Store, now: float | None = None) -> Help:
    """Give the next hint if it may come, and remember that; after a pass, all of them. ``now`` is for tests."""
    now = time.time() if now is None else now
    store.reload()
    place = store.place(f"ex:{exercise.id}")
    attempts = place.attempts
    if place.passed:
        return Help(
            exercise.hints, "You have passed, so this is all the help there was."
        )
    given = len(attempts.hints)
    short = exercise.id
    if given >= len(exercise.hints):
        return Help(
            (),
            f"You have seen all the help; thp hint {short} --again shows it. {_review(short)}",
        )
    wait = attempts.seconds_to_wait(now)
    if wait:
        return Help((), _later(attempts, short, wait), True)
    last = given + 1 == len(exercise.hints)
    store.change(f"ex:{short}", lambda each: each.attempts.give(now, last))
    said = _review(short) if last else ""
    return Help((exercise.hints[given],), said or _then(short))


def seen_hints(exercise: Exercise, store: Store) -> Help:
    """The hints that were given already."""
    place = store.place(f"ex:{exercise.id}")
    seen = exercise.hints[: len(place.attempts.hints)]
    if not seen:
        return Help((), f"No hint was given yet; thp hint {exercise.id} gives one.")
    return Help(seen, "")


def _then(short: str) -> str:
    return f"Change something, save it, and check: thp check {short}."


def _later(attempts: Attempts, short: str, wait: int) -> str:
    seconds = f"{wait} second{'s' * (wait != 1)}"
    return (
        f"First try something with the hint you have (thp hint {short} --again shows it): change the file and run "
        f"thp check {short}, and more help is there at once. Or wait {seconds}."
    )


def _review(short: str) -> str:
    return (
        f"{short} goes into your review: come back to it in a few days and see whether you can do it without help. "
        "Before you use what you have read: say in one sentence why it is so."
    )


def rows_of(hint: Hint, width: int) -> list[Row]:
    """A hint with its heading; the lines of a puzzle are lettered, so that they can be talked about."""
    from thpkit.book.markdown import parse
    from thpkit.view.layout import wrapped
    from thpkit.view.rows import Role, row
    from tui import introduction

    rows: list[Row] = [row((hint.title, Role.HEADING))]
    rows += introduction.rows_of(parse(hint.text).blocks, width)
    if hint.lines:
        for letter, line in zip(
            "abcdefghijklmnopqrstuvwxyz", hint.offered, strict=False
        ):
            rows += wrapped(row((f"{letter}  ", Role.DIM), (line, Role.CODE)), width, 3)
        rows += wrapped(
            row("Not every line belongs there, and their indentation is left out."),
            width,
        )
        rows.append(())
    return rows
