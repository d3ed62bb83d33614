"""Stops name the pane of state that shows what they speak of, and the stepper shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.asked import asked_run
from tests.tui.playing import play, stepper, text_of
from thpkit.scenario import load_file
from thpkit.trace.stops import ResolvedStop
from tui.app import ThpApp
from tui.opening import Run
from tui.views import STATE
from tui.where import Target

LESSONS = sorted((Path(__file__).parents[2] / "lessons").glob("0*/*.py"))


@pytest.mark.parametrize("file", LESSONS, ids=lambda file: file.parent.name)
def test_every_stop_of_a_lesson_names_a_pane(file: Path) -> None:
    for each in load_file(file).stops:
        assert each.pane in STATE, each.title


def with_panes(*panes: str) -> Run:
    """The small run, whose first stops speak of these panes."""
    run = asked_run()
    timeline = run.timeline
    stops = [
        ResolvedStop(each.step, replace(each.stop, pane=pane))
        for each, pane in zip(timeline.stops, panes, strict=False)
    ]
    timeline.stops = [*stops, *timeline.stops[len(stops) :]]
    return replace(run, ask=None)


def test_a_narrow_window_shows_the_pane_of_the_stop(tmp_path: Path) -> None:
    """It replaces the chosen one, unless that has the focus; and the text names it."""
    kept = list(asked_run().timeline.stops)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = stepper(app)
        await pilot.press("space")
        assert here.pane("counters").display and not here.pane("xarray").display
        assert "Look at 7 Counters." in " ".join(text_of(app, "explain").split())
        await pilot.press("3", "space")
        assert here.pane("xarray").display, "the reader is at work in it"
        await pilot.press("1", "space", "backspace")
        assert here.pane("pages").display and not here.pane("xarray").display

    opened = Target("small", "A small story", lambda: with_panes("counters", "pages"))
    try:
        play(scene, tmp_path, (80, 24), opened)
    finally:
        asked_run().timeline.stops = kept


def test_a_zoomed_pane_keeps_the_screen(tmp_path: Path) -> None:
    kept = list(asked_run().timeline.stops)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = stepper(app)
        await pilot.press("3", "z", "space")
        assert here.zoomed == "xarray" and here.pane("xarray").display

    opened = Target("small", "A small story", lambda: with_panes("counters"))
    try:
        play(scene, tmp_path, (80, 24), opened)
    finally:
        asked_run().timeline.stops = kept
