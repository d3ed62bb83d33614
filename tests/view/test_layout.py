"""Rows fit their width and lose neither words nor roles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thpkit.view.explanations import paragraph
from thpkit.view.glyphs import ASCII, UNICODE
from thpkit.view.layout import (
    columns,
    cut,
    fact,
    fitted,
    flow,
    is_changed,
    state_pane,
    width_of,
    wrapped,
)
from thpkit.view.rows import Rendered, Role, Row, Span, row, starred, text_of

WORDS = st.text(alphabet="ab–é漢 ", max_size=12)
ROWS = st.lists(st.tuples(WORDS, st.sampled_from(Role)), max_size=6).map(
    lambda parts: row(*parts)
)


def letters(rows: list[Row]) -> str:
    """All text but spaces."""
    return "".join(text_of(line) for line in rows).replace(" ", "")


def test_columns_counts_what_a_terminal_does() -> None:
    assert columns("page#1") == 6
    assert columns("漢") == 2
    assert columns("é") == 1  # a combining accent stands on the letter before


def test_a_row_that_fits_is_left_alone() -> None:
    line = row("count ", ("8", Role.NUMBER))
    assert cut(line, 7, UNICODE) is line
    assert text_of(cut(line, 6, UNICODE)) == "count…"
    assert text_of(cut(line, 6, ASCII)) == "coun.."


@given(ROWS, st.integers(0, 20))
def test_cut_never_exceeds_the_width(line: Row, width: int) -> None:
    assert width_of(cut(line, width, UNICODE)) <= width


@given(ROWS, st.integers(2, 30), st.integers(0, 8))
def test_wrapping_keeps_every_letter_and_the_width(
    line: Row, width: int, hang: int
) -> None:
    rows = wrapped(line, width, min(hang, width - 2))
    assert all(width_of(each) <= width for each in rows)
    assert letters(rows) == letters([line])


def test_wrapping_breaks_between_words() -> None:
    rows = wrapped(row("the page is ", ("locked", Role.FLAG), " now"), 12, 2)
    assert [text_of(each) for each in rows] == ["the page is", "  locked now"]
    assert rows[1][1].role is Role.FLAG


@given(st.lists(ROWS, max_size=5), st.integers(4, 40))
def test_facts_flow_within_the_width(facts: list[Row], width: int) -> None:
    rows = flow(facts, width)
    assert all(width_of(each) <= width for each in rows)
    assert letters(rows) == letters(facts)


def test_a_fact_stays_together() -> None:
    facts = [fact("shift", "6"), fact("count", "8"), fact("covers", "0–4095")]
    rows = flow(facts, 24, first=row("node "), hang=4)
    assert [text_of(each) for each in rows] == [
        "node shift 6  count 8",
        "    covers 0–4095",
    ]


def test_what_a_view_returns_is_made_safe() -> None:
    line: Row = (Span("a\x1b[31mb\tc" + "x" * 40),)
    safe = fitted(Rendered((line,), focus=7), 20, UNICODE)
    assert width_of(safe.rows[0]) <= 20
    assert safe.rows[0][0].text.isprintable()
    assert safe.focus == 0


def test_ascii_spells_signs_out() -> None:
    safe = fitted(Rendered((row("513 → 512 … 0–63"),)), 40, ASCII)
    assert text_of(safe.rows[0]) == "513 -> 512 ... 0-63"


def test_changed_rows_are_marked_in_front_and_come_into_view() -> None:
    still = row("count 8")
    moved = row("count ", ("9", Role.CHANGED))
    pane = state_pane([still, still, moved, still, moved], UNICODE)
    assert is_changed(moved)
    assert [text_of(line)[:1] for line in pane.rows] == [" ", " ", "●", " ", "●"]
    assert (pane.focus, pane.focus_end) == (2, 4)
    assert state_pane([still, still], UNICODE, 1).focus == 1


def test_stressed_words_of_prose_have_a_role_of_their_own() -> None:
    """Asterisks are for readers without colours; those of code and of arithmetic are no stress."""
    line = paragraph("At *A goes on*: `a*b*c`, and 2 * 3 * 4.")
    assert Span("A goes on", Role.EMPHASIS) in line
    assert text_of(line) == "At A goes on: a*b*c, and 2 * 3 * 4."
    assert text_of(starred(line)) == "At *A goes on*: a*b*c, and 2 * 3 * 4."
