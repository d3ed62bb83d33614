"""The screens, with keys pressed: what opens, what moves, what is chosen and asked."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.playing import painted, play, stepper, stepping, text_of
from tests.tui.small import small_run, target
from thpkit.scenario.why import MEASURED
from tui.app import ThpApp
from tui.asking import AskScreen
from tui.home import Home
from tui.layouts import BAR, STATUS
from tui.page import Page
from tui.prompt import Prompt
from tui.state import Place, Store
from tui.stepper import Stepper
from tui.trouble import Trouble
from tui.where import Target

# ---- home -----------------------------------------------------------------------------------------------


def test_home_lists_and_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What this is, the contents with progress, and Enter opens what is chosen."""
    monkeypatch.setattr("tui.home.resolve", lambda _name: target())
    Store(tmp_path).keep(
        "00_tour", Place(step=5, steps=9, stop=3, stops=24, visited=[1, 2, 3, 7])
    )

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        shown = "\n".join(painted(app))
        assert "4 of 24 stops" in shown and "Not modelled" in shown
        assert "▶ 00_tour" in shown
        await pilot.press("enter")
        await stepping(pilot, app)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Home)

    play(scene, tmp_path)


def test_an_esc_too_many_is_taken_back_with_backspace(tmp_path: Path) -> None:
    """The contents say so, and it works for what the contents do not list."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space", "s")
        step = stepper(app).position
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Home)
        said = text_of(app, BAR)
        assert "your place is kept; backspace goes back to A small story" in said
        await pilot.press("down", "backspace")
        screen = await stepping(pilot, app)
        assert screen.position == step

    play(scene, tmp_path, opened=target())


def test_home_chooses_what_the_reader_comes_from(tmp_path: Path) -> None:
    """So that Enter goes back as well."""
    left = Target("02_with_what_rights", "With what rights", small_run)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        app.show_home("said", left)
        await pilot.pause()
        shown = [line for line in painted(app) if line.lstrip().startswith("▶")]
        assert len(shown) == 1 and "02_with_what_rights" in shown[0]

    play(scene, tmp_path)


@pytest.mark.parametrize(
    ("size", "told"),
    [((80, 24), True), ((66, 24), True), ((65, 24), False), ((80, 23), False)],
)
def test_home_says_why_anybody_wants_this(
    tmp_path: Path, size: tuple[int, int], told: bool
) -> None:
    """Four measured rows, if lessons, exercises and keys still fit."""

    async def scene(_pilot: Pilot[str], app: ThpApp) -> None:
        lines = [each.strip() for each in painted(app)]
        for line in MEASURED.lines():
            assert (line in lines) is told
        shown = "\n".join(lines)
        assert "00_tour" in shown
        assert lines[-1].startswith("enter open") and "q quit" in lines[-1]
        if told:
            assert shown.index("Not modelled") < shown.index("page faults")
            assert shown.index("TLB entries") < shown.index("Lessons")

    play(scene, tmp_path, size)


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
    pressed = Event()

    def slow() -> Any:
        pressed.wait(20)
        return small_run()

    async def scene() -> None:
        app = ThpApp(Store(tmp_path), Target("small", "A small story", slow))
        async with app.run_test(size=(80, 24)) as pilot:
            while not (isinstance(app.screen, Stepper) and text_of(app, STATUS)):
                await pilot.pause()
            assert "recording" in text_of(app, STATUS)
            await pilot.press("space")
            pressed.set()
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
        assert text_of(app, BAR).strip().startswith("a breakpoint: line")

    play(scene, tmp_path, opened=target())


def test_a_line_without_a_statement_gets_no_breakpoint(tmp_path: Path) -> None:
    """Nor is one set on another line instead."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space", "1")
        for _ in range(60):  # the blank line behind the function, at the latest
            await pilot.press("down")
            if "no statement" in text_of(app, BAR):
                break
        for key in ("b", "t", "T"):
            await pilot.press(key)
            assert "no statement stands here" in text_of(app, BAR), key
        reader = stepper(app).reader
        assert reader is not None and len(reader.breakpoints) == 0

    play(scene, tmp_path, opened=target())


def test_a_stop_does_not_take_away_the_pane_in_which_the_reader_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows the pane it speaks of only where nothing is chosen and the reader is not in another pane of state."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        monkeypatch.setattr(screen.told, "pane_at", lambda step: "locks")
        await pilot.press("7", "space")
        assert screen.chosen == "counters"
        await pilot.press("down", "1", "space")
        assert screen.reader is not None and screen.reader.selected is not None
        assert screen.chosen == "counters"
        await pilot.press("escape", "backspace")
        assert screen.chosen == "locks"

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
        assert isinstance(app.screen, Page)
        await pilot.press("question_mark")
        assert app.screen is screen
        await pilot.press("slash", *"de", "enter", "full_stop", "comma")
        assert app.screen is screen
        await pilot.press("colon")
        assert isinstance(app.screen, Prompt)
        await pilot.press(*"xyz", "enter")
        assert app.screen is screen
        await pilot.press("colon", *"first", "enter")
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


def test_predicting_asks_before_a_line_that_moves_a_counter(tmp_path: Path) -> None:
    """Only while the mode is on; esc lets the line run unanswered."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("space", "p", "n")
        asked = app.screen
        assert isinstance(asked, AskScreen)
        await pilot.press(*"pgfault", "enter")
        assert asked.verdict is not None and asked.verdict.right
        before = screen.position
        await pilot.press("enter")
        await pilot.pause()
        assert stepper(app) is screen and screen.position > before
        await pilot.press("N", "p", "n")
        assert stepper(app) is screen

    play(scene, tmp_path, opened=target())


def test_a_long_search_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows how far it is; the next key ends it where the reader was, and c goes on with what is known."""
    looked: list[int] = []

    def slow(self: Trouble, step: int) -> str | None:
        looked.append(step)
        time.sleep(0.06)
        return None

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("c")
        assert "any key stops it" in text_of(app, BAR)
        before, seen = screen.position, len(looked)
        await pilot.press("home")
        await pilot.pause(0.3)
        assert screen.position == before == 0
        assert len(looked) <= seen + 1

    monkeypatch.setattr(Trouble, "broken_at", slow)
    monkeypatch.setattr(Trouble, "quiet", lambda self: list(range(1, 200)))
    play(scene, tmp_path, opened=target())
