"""Rules about words: a name in code type exists somewhere, and the glossary has each term once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from thpkit import patch
from thpkit.book import markdown, spans
from thpkit.book.glossary import FILE as GLOSSARY
from thpkit.book.glossary import Term
from thpkit.book.lesson import FOLDER
from thpkit.book.quiz import FILE as QUIZ
from thpkit.book.quotes import definitions
from thpkit.book.rules import Book, Problem, below, line_of
from thpkit.book.spans import Kind
from thpkit.book.vocabulary import sources, vocabulary, words

KERNEL_NAMES: Final = "kernel_names.txt"
"""Names that only the real kernel has, one a line, in the folder of the lessons."""
PROSE: Final = frozenset({"ask", "explain", "text", "reason"})
"""Keys of ``quiz.toml`` whose strings are prose."""
_RECORD: Final = re.compile(r"[KD]\d+")
_VERSION: Final = re.compile(r"v\d+(\.\d+)*")


def check(book: Book) -> Iterator[Problem]:
    """Names that nobody can look up, names listed for nothing, and what is wrong with the glossary."""
    names = kernel_names(book.root)
    known = Known(book, names)
    for text in book.texts:
        for mark in text.marks:
            if mark.kind is Kind.CODE:
                for sentence in known.unknown_in(mark.text):
                    yield text.problem(mark.line, "identifier", sentence)
    for lesson in book.lessons:
        yield from _asked(lesson.folder / QUIZ, known, book.root)
    # A text that could not be read may use what no other one does.
    yield from _list(book.root, names, names if book.unread else known.used)
    yield from _glossary(book)


def _asked(file: Path, known: Known, root: Path) -> Iterator[Problem]:
    """Names in the prose of a quiz. What is no TOML is left to the rule of the quiz."""
    try:
        facts = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for prose in _prose_of(facts):
        for mark in spans.marks(prose):
            if mark.kind is Kind.CODE:
                for sentence in known.unknown_in(mark.text):
                    line = line_of(file, f"`{mark.text}`")
                    yield Problem(below(file, root), line, "identifier", sentence)


def _prose_of(facts: object) -> Iterator[str]:
    """The strings that readers see, in tables and lists of tables."""
    if isinstance(facts, list):
        for each in facts:
            yield from _prose_of(each)
    elif isinstance(facts, dict):
        for key, value in facts.items():
            if isinstance(value, str) and key in PROSE:
                yield value
            elif not isinstance(value, str):
                yield from _prose_of(value)


# ---- identifiers ----------------------------------------------------------------------------------------


def kernel_names(root: Path) -> list[str]:
    """The lines of the list of kernel names; none if there is no list."""
    file = root / FOLDER / KERNEL_NAMES
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


class Known:
    """What is known by name in a project; remembers which kernel names were needed."""

    def __init__(self, book: Book, names: Iterable[str]) -> None:
        self.used: set[str] = set()
        self._book = book
        self._code = vocabulary(book.root)
        self._kernel = frozenset(names)
        self._records = {each.id for each in patch.catalogue()}

    def unknown_in(self, span: str) -> Iterator[str]:
        """A sentence about each name in a code span that exists nowhere."""
        if self._book.glossary.lookup(span):
            return
        for token in span.split():
            if "/" in token and re.search(r"\w/", token):
                yield from self._path(token.strip(",;:()"))
            else:
                yield from self._words(token)

    def _path(self, path: str) -> Iterator[str]:
        """A path below the root exists; another one is the kernel's, or an expression."""
        file, _, function = path.partition("::")
        if (self._book.root / file.partition("/")[0]).is_dir():
            target = self._book.root / file
            if not target.exists():
                yield f"there is no {file} in this project"
            elif function and function not in definitions(target):
                yield f"{file} has no function {function}"
        elif path in self._kernel:
            self.used.add(path)
        else:
            yield from self._words(path)

    def _words(self, token: str) -> Iterator[str]:
        """Each word is a name of the code, a term, a record of the catalogue, or a listed kernel name."""
        for word in words(token):
            if word in self._code or _VERSION.fullmatch(word):
                continue
            if word in self._kernel:
                self.used.add(word)
            elif _RECORD.fullmatch(word):
                if word not in self._records:
                    yield f"{word} is no record of the catalogue; thp defects lists them"
            elif not self._book.glossary.lookup(word):
                near = get_close_matches(word, self._code, 1, 0.8)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield (
                    f"{word!r} is a name in neither the code nor the glossary nor {FOLDER}/{KERNEL_NAMES}{hint}"
                )


def _list(root: Path, names: list[str], used: Container[str]) -> Iterator[Problem]:
    """The list is sorted, without doubles, and holds only what the prose needs."""
    file = f"{FOLDER}/{KERNEL_NAMES}"
    for n, name in enumerate(names, 1):
        if n > 1 and name <= names[n - 2]:
            sentence = f"{name} stands after {names[n - 2]}: the list is sorted, each name once"
            yield Problem(file, n, "kernel-names", sentence)
        elif name not in used:
            sentence = f"no text needs {name!r}: take it off the list"
            yield Problem(file, n, "kernel-names", sentence)


# ---- glossary -------------------------------------------------------------------------------------------


def _glossary(book: Book) -> Iterator[Problem]:
    """Each term once, with an explanation, and met somewhere."""
    file = f"{FOLDER}/{GLOSSARY}"
    prose = dict(_proses(book))
    for term in book.glossary.terms:
        if not any(markdown.plain(each).strip() for each in term.paragraphs):
            yield Problem(file, term.line, "glossary", f"{term.name!r} has no entry")
        for name in dict.fromkeys(term.names()):
            first = book.glossary.lookup(name)
            if first is not None and first is not term:
                sentence = f"{name!r} is explained at line {first.line} already, under {first.name!r}"
                yield Problem(file, term.line, "glossary", sentence)
        if not (book.unread or _met(term, prose)):
            sentence = f"no text uses {term.name!r}: use it, or take the entry out"
            yield Problem(file, term.line, "glossary", sentence)


def _met(term: Term, prose: Mapping[str, str]) -> bool:
    """Whether some text, or another entry, uses one of the term's names."""
    patterns = [
        re.compile(rf"\b{re.escape(_plain(name).removesuffix('s'))}(e?s)?\b")
        for name in term.names()
    ]
    return any(
        pattern.search(each)
        for owner, each in prose.items()
        if owner != term.name
        for pattern in patterns
    )


def _proses(book: Book) -> Iterator[tuple[str, str]]:
    """Every text, every entry of the glossary, and all that the code says, by name and in lower case.

    The code counts because its screens and messages send readers to the glossary.
    """
    for text in book.texts:
        if text.name != f"{FOLDER}/{GLOSSARY}":
            yield text.name, _plain(text.source)
    for term in book.glossary.terms:
        entry = " ".join(markdown.plain(each) for each in term.paragraphs)
        yield term.name, _plain(entry)
    for file in sources(book.root):
        yield str(file), _plain(file.read_text(encoding="utf-8", errors="replace"))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[-_`*]", " ", text.casefold()).split())
