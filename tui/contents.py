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
    if place.stops and place.furthest >= place.stops:
        return "● read to the end"
    if place.stops and place.furthest:
        return f"◐ stop {place.furthest} of {place.stops}"
    if place.begun:
        return "◐ begun"
    if place.misses:
        return "◐ tried"
    return "○ new"


def listing(store: Store) -> list[str]:
    """The table of contents as plain lines."""
    lines: list[str] = []
    for heading, entries in (("Lessons", lessons()), ("Exercises", exercises())):
        lines += [heading, ""]
        width = max((len(each.name) for each in entries), default=0)
        for each in entries:
            state = progress(store.place(each.name))
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
