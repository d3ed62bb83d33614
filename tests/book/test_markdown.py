"""Texts are read as CommonMark reads them."""

from __future__ import annotations

from thpkit.book.markdown import Bullet, Fence, Heading, Paragraph, Style, parse, plain

TEXT = """# A `title`

Prose with *stress* and `code over
two lines`.

- `first` says this

  and this as well
  - nested
- a fence inside:
  ```python src=a.py::f nth=2
  x = 1
      y = 2
  ```
  - `x` is one

3. numbered

> quoted

Last.
"""


def test_blocks_come_with_their_lines() -> None:
    blocks = parse(TEXT).blocks
    assert [(type(each).__name__, each.line) for each in blocks] == [
        ("Heading", 1),
        ("Paragraph", 3),
        ("Bullet", 6),
        ("Paragraph", 8),
        ("Bullet", 9),
        ("Bullet", 10),
        ("Fence", 11),
        ("Bullet", 15),
        ("Bullet", 17),
        ("Paragraph", 19),
        ("Paragraph", 21),
    ]


def test_headings_and_paragraphs() -> None:
    blocks = parse(TEXT).blocks
    assert blocks[0] == Heading(1, 1, "A title")
    prose = blocks[1]
    assert isinstance(prose, Paragraph)
    assert [(each.text, each.style) for each in prose.text] == [
        ("Prose with ", Style.PLAIN),
        ("stress", Style.EMPHASIS),
        (" and ", Style.PLAIN),
        ("code over two lines", Style.CODE),
        (".", Style.PLAIN),
    ]


def test_bullets_know_their_span_and_depth() -> None:
    bullets = [each for each in parse(TEXT).blocks if isinstance(each, Bullet)]
    assert [(each.span, each.marker, each.depth) for each in bullets] == [
        ("first", "-", 1),
        (None, "-", 2),
        (None, "-", 1),
        ("x", "-", 2),
        (None, "3.", 1),
    ]


def test_a_fence_in_a_list_loses_the_margin_of_the_list_only() -> None:
    fence = next(each for each in parse(TEXT).blocks if isinstance(each, Fence))
    assert fence.info == "python src=a.py::f nth=2"
    assert fence.code == ("x = 1", "    y = 2")


def test_a_fence_owns_the_prose_up_to_the_next_fence_or_heading() -> None:
    text = (
        "# One\n```\na\n```\nabout a\n\n- `a` more\n```\nb\n```\n## Two\nnot about b\n"
    )
    first, second = parse(text).passages()
    assert first.heading == "One"
    assert [plain(each.text) for each in first.prose] == ["about a", "a more"]
    assert [each.span for each in first.bullets] == ["a"]
    assert second.prose == ()


def test_a_fence_shown_inside_a_fence_is_text() -> None:
    text = "````\n```python src=a.py::f\nx\n```\n````\n"
    (fence,) = parse(text).blocks
    assert isinstance(fence, Fence)
    assert fence.info == ""
