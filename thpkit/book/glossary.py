"""The glossary: ``lessons/glossary.md``, one section for each term."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from thpkit.book import markdown
from thpkit.book.explanations import row_of
from thpkit.book.lesson import FOLDER
from thpkit.book.markdown import Bullet, Document, Heading, Paragraph, Text
from thpkit.view.rows import Row

FILE: Final = "glossary.md"
_TERM_LEVEL: Final = 2
_PARTS: Final = re.compile(r"\s*[(),/]\s*|\s+and\s+")


@dataclass(frozen=True, slots=True)
class Term:
    """One entry."""

    name: str
    """The heading."""
    line: int
    paragraphs: tuple[Text, ...]

    def names(self) -> list[str]:
        """All that the heading lists: ``huge page (THP)`` answers to three names."""
        return [self.name, *(each for each in _PARTS.split(self.name) if each)]

    def rows(self) -> tuple[Row, ...]:
        """Its paragraphs, one a row, of any length."""
        return tuple(row_of(each) for each in self.paragraphs)


@dataclass(frozen=True)
class Glossary:
    """All terms, in the order of the file."""

    terms: tuple[Term, ...] = ()
    _names: Mapping[str, Term] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = {
            _key(name): term for term in reversed(self.terms) for name in term.names()
        }
        object.__setattr__(self, "_names", names)

    def lookup(self, word: str) -> Term | None:
        """The term of that name, whatever its case, hyphens and plural; None if there is none."""
        return self._names.get(_key(word))

    def nearest(self, word: str, limit: int = 3) -> list[str]:
        """Headings of the terms that come nearest to ``word``."""
        key = _key(word)
        holds = [name for name in self._names if key and key in name]
        close = get_close_matches(key, self._names, limit, 0.6)
        found = [self._names[name].name for name in [*holds, *close]]
        return list(dict.fromkeys(found))[:limit]


def load_glossary(root: Path) -> Glossary:
    """The glossary of the project at ``root``; an empty one if it has none."""
    try:
        document = markdown.read(root / FOLDER / FILE)
    except (OSError, UnicodeDecodeError):
        return Glossary()
    return Glossary(tuple(_terms(document)))


def _terms(document: Document) -> Iterator[Term]:
    """The sections of the text."""
    blocks = document.blocks
    for at, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level == _TERM_LEVEL:
            text: list[Text] = []
            for each in blocks[at + 1 :]:
                if isinstance(each, Heading):
                    break
                if isinstance(each, (Paragraph, Bullet)):
                    text.append(each.text)
            yield Term(block.text, block.line, tuple(text))


def _key(word: str) -> str:
    """What two spellings of one term have in common."""
    plain = " ".join(re.sub(r"[-_`]", " ", word.casefold()).split())
    return plain.removesuffix("s") if len(plain) > 3 else plain
