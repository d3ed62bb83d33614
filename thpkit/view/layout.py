"""Fitting rows into a width: measuring, cutting, wrapping, and letting facts flow.

Everything here keeps roles and cells: what is cut or moved to the next row is still what it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from thpkit.view.glyphs import Glyphs, spelled
from thpkit.view.rows import Rendered, Role, Row, Span, row

GUTTER: Final = 2
"""Columns in front of a row of state: the sign that it changed, and a space."""

NEAR: Final = 8
"""Changed rows within so many of the first one are brought into view with it."""

_CHANGES: Final = frozenset({Role.CHANGED, Role.UP, Role.DOWN})
_WORDS: Final = re.compile(r"\s+|\S+")


# ---- measuring and cutting ------------------------------------------------------------------------------


def columns(text: str) -> int:
    """Columns of a terminal that ``text`` takes."""
    return len(text) if text.isascii() else _columns(text)


@lru_cache(maxsize=8192)
def _columns(text: str) -> int:
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width_of(line: Row) -> int:
    """Columns that a row takes."""
    return sum(columns(span.text) for span in line)


def clean(text: str) -> str:
    """``text`` without control characters, which would disturb a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text.expandtabs(8))


def head_of(text: str, width: int) -> str:
    """As much of the beginning of ``text`` as fits into ``width`` columns."""
    if text.isascii():
        return text[:width]
    taken = 0
    for at, char in enumerate(text):
        taken += _columns_of(char)
        if taken > width:
            return text[:at]
    return text


def cut(line: Row, width: int, glyphs: Glyphs) -> Row:
    """The row itself if it fits, else its beginning and an ellipsis."""
    if width_of(line) <= width:
        return line
    sign = head_of(glyphs.ellipsis, width)
    room = width - columns(sign)
    kept: list[Span] = []
    for span in line:
        text = head_of(span.text, room)
        room -= columns(text)
        if text:
            kept.append(span._replace(text=text))
        if text != span.text:
            break
    return (*kept, Span(sign, Role.DIM))


def padded(line: Row, width: int) -> Row:
    """The row with spaces up to ``width``."""
    missing = width - width_of(line)
    return (*line, Span(" " * missing)) if missing > 0 else line


def fitted(rendered: Rendered, width: int, glyphs: Glyphs) -> Rendered:
    """What a view has rendered, made safe: no row wider than ``width``, no control character, a focus that exists."""
    rows = tuple(_safe(line, width, glyphs) for line in rendered.rows)
    last = max(len(rows) - 1, 0)
    focus = min(max(rendered.focus, 0), last)
    end = rendered.focus_end
    return Rendered(rows, focus, None if end is None else min(max(end, focus), last))


def _safe(line: Row, width: int, glyphs: Glyphs) -> Row:
    if not all(span.text.isprintable() for span in line):
        line = tuple(span._replace(text=clean(span.text)) for span in line)
    if not all(span.text.isascii() for span in line):
        line = tuple(span._replace(text=spelled(span.text, glyphs)) for span in line)
    elif sum(len(span.text) for span in line) <= width:
        return line
    return cut(line, width, glyphs)


# ---- wrapping -------------------------------------------------------------------------------------------


def wrapped(line: Row, width: int, hang: int = 0) -> list[Row]:
    """A paragraph broken between words into rows of ``width``; all but the first are indented by ``hang``.

    A word that is wider than a row is broken where the row ends.
    """
    width = max(width, 1)
    hang = min(hang, width - 1)
    made: list[list[Span]] = [[]]
    used = 0
    for word in _words(line):
        length = sum(columns(part.text) for part in word)
        if word[0].text.isspace():
            beginning = len(made) == 1 and not made[0]
            if (used or beginning) and used + length <= width:
                made[-1].extend(word)
                used += length
            continue
        if used + length > width and used > (hang if len(made) > 1 else 0):
            made.append([Span(" " * hang)] if hang else [])
            used = hang
        for part in word:
            for piece in _pieces(part, width, used, hang):
                if used + columns(piece.text) > width:
                    made.append([Span(" " * hang)] if hang else [])
                    used = hang
                made[-1].append(piece)
                used += columns(piece.text)
    return [tuple(each) for each in made]


def _words(line: Row) -> Iterator[list[Span]]:
    """Words and the spaces between them, each with the roles of its parts."""
    word: list[Span] = []
    for span in line:
        for match in _WORDS.finditer(span.text):
            part = span._replace(text=match[0])
            if word and word[0].text.isspace() != part.text.isspace():
                yield word
                word = []
            word.append(part)
    if word:
        yield word


def _pieces(part: Span, width: int, used: int, hang: int) -> Iterator[Span]:
    """``part`` in pieces that fit: the first into what is left of the row, the others into rows of their own."""
    room = width - used
    text = part.text
    while columns(text) > room:
        piece = head_of(text, room)
        if not piece and room >= width - hang:
            piece = text[0]
        if piece:
            yield part._replace(text=piece)
        text = text[len(piece) :]
        room = width - hang
    if text:
        yield part._replace(text=text)


def flow(
    facts: Sequence[Row], width: int, *, first: Row = (), hang: int = 2, gap: int = 2
) -> list[Row]:
    """Facts side by side behind ``first``, as many to a row as fit; a fact is broken only if it is too wide alone.

    Where the width is small, the rows below the first are indented less than ``hang``.
    """
    width = max(width, 1)
    hang = min(hang, width // 4)
    made: list[Row] = []
    line, used = first, width_of(first)
    space = gap if first and not first[-1].text.endswith(" ") else 0
    for fact in facts:
        if not fact:
            continue
        length = width_of(fact)
        fits_alone = hang + length <= width
        if used + space + length > width and used > hang and fits_alone:
            made.append(line)
            line, used, space = row(" " * hang), hang, 0
        line = (*line, Span(" " * space), *fact) if space else (*line, *fact)
        used += space + length
        space = gap
        if used > width:
            *full, line = wrapped(line, width, hang)
            made.extend(full)
            used = width_of(line)
    made.append(line)
    return [each for each in made if each]


def fact(label: str, *values: Span | str) -> Row:
    """A label and what it labels."""
    return row((f"{label} ", Role.DIM), *values)


# ---- panes of state -------------------------------------------------------------------------------------


def is_changed(line: Row) -> bool:
    """Whether the last step changed something in this row."""
    return any(span.role in _CHANGES for span in line)


def state_pane(rows: Iterable[Row], glyphs: Glyphs, fallback: int = 0) -> Rendered:
    """A pane of state: changed rows are marked in front, the first of them is the focus, else row ``fallback``."""
    mark, blank = Span(f"{glyphs.changed} ", Role.CHANGED), Span(" " * GUTTER)
    body = tuple(rows)
    changed = [at for at, line in enumerate(body) if is_changed(line)]
    shown = tuple((mark if is_changed(line) else blank, *line) for line in body)
    if not changed:
        return Rendered(shown, fallback)
    near = [at for at in changed if at - changed[0] <= NEAR]
    return Rendered(shown, changed[0], near[-1])


def span_of_range(first: int, last: int, glyphs: Glyphs) -> str:
    """``3`` or ``3–7``."""
    return f"{first}" if first == last else f"{first}{glyphs.dash}{last}"
