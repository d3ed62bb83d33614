"""What a lesson says before its first quote of code: why anybody wants this, and what is not modelled."""

from __future__ import annotations

from collections.abc import Iterable

from thpkit.book.explanations import row_of
from thpkit.book.markdown import Block, Bullet, Fence, Heading
from thpkit.view.layout import wrapped
from thpkit.view.rows import Role, Row, row


def opening_of(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The sections before the one with the first quote from the source; without the title."""
    found: list[Block] = []
    section: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading):
            if block.level > 1:
                found += section
                section = [block]
        elif isinstance(block, Fence) and "src=" in block.info:
            break
        elif section:
            section.append(block)
    else:
        found += section
    return tuple(found)


def rows_of(blocks: Iterable[Block], width: int) -> tuple[Row, ...]:
    """The text in this width. Examples keep their lines."""
    rows: list[Row] = []
    for block in blocks:
        if isinstance(block, Heading):
            rows += wrapped(row((block.text, Role.TITLE)), width)
        elif isinstance(block, Fence):
            rows += [row((f"  {line}", Role.CODE)) for line in block.code]
        elif isinstance(block, Bullet):
            rows += wrapped((*row("• "), *row_of(block.text)), width, 2)
        else:
            rows += wrapped(row_of(block.text), width)
        rows.append(())
    return tuple(rows)


def paragraphs(blocks: Iterable[Block]) -> tuple[Row, ...]:
    """The prose alone, one paragraph a row."""
    return tuple(
        row((block.text, Role.TITLE))
        if isinstance(block, Heading)
        else row_of(block.text)
        for block in blocks
        if not isinstance(block, Fence)
    )
