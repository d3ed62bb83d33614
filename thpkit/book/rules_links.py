"""Rules about links: what a text refers to is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from thpkit.book import markdown
from thpkit.book.markdown import Document, Heading
from thpkit.book.rules import Book, Problem, Text
from thpkit.book.spans import Kind

_ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LINE: Final = re.compile(r"L(\d+)(?:-L\d+)?")


def check(book: Book) -> Iterator[Problem]:
    """Relative links that lead nowhere; links to other sites are not followed."""
    for text in book.texts:
        for mark in text.marks:
            if mark.kind is Kind.LINK and not _ELSEWHERE.match(mark.text):
                sentence = _wrong(mark.text, text)
                if sentence:
                    yield text.problem(mark.line, "link", sentence)


def _wrong(address: str, text: Text) -> str:
    """What is wrong with a relative link; empty if it leads somewhere."""
    path, _, anchor = unquote(address).partition("#")
    here = text.document.path
    target = here.parent / path if path else here
    if not target.exists():
        return f"the link leads to {path}, which does not exist beside {text.name}"
    if not anchor or not target.is_file():
        return ""
    if target.suffix != ".md":
        return _line(anchor, path, target)
    document = text.document if not path else markdown.read(target)
    known = anchors(document)
    if anchor not in known:
        near = [each for each in known if anchor in each or each in anchor]
        hint = f"; did you mean #{near[0]}?" if near else ""
        return f"{path or 'this text'} has no heading for #{anchor}{hint}"
    return ""


def _line(anchor: str, path: str, target: Path) -> str:
    """``#L12`` of a source file."""
    match = _LINE.fullmatch(anchor)
    if match is None:
        return f"#{anchor} means nothing in {path}: a line of a source file is #L12"
    lines = len(target.read_text(encoding="utf-8").splitlines())
    if int(match[1]) > lines:
        return f"{path} has {lines} lines, so no #{anchor}"
    return ""


def anchors(document: Document) -> list[str]:
    """The anchors that GitHub gives to the headings of a text."""
    found: list[str] = []
    for block in document.blocks:
        if isinstance(block, Heading):
            words = re.sub(r"[^\w\- ]", "", block.text.strip().lower())
            name = words.replace(" ", "-")
            again = sum(1 for each in found if re.sub(r"-\d+$", "", each) == name)
            found.append(f"{name}-{again}" if name in found else name)
    return found
