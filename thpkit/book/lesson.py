"""Lessons: a folder with a text, a scenario to record, and what the lesson is about."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from thpkit.book import markdown
from thpkit.book.markdown import Document
from thpkit.scenario import Scenario, load_file
from thpkit.trace.statements import ROOT

FOLDER: Final = "lessons"
TEXT: Final = "README.md"
FACTS: Final = "lesson.toml"

_LISTS: Final = (
    "objectives",
    "prerequisites",
    "out_of_scope",
    "functions",
    "remarks",
    "defects",
)
_WORDS: Final = ("id", "title", "part", "scenario")
_NEEDED: Final = ("id", "title", "part", "objectives")


class LessonError(ValueError):
    """A lesson cannot be used, or there is none of that name. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What ``lesson.toml`` says, and where the rest stands."""

    folder: Path
    id: str
    """Name of the folder, as in ``thp step 00_tour``."""
    title: str
    part: str
    """The part of the book it belongs to."""
    objectives: tuple[str, ...]
    """What a reader can do afterwards; three at most."""
    prerequisites: tuple[str, ...] = ()
    """Ids of lessons to read before."""
    out_of_scope: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    """Kernel functions it walks through, as ``PATH::FUNCTION``."""
    remarks: tuple[str, ...] = ()
    """Remarks of the review that it meets, as K9."""
    defects: tuple[str, ...] = ()
    """Defects of the patch that it meets, as D3."""
    scenario: str = ""
    """File name of its scenario, if it is not the lesson's name without the number."""

    @property
    def text_file(self) -> Path:
        """Its text."""
        return self.folder / TEXT

    @property
    def scenario_file(self) -> Path:
        """The file that defines its scenario."""
        name = self.scenario or re.sub(r"^\d+_", "", self.folder.name) + ".py"
        return self.folder / name

    def document(self) -> Document:
        """Its text, read now.

        Raises:
            LessonError: the file cannot be read.
        """
        try:
            return markdown.read(self.text_file)
        except (OSError, UnicodeDecodeError) as error:
            raise LessonError(
                f"{self.id} has no readable {TEXT}: {_reason(error)}"
            ) from None

    def load_scenario(self) -> Scenario:
        """Its scenario.

        Raises:
            ScenarioError: the file is missing or defines none.
        """
        return load_file(self.scenario_file)


def lesson_folders(root: Path) -> list[Path]:
    """The folders below ``root`` that are lessons, in the order of their numbers."""
    return sorted(each.parent for each in (root / FOLDER).glob(f"*/{FACTS}"))


def list_lessons(root: Path) -> list[Lesson]:
    """Every lesson of the project at ``root``, in order. Lessons that cannot be loaded are left to the checker."""
    found: list[Lesson] = []
    for folder in lesson_folders(root):
        try:
            found.append(load_lesson(folder))
        except LessonError:
            continue
    return found


def find_lesson(name: str, root: Path = ROOT) -> Lesson:
    """The lesson of that id; the number alone and the name without it are accepted too.

    Raises:
        LessonError: there is none, or it cannot be loaded.
    """
    folders = {each.name: each for each in lesson_folders(root)}
    for id_, folder in folders.items():
        number, _, word = id_.partition("_")
        if name in (id_, number, word):
            return load_lesson(folder)
    near = get_close_matches(name, folders, 1, 0.4)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise LessonError(f"there is no lesson {name}{hint}")


def load_lesson(folder: Path) -> Lesson:
    """The lesson in a folder.

    Raises:
        LessonError: its ``lesson.toml`` is missing or says something else than it should.
    """
    file = folder / FACTS
    try:
        facts = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LessonError(f"{folder.name}/{FACTS}: {_reason(error)}") from None
    _check_shape(folder, facts)
    words: dict[str, str] = {key: facts.get(key, "") for key in _WORDS}
    lists = {key: tuple(facts.get(key, ())) for key in _LISTS}
    return Lesson(
        folder=folder,
        id=words["id"],
        title=words["title"],
        part=words["part"],
        scenario=words["scenario"],
        objectives=lists["objectives"],
        prerequisites=lists["prerequisites"],
        out_of_scope=lists["out_of_scope"],
        functions=lists["functions"],
        remarks=lists["remarks"],
        defects=lists["defects"],
    )


def _check_shape(folder: Path, facts: Mapping[str, object]) -> None:
    """Complain about keys that are missing, unknown or of the wrong kind."""
    where = f"{folder.name}/{FACTS}"
    for key in _NEEDED:
        if key not in facts:
            raise LessonError(f"{where} has no {key}")
    for key, value in facts.items():
        if key in _WORDS:
            if not isinstance(value, str):
                raise LessonError(f"{where}: {key} is a string")
        elif key in _LISTS:
            if not isinstance(value, list) or not all(
                isinstance(each, str) for each in value
            ):
                raise LessonError(f"{where}: {key} is a list of strings")
        else:
            near = get_close_matches(key, _WORDS + _LISTS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise LessonError(f"{where} says {key}, which means nothing{hint}")


def _reason(error: Exception) -> str:
    """What an error says, without paths of this machine."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
