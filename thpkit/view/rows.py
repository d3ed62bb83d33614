"""Rows of text with roles: what every view returns, and all that a screen or a printer needs to know.

A role says what a piece of text *is*, never how it looks. Whoever paints decides on colours; glyphs and words in
the text carry the meaning as well, so a monochrome screen, a pipe and a screen reader lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple, TypeAlias

from thpkit.trace.timeline import Cell


class Role(Enum):
    """What a piece of text is."""

    PLAIN = "plain"
    DIM = "dim"
    """Present but not important now: unchanged, folded, empty."""
    HEADING = "heading"
    TITLE = "title"
    KEYWORD = "keyword"
    STRING = "string"
    COMMENT = "comment"
    NUMBER = "number"
    NAME = "name"
    """A name that is defined or called in source."""
    NEXT = "next"
    """The statement about to run."""
    RAN = "ran"
    """The statement that just ran."""
    CALLER = "caller"
    """A statement of an outer frame that is in the middle of a call."""
    CHANGED = "changed"
    """Changed by the last step."""
    UP = "up"
    """A counter that the last step raised."""
    DOWN = "down"
    """A counter that the last step lowered."""
    FLAG = "flag"
    LOCK = "lock"
    LINK = "link"
    """A pointer to another object that is shown elsewhere."""
    GOOD = "good"
    BAD = "bad"
    """A splat, a broken invariant, an error."""
    STOP = "stop"
    """A stop of the lesson on the timeline."""
    CODE = "code"
    """Code inside prose."""
    EMPHASIS = "emphasis"
    """A stressed word inside prose. Where there are no colours it stands between asterisks."""


class Span(NamedTuple):
    """A piece of a row."""

    text: str
    role: Role = Role.PLAIN
    cell: Cell | None = None
    """The state it shows, if one: what "who wrote this?" asks about."""


Row: TypeAlias = tuple[Span, ...]
"""One line of a pane. Hashable, so that a painter can keep what it painted by the row itself."""


class Rendered(NamedTuple):
    """A pane's content at one step."""

    rows: tuple[Row, ...]
    focus: int = 0
    """Row that must be visible: a function of the state at this step, never of history."""
    focus_end: int | None = None
    """Last row that should be visible together with ``focus``, if there is room."""


def row(*parts: Span | str | tuple[str, Role]) -> Row:
    """A row from spans, plain strings and (text, role) pairs."""
    return tuple(
        part
        if isinstance(part, Span)
        else Span(part)
        if isinstance(part, str)
        else Span(*part)
        for part in parts
    )


def starred(line: Row) -> Row:
    """A row for readers without colours: what is stressed stands between asterisks."""
    return tuple(
        each._replace(text=f"*{each.text}*") if each.role is Role.EMPHASIS else each
        for each in line
    )


def text_of(line: Row) -> str:
    """The text of a row without its roles."""
    return "".join(span.text for span in line).rstrip()


def plain(rows: Iterable[Row]) -> str:
    """The text of rows, one a line."""
    return "\n".join(text_of(line) for line in rows)
