"""Pictures: the screen as an SVG file, at any step and size, without touching the reader's place."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tests.tui.small import small_run, target
from tui import picture
from tui.paths import UserError


def words(file: Path) -> str:
    """The text in a picture."""
    found = re.findall(r"<text[^>]*>([^<]*)</text>", file.read_text(encoding="utf-8"))
    return html.unescape(" ".join(found)).replace("\xa0", " ")


def test_a_picture_shows_what_the_screen_shows(tmp_path: Path) -> None:
    """The stop's title, the statement and a pane of state."""
    file = tmp_path / "stop.svg"
    step = picture.write(target(), file, "stop 2", (120, 40))
    assert step == small_run().timeline.stops[1].step
    said = words(file)
    assert "Mapped by one entry" in said and "do_set_pmd" in said and "XArray" in said


@pytest.mark.parametrize(
    ("place", "step"),
    [(None, 0), ("5", 5), ("step 5", 5), ("no such thing", None), ("999999999", None)],
)
def test_places(place: str | None, step: int | None) -> None:
    """What ``g`` understands; anything else is an error with a sentence."""
    if step is None:
        with pytest.raises(UserError):
            picture.step_at(small_run(), place)
    else:
        assert picture.step_at(small_run(), place) == step


def test_a_counter_is_shown_where_it_moves_first() -> None:
    """The step after its first write."""
    run = small_run()
    cell = run.timeline.resolve("NR_FILE_PAGES")
    assert cell is not None
    write = run.timeline.first_write_after(cell, 0)
    assert write is not None
    assert picture.step_at(run, "NR_FILE_PAGES") == write.step + 1


@pytest.mark.parametrize("size", ["120", "axb", "5x5", "9999x40", "120x40x2", ""])
def test_sizes_that_are_none(size: str) -> None:
    """One sentence that says how a size is written."""
    with pytest.raises(UserError, match=r"120x40|columns"):
        picture.size_of(size)


def test_sizes() -> None:
    """Columns, rows."""
    assert picture.size_of("80x24") == (80, 24)
