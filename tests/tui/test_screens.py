"""The screens, with keys pressed: what opens, what moves, what is painted, and that no size breaks anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.small import small_run, target
from thpkit.view.rows import Role
from tui.actions import ACTIONS
from tui.app import ThpApp
from tui.help import HelpScreen
from tui.home import Home
from tui.layouts import BAR, SMALL, STATUS
from tui.looks import Look
from tui.prompt import Prompt
from tui.rowpane import RowPane
from tui.state import Place, Store
from tui.stepper import Stepper
from tui.styles import palette, style
from tui.where import Target

Scene = Callable[[Pilot[str], ThpApp], Awaitable[None]]


def play(
    scene: Scene,
    folder: Path,
    size: tuple[int, int] = (80, 24),
    opened: Target | None = None,
) -> Store:
    """Run a scene in an application of this size; what is remembered afterwards."""
    store = Store(folder)

    async def run() -> None:
        app = ThpApp(store, opened)
        async with app.run_test(size=size) as pilot:
            if opened is not None:
                await stepping(pilot, app)
            while opened is None and not isinstance(app.screen, Home):
                await pilot.pause()
            await pilot.pause()
            await scene(pilot, app)

    asyncio.run(run())
    return store


async def stepping(pilot: Pilot[str], app: ThpApp) -> Stepper:
    """Wait until the recording is there."""
    for _ in range(400):
        screen = app.screen
        if isinstance(screen, Stepper) and screen.reader is not None:
            await pilot.pause()
            return screen
        await pilot.pause(0.02)
    raise AssertionError("nothing was recorded")


def stepper(app: ThpApp) -> Stepper:
    """The stepping screen on top."""
    assert isinstance(app.screen, Stepper)
    return app.screen


def text_of(app: ThpApp, name: str) -> str:
    """What a pane shows."""
    return app.screen.query_one(f"#{name}", RowPane).text


def painted(app: ThpApp) -> list[str]:
    """The whole screen, line by line, as it was painted."""
    width, height = app.size
    lines = [[" "] * width for _ in range(height)]
    for pane in app.screen.query(RowPane):
        if pane.display:
            for y in range(pane.region.height):
                strip = pane.render_line(y)
                assert strip.cell_length == pane.region.width, (pane.id, y)
                assert all(each.style is not None for each in strip)
                at = pane.region
                lines[at.y + y][at.x : at.x + at.width] = strip.text
    return ["".join(each) for each in lines]


# ---- home -----------------------------------------------------------------------------------------------


def test_home_lists_and_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this is, the contents with progress, and Enter opens what is chosen."""
    monkeypatch.setattr("tui.home.resolve", lambda _name: target())
    Store(tmp_path).keep(
        "00_tour", Place(step=5, steps=9, stop=3, furthest=7, stops=24)
    )

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        shown = "\n".join(painted(app))
        assert "stop 7 of 24" in shown and "Not modelled" in shown
        assert "▶ 00_tour" in shown
        await pilot.press("enter")
        await stepping(pilot, app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Home)

    play(scene, tmp_path)


def test_home_says_what_cannot_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lesson that fails leads back to the contents with a sentence."""

    def fail() -> Any:
        raise ValueError("it is broken")

    broken = Target("00_tour", "The tour", fail)
    monkeypatch.setattr("tui.home.resolve", lambda _name: broken)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(app.screen, Home) and "it is broken" in text_of(app, "bar"):
                return
        raise AssertionError("nothing was said")

    play(scene, tmp_path)


def test_home_without_a_clone_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lessons are not beside the program."""
    monkeypatch.setattr("tui.paths.ROOT", tmp_path)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        assert "pip install -e" in " ".join("\n".join(painted(app)).split())

    play(scene, tmp_path)


# ---- stepping -------------------------------------------------------------------------------------------


