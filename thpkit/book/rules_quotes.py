"""Rules about quotes: they stand in the source, they are short, and what is quoted is explained once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from thpkit.book import markdown
from thpkit.book.explanations import Explanation, explanations
from thpkit.book.markdown import Bullet, Fence, Paragraph, Passage
from thpkit.book.match import find
from thpkit.book.quotes import (
    Place,
    QuoteError,
    QuoteRole,
    Standing,
    bind,
    place_of,
    stand,
)
from thpkit.book.rules import Book, Problem, Text
from thpkit.trace.statements import Statement, source_of

MOST_LINES: Final = 12
"""Lines that one quote may have: more than that nobody reads before its explanation."""
WORDS_A_LINE: Final = 5
"""Words of explanation that each quoted line needs on average: quoted is not explained."""
_LEFT_OUT: Final = frozenset({"...", "…", "# ...", "# …"})


def check(book: Book) -> Iterator[Problem]:
    """What is wrong with the quotes of all texts, and what the commentary explains twice."""
    for text in book.texts:
        for passage in text.document.passages():
            for line, rule, sentence in _passage(passage, book):
                yield text.problem(line, rule, sentence)
    yield from _twice(book)


# ---- one fence and its prose ----------------------------------------------------------------------------


def _passage(passage: Passage, book: Book) -> Iterator[tuple[int, str, str]]:
    """What is wrong with one fence and its prose: line, rule and sentence."""
    fence = passage.fence
    try:
        place = place_of(fence)
        if place is None:
            return
        if place.role is QuoteRole.SKETCH:
            yield from _sketch(passage, place, book)
            return
        left_out = _left_out(fence)
        if left_out is not None:
            yield left_out
            return
        standing = stand(fence, place, book.root)
    except QuoteError as error:
        yield fence.line, error.rule, str(error)
        return
    if len(fence.code) > MOST_LINES:
        sentence = f"{len(fence.code)} lines; {MOST_LINES} are the most, split it"
        yield fence.line, "quote-long", sentence
    yield from _prose(passage, place)
    yield from _bullets(passage, standing)


def _left_out(fence: Fence) -> tuple[int, str, str] | None:
    """A quote shows consecutive lines."""
    for offset, line in enumerate(fence.code, 1):
        if line.strip() in _LEFT_OUT:
            sentence = f"a quote may not leave lines out with {line.strip()!r}: split it into two"
            return fence.line + offset, "ellipsis", sentence
    return None


def _prose(passage: Passage, place: Place) -> Iterator[tuple[int, str, str]]:
    """Enough of it."""
    line = passage.fence.line
    if not passage.prose:
        sentence = (
            "no prose follows before the next fence or heading: quoted is not explained"
        )
        yield line, "quote-prose", sentence
        return
    if place.role is QuoteRole.AGAIN:
        return
    quoted = sum(1 for each in passage.fence.code if each.strip())
    words = sum(words_of(each) for each in passage.prose)
    if words < WORDS_A_LINE * quoted:
        sentence = (
            f"{words} words explain {quoted} lines; {WORDS_A_LINE * quoted} are the least "
            f"({WORDS_A_LINE} a line): say what would break without each, or quote less"
        )
        yield line, "prose-ratio", sentence


def words_of(block: Paragraph | Bullet) -> int:
    """How many words a paragraph has; the code span that a bullet begins with is none of them."""
    text = block.text
    if isinstance(block, Bullet) and block.span is not None:
        text = text[1:]
    return len(markdown.plain(text).split())


def _bullets(passage: Passage, standing: Standing) -> Iterator[tuple[int, str, str]]:
    """Each bullet's span is in a line of the quote, and they come in the order of the lines."""
    for bullet, line, _ in bind(passage.bullets, standing):
        if line is None:
            rule, sentence = _unbound(bullet.span or "", standing)
            yield bullet.line, rule, sentence


def _unbound(span: str, standing: Standing) -> tuple[str, str]:
    """Why a bullet's span leads to no line: rule and sentence."""
    holding = [n for n, each in enumerate(standing.lines) if span in each]
    if not span.strip() or not holding:
        return "bullet", f"{span!r} is in no line of the quote"
    for offset in holding:
        line = standing.first + offset
        statement = standing.statements.get(line)
        if statement is None or statement.first == line:
            return "bullet-order", (
                f"{span!r} is in line {offset + 1} of the quote, which an earlier bullet has passed: "
                "bullets stand in the order of the lines, one for each"
            )
    return "bullet", (
        f"{span!r} is inside a statement of several lines, which counts by its first line: begin the bullet with a "
        "piece of that, or, for a remark on a part, with a word that is no code"
    )


def _sketch(
    passage: Passage, place: Place, book: Book
) -> Iterator[tuple[int, str, str]]:
    """A sketch that is the source's own code should be a quote."""
    file = str(book.root / place.path)
    if place.path and find(source_of(file), passage.fence.code):
        sentence = f"this sketch stands in {place.path} word for word: quote it"
        yield passage.fence.line, "sketch", sentence


# ---- once and only once ---------------------------------------------------------------------------------


def _twice(book: Book) -> Iterator[Problem]:
    """Statements that a lesson, or the commentary as a whole, explains more than once."""
    groups = [[text] for text in book.texts if not text.commentary]
    for group in [*groups, list(book.commentary())]:
        seen: dict[Statement, tuple[Text, Explanation]] = {}
        for text, each in _explained(group, book):
            where, first = seen.setdefault(each.statement, (text, each))
            if first is not each:
                file = "" if where is text else f" of {where.name}"
                sentence = (
                    f"{each.statement.text!r} of {each.statement.function} is explained at line {first.line}{file} "
                    "already; quote it with role=again"
                )
                yield text.problem(each.line, "explained-twice", sentence)


def _explained(texts: Iterable[Text], book: Book) -> Iterator[tuple[Text, Explanation]]:
    """The explanations that count, in order."""
    for text in texts:
        for each in explanations([text.document], book.root):
            if each.role is QuoteRole.EXPLAIN:
                yield text, each
