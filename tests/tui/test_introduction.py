"""What a lesson says before its first quote."""

from __future__ import annotations

from thpkit.book import find_lesson
from thpkit.book.markdown import Heading, parse
from thpkit.view.rows import plain, text_of
from tui.introduction import opening_of, paragraphs, rows_of

TEXT = """# Title

## Why

Because `this` is *so*.

```text
a   1
b  22
```

- one
- two

## Code

Not this.

```python src=thpkit/kernel/rmap.py::f
x = 1
```

## Later
"""


def test_it_ends_before_the_section_with_the_first_quote() -> None:
    """And leaves out the title, which stands above it anyway."""
    text = plain(rows_of(opening_of(parse(TEXT).blocks), 40))
    assert text.startswith("Why\n\nBecause this is")
    assert "  b  22" in text and "• one" in text
    assert "Code" not in text and "Not this" not in text and "Title" not in text


def test_a_text_without_quotes_is_all_introduction() -> None:
    """Nothing is lost."""
    blocks = opening_of(parse("# T\n\n## A\n\na\n\n## B\n\nb\n").blocks)
    assert [text_of(each) for each in paragraphs(blocks)] == ["A", "a", "B", "b"]


def test_the_tour_begins_with_its_surprise_and_a_question() -> None:
    """What is shown before its first step: why anybody wants this, with figures, and what to expect."""
    begin = opening_of(find_lesson("tour").document().blocks)
    headings = [each.text for each in begin if isinstance(each, Heading)]
    assert headings == ["A surprise", "Predict"]
    text = plain(rows_of(begin, 80))
    assert "page faults" in text and "follows the Linux kernel of 2019" in text
    assert "def " not in text and "addr = addr" not in text


def test_rows_fit_any_width() -> None:
    """Except examples, whose lines stay whole."""
    for width in (10, 20, 80):
        for line in rows_of(opening_of(parse(TEXT).blocks), width):
            assert len(text_of(line)) <= max(width, 7)
