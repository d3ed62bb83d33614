"""From a statement to what the book says about it.

A lesson's own text comes first, then the commentary. In a passage with bullets each bullet explains one statement; a
passage without bullets explains all that it quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thpkit.book.markdown import Bullet, Document, Paragraph, Passage, Style, Text
from thpkit.book.quotes import (
    QuoteError,
    QuoteRole,
    Standing,
    bind,
    place_of,
    stand,
)
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Step
from thpkit.view.rows import Role, Row, Span


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a text says about one statement."""

    statement: Statement
    document: Path
    line: int
    """Line of the bullet, or of the fence if the passage has no bullets."""
    heading: str
    """The heading above it."""
    paragraphs: tuple[Text, ...]
    lead: str = ""
    """The bullet's code span, which is the statement or a part of it."""
    role: QuoteRole = QuoteRole.EXPLAIN

    def rows(self) -> tuple[Row, ...]:
        """Its paragraphs, one a row, of any length."""
        return tuple(row_of(each) for each in self.paragraphs)


class BookExplanations:
    """Explanations from several texts; where more than one speaks of a statement the first one is heard."""

    def __init__(self, texts: Sequence[Mapping[Statement, Explanation]]) -> None:
        self._texts = tuple(texts)

    def __call__(self, statement: Statement | None, step: Step) -> tuple[Row, ...]:
        """The paragraphs about ``statement``; none if the book is silent."""
        found = self.of(statement)
        return found.rows() if found is not None else ()

    def of(self, statement: Statement | None) -> Explanation | None:
        """The explanation of ``statement``, if there is one."""
        if statement is None:
            return None
        for text in self._texts:
            if statement in text:
                return text[statement]
        return None


# ---- reading them out of a text -------------------------------------------------------------------------


def index(documents: Iterable[Document], root: Path) -> dict[Statement, Explanation]:
    """Statement → its first explanation in ``documents``. Quotes that do not stand in the source are passed over.

    What is quoted again counts only for statements that are explained nowhere else.
    """
    found = list(explanations(documents, root))
    found.sort(key=lambda each: each.role is QuoteRole.AGAIN)
    by_statement: dict[Statement, Explanation] = {}
    for each in found:
        by_statement.setdefault(each.statement, each)
    return by_statement


def explanations(documents: Iterable[Document], root: Path) -> Iterator[Explanation]:
    """Every explanation in order of the texts, a statement as often as it is explained."""
    for document in documents:
        for passage in document.passages():
            try:
                place = place_of(passage.fence)
                if place is None or place.role is QuoteRole.SKETCH:
                    continue
                standing = stand(passage.fence, place, root)
            except QuoteError:
                continue
            yield from _of_passage(document, passage, standing)


def _of_passage(
    document: Document, passage: Passage, standing: Standing
) -> Iterator[Explanation]:
    """The explanations in one passage."""
    role = standing.place.role
    if not passage.bullets:
        text = tuple(each.text for each in passage.prose)
        for statement in quoted(standing) if text else ():
            yield Explanation(
                statement,
                document.path,
                passage.fence.line,
                passage.heading,
                text,
                role=role,
            )
        return
    for binding in bind(passage.bullets, standing):
        if binding.statement is not None:
            yield Explanation(
                binding.statement,
                document.path,
                binding.bullet.line,
                passage.heading,
                tuple(_item(passage.prose, binding.bullet)),
                binding.bullet.span or "",
                role,
            )


def quoted(standing: Standing) -> list[Statement]:
    """The statements that begin in a quote, in order."""
    last = standing.first + len(standing.lines)
    return [
        statement
        for line in range(standing.first, last)
        if (statement := standing.statements.get(line)) and statement.first == line
    ]


def _item(prose: Sequence[Paragraph | Bullet], bullet: Bullet) -> Iterator[Text]:
    """The paragraphs of a list item, and of items inside it."""
    at = next(i for i, each in enumerate(prose) if each is bullet)
    yield _without_lead(bullet.text)
    for each in prose[at + 1 :]:
        inside = each.depth > bullet.depth or (
            isinstance(each, Paragraph) and each.depth == bullet.depth
        )
        if not inside:
            return
        yield each.text


_ROLES: Final = {Style.CODE: Role.CODE, Style.PLAIN: Role.PLAIN}


def row_of(text: Text) -> Row:
    """A paragraph as one row."""
    return tuple(
        Span(piece.text, _ROLES.get(piece.style, Role.EMPHASIS)) for piece in text
    )


def _without_lead(text: Text) -> Text:
    """A bullet's text without the code span it begins with, unless the sentence goes on from there.

    The span says which line is meant, and a reader of the row has that line before his eyes.
    """
    first = text[1].text.lstrip()[:1] if len(text) > 1 else ""
    if first.isupper() or first.isdigit():
        return (text[1]._replace(text=text[1].text.lstrip()), *text[2:])
    return text
