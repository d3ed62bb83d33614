"""Source files as rows: read once, lexed once, wrapped once for each width."""

from __future__ import annotations

import io
import keyword
import tokenize
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from thpkit.trace.statements import absolute, source_of
from thpkit.view.glyphs import Glyphs, spelled
from thpkit.view.layout import clean, columns, cut, head_of
from thpkit.view.rows import Role, Row, Span

CONTINUED: Final = 4
"""How much further the rest of a wrapped line is indented."""

MARKS: Final = 2
"""Columns of the mark in front of a row, and a space."""

_ROLES: Final = {
    tokenize.STRING: Role.STRING,
    tokenize.COMMENT: Role.COMMENT,
    tokenize.NUMBER: Role.NUMBER,
}
_BEFORE_DOCSTRING: Final = frozenset(
    {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)
_BETWEEN: Final = frozenset({tokenize.NL, tokenize.COMMENT})


class Paint(NamedTuple):
    """A stretch of a source line that has a role."""

    start: int
    stop: int
    role: Role


class Sheet(NamedTuple):
    """A file fitted into a width, nothing marked."""

    rows: tuple[Row, ...]
    """Each begins with a span for the mark and one for the line number."""
    lines: tuple[int, ...]
    """Which source line each row shows, from 1."""
    first_row: tuple[int, ...]
    """The first row of each source line, and at the end the number of rows."""

    def row_of(self, line: int) -> int:
        """The first row of a source line; the number of rows for a line after the last."""
        return self.first_row[min(max(line, 1), len(self.first_row)) - 1]


def sheet(file: str, width: int, glyphs: Glyphs) -> Sheet:
    """``file`` (as statements name it), its rows at most ``width`` columns wide if that is possible at all."""
    return _sheet(file, _stamp(file), width, glyphs)


def lines_of(file: str) -> tuple[str, ...]:
    """The lines of a file, tabs expanded and control characters taken out."""
    return _lines(file, _stamp(file))


def _stamp(file: str) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        stat = absolute(file).stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=64)
def _lines(file: str, stamp: tuple[int, int]) -> tuple[str, ...]:
    return tuple(clean(line.expandtabs(8)) for line in source_of(file))


@lru_cache(maxsize=64)
def _painted(file: str, stamp: tuple[int, int]) -> tuple[Row, ...]:
    """Each line of a file as spans."""
    lines = _lines(file, stamp)
    paints = _paints(lines)
    return tuple(_spans(text, paints.get(at, [])) for at, text in enumerate(lines, 1))


@lru_cache(maxsize=64)
def _sheet(file: str, stamp: tuple[int, int], width: int, glyphs: Glyphs) -> Sheet:
    painted = _painted(file, stamp)
    digits = max(len(str(len(painted))), 3)
    room = max(width - MARKS - digits - 1, 1)
    rows: list[Row] = []
    lines: list[int] = []
    first: list[int] = []
    for number, line in enumerate(painted, 1):
        line = tuple(each._replace(text=spelled(each.text, glyphs)) for each in line)
        first.append(len(rows))
        label = f"{number:>{digits}} "
        for piece in folded(line, room):
            head = (Span(" " * MARKS), Span(label, Role.DIM))
            rows.append(cut((*head, *piece), width, glyphs))
            lines.append(number)
            label = f"{glyphs.wrapped:>{digits}} "
    first.append(len(rows))
    return Sheet(tuple(rows), tuple(lines), tuple(first))


def folded(line: Row, width: int) -> list[Row]:
    """A line of code in rows of ``width``, broken behind a space where there is one, the rest indented further."""
    text = "".join(span.text for span in line)
    if columns(text) <= width:
        return [line]
    indent = len(text) - len(text.lstrip()) + CONTINUED
    if indent > width // 2:
        indent = 0
    made: list[Row] = []
    start = 0
    if text.endswith("--") and columns(text.rstrip("-")) < width:
        return [
            _part(line, 0, width)
        ]  # a comment drawn out to a rule: the rest of it says nothing
    while True:
        room = width - (indent if start else 0)
        piece = head_of(text[start:], room)
        stop = start + max(len(piece), 1)
        if stop < len(text):
            space = text.rfind(" ", start, stop)
            if space > start and text[start:space].strip():
                stop = space + 1
        head = (Span(" " * indent),) if start and indent else ()
        made.append((*head, *_part(line, start, stop)))
        if stop >= len(text):
            return made
        start = stop


def _part(line: Row, start: int, stop: int) -> Row:
    """The characters of a row from ``start`` up to ``stop``."""
    kept: list[Span] = []
    at = 0
    for span in line:
        text = span.text[max(start - at, 0) : max(stop - at, 0)]
        if text:
            kept.append(span._replace(text=text))
        at += len(span.text)
    return tuple(kept)


# ---- lexing ---------------------------------------------------------------------------------------------


def _spans(text: str, paints: list[Paint]) -> Row:
    """A line cut where roles begin and end."""
    edges = sorted(
        {0, len(text), *(p.start for p in paints), *(p.stop for p in paints)}
    )
    roles = {paint.start: paint for paint in paints}
    spans: list[Span] = []
    role, until = Role.PLAIN, 0
    for start, stop in pairwise(edges):
        if start in roles:
            role, until = roles[start].role, roles[start].stop
        elif start >= until:
            role = Role.PLAIN
        if text[start:stop]:
            spans.append(Span(text[start:stop], role))
    return tuple(spans)


def _paints(lines: tuple[str, ...]) -> dict[int, list[Paint]]:
    """The roles of a file's text by line. A file that is no Python, or only half of one, is plain where it is not."""
    found: dict[int, list[Paint]] = {}
    readline = io.StringIO("\n".join(lines) + "\n").readline
    fresh = True  # nothing of a statement has been seen: a string here is a docstring
    defining = False
    try:
        for token in tokenize.generate_tokens(readline):
            role = _role_of(token, fresh, defining)
            if role is not None:
                _paint(found, token, role, lines)
            if token.type not in _BETWEEN:
                fresh = token.type in _BEFORE_DOCSTRING
            defining = token.type == tokenize.NAME and token.string in ("def", "class")
    except (tokenize.TokenError, SyntaxError):
        pass
    return found


def _role_of(token: tokenize.TokenInfo, fresh: bool, defining: bool) -> Role | None:
    """The role of one token; None for a plain one."""
    if token.type == tokenize.STRING and fresh:
        return Role.COMMENT
    if token.type == tokenize.NAME:
        if keyword.iskeyword(token.string):
            return Role.KEYWORD
        return Role.NAME if defining else None
    return _ROLES.get(token.type)


def _paint(
    found: dict[int, list[Paint]],
    token: tokenize.TokenInfo,
    role: Role,
    lines: tuple[str, ...],
) -> None:
    """Note a token's role on each line it stands on."""
    (first, start), (last, stop) = token.start, token.end
    for number in range(first, last + 1):
        begin = start if number == first else 0
        end = stop if number == last else len(lines[number - 1])
        found.setdefault(number, []).append(Paint(begin, end, role))
