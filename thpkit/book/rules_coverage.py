"""The floors of the coverage: what the book has reached, and must not fall below.

``lessons/coverage.toml`` names the files whose every function belongs to the path, and the floors. They only rise: a
test fails when the book explains more than they say, and ``thp book raise`` writes what is reached.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from thpkit.book.coverage import Coverage, LessonCoverage
from thpkit.book.files import replace_text
from thpkit.book.lesson import FOLDER
from thpkit.book.rules import Problem, line_of
from thpkit.trace.statements import Statement

FILE: Final = "coverage.toml"
RULE: Final = "coverage"


class FloorsError(ValueError):
    """The file with the floors cannot be used. The message says why."""


@dataclass(frozen=True)
class Floors:
    """What ``coverage.toml`` says."""

    files: tuple[str, ...] = ()
    """Kernel files whose every function belongs to the path."""
    functions: tuple[str, ...] = ()
    """``PATH::FUNCTION`` of what is covered in full, and stays so."""
    commentary: int = 0
    """Statements of the path with exactly one bullet."""
    lessons: Mapping[str, int] = field(default_factory=dict)
    """By lesson, statements that its recording executes and that have an explanation."""


def floors(root: Path) -> Floors | None:
    """The floors of the project at ``root``; None if it has none.

    Raises:
        FloorsError: the file says something else than it should.
    """
    file = root / FOLDER / FILE
    if not file.is_file():
        return None
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
        return Floors(
            _strings(told, "files"),
            _strings(told, "functions"),
            _number(told.get("commentary", {}), "explained"),
            {key: _number(told["lessons"], key) for key in told.get("lessons", {})},
        )
    except (OSError, ValueError, AttributeError) as error:
        raise FloorsError(f"{FILE}: {error}") from None


def _strings(told: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = told.get(key, [])
    if not isinstance(found, list) or not all(isinstance(x, str) for x in found):
        raise ValueError(f"{key} is a list of strings")
    return tuple(found)


def _number(told: Mapping[str, Any], key: str) -> int:
    found = told.get(key, 0)
    if not isinstance(found, int):
        raise ValueError(f"{key} is a number")
    return found


# ---- compared with what is reached ----------------------------------------------------------------------


def check(root: Path, known: Floors, reached: Coverage) -> Iterator[Problem]:
    """Where the book has fallen below its floors.

    A floor above the number of statements there are is no reproach: the code has become shorter.
    """
    file = root / FOLDER / FILE
    for needle, sentence in _fallen(known, reached):
        name = f"{FOLDER}/{FILE}"
        yield Problem(name, line_of(file, needle), RULE, sentence)


def _fallen(known: Floors, reached: Coverage) -> Iterator[tuple[str, str]]:
    """What to look for in the file, and a sentence."""
    if reached.explained < min(known.commentary, reached.total):
        sentence = (
            f"the commentary explains {reached.explained} statements of the path; {known.commentary} was reached: "
            "write what is missing, listed by thp book check"
        )
        yield "explained", sentence
    by_place = {each.place: each for each in reached.functions}
    for place in known.functions:
        each = by_place.get(place)
        if each is None or not each.statements:
            yield place, f"there is no function {place}: was it renamed?"
        elif each.missing:
            yield place, f"{place} was covered, and is not: {_listed(each.missing)}"
    lessons = {each.lesson: each for each in reached.lessons}
    for id_, floor in known.lessons.items():
        if id_ not in lessons:
            yield id_, f"there is no lesson {id_}"
            continue
        explained, total = _of(lessons[id_])
        if explained < min(floor, total):
            sentence = (
                f"of {total} statements that {id_} executes {explained} are explained; {floor} was reached: "
                f"{_listed(lessons[id_].missing)}"
            )
            yield id_, sentence


def _of(each: LessonCoverage) -> tuple[int, int]:
    """How many statements are explained, and how many there are."""
    return len(each.statements) - len(each.missing), len(each.statements)


def _listed(missing: tuple[Statement, ...], most: int = 3) -> str:
    """The first few of them."""
    named = "; ".join(f"line {each.first}: {each.text}" for each in missing[:most])
    more = len(missing) - most
    return f"{named}; and {more} more" if more > 0 else named


def raised(known: Floors, reached: Coverage) -> Floors:
    """The floors that the book has reached. A function leaves the list only if it is gone."""
    places = {each.place for each in reached.functions if each.statements}
    full = {x.place for x in reached.functions if x.statements and not x.missing}
    kept = places & set(known.functions)
    return Floors(
        known.files,
        tuple(sorted(full | kept)),
        max(reached.explained, min(known.commentary, reached.total)),
        {
            each.lesson: max(
                _of(each)[0], min(known.lessons.get(each.lesson, 0), _of(each)[1])
            )
            for each in reached.lessons
        },
    )


def stale(known: Floors, reached: Coverage) -> list[str]:
    """What the floors should say instead, one sentence each; nothing if they say what is reached."""
    new = raised(known, reached)
    found: list[str] = []
    if new.commentary != known.commentary:
        found.append(
            f"commentary: explained = {new.commentary}, not {known.commentary}"
        )
    for place in sorted(set(new.functions) ^ set(known.functions)):
        verb = "add" if place in new.functions else "take out"
        found.append(f"functions: {verb} {place}")
    for id_ in sorted({*new.lessons, *known.lessons}):
        was, now = known.lessons.get(id_), new.lessons.get(id_)
        if was != now:
            found.append(f"lessons: {id_} = {now}, not {was}")
    return found


def write(root: Path, new: Floors) -> None:
    """Write the floors of the project at ``root``."""
    replace_text(root / FOLDER / FILE, text_of(new))


def text_of(known: Floors) -> str:
    """The file that says these floors."""
    lines = [
        "# What the book has reached. These numbers only rise; thp book raise writes them.",
        "",
        "# Files whose every function belongs to the path:",
        *_list("files", known.files),
        "",
        "# Functions whose every statement has exactly one bullet in the commentary:",
        *_list("functions", known.functions),
        "",
        "[commentary]",
        "# Statements of the path with exactly one bullet.",
        f"explained = {known.commentary}",
        "",
        "[lessons]",
        "# Statements of the kernel that the recording executes and the lesson or the commentary explains.",
        *(f"{id_} = {count}" for id_, count in sorted(known.lessons.items())),
        "",
    ]
    return "\n".join(lines)


def _list(key: str, values: tuple[str, ...]) -> list[str]:
    return [f"{key} = [", *(f'    "{each}",' for each in values), "]"]
