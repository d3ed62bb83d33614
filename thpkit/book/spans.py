"""The small things inside paragraphs, each with its line: code spans, links, and the comments that measure a number.

:mod:`~thpkit.book.markdown` says what a text *says*; here is what a checker needs besides, and a reader never sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Kind(Enum):
    """What a mark is."""

    CODE = "code"
    LINK = "link"
    """A link or a picture; its text is the address."""
    COMMENT = "comment"
    """An HTML comment, which GitHub does not show; its text has no ``<!--`` and no ``-->``."""


class Mark(NamedTuple):
    """One of them."""

    kind: Kind
    line: int
    """Line of the file on which it begins, counted from 1."""
    text: str
    before: str = ""
    """What stands directly before it on its line, without markup."""


_PARSER: Final = MarkdownIt("commonmark")


def marks(source: str) -> list[Mark]:
    """Every mark of a text in order."""
    lines = source.splitlines()
    found: list[Mark] = []
    for token in _PARSER.parse(source):
        if token.map is None:
            continue
        first = token.map[0] + 1
        if token.type == "inline":
            found.extend(_Walk(lines, first).through(token.children or []))
        elif token.type == "html_block" and token.content.lstrip().startswith("<!--"):
            found.append(Mark(Kind.COMMENT, first, _inside(token.content)))
    return found


class _Walk:
    """Goes through the pieces of a paragraph and keeps count of the lines."""

    def __init__(self, lines: Sequence[str], first: int) -> None:
        self._lines = lines
        self._line = first
        self._before = ""

    def through(self, children: Sequence[Token]) -> Iterator[Mark]:
        """The marks among ``children``."""
        for child in children:
            line = self._line
            if child.type in ("softbreak", "hardbreak"):
                self._line += 1
                self._before = ""
            elif child.type == "text":
                self._before = child.content or self._before
            elif child.type == "code_inline":
                yield Mark(Kind.CODE, line, child.content, self._before)
                self._line += self._breaks_in(child.content)
                self._before = child.content
            elif child.type in ("link_open", "image"):
                name = "href" if child.type == "link_open" else "src"
                yield Mark(Kind.LINK, line, str(child.attrGet(name) or ""))
            elif child.type == "html_inline":
                if child.content.startswith("<!--"):
                    text = _inside(child.content)
                    yield Mark(Kind.COMMENT, line, text, self._before)
                self._line += child.content.count("\n")
                self._before = ""

    def _breaks_in(self, content: str) -> int:
        """How many line ends a code span holds: the parser has made blanks of them."""
        for more in range(content.count(" ") + 1):
            here = self._lines[self._line - 1 : self._line + more]
            if content in " ".join(each.strip() for each in here):
                return more
        return 0


def _inside(comment: str) -> str:
    return comment.strip().removeprefix("<!--").removesuffix("-->")
