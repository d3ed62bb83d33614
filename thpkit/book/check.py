"""The authors' check: whether the texts still say what the code is.

Each problem names a rule, so that a test can break exactly one. The rules are about what a machine can see; whether
a sentence is true it cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.book import markdown
from thpkit.book.commentary import commentary_files
from thpkit.book.explanations import Explanation, explanations
from thpkit.book.glossary import FILE as GLOSSARY
from thpkit.book.lesson import (
    FACTS,
    FOLDER,
    Lesson,
    LessonError,
    lesson_folders,
    load_lesson,
)
from thpkit.book.markdown import Document, Passage
from thpkit.book.match import find
from thpkit.book.quotes import (
    Place,
    QuoteError,
    QuoteRole,
    bind,
    definitions,
    place_of,
    stand,
)
from thpkit.trace.statements import Statement, source_of

MOST_LINES: Final = 12
"""Lines that one quote may have: more than that nobody reads before its explanation."""
MOST_OBJECTIVES: Final = 3


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


def check(root: Path) -> list[Problem]:
    """Every problem of the book of the project at ``root``: lessons, commentary, glossary."""
    found: list[Problem] = []
    for folder in lesson_folders(root):
        found.extend(check_lesson(folder, root))
    for file in commentary_files(root):
        found.extend(check_text(file, root))
    glossary = root / FOLDER / GLOSSARY
    if glossary.exists():
        found.extend(check_text(glossary, root))
    return found


def check_lesson(folder: Path, root: Path) -> list[Problem]:
    """The problems of one lesson."""
    try:
        lesson = load_lesson(folder)
    except LessonError as error:
        return [Problem(_below(folder / FACTS, root), 1, "lesson", str(error))]
    found = [
        Problem(_below(folder / FACTS, root), 1, rule, sentence)
        for rule, sentence in _facts(lesson, root)
    ]
    return found + check_text(lesson.text_file, root)


def check_text(file: Path, root: Path) -> list[Problem]:
    """The problems of one text."""
    name = _below(file, root)
    try:
        document = markdown.read(file)
    except (OSError, UnicodeDecodeError) as error:
        return [Problem(name, 1, "text", f"cannot be read: {type(error).__name__}")]
    found = [
        Problem(name, line, rule, sentence)
        for passage in document.passages()
        for line, rule, sentence in _passage(passage, root)
    ]
    found += [
        Problem(name, line, "explained-twice", sentence)
        for line, sentence in _twice(document, root)
    ]
    return sorted(found, key=lambda each: each.line)


# ---- rules about a lesson's facts -----------------------------------------------------------------------


def _facts(lesson: Lesson, root: Path) -> Iterator[tuple[str, str]]:
    """What is wrong with ``lesson.toml``: rule and sentence."""
    if lesson.id != lesson.folder.name:
        yield "lesson", f"the id is {lesson.id!r}, the folder {lesson.folder.name!r}"
    if len(lesson.objectives) > MOST_OBJECTIVES:
        yield (
            "lesson",
            f"{len(lesson.objectives)} objectives; {MOST_OBJECTIVES} are the most",
        )
    if not lesson.scenario_file.is_file():
        yield (
            "lesson",
            f'there is no scenario {lesson.scenario_file.name}; name the file with scenario = "…"',
        )
    others = {each.name for each in lesson_folders(root)} - {lesson.id}
    for each in lesson.prerequisites:
        if each not in others:
            yield "lesson", f"prerequisite {each!r} is no other lesson"
    for each in lesson.functions:
        path, _, function = each.partition("::")
        if function not in definitions(root / path):
            yield "lesson", f"functions names {each}, which is not in the source"


# ---- rules about quotes ---------------------------------------------------------------------------------


def _passage(passage: Passage, root: Path) -> Iterator[tuple[int, str, str]]:
    """What is wrong with one fence and its prose: line, rule and sentence."""
    fence = passage.fence
    try:
        place = place_of(fence)
        if place is None:
            return
        if place.role is QuoteRole.SKETCH:
            yield from _sketch(passage, place, root)
            return
        standing = stand(fence, place, root)
    except QuoteError as error:
        yield fence.line, error.rule, str(error)
        return
    if len(fence.code) > MOST_LINES:
        sentence = f"{len(fence.code)} lines; {MOST_LINES} are the most, split it"
        yield fence.line, "quote-long", sentence
    if not passage.prose:
        sentence = (
            "no prose follows before the next fence or heading: quoted is not explained"
        )
        yield fence.line, "quote-prose", sentence
    for bullet, line, _ in bind(passage.bullets, standing):
        if line is None:
            sentence = f"{bullet.span!r} is in no line of the quote below the line of the bullet before"
            yield bullet.line, "bullet", sentence


def _sketch(
    passage: Passage, place: Place, root: Path
) -> Iterator[tuple[int, str, str]]:
    """A sketch that is the source's own code should be a quote."""
    if place.path and find(source_of(str(root / place.path)), passage.fence.code):
        sentence = f"this sketch stands in {place.path} word for word: quote it"
        yield passage.fence.line, "sketch", sentence


def _twice(document: Document, root: Path) -> Iterator[tuple[int, str]]:
    """Statements that one text explains more than once."""
    seen: dict[Statement, Explanation] = {}
    for each in _explained(document, root):
        first = seen.setdefault(each.statement, each)
        if first is not each:
            yield (
                each.line,
                f"{each.statement.text!r} is explained at line {first.line} already; "
                "quote it with role=again",
            )


def _explained(document: Document, root: Path) -> Iterable[Explanation]:
    """The explanations that count."""
    for each in explanations([document], root):
        if each.role is QuoteRole.EXPLAIN:
            yield each


def _below(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()
