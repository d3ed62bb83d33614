"""Rules about what a text takes from the run: numbers, pictures, questions. And the rules of a quiz."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Set
from typing import Final

from thpkit.book import generated
from thpkit.book.generated import GeneratedError
from thpkit.book.lesson import Lesson
from thpkit.book.markdown import Fence
from thpkit.book.measure import evaluate
from thpkit.book.quiz import FILE as QUIZ
from thpkit.book.quiz import load_quiz
from thpkit.book.rules import Book, Problem, Text, below, line_of
from thpkit.book.spans import Kind, Mark

LEAST_QUESTIONS: Final = 5
LEAST_KINDS: Final = 3
WHY: Final = "why"
_MEASURED: Final = re.compile(
    r"=\s*(?P<expression>.+?)(?:\s+in\s+(?P<variant>[\w.+-]+))?\s*", re.DOTALL
)
_SAID: Final = re.compile(r"[\w.,+−-]*\w$")
_NUMBERS: Final = (
    ("zero", "no", "none", "nothing", "never"),
    ("one", "once"),
    ("two", "twice", "both"),
    ("three",),
    ("four",),
    ("five",),
    ("six",),
    ("seven",),
    ("eight",),
    ("nine",),
    ("ten",),
    ("eleven",),
    ("twelve",),
    ("thirteen",),
    ("fourteen",),
    ("fifteen",),
    ("sixteen",),
)
_WORDS: Final = {word: n for n, words in enumerate(_NUMBERS) for word in words}


def check(book: Book) -> Iterator[Problem]:
    """What does not agree with the recordings.

    A run that cannot be recorded, or a quiz that cannot be loaded, is one problem and not one for each use.
    """
    lost: set[str] = set()
    unasked: set[str] = set()
    for lesson in book.lessons:
        problem = _run(lesson, book)
        if problem is not None:
            lost.add(lesson.id)
            if lesson.scenario_file.is_file():  # else the rules of lesson.toml say so
                yield problem
            continue
        for problem in _quiz(lesson, book):
            unasked.add(lesson.id)
            yield problem
    for text in book.texts:
        if text.lesson is None or text.lesson.id not in lost:
            yield from _numbers(text, book)
            yield from _fences(text, book, unasked)


def _run(lesson: Lesson, book: Book) -> Problem | None:
    """Why the lesson cannot be recorded, if it cannot."""
    try:
        book.runs.timeline(lesson)
    except ValueError as error:
        file = lesson.scenario_file
        said = str(error).replace(f"{book.root}/", "")
        line = re.search(rf"{re.escape(file.name)}:(\d+)", said)
        name = below(file, book.root)
        return Problem(name, int(line[1]) if line else 1, "scenario", said)
    return None


# ---- numbers --------------------------------------------------------------------------------------------


def _numbers(text: Text, book: Book) -> Iterator[Problem]:
    """Each measured number is what the run gives."""
    for mark in text.marks:
        if mark.kind is Kind.COMMENT and mark.text.startswith("="):
            sentence = _number(mark, text.lesson, book)
            if sentence:
                yield text.problem(mark.line, "number", sentence)


def _number(mark: Mark, lesson: Lesson | None, book: Book) -> str:
    """What is wrong with a number; empty if nothing is."""
    said = _SAID.search(mark.before)
    match = _MEASURED.fullmatch(mark.text)
    if said is None or match is None:
        return (
            "a measured number is written 527<!--= EXPRESSION -->, the comment directly after the number or word; "
            "this is not"
        )
    if lesson is None:
        return "only a lesson has a run to measure; take the comment out"
    try:
        timeline = book.runs.timeline(lesson, match["variant"])
        value = evaluate(match["expression"], timeline)
    except ValueError as error:
        return str(error)
    if is_said(said[0], value):
        return ""
    return f"the text says {said[0]}, the run {value}: {match['expression']}"


def is_said(word: str, value: int | str | bool) -> bool:
    """Whether a word of prose says ``value``: in digits, hexadecimal, as a word, yes or no."""
    if isinstance(value, bool):
        return word.casefold() in (("yes", "true") if value else ("no", "false"))
    if isinstance(value, str):
        return word == value
    if word.casefold() in _WORDS:
        return _WORDS[word.casefold()] == value
    try:
        return int(word.replace("−", "-").replace(",", ""), 0) == value
    except ValueError:
        return False


# ---- generated fences -----------------------------------------------------------------------------------


def _fences(text: Text, book: Book, unasked: Set[str]) -> Iterator[Problem]:
    """Each generated fence holds what the run gives; questions of lessons in ``unasked`` are left aside."""
    for block in text.document.blocks:
        if not isinstance(block, Fence):
            continue
        rule = "picture"
        try:
            order = generated.order_of(block)
            if order is None:
                continue
            rule = order.kind
            if text.lesson is None:
                raise GeneratedError("only a lesson has a run to show")
            if rule == "question" and text.lesson.id in unasked:
                continue
            wanted = generated.content(order, text.lesson, book.runs)
        except GeneratedError as error:
            yield text.problem(block.line, rule, str(error))
            continue
        if wanted != block.code:
            sentence = (
                f"this is not what the run shows; thp book pictures {text.lesson.id} rewrites it\n"
                f"{generated.difference(block, wanted)}"
            )
            yield text.problem(block.line, rule, sentence)


# ---- the quiz -------------------------------------------------------------------------------------------


def _quiz(lesson: Lesson, book: Book) -> Iterator[Problem]:
    """The questions can be asked, and there are enough of enough kinds."""
    file = lesson.folder / QUIZ
    name = below(file, book.root)
    if not file.is_file():
        sentence = (
            f"there is no {QUIZ}: a lesson asks {LEAST_QUESTIONS} questions or more"
        )
        yield Problem(name, 1, "quiz", sentence)
        return
    try:
        questions = load_quiz(lesson, book.runs).questions
    except ValueError as error:
        yield Problem(name, _line(str(error), lesson), "quiz", str(error))
        return
    kinds = Counter(each.kind for each in questions)
    if len(questions) < LEAST_QUESTIONS:
        sentence = f"{len(questions)} questions; {LEAST_QUESTIONS} are the least"
        yield Problem(name, 1, "quiz", sentence)
    if len(kinds) < LEAST_KINDS:
        sentence = f"questions of {len(kinds)} kinds ({', '.join(sorted(kinds))}); {LEAST_KINDS} are the least"
        yield Problem(name, 1, "quiz", sentence)
    if not kinds[WHY]:
        sentence = f"no question asks why: one at least has kind = {WHY!r}"
        yield Problem(name, 1, "quiz", sentence)
    for each, count in Counter(each.id for each in questions).items():
        if count > 1:
            line = line_of(file, f'"{each}"')
            yield Problem(name, line, "quiz", f"{count} questions have the id {each!r}")


def _line(message: str, lesson: Lesson) -> int:
    """The line of the question that a message speaks of; 1 if it names none, the second one of two with one id."""
    file = lesson.folder / QUIZ
    lines = file.read_text(encoding="utf-8").splitlines()
    for n in range(len(lines), 0, -1):
        found = re.match(r"""\s*id\s*=\s*["']([^"']*)["']""", lines[n - 1])
        if found and re.search(rf"(?<![\w-]){re.escape(found[1])}(?![\w-])", message):
            return n
    return 1
