"""A text of the book in lines: what a reader needs is there, what an author needs is not, and every line fits."""

from __future__ import annotations

import pytest

from thpkit.book.markdown import Document, parse, read
from thpkit.book.typeset import text, typeset
from thpkit.trace.statements import ROOT
from thpkit.view.layout import columns
from thpkit.view.rows import Role, text_of

TEXT = """# Title

## Walk

Some *prose* with `code`, and a number 527<!--= cell("page#1._refcount", "end") -->.

<!-- a note to authors -->

```python src=thpkit/kernel/rmap.py::page_add_file_rmap
if compound:
    call(one, two)
```

- `if compound` One bullet that is long enough to go on in a second line.
- `call(` Another.

1. first

```text question=why
Why is this so, and is the question long enough to be more than one line of it?
a) Because of the first reason that there is, which goes on
   here
b) Because
```
"""


def lines(width: int = 40) -> list[str]:
    """The text above, for readers without colours."""
    return text(parse(TEXT).blocks, width)


def test_only_what_is_meant_for_readers_is_there() -> None:
    """No comment, no info string, no fence, no sign of a heading."""
    whole = "\n".join(lines(80))
    for sign in ("<!--", "-->", "a note to authors", "```", "src=", "question=", "#"):
        assert sign not in whole
    assert "a number 527." in whole


def test_headings_are_underlined_where_there_are_no_colours() -> None:
    """Each level in its own way; a screen shows them in bold instead."""
    assert lines()[:5] == ["Title", "=====", "", "Walk", "----"]
    shown = typeset(parse(TEXT).blocks, 40).rows
    assert text_of(shown[0]) == "Title" and shown[0][0].role is Role.TITLE
    assert text_of(shown[2]) == "Walk"


def test_code_is_indented_and_keeps_its_lines() -> None:
    """In prose it stands between backquotes, on a screen in a colour."""
    made = lines()
    at = made.index("  if compound:")
    assert made[at + 1] == "      call(one, two)"
    assert "`code`" in "\n".join(made)
    shown = typeset(parse(TEXT).blocks, 40).rows
    assert not any("`" in text_of(each) for each in shown)


def test_bullets_hang_and_stand_close_together() -> None:
    """The second line below the text of the first, and no blank line between two."""
    made = lines()
    at = next(i for i, each in enumerate(made) if each.startswith("• `if compound`"))
    assert made[at + 1].startswith("  ") and made[at + 2].startswith("• `call(`")
    assert "1. first" in made


def test_a_question_flows_and_its_options_hang() -> None:
    """Whatever the width at which the fence was written."""
    made = lines(30)
    at = next(i for i, each in enumerate(made) if each.startswith("  Why is this so"))
    assert made[at + 1].startswith("  question") or made[at + 1].startswith("  the")
    option = next(i for i, each in enumerate(made) if each.startswith("  a) Because"))
    assert made[option + 1].startswith("     ") and "here" in made[option + 2]
    wide = lines(120)
    assert "  a) Because of the first reason that there is, which goes on here" in wide


def test_emphasis_around_code_shows_no_stray_signs() -> None:
    """The stars would stand in the middle of the words."""
    made = text(parse("*`a.h`; here: nothing*, and *this* too\n").blocks, 60)
    assert made == ["`a.h`; here: nothing, and *this* too"]


def test_every_block_knows_its_rows() -> None:
    """In order, without overlap; each line of code too."""
    blocks = parse(TEXT).blocks
    made = typeset(blocks, 30)
    assert len(made.blocks) == len(made.lines) == len(blocks)
    used = [at for rows in made.blocks for at in rows]
    assert used == sorted(set(used))
    blank = set(range(len(made.rows))) - set(used)
    assert all(made.rows[at] == () for at in blank)
    fence = next(i for i, each in enumerate(made.lines) if each)
    assert [text_of(made.rows[each.start]) for each in made.lines[fence]] == [
        "  if compound:",
        "      call(one, two)",
    ]


def documents() -> list[Document]:
    """Every text that ``thp read`` and ``thp review`` show."""
    files = [*sorted((ROOT / "lessons").glob("0*/README.md"))]
    return [read(each) for each in (*files, ROOT / "lessons" / "review.md")]


@pytest.mark.parametrize("width", [20, 48, 80])
def test_the_books_own_texts_fit_every_width(width: int) -> None:
    """No line is wider than asked for."""
    for document in documents():
        for line in text(document.blocks, width):
            assert columns(line) <= width, (document.path.parent.name, line)
