"""Markdown, reduced to what the book is made of: headings, paragraphs, bullets and fences, each with its line.

The texts are CommonMark and are read by a CommonMark parser, so that a fence inside a list, a code span over two
lines or a nested quotation mean here what they mean on GitHub. What a terminal cannot show (tables, pictures, raw
HTML) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Style(Enum):
    """How a piece of a paragraph is set."""

    PLAIN = "plain"
    CODE = "code"
    STRONG = "strong"
    EMPHASIS = "emphasis"


class Inline(NamedTuple):
    """A piece of a paragraph."""

    text: str
    style: Style = Style.PLAIN


Text: TypeAlias = tuple[Inline, ...]
"""A paragraph's content; line breaks of the source are blanks."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading."""

    line: int
    """Line of the file, counted from 1; likewise below."""
    level: int
    text: str
    """Without any markup."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose, or a further paragraph of a bullet."""

    line: int
    text: Text
    depth: int = 0
    """How many lists it stands in."""


@dataclass(frozen=True, slots=True)
class Bullet:
    """The first paragraph of a list item."""

    line: int
    text: Text
    marker: str = "-"
    """``-`` in a bullet list, ``1.`` and so on in a numbered one."""
    depth: int = 1

    @property
    def span(self) -> str | None:
        """The code span that it begins with, if it does: that is the line of code which it explains."""
        if self.text and self.text[0].style is Style.CODE:
            return self.text[0].text
        return None


@dataclass(frozen=True, slots=True)
class Fence:
    """A block of code."""

    line: int
    """Line of the opening fence."""
    info: str
    """What follows the opening fence: a language, and for a quote its place."""
    code: tuple[str, ...]
    """Lines without line ends."""


Block: TypeAlias = Heading | Paragraph | Bullet | Fence


@dataclass(frozen=True, slots=True)
class Passage:
    """A fence with the prose that belongs to it: all that follows up to the next fence or heading."""

    heading: str
    """The heading it stands under; empty before the first one."""
    fence: Fence
    prose: tuple[Paragraph | Bullet, ...]

    @property
    def bullets(self) -> tuple[Bullet, ...]:
        """The bullets that explain a line of the fence: those that begin with a code span."""
        return tuple(
            each
            for each in self.prose
            if isinstance(each, Bullet) and each.span is not None
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A text of the book."""

    path: Path
    blocks: tuple[Block, ...]

    def passages(self) -> Iterator[Passage]:
        """Every fence with its prose, in order."""
        heading = ""
        for at, block in enumerate(self.blocks):
            if isinstance(block, Heading):
                heading = block.text
            elif isinstance(block, Fence):
                yield Passage(heading, block, tuple(_prose(self.blocks[at + 1 :])))


def _prose(blocks: Sequence[Block]) -> Iterator[Paragraph | Bullet]:
    """What stands before the next fence or heading."""
    for block in blocks:
        if isinstance(block, (Heading, Fence)):
            return
        yield block


_PARSER: Final = MarkdownIt("commonmark")
_LISTS: Final = frozenset({"bullet_list", "ordered_list"})
_STYLES: Final = {
    "strong_open": Style.STRONG,
    "strong_close": Style.PLAIN,
    "em_open": Style.EMPHASIS,
    "em_close": Style.PLAIN,
}


def read(path: Path) -> Document:
    """The document that a file holds.

    Raises:
        OSError: the file cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    return parse(path.read_text(encoding="utf-8"), path)


def parse(source: str, path: Path = Path("text.md")) -> Document:
    """The document that ``source`` is; ``path`` is only remembered."""
    reader = _Reader()
    for token in _PARSER.parse(source):
        reader.take(token)
    return Document(path, tuple(reader.blocks))


class _Reader:
    """Collects blocks from the parser's tokens."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._heading = 0
        self._depth = 0
        self._marker = ""
        """Marker of a list item whose first paragraph has not come yet."""

    def take(self, token: Token) -> None:
        """Note what the next token adds."""
        kind, _, side = token.type.rpartition("_")
        line = token.map[0] + 1 if token.map else 0
        if token.type in ("fence", "code_block"):
            code = tuple(token.content.splitlines())
            self.blocks.append(Fence(line, token.info.strip(), code))
            self._marker = ""
        elif token.type == "inline":
            self._inline(line, token.children or [])
        elif kind == "heading":
            self._heading = int(token.tag[1:]) if side == "open" else 0
        elif kind == "list_item":
            numbered = f"{token.info}{token.markup}" if token.info else "-"
            self._marker = numbered if side == "open" else ""
        elif kind in _LISTS:
            self._depth += 1 if side == "open" else -1

    def _inline(self, line: int, children: Sequence[Token]) -> None:
        """The content of a heading, a paragraph or a list item."""
        text = tuple(_inlines(children))
        if self._heading:
            self.blocks.append(Heading(line, self._heading, plain(text)))
        elif self._marker:
            self.blocks.append(Bullet(line, text, self._marker, self._depth))
            self._marker = ""
        else:
            self.blocks.append(Paragraph(line, text, self._depth))


def _inlines(children: Sequence[Token]) -> Iterator[Inline]:
    """The pieces of a paragraph; neighbours of one style are joined."""
    style = Style.PLAIN
    pending = Inline("")
    for child in children:
        style = _STYLES.get(child.type, style)
        if child.type == "code_inline":
            piece = Inline(child.content, Style.CODE)
        elif child.type in ("softbreak", "hardbreak"):
            piece = Inline(" ", style)
        else:
            piece = Inline(child.content if child.type == "text" else "", style)
        if not piece.text:
            continue
        if piece.style is pending.style and piece.style is not Style.CODE:
            pending = Inline(pending.text + piece.text, style)
            continue
        if pending.text:
            yield pending
        pending = piece
    if pending.text:
        yield pending


def plain(text: Text) -> str:
    """The text without any markup."""
    return "".join(each.text for each in text)
