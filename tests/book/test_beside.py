"""From a statement that runs to the part of a lesson's text that speaks of it, in a lesson written for this."""

from __future__ import annotations

import pytest

from thpkit.book.beside import Beside, beside
from thpkit.book.markdown import Bullet, Fence, parse
from thpkit.trace.statements import ROOT, Statement

TEXT = """# T

## Walk

### One

Before it.

```python src=thpkit/kernel/huge_memory.py::__thp_get_unmapped_area
addr = addr + ((off - addr) & (size - 1))
return addr
```

- `addr = addr + (` Moves it up.

  A second paragraph of this bullet.

- `return addr` Gives it back.

Behind it.

### Two

```python src=thpkit/kernel/filemap.py::filemap_huge_fault
if size != PageEntrySize.PMD:
    return VmFault.FALLBACK
```

All of it is explained here.

### Three

```python src=thpkit/kernel/memory.py::create_huge_pmd role=again
huge_fault = vma_ops(vmf.vma).huge_fault
```

## See
"""


@pytest.fixture(scope="module")
def text() -> Beside:
    """The text with its index."""
    return beside(parse(TEXT), ROOT)


def block_of(text: Beside, words: str) -> int:
    """The number of the block that holds these words."""
    return next(i for i, each in enumerate(text.document.blocks) if words in str(each))


def statement(text: Beside, line: str) -> Statement:
    """The statement that begins so."""
    return next(each for each in text.spots if each.text.startswith(line))


def test_a_bullet_belongs_to_its_statement(text: Beside) -> None:
    """With its further paragraphs, and with the line of the quote."""
    spot = text.spots[statement(text, "addr = addr + (")]
    bullet = text.document.blocks[spot.block]
    assert isinstance(bullet, Bullet) and bullet.span == "addr = addr + ("
    assert spot.last == block_of(text, "A second paragraph")
    fence = text.document.blocks[spot.fence]
    assert isinstance(fence, Fence) and list(spot.lines) == [0]
    assert text.statements(spot.last) == [statement(text, "addr = addr + (")]


def test_a_passage_without_bullets_speaks_of_all_it_quotes(text: Beside) -> None:
    """The fence and the prose below it."""
    spot = text.spots[statement(text, "return VmFault")]
    assert spot.block == spot.fence
    assert spot.last == block_of(text, "All of it is explained")
    assert len(text.statements(spot.last)) == 2


def test_a_fence_leads_to_all_its_statements(text: Beside) -> None:
    """In the order of the code; prose around it to none."""
    fence = text.spots[statement(text, "return addr")].fence
    assert [each.text[:6] for each in text.statements(fence)] == ["addr =", "return"]
    assert text.statements(block_of(text, "Before it")) == []


def test_what_is_quoted_again_counts_where_nothing_else_does(text: Beside) -> None:
    """Its fence is marked, for want of a bullet."""
    spot = text.spots[statement(text, "huge_fault = vma_ops")]
    assert spot.block == spot.last == spot.fence


def test_a_section_ends_at_the_next_heading_of_its_level(text: Beside) -> None:
    """Or of one above it."""
    walk, one, two, see = (
        block_of(text, f"text='{each}'") for each in ("Walk", "One", "Two", "See")
    )
    assert text.section(one) == range(one + 1, two)
    assert text.section(walk) == range(walk + 1, see)
    assert text.section(see) == range(see + 1, len(text.document.blocks))


def test_a_quote_that_does_not_stand_in_the_source_is_passed_over() -> None:
    """The checker complains about it; a reader goes on reading."""
    broken = TEXT.replace("return addr\n```", "return nothing\n```")
    assert len(beside(parse(broken), ROOT).spots) == 3
