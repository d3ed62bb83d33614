"""The mouse: lines, breakpoints, values, the timeline, titles, the wheel."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.pilot import Pilot

from tests.tui.playing import painted, play, stepper, text_of
from tests.tui.small import target
from tui.app import ThpApp
from tui.layouts import BAR
from tui.rowpane import RowPane


def test_a_click_on_a_number_sets_a_breakpoint_and_clears_it(tmp_path: Path) -> None:
    """In the gutter; a click on the code only marks the line."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        reader = stepper(app).reader
        assert reader is not None
        await pilot.press("space")
        lines = painted(app)
        row = next(y for y, line in enumerate(lines) if line.startswith(" ▶"))
        await pilot.click("#source", offset=(30, row - 1))
        assert reader.marked is not None and len(reader.breakpoints) == 0
        assert "t and T its runs" in text_of(app, BAR)
        await pilot.click("#source", offset=(4, row - 1))
        assert len(reader.breakpoints) == 1 and "breakpoint set" in text_of(app, BAR)
        assert painted(app)[row].startswith("●")
        await pilot.click("#source", offset=(4, row - 1))
        assert len(reader.breakpoints) == 0

    play(scene, tmp_path, opened=target())


def test_the_timeline_is_dragged(tmp_path: Path) -> None:
    """The screen follows the mouse; the whole drag is one jump, which O goes back over."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("space")
        here = screen.position
        await pilot.mouse_down("#timeline", offset=(10, 0))
        seen = []
        for column in (20, 40, 60):
            await pilot.hover("#timeline", offset=(column, 0))
            seen.append(screen.position)
        await pilot.mouse_up("#timeline", offset=(60, 0))
        assert seen == sorted(set(seen))
        await pilot.hover("#timeline", offset=(5, 0))
        assert screen.position == seen[-1]
        await pilot.press("O")
        assert screen.position == here

    play(scene, tmp_path, opened=target())


def test_two_clicks_on_a_title_zoom_and_back(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        for zoomed in ("xarray", None):
            await pilot.click("#xarray", offset=(6, 0), times=2)
            assert screen.zoomed == zoomed

    play(scene, tmp_path, opened=target())


def test_the_wheel_scrolls_until_the_next_step(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space")
        before = painted(app)
        source = app.screen.query_one("#source", RowPane)
        wheel = dict.fromkeys(("x", "y", "delta_x", "delta_y", "button"), 0)
        off = {"shift": False, "meta": False, "ctrl": False}
        source.post_message(events.MouseScrollDown(source, **wheel, **off))  # type: ignore[arg-type]
        await pilot.pause()
        assert painted(app) != before
        await pilot.press("n", "N")
        assert painted(app) == before

    play(scene, tmp_path, opened=target())
