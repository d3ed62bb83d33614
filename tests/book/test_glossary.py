"""The glossary opens on any term."""

from __future__ import annotations

import pytest

from tests.book.project import Project
from thpkit import book
from thpkit.view.rows import plain

TEXT = """# Glossary

Words.

## huge page (THP)

2 MiB in one `piece`.

More.

## head and tail

The first page, and the others.

## step

One statement.
"""


FIRST_WORDS = (
    "page cache",
    "XArray",
    "huge page",
    "THP",
    "head",
    "tail",
    "PMD",
    "VMA",
    "fault-around",
    "reference count",
    "map count",
    "page lock",
    "uptodate",
    "LRU",
    "pagevec",
    "congruent",
    "folio",
    "mm",
    "rss",
    "memcg",
    "i_pages lock",
    "splat",
    "quiescent",
    "step",
    "stop",
    "fold",
)
"""What the tour takes for granted."""


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("huge page", "huge page (THP)"),
        ("thp", "huge page (THP)"),
        ("Huge-Pages", "huge page (THP)"),
        ("tails", "head and tail"),
        ("head", "head and tail"),
        ("`step`", "step"),
    ],
)
def test_a_term_answers_to_all_its_names(
    project: Project, word: str, name: str
) -> None:
    project.write("lessons/glossary.md", TEXT)
    term = book.glossary(project.root).lookup(word)
    assert term is not None
    assert term.name == name


def test_a_term_has_its_paragraphs(project: Project) -> None:
    project.write("lessons/glossary.md", TEXT)
    term = book.glossary(project.root).lookup("THP")
    assert term is not None
    assert plain(term.rows()) == "2 MiB in one piece.\nMore."


def test_an_unknown_word_gets_the_nearest(project: Project) -> None:
    project.write("lessons/glossary.md", TEXT)
    glossary = book.glossary(project.root)
    assert glossary.lookup("hughe page") is None
    assert glossary.nearest("hughe page") == ["huge page (THP)"]
    assert glossary.nearest("xyzzy") == []
    assert glossary.nearest("") == []


def test_no_glossary_is_an_empty_one(project: Project) -> None:
    assert book.glossary(project.root).terms == ()


def test_the_books_own_glossary_explains_the_first_words() -> None:
    glossary = book.glossary()
    for word in FIRST_WORDS:
        term = glossary.lookup(word)
        assert term is not None, word
        assert 1 <= len(term.paragraphs) <= 2, word


def test_no_two_terms_share_a_name() -> None:
    names = [name for term in book.glossary().terms for name in set(term.names())]
    assert sorted(names) == sorted(set(names))
