"""A text of the book, set in lines of a width: for a pane, for a pager, for a pipe.

What only authors need is not there: comments, info strings, marks of Markdown. Code keeps its lines; a line that is
too wide goes on below, further to the right. A question's text flows like prose.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from thpkit.book.explanations import row_of
from thpkit.book.markdown import Block, Bullet, Fence, Heading, Paragraph, Style, Text
from thpkit.view.explanations import paragraph
from thpkit.view.layout import wrapped
from thpkit.view.rows import Role, Row, Span, row, starred, text_of

INDENT: Final = 2
"""Columns before code, and before what belongs to a bullet."""
MORE: Final = 4
"""Columns by which the rest of a line of code that is too wide is moved to the right."""
RULES: Final = "=-~"
"""What stands below a heading where there are no colours, by its level."""
_OPTION: Final = re.compile(r"(?:[a-z]\)|\d+\.) ")


@dataclass(frozen=True, slots=True)
class Setting:
    """A text in lines, and where each of its parts stands."""

    rows: tuple[Row, ...]
    blocks: tuple[range, ...]
    """The rows of each block, in the order of the blocks; blank rows between them belong to none."""
    lines: tuple[tuple[range, ...], ...]
    """For a fence the rows of each of its lines; for the others nothing."""


def typeset(blocks: Iterable[Block], width: int, *, marked: bool = False) -> Setting:
    """Set a text in ``width`` columns.

    ``marked`` is for readers without colours: headings are underlined, and code in prose stands between backquotes.
    """
    rows: list[Row] = []
    places: list[range] = []
    lines: list[tuple[range, ...]] = []
    before: Block | None = None
    for block in blocks:
        if before is not None and not _close(before, block):
            rows.append(())
        first = len(rows)
        parts = list(_parts(block, width, marked))
        made: list[range] = []
        for part in parts:
            made.append(range(len(rows), len(rows) + len(part)))
            rows += part
        places.append(range(first, len(rows)))
        lines.append(tuple(made) if isinstance(block, Fence) else ())
        before = block
    return Setting(tuple(rows), tuple(places), tuple(lines))


def text(blocks: Iterable[Block], width: int) -> list[str]:
    """The text as lines without colours."""
    return [text_of(each) for each in typeset(blocks, width, marked=True).rows]


def _close(before: Block, block: Block) -> bool:
    """Whether no blank row separates two blocks: items of a list."""
    return isinstance(before, Bullet) and isinstance(block, Bullet)


def _parts(block: Block, width: int, marked: bool) -> Iterator[list[Row]]:
    """A block's rows; of a fence line by line."""
    if isinstance(block, Heading):
        yield _heading(block, width, marked)
    elif isinstance(block, Fence):
        yield from _fence(block, width, marked)
    elif isinstance(block, Bullet):
        yield _bullet(block, width, marked)
    else:
        yield _paragraph(block, width, marked)


def _heading(block: Heading, width: int, marked: bool) -> list[Row]:
    rows = wrapped(row((block.text, Role.TITLE)), width)
    if marked:
        rule = RULES[min(block.level, len(RULES)) - 1]
        rows.append(row(rule * min(len(block.text), width)))
    return rows


def _fence(block: Fence, width: int, marked: bool) -> Iterator[list[Row]]:
    """Code line by line, or the text of a question."""
    if _asks(block):
        yield from _question(block.code, width, marked)
        return
    for line in textwrap.dedent("\n".join(block.code)).split("\n"):
        code = line.lstrip()
        indent = min(INDENT + len(line) - len(code), width // 2)
        head = Span(" " * indent, Role.CODE)
        rows = wrapped(row((code, Role.CODE)), width - indent, MORE)
        yield [(head, *each) for each in rows]


def _asks(block: Fence) -> bool:
    return block.info.startswith("text question=")


def _question(code: Sequence[str], width: int, marked: bool) -> Iterator[list[Row]]:
    """A question and its options, each of which flows; for every line of the fence the rows that it begins."""
    starts = [i for i, line in enumerate(code) if not i or _OPTION.match(line)]
    ends = [*starts[1:], len(code)]
    for start, end in zip(starts, ends, strict=True):
        whole = " ".join(line.strip() for line in code[start:end])
        hang = _OPTION.match(whole)
        indent = INDENT + (hang.end() if hang else 0)
        said = (Span(whole),) if marked else paragraph(whole)
        yield wrapped(row(" " * INDENT, *said), width, indent)
        yield from ([] for _ in range(start + 1, end))


def _bullet(block: Bullet, width: int, marked: bool) -> list[Row]:
    """An item; the line of code that it explains stands out in front."""
    sign = "•" if block.marker == "-" else block.marker
    head = " " * INDENT * (block.depth - 1) + sign + " "
    lead, *rest = _spans(block.text, marked) or (Span(""),)
    if block.span is not None and rest and not marked:
        lead = lead._replace(text=f"{lead.text} ")  # a gap that is seen without colours
    return wrapped((Span(head), lead, *rest), width, len(head))


def _paragraph(block: Paragraph, width: int, marked: bool) -> list[Row]:
    head = " " * INDENT * block.depth
    spans = _spans(block.text, marked)
    return wrapped((Span(head), *spans) if head else spans, width, len(head))


def _spans(content: Text, marked: bool) -> Row:
    """A paragraph's pieces. Emphasis that goes on through code is not shown: its signs would stand in the way."""
    code = [each.style is Style.CODE for each in content]
    pieces = []
    for at, each in enumerate(content):
        beside = any(code[max(at - 1, 0) : at + 2])
        if each.style is Style.CODE and marked:
            each = each._replace(text=f"`{each.text}`")
        elif each.style is not Style.CODE and beside:
            each = each._replace(style=Style.PLAIN)
        pieces.append(each)
    made = row_of(tuple(pieces))
    return starred(made) if marked else made
