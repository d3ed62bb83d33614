"""The book: lessons, commentary and glossary, and the checks that keep them true to the code.

The texts are Markdown in ``lessons/``. They quote the kernel's code word for word; here the quotes are found in the
source again, so that the stepper can show what is written about the statement that runs.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from thpkit.book.commentary import list_commentary
from thpkit.book.explanations import BookExplanations, index
from thpkit.book.glossary import Glossary, load_glossary
from thpkit.book.lesson import (
    Lesson,
    LessonError,
    find_lesson,
    list_lessons,
)
from thpkit.trace.statements import ROOT

__all__ = [
    "BookExplanations",
    "Glossary",
    "Lesson",
    "LessonError",
    "explanations_for",
    "find_lesson",
    "glossary",
    "lessons",
]


def lessons(root: Path = ROOT) -> list[Lesson]:
    """The lessons of the project at ``root``, in order."""
    return list_lessons(root)


def explanations_for(lesson: Lesson | None, root: Path = ROOT) -> BookExplanations:
    """What the book says about each statement: the lesson's own text first, then the commentary.

    The texts are read now. A lesson whose text cannot be read is silent.
    """
    texts = []
    if lesson is not None:
        with suppress(LessonError):
            texts.append(index([lesson.document()], root))
    texts.append(index(list_commentary(root), root))
    return BookExplanations(texts)


def glossary(root: Path = ROOT) -> Glossary:
    """The glossary of the project at ``root``."""
    return load_glossary(root)
