"""Rules about a lesson: what its ``lesson.toml`` says, its headings in their order, and how long it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from thpkit import patch
from thpkit.book.lesson import FACTS, Lesson, lesson_folders
from thpkit.book.markdown import Bullet, Fence, Heading, Paragraph
from thpkit.book.quotes import QuoteError, QuoteRole, definitions, place_of
from thpkit.book.rules import Book, Problem, Text, below, line_of
from thpkit.book.rules_quotes import words_of

MOST_OBJECTIVES: Final = 3
MOST_WORDS: Final = 900
"""Words of prose in a lesson; code, pictures and headings are not counted."""
MOST_QUOTED: Final = 60
"""Lines of code in a lesson."""
WALK: Final = "Walk"
"""The section in which the code is quoted, and the only one with sections of its own."""
SECTIONS: Final = (
    "A surprise",
    "Predict",
    WALK,
    "See",
    "Say why",
    "In the real kernel",
    "Check yourself",
    "Exercise",
)
"""The sections of every lesson, in order."""


def check(book: Book) -> Iterator[Problem]:
    """What is wrong with the lessons as such."""
    explained = {each for text in book.commentary() for each in _quoted(text)}
    for lesson in book.lessons:
        yield from _facts(lesson, book)
        text = book.text_of(lesson)
        if text is not None:
            yield from _shape(text)
            yield from _length(text)
            yield from _functions(lesson, text, explained)


# ---- lesson.toml ----------------------------------------------------------------------------------------


def _facts(lesson: Lesson, book: Book) -> Iterator[Problem]:
    """What is wrong with ``lesson.toml``."""
    file = lesson.folder / FACTS
    for needle, sentence in [
        *_names(lesson, book.root),
        *_functions_named(lesson, book.root),
        *_records(lesson),
    ]:
        line = line_of(file, needle)
        yield Problem(below(file, book.root), line, "lesson", sentence)


def _names(lesson: Lesson, root: Path) -> Iterator[tuple[str, str]]:
    """Id, objectives, scenario and prerequisites: what to look for in the file, and a sentence."""
    if lesson.id != lesson.folder.name:
        sentence = f"the id is {lesson.id!r}, the folder {lesson.folder.name!r}"
        yield lesson.id, sentence
    if len(lesson.objectives) > MOST_OBJECTIVES:
        found = len(lesson.objectives)
        yield "objectives", f"{found} objectives; {MOST_OBJECTIVES} are the most"
    if not lesson.scenario_file.is_file():
        name = lesson.scenario_file.name
        sentence = f'there is no scenario {name}; name the file with scenario = "…"'
        yield name, sentence
    others = {each.name for each in lesson_folders(root)} - {lesson.id}
    for each in lesson.prerequisites:
        if each not in others:
            yield f'"{each}"', f"prerequisite {each!r} is no other lesson"


def _functions_named(lesson: Lesson, root: Path) -> Iterator[tuple[str, str]]:
    """The functions exist."""
    for each in lesson.functions:
        path, _, function = each.partition("::")
        if function not in definitions(root / path):
            yield each, f"functions names {each}, which is not in the source"


def _records(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """The remarks and defects exist."""
    known = {each.id for each in patch.catalogue()}
    for key, letter, named in (
        ("remarks", "K", lesson.remarks),
        ("defects", "D", lesson.defects),
    ):
        for each in named:
            if each not in known or not each.startswith(letter):
                ids = [each for each in known if each.startswith(letter)]
                last = max(int(each[1:]) for each in ids)
                sentence = (
                    f"{key} names {each}, which is none of {letter}1 to {letter}{last}; "
                    "thp defects lists them"
                )
                yield f'"{each}"', sentence


# ---- the text -------------------------------------------------------------------------------------------


def _shape(text: Text) -> Iterator[Problem]:
    """Title, sections in their order, quotes in the walk."""
    headings = [each for each in text.document.blocks if isinstance(each, Heading)]
    if not headings or headings[0].level != 1:
        yield text.problem(1, "shape", "a lesson begins with its title: # Title")
    for each in headings[1:]:
        if each.level == 1:
            sentence = f"{each.text!r} is a second title; a section is ## {each.text}"
            yield text.problem(each.line, "shape", sentence)
    sections = [each for each in headings if each.level == 2]
    yield from _order(text, sections)
    yield from _inside(text)


def _order(text: Text, sections: Sequence[Heading]) -> Iterator[Problem]:
    """The sections are those of every lesson, each once, in order."""
    at = 0
    last = sections[-1].line if sections else 1
    for each in sections:
        if each.text not in SECTIONS:
            sentence = f"{each.text!r} is no section of a lesson; they are {' · '.join(SECTIONS)}"
            yield text.problem(each.line, "shape", sentence)
        elif SECTIONS.index(each.text) < at:
            sentence = f"{each.text!r} stands too late or twice; the order is {' · '.join(SECTIONS)}"
            yield text.problem(each.line, "shape", sentence)
        else:
            at = SECTIONS.index(each.text) + 1
    present = {each.text for each in sections}
    for name in SECTIONS:
        if name not in present:
            yield text.problem(last, "shape", f"there is no section ## {name}")


def _inside(text: Text) -> Iterator[Problem]:
    """Subsections and quotes stand in the walk only."""
    section = ""
    for block in text.document.blocks:
        if isinstance(block, Heading):
            section = block.text if block.level <= 2 else section
            if block.level > 2 and section != WALK:
                sentence = f"{block.text!r}: only ## {WALK} has sections of its own"
                yield text.problem(block.line, "shape", sentence)
        elif isinstance(block, Fence) and section != WALK and _is_quote(block):
            sentence = (
                f"code is quoted under ## {WALK}; this stands under {section or 'none'}"
            )
            yield text.problem(block.line, "shape", sentence)


def _length(text: Text) -> Iterator[Problem]:
    """No more prose and code than fits one sitting."""
    blocks = text.document.blocks
    words = sum(words_of(each) for each in blocks if isinstance(each, _PROSE))
    if words > MOST_WORDS:
        sentence = f"{words} words of prose; {MOST_WORDS} are the most"
        yield text.problem(1, "words", sentence)
    quotes = [each for each in blocks if isinstance(each, Fence) and _is_quote(each)]
    quoted = sum(len(each.code) for each in quotes)
    if quoted > MOST_QUOTED:
        sentence = f"{quoted} lines of code; {MOST_QUOTED} are the most: leave the rest to the commentary"
        yield text.problem(1, "quoted-lines", sentence)


_PROSE: Final = (Paragraph, Bullet)


def _is_quote(fence: Fence) -> bool:
    try:
        return place_of(fence) is not None
    except QuoteError:
        return True


# ---- what it quotes is what it is about -----------------------------------------------------------------


def _functions(lesson: Lesson, text: Text, explained: set[str]) -> Iterator[Problem]:
    """A quoted function is one of the lesson's own, or of the commentary's."""
    told: set[str] = set()
    for passage in text.document.passages():
        place = _place(passage.fence)
        if place and place not in told | explained | set(lesson.functions):
            told.add(place)
            sentence = f"{place} is neither in functions of {FACTS} nor in the commentary: add it to one of them"
            yield text.problem(passage.fence.line, "lesson", sentence)


def _quoted(text: Text) -> Iterator[str]:
    """The functions whose code a text quotes, as ``PATH::FUNCTION``."""
    for passage in text.document.passages():
        place = _place(passage.fence)
        if place:
            yield place


def _place(fence: Fence) -> str:
    """``PATH::FUNCTION`` of a quote; empty for other fences and for sketches."""
    try:
        place = place_of(fence)
    except QuoteError:
        return ""
    if place is None or place.role is QuoteRole.SKETCH:
        return ""
    return f"{place.path}::{place.function}"
