"""What the authors' check is made of: a problem, and the whole book as its rules read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.book import markdown, spans
from thpkit.book.commentary import NAME as COMMENTARY
from thpkit.book.commentary import commentary_files
from thpkit.book.glossary import FILE as GLOSSARY
from thpkit.book.glossary import Glossary, load_glossary
from thpkit.book.lesson import (
    FACTS,
    FOLDER,
    Lesson,
    LessonError,
    lesson_folders,
    load_lesson,
)
from thpkit.book.markdown import Document
from thpkit.book.runs import Runs
from thpkit.book.spans import Mark

REVIEW: Final = "review.md"
"""The text about the review, in the folder of the lessons."""


class Problem(NamedTuple):
    """Something an author must mend."""

    file: str
    """Path below the project's root."""
    line: int
    rule: str
    """Short name of the broken rule."""
    sentence: str
    """What is wrong; a diff may follow on lines of its own."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.sentence}"


@dataclass(frozen=True)
class Text:
    """A text of the book with all that the rules ask about it."""

    name: str
    """Path below the project's root."""
    source: str
    document: Document
    lesson: Lesson | None = None
    """The lesson whose text it is; None for commentary, review and glossary."""

    @cached_property
    def marks(self) -> list[Mark]:
        """Its code spans, links and comments."""
        return spans.marks(self.source)

    @property
    def commentary(self) -> bool:
        """Whether it belongs to the commentary."""
        return Path(self.name).parent.name == COMMENTARY

    def problem(self, line: int, rule: str, sentence: str) -> Problem:
        """A problem of this text."""
        return Problem(self.name, line, rule, sentence)


@dataclass(frozen=True)
class Book:
    """All texts of a project, read once."""

    root: Path
    lessons: tuple[Lesson, ...]
    texts: tuple[Text, ...]
    """Lessons in order, then the commentary, the review and the glossary."""
    glossary: Glossary
    unread: tuple[Problem, ...] = ()
    """What could not be read."""
    runs: Runs = field(default_factory=Runs)
    """The recordings that rules have asked for so far."""

    def commentary(self) -> Iterator[Text]:
        """The texts of the commentary."""
        return (each for each in self.texts if each.commentary)

    def text_of(self, lesson: Lesson) -> Text | None:
        """The text of a lesson; None if it could not be read."""
        return next((each for each in self.texts if each.lesson is lesson), None)


def read(root: Path, runs: Runs | None = None) -> Book:
    """The book of the project at ``root``. What cannot be read becomes a problem of it."""
    lessons: list[Lesson] = []
    texts: list[Text] = []
    unread: list[Problem] = []
    for folder in lesson_folders(root):
        try:
            lesson = load_lesson(folder)
        except LessonError as error:
            name = below(folder / FACTS, root)
            unread.append(Problem(name, 1, "lesson", str(error)))
            continue
        lessons.append(lesson)
        _read_text(lesson.text_file, root, lesson, texts, unread)
    others = [root / FOLDER / REVIEW, root / FOLDER / GLOSSARY]
    for file in [*commentary_files(root), *(each for each in others if each.exists())]:
        _read_text(file, root, None, texts, unread)
    return Book(
        root,
        tuple(lessons),
        tuple(texts),
        load_glossary(root),
        tuple(unread),
        runs or Runs(),
    )


def _read_text(
    file: Path,
    root: Path,
    lesson: Lesson | None,
    texts: list[Text],
    unread: list[Problem],
) -> None:
    """Add the text in ``file``, or the problem that keeps it from being read."""
    name = below(file, root)
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"cannot be read: {type(error).__name__}"
        unread.append(Problem(name, 1, "text", sentence))
        return
    texts.append(Text(name, source, markdown.parse(source, file), lesson))


def below(file: Path, root: Path) -> str:
    """``file`` as a problem names it."""
    return file.relative_to(root).as_posix()


def line_of(file: Path, needle: str) -> int:
    """The first line of ``file`` that holds ``needle``, counted from 1; 1 if none does."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    return next((n for n, line in enumerate(lines, 1) if needle in line), 1)
