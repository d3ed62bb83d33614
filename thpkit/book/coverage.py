"""Coverage: how much of the kernel's path is explained, counted two ways.

Of all statements of the path's functions: how many have exactly one bullet in the commentary. And of the statements
that a lesson's recording executes: how many have an explanation at all, in the lesson or in the commentary.

The path is every function of some files, which ``lessons/coverage.toml`` names, and those of other files that a
recording executes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.book.explanations import explanations, index
from thpkit.book.lesson import Lesson
from thpkit.book.markdown import Document
from thpkit.book.quotes import QuoteRole, statements
from thpkit.book.rules import Book
from thpkit.trace.statements import Statement, bodies_of, path_of
from thpkit.trace.timeline import Timeline

KERNEL: Final = "thpkit/kernel/"


class FunctionCoverage(NamedTuple):
    """One function of the path."""

    place: str
    """``PATH::FUNCTION``."""
    statements: tuple[Statement, ...]
    missing: tuple[Statement, ...]
    """Those with no bullet in the commentary, or with more than one."""


class LessonCoverage(NamedTuple):
    """One lesson's recording."""

    lesson: str
    statements: tuple[Statement, ...]
    """The kernel's statements that it executes, in the order of the source."""
    missing: tuple[Statement, ...]
    """Those without an explanation."""


class Coverage(NamedTuple):
    """Both ways."""

    functions: tuple[FunctionCoverage, ...]
    lessons: tuple[LessonCoverage, ...]

    @property
    def explained(self) -> int:
        """Statements of the path with exactly one bullet."""
        return sum(len(x.statements) - len(x.missing) for x in self.functions)

    @property
    def total(self) -> int:
        """Statements of the path."""
        return sum(len(each.statements) for each in self.functions)


# ---- measuring ------------------------------------------------------------------------------------------


def measured(
    book: Book, files: Iterable[str] = (), functions: Iterable[str] = ()
) -> Coverage:
    """The coverage of the book; the path is what stands in ``files``, ``functions``, and what the lessons execute.

    Each lesson is recorded, unless it was before.

    Raises:
        RunError: a lesson cannot be recorded.
    """
    runs = {each: book.runs.timeline(each) for each in book.lessons}
    bullets = Counter(
        each.statement
        for each in explanations(_commentary(book), book.root)
        if each.role is QuoteRole.EXPLAIN and each.lead
    )
    places = path(book.root, files, functions, runs.values())
    return Coverage(
        tuple(_function(book.root, place, bullets) for place in places),
        tuple(_lessons(book, runs)),
    )


def _function(
    root: Path, place: str, bullets: Mapping[Statement, int]
) -> FunctionCoverage:
    every = statements_of(root, place)
    missing = tuple(each for each in every if bullets.get(each, 0) != 1)
    return FunctionCoverage(place, every, missing)


def _lessons(book: Book, runs: Mapping[Lesson, Timeline]) -> Iterator[LessonCoverage]:
    told = _explained(book, _commentary(book))
    for lesson, timeline in runs.items():
        ran = executed(timeline)
        text = book.text_of(lesson)
        own = _explained(book, [text.document] if text else [])
        missing = tuple(each for each in ran if each not in told | own)
        yield LessonCoverage(lesson.id, ran, missing)


def _commentary(book: Book) -> list[Document]:
    return [each.document for each in book.commentary()]


def _explained(book: Book, documents: Sequence[Document]) -> set[Statement]:
    found = index(documents, book.root)
    return {each for each in found if found[each].role is QuoteRole.EXPLAIN}


def executed(timeline: Timeline) -> tuple[Statement, ...]:
    """The distinct statements of the kernel that ran, by file and line."""
    functions = {
        (each.function.file, each.function.line): each.function
        for each in timeline.tape.frames
    }
    ran = {
        statement
        for function in functions.values()
        if function.file.startswith(KERNEL)
        for statement in function.statements.values()
        if timeline.visits(statement)
    }
    return tuple(sorted(ran))


def path(
    root: Path, files: Iterable[str], functions: Iterable[str], runs: Iterable[Timeline]
) -> list[str]:
    """The functions of the path, as ``PATH::FUNCTION``, by files and lines."""
    wanted = set(functions)
    for file in files:
        wanted.update(f"{file}::{each}" for each in functions_of(root / file))
    for timeline in runs:
        wanted.update(f"{each.file}::{each.function}" for each in executed(timeline))
    return sorted(wanted, key=lambda each: _first(root, each))


def _first(root: Path, place: str) -> tuple[str, int]:
    lines = [each.first for each in statements_of(root, place)]
    return place.partition("::")[0], min(lines, default=0)


def statements_of(root: Path, place: str) -> tuple[Statement, ...]:
    """The statements of ``PATH::FUNCTION`` in order; none if there is no such function."""
    file, _, function = place.partition("::")
    return tuple(dict.fromkeys(statements(root / file, function).values()))


def functions_of(file: Path) -> list[str]:
    """The functions of a kernel file in which anything runs, in the order of the source."""
    return [
        next(iter(body.statements.values())).function
        for body in bodies_of(path_of(str(file)))
        if body.statements
    ]
