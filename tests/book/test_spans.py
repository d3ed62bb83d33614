"""Code spans, links and comments are found with their lines; measured numbers are read as readers read them."""

from __future__ import annotations

import pytest

from thpkit.book.rules_runs import is_said
from thpkit.book.spans import Kind, Mark, marks


def test_marks_have_their_own_line_inside_a_paragraph() -> None:
    text = "# T\n\nSee `a` and\n[b](c.md), then `d\ne` and\n`f`.\n"
    assert [(x.kind, x.line, x.text) for x in marks(text)] == [
        (Kind.CODE, 3, "a"),
        (Kind.LINK, 4, "c.md"),
        (Kind.CODE, 4, "d e"),
        (Kind.CODE, 6, "f"),
    ]


def test_a_comment_remembers_the_number_before_it() -> None:
    text = "- There are 527<!--= x\ny --> and **12**<!-- no --> and `3`<!--= z -->.\n"
    assert marks(text) == [
        Mark(Kind.COMMENT, 1, "= x\ny ", "There are 527"),
        Mark(Kind.COMMENT, 2, " no ", "12"),
        Mark(Kind.CODE, 2, "3", " and "),
        Mark(Kind.COMMENT, 2, "= z ", "3"),
    ]


def test_code_is_not_prose() -> None:
    assert marks("```text\n`a` [b](c) <!-- d -->\n```\n") == []


def test_a_comment_of_its_own_has_nothing_before_it() -> None:
    assert marks("Text.\n\n<!--= 7 -->\n") == [Mark(Kind.COMMENT, 3, "= 7 ")]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("527", 527),
        ("1,024", 1024),
        ("0x7f00", 0x7F00),
        ("−1", -1),
        ("-1", -1),
        ("+512", 512),
        ("Three", 3),
        ("none", 0),
        ("twice", 2),
        ("do_fault", "do_fault"),
        ("yes", True),
        ("no", False),
    ],
)
def test_a_number_may_be_said_in_several_ways(word: str, value: int | str) -> None:
    assert is_said(word, value)


@pytest.mark.parametrize(
    ("word", "value"), [("528", 527), ("three", 4), ("many", 5), ("no", True)]
)
def test_but_not_wrongly(word: str, value: int | str) -> None:
    assert not is_said(word, value)