def test_the_keys_step_both_ways(tmp_path: Path) -> None:
    """Stops, lines, statements, calls, loops, writers: each forward key and its way back."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        stops = [each.step for each in small_run().timeline.stops]
        await pilot.press("space", "space")
        assert screen.position == stops[1]
        await pilot.press("backspace")
        assert screen.position == stops[0]
        for key, back in (("s", "S"), ("n", "N")):
            here = screen.position
            await pilot.press(key)
            assert screen.position > here, key
            await pilot.press(back)
            assert screen.position == here, back
        await pilot.press("f")
        assert screen.position > stops[0]
        await pilot.press("F", "space", "w")
        assert "→" in text_of(app, BAR)

    play(scene, tmp_path, opened=target())


def test_the_place_is_kept_and_found_again(tmp_path: Path) -> None:
    """Quitting keeps it; the next visit goes on there and says so; home leads to the start."""

    async def leave(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space", "space", "q")

    store = play(leave, tmp_path, opened=target())
    assert store.place(small_run().name).stop == 2

    async def again(pilot: Pilot[str], app: ThpApp) -> None:
        assert stepper(app).position == store.place(small_run().name).step
        assert "continued at step" in text_of(app, BAR)
        await pilot.press("home")
        assert stepper(app).position == 0
        assert "continued" not in text_of(app, BAR)

    play(again, tmp_path, opened=target())


def test_keys_pressed_while_it_records_are_not_lost(tmp_path: Path) -> None:
    """They are done when the recording is there."""

    def slow() -> Any:
        asyncio.run(asyncio.sleep(0.3))
        return small_run()

    async def scene() -> None:
        app = ThpApp(Store(tmp_path), Target("small", "A small story", slow))
        async with app.run_test(size=(80, 24)) as pilot:
            while not isinstance(app.screen, Stepper):
                await pilot.pause()
            assert "recording" in text_of(app, STATUS)
            await pilot.press("space")
            screen = await stepping(pilot, app)
            assert screen.position == small_run().timeline.stops[0].step

    asyncio.run(scene())


def test_a_value_is_chosen_and_asked_about(tmp_path: Path) -> None:
    """A digit shows a pane, arrows choose a value in it, w finds its writer, esc drops it."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("space", "space", "7", "down")
        reader = screen.reader
        assert reader is not None and reader.selected is not None
        assert "who wrote it" in text_of(app, BAR)
        name = reader.timeline.cell_name(reader.selected)
        await pilot.press("w")
        assert name in text_of(app, "timeline") + text_of(app, BAR)
        await pilot.press("escape")
        assert reader.selected is None

    play(scene, tmp_path, opened=target())


def test_a_source_line_is_chosen_and_gets_a_breakpoint(tmp_path: Path) -> None:
    """Arrows in the source choose a line; b marks it with a sign."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space", "down", "b")
        assert "breakpoint set" in text_of(app, BAR)
        assert any(line.startswith("●") for line in painted(app)[2:10])
        await pilot.press("escape", "c")
        assert text_of(app, BAR).strip() == "a breakpoint"

    play(scene, tmp_path, opened=target())


def test_clicks_choose_lines_values_and_steps(tmp_path: Path) -> None:
    """The mouse does what the arrows do; the timeline leads anywhere."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("space", "7")
        await pilot.click("#source", offset=(10, 3))
        assert screen.line is not None
        await pilot.click("#counters", offset=(10, 3))
        assert screen.reader is not None and screen.reader.selected is not None
        await pilot.click("#timeline", offset=(79, 0))
        assert screen.position > 1000
        await pilot.press("O")
        assert screen.position < 1000

    play(scene, tmp_path, opened=target())


def test_go_to_search_help_and_palette(tmp_path: Path) -> None:
    """The prompts answer, esc leaves them, ? closes what ? opened."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen: Screen[Any] = stepper(app)
        await pilot.press("g", *"stop", "space", "2", "enter")
        assert stepper(app).position == small_run().timeline.stops[1].step
        await pilot.press("g", "escape", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("question_mark")
        assert app.screen is screen
        await pilot.press("slash", *"def ", "enter", "full_stop", "comma")
        assert app.screen is screen
        await pilot.press("colon")
        assert isinstance(app.screen, Prompt)
        await pilot.press(*"very first", "enter")
        assert app.screen is screen
        await pilot.press("colon", *"first step", "enter")
        assert stepper(app).position == 0

    play(scene, tmp_path, opened=target())


def test_zoom_and_back(tmp_path: Path) -> None:
    """z gives the pane everything but the pinned rows."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("3", "z")
        assert app.screen.query_one("#xarray").region.height == 21
        assert not app.screen.query_one("#source").display
        await pilot.press("escape")
        assert app.screen.query_one("#source").display

    play(scene, tmp_path, opened=target())


