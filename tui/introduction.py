"""What a lesson says before its first quote of code: why anybody wants this, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterable

from thpkit.book.explanations import row_of
from thpkit.book.markdown import Block, Fence, Heading
from thpkit.book.typeset import typeset
from thpkit.view.rows import Role, Row, row


def opening_of(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The sections before the one with the first quote from the source; without the title."""
    found: list[Block] = []
    section: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level <= 2:
            found += section
            section = [block] if block.level == 2 else []
        elif isinstance(block, Fence) and "src=" in block.info:
            break
        elif section:
            section.append(block)
    else:
        found += section
    return tuple(found)


def rows_of(blocks: Iterable[Block], width: int) -> tuple[Row, ...]:
    """The text in this width, and a blank row."""
    return (*typeset(blocks, width).rows, ())


def paragraphs(blocks: Iterable[Block]) -> tuple[Row, ...]:
    """The prose alone, one paragraph a row."""
    return tuple(
        row((block.text, Role.TITLE))
        if isinstance(block, Heading)
        else row_of(block.text)
        for block in blocks
        if not isinstance(block, Fence)
    )
