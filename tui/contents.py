"""The table of contents: which lessons and exercises there are, and how far the reader got in each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from tui.paths import exercises_dir, lessons_dir
from tui.state import Place, Store


class Entry(NamedTuple):
    """A lesson or an exercise."""

    name: str
    """What stands behind ``thp step``: ``00_tour``, ``ex:ex01``."""
    title: str
    folder: Path
    about: str = ""
    """A sentence more, or nothing."""
    lesson: str = ""
    """For an exercise: the lesson it belongs to."""


def lessons() -> list[Entry]:
    """All lessons in order."""
    return [
        Entry(each.name, *_described(each, "lesson.toml"))
        for each in _folders(lessons_dir(), "[0-9][0-9]_*")
        if scenario_of(each) is not None
    ]


def exercises() -> list[Entry]:
    """All exercises in order."""
    return [
        Entry(f"ex:{each.name.partition('_')[0]}", *_described(each, "meta.toml"))
        for each in _folders(exercises_dir(), "ex[0-9]*_*")
    ]


def scenario_of(folder: Path) -> Path | None:
    """The lesson's scenario file: ``tour.py`` in ``00_tour``; None if it has none."""
    path = folder / f"{folder.name.partition('_')[2]}.py"
    return path if path.is_file() else None


def progress(place: Place) -> str:
    """How far the reader got, in a few words; the first character says it too."""
    if place.passed:
        return "● passed"
    seen = len(place.visited)
    if place.done:
        return "● read to the end"
    if place.stops and seen:
        return f"◐ {seen} of {place.stops} stops"
    if place.begun:
        return "◐ begun"
    if place.misses:
        return "◐ tried"
    return "○ new"


def state_of(entry: Entry, place: Place) -> str:
    """How far the reader got in a lesson or an exercise; the first character says it too."""
    if not entry.name.startswith("ex:"):
        return progress(place)
    done = place.attempts
    points = f", {done.points} of {done.max_points} points" if done.max_points else ""
    again = ", for review" if done.review else ""
    if place.passed:
        return f"● passed{f', {done.max_points} points' if points else ''}{again}"
    if done.tries or place.misses:
        return f"◐ tried{points}{again}"
    return f"◐ started{again}" if _has_copy(entry) else f"○ new{again}"


def _has_copy(entry: Entry) -> bool:
    """Whether there is a learner's copy of an exercise in ``work/``."""
    folder = entry.folder.parents[1] / "work" / entry.name.removeprefix("ex:")
    files = folder.iterdir() if folder.is_dir() else ()
    return any(each.is_file() and each.name[0] != "." for each in files)


def listing(store: Store) -> list[str]:
    """The table of contents as plain lines."""
    lines: list[str] = []
    for heading, entries in (("Lessons", lessons()), ("Exercises", exercises())):
        lines += [heading, ""]
        width = max((len(each.name) for each in entries), default=0)
        for each in entries:
            state = state_of(each, store.place(each.name))
            lines.append(f"  {each.name:<{width}}  {each.title}  [{state}]")
        if not entries:
            lines.append("  none yet")
        lines.append("")
    return lines


def _folders(parent: Path, pattern: str) -> list[Path]:
    return sorted(each for each in parent.glob(pattern) if each.is_dir())


def _described(folder: Path, file: str) -> tuple[str, Path, str, str]:
    """Title, folder, sentence and lesson, from a TOML file; the folder's name stands in for a missing title."""
    data = _toml(folder / file)
    plain = folder.name.partition("_")[2].replace("_", " ")
    words = {key: data.get(key) for key in ("title", "about", "lesson")}
    title, about, lesson = (
        each if isinstance(each, str) else "" for each in words.values()
    )
    return title or plain, folder, about, lesson


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
