"""What has just changed, in a line or two, in every window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from textual.pilot import Pilot

from tests.tui.playing import play, stepper, text_of
from tests.tui.small import small_run, target
from thpkit.trace.stops import ResolvedStop, Stop
from thpkit.view import news
from thpkit.view.glyphs import ASCII
from thpkit.view.moment import Moment
from thpkit.view.rows import plain
from tui.app import ThpApp
from tui.layouts import PROSE
from tui.views import PANES, ROOMY, Told

EXPLANATION: Final = next(each for each in PANES if each.name == PROSE)


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


LOW = 11
"""Rows of the explanation at 80x24."""


def told_at_stop(text: str, height: int = LOW, width: int = 38) -> list[str]:
    """The explanation at the second stop of the small story, if the stop said this."""
    timeline = small_run().timeline
    stops = list(timeline.stops)
    stop = replace(stops[1].stop, text=text, pane="counters")
    stops[1] = ResolvedStop(stops[1].step, stop)
    moment = Moment(timeline, stops[1].step, tuple(stops), Told(stops))
    return plain(EXPLANATION.render(moment, width, height).rows).splitlines()


def test_the_text_of_a_stop_comes_before_the_news_in_a_low_pane() -> None:
    """Of which one row stands above it, if all of the text is in view even so; all of it stands below."""
    words = "A sentence of some more words. "
    for count in range(1, 16):
        lines = told_at_stop(words * count)
        at = next(n for n, line in enumerate(lines) if line == "Mapped by one entry")
        said = " ".join(lines)
        assert said.count(words.strip()) == count
        end = next(n for n, line in enumerate(lines) if not line and n > at + 1)
        assert "Counters." in lines[end - 1]
        room = LOW - (end - at)
        assert at == (1 if room > 0 else 0), "one row above, if it fits with the text"
        assert lines[0].startswith("● since stop 1: ") is (at == 1)
        assert "PGFAULT +1" in " ".join(" ".join(lines[end:]).split())


def test_news_of_one_row_is_not_told_twice() -> None:
    """It stands above the text, all of it."""
    timeline, step = small_run().timeline, step_behind("NR_FILE_MAPPED")
    stops = [
        ResolvedStop(n, Stop("", title, "Short."))
        for n, title in ((step - 1, "Before"), (step, "Behind"))
    ]
    moment = Moment(timeline, step, tuple(stops), Told(stops))
    lines = plain(EXPLANATION.render(moment, 38, LOW).rows).splitlines()
    since = "● since stop 1: NR_FILE_MAPPED +8"
    assert lines[:4] == [since, "Behind", "", "Short."]
    assert " ".join(lines).count("since stop 1") == 1


def test_a_roomy_pane_tells_the_statement_and_the_news_first() -> None:
    lines = told_at_stop("Short.", ROOMY)
    news_at = next(n for n, line in enumerate(lines) if "since stop 1" in line)
    assert 0 < news_at < lines.index("Mapped by one entry")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (200, 60)])
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