# ---- painting -------------------------------------------------------------------------------------------


def test_a_step_needs_no_layout_and_few_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stepping repaints lines; it never arranges the screen anew."""
    layouts: list[None] = []
    refresh = Screen._refresh_layout

    def counted(self: Screen[Any], *args: Any, **kwargs: Any) -> None:
        layouts.append(None)
        refresh(self, *args, **kwargs)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space")
        monkeypatch.setattr(Screen, "_refresh_layout", counted)
        for name in ("over", "into", "next_stop", "previous_stop", "last", "writer"):
            stepper(app).action_do(name)
            await pilot.pause()
        assert layouts == []

    play(scene, tmp_path, (200, 60), opened=target())


def test_back_paints_what_forward_painted(tmp_path: Path) -> None:
    """The screen is a function of the step: the same lines, whatever came before."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        assert screen.reader is not None
        seen: dict[int, list[str]] = {}
        steps = [*range(100, 160, 7), *range(1100, 1200, 9)]
        for step in [*steps, *reversed(steps)]:
            screen.reader.position = step
            screen.position = step
            await pilot.pause()
            assert seen.setdefault(step, painted(app)) == painted(app)

    play(scene, tmp_path, (120, 40), opened=target())


SIZES = [
    (20, 5),
    (40, 10),
    (59, 16),
    (60, 16),
    (80, 24),
    (100, 30),
    (160, 45),
    (300, 100),
]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_works(tmp_path: Path, size: tuple[int, int]) -> None:
    """All keys, every pane, no crash; too small says so."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        screen.action_do("next_stop")
        for digit in "123456789":
            await pilot.press(digit)
        for name in ("zoom", "down", "page_down", "writer", "zoom", "over", "goto"):
            screen.action_do(name)
        await pilot.pause()
        await pilot.press("escape")
        shown = "\n".join(painted(app))
        if screen.query_one(f"#{SMALL}").display:
            assert "step" in shown
        else:
            assert " of 3" in shown

    play(scene, tmp_path, size, opened=target())


def test_sizes_may_change_at_any_time(tmp_path: Path) -> None:
    """From small to large and back, with keys in between."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        for size in [*SIZES, *reversed(SIZES)]:
            await pilot.resize_terminal(*size)
            stepper(app).action_do("into")
            await pilot.pause()
            painted(app)

    play(scene, tmp_path, opened=target())


def test_no_colour_means_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: bold, reverse and underline only, in every pane and prompt."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        assert app.look is Look.MONO
        await pilot.press(
            "space", "n", "7", "down", "w", "g", "escape", "question_mark"
        )
        await pilot.press("question_mark")
        for pane in app.screen.query(RowPane):
            for y in range(pane.size.height):
                for segment in pane.render_line(y):
                    assert segment.style is not None
                    assert segment.style.color is None and segment.style.bgcolor is None

    play(scene, tmp_path, opened=target())


def test_the_look_changes_and_is_kept(tmp_path: Path) -> None:
    """Dark, light, monochrome."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        stepper(app).action_do("theme")
        await pilot.pause()
        painted(app)
        assert app.look is Look.LIGHT

    store = play(scene, tmp_path, opened=target())
    assert Store(store.directory).memory.look == "light"


def test_every_role_has_a_style_in_every_look() -> None:
    """And up, down, and what just changed can be told apart without colours."""
    for look in Look:
        assert set(palette(look).roles) == set(Role)
    for role in (Role.NEXT, Role.RAN, Role.CHANGED, Role.UP, Role.DOWN, Role.BAD):
        assert style(Look.MONO, role) != style(Look.MONO, Role.PLAIN)


def test_keys_by_the_hundred(tmp_path: Path) -> None:
    """Random actions through the screen's own method, in an order that a small generator makes."""
    left_out = {"quit", "contents", "leave", "help", "palette", "goto", "search"}
    names = [each.id for each in ACTIONS if each.id not in left_out]

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        state = 99
        for _ in range(300):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            stepper(app).action_do(names[state % len(names)])
        await pilot.pause()
        painted(app)

    play(scene, tmp_path, opened=target())
