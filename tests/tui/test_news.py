"""What has just changed, in a line or two, in every window."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.playing import play, stepper, text_of
from tests.tui.small import small_run, target
from thpkit.view import news
from thpkit.view.glyphs import ASCII
from thpkit.view.moment import Moment
from thpkit.view.rows import plain
from tui.app import ThpApp
from tui.layouts import PROSE


def told(n: int, width: int = 60) -> str:
    """The news of a step of the small story."""
    moment = Moment.of(small_run().timeline, n)
    with moment.present():
        return plain(news.rows(moment, width))


def step_behind(name: str) -> int:
    """The step at which the first write of a value is done."""
    timeline = small_run().timeline
    cell = timeline.resolve(name)
    assert cell is not None
    write = timeline.first_write_after(cell, 0)
    assert write is not None
    return write.step + 1


def test_a_step_tells_what_it_wrote() -> None:
    """The value with what it was; counters by their short name; nothing if nothing was written."""
    assert told(step_behind("NR_FILE_MAPPED")) == "● NR_FILE_MAPPED 0 → 8"
    assert told(0) == ""


def test_a_stop_tells_what_has_changed_since_the_stop_before() -> None:
    """From the first one on: since the start."""
    first, second, _third = (each.step for each in small_run().timeline.stops)
    assert told(second).startswith("● since stop 1: ")
    assert "NR_FILE_MAPPED +8" in told(second) and "PGFAULT +1" in told(second)
    assert told(first) == "" or told(first).startswith("● since the start: ")


@pytest.mark.parametrize("width", [1, 7, 20, 38, 200])
def test_no_row_is_wider_than_the_pane(width: int) -> None:
    """One column is left for the sign that there is more."""
    for stop in small_run().timeline.stops:
        moment = Moment.of(small_run().timeline, stop.step, glyphs=ASCII)
        with moment.present():
            lines = news.rows(moment, max(width, 8))
        assert all(len(line) < max(width, 8) for line in plain(lines).splitlines())


def test_much_news_does_not_push_the_prose_away() -> None:
    """The first rows stand above it, all of them once more below."""
    timeline = small_run().timeline
    moment = Moment.of(timeline, timeline.stops[1].step)
    with moment.present():
        lines = news.rows(moment, 30)
    assert len(lines) > 3
    first, rest = news.parted(lines, 3, moment)
    assert len(first) == 3 and plain(first).endswith("…")
    assert rest == ((), *lines)
    assert news.parted(lines, len(lines), moment) == (tuple(lines), ())


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40), (200, 60)])
def test_the_news_is_on_the_screen_whatever_pane_is_chosen(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """A counter moves while the reader looks at something else."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("6")
        screen = stepper(app)
        assert screen.reader is not None
        screen.reader.jump(step_behind("NR_FILE_MAPPED"))
        screen.shown_again()
        await pilot.pause()
        pane = screen.pane(PROSE)
        seen = [plain([each]) for each in pane.rows[: pane.size.height - 1]]
        assert "● NR_FILE_MAPPED 0 → 8" in seen
        assert "● NR_FILE_MAPPED 0 → 8" in text_of(app, PROSE)

    play(scene, tmp_path, size, target())
