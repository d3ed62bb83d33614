"""Colours, the list of keys, and what the last row says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.color import Color
from textual.pilot import Pilot

from tests.tui.playing import painted, play, stepper, text_of
from tests.tui.small import small_run, target
from thpkit.book.markdown import read
from thpkit.view.rows import Role
from thpkit.view.rows import text_of as text_of_row
from tui import help as keys
from tui.app import ThpApp
from tui.home import Home
from tui.layouts import BAR
from tui.looks import Look
from tui.page import Page
from tui.state import Store
from tui.stepper import Stepper
from tui.styles import style


def luminance(colour: Color) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    parts = []
    for each in colour.get_truecolor():
        part = each / 255
        parts.append(
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        )
    red, green, blue = parts
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("look", "least"), [(Look.DARK, 4.5), (Look.LIGHT, 4.5), (Look.CONTRAST, 7.0)]
)
def test_every_role_can_be_read(look: Look, least: float) -> None:
    """Contrast of text and ground: level AA of the guidelines, and AAA in the look of high contrast."""
    for role in Role:
        shown = style(look, role)
        assert shown.color is not None and shown.bgcolor is not None
        dark, light = sorted((luminance(shown.color), luminance(shown.bgcolor)))
        assert (light + 0.05) / (dark + 0.05) >= least, role


def test_the_looks_in_turn_and_remembered(tmp_path: Path) -> None:
    """Dark, light, high contrast, monochrome, and around; the next visit begins with the last one."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        seen = [app.look]
        for _ in range(5):
            stepper(app).action_do("theme")
            await pilot.pause()
            painted(app)
            seen.append(app.look)
        order = [Look.DARK, Look.LIGHT, Look.CONTRAST, Look.MONO]
        assert seen == [*order, *order[:2]]
        stepper(app).action_do("theme")

    store = play(scene, tmp_path, opened=target())
    assert ThpApp(Store(store.directory)).look is Look.CONTRAST


def test_the_list_of_keys_has_two_columns_where_there_is_room() -> None:
    """From 120 columns on, and then all of it is much shorter; nothing is left out."""
    narrow, wide = keys.rows_of(78), keys.rows_of(118)
    assert len(wide) < len(narrow) * 5 / 6
    assert any(
        "Through the story" in text and "Panes" in text
        for text in map(text_of_row, wide)
    )
    for width in (30, 78, 117, 118, 198):
        text = " ".join(" ".join(map(text_of_row, keys.rows_of(width))).split())
        for word in ("Go to the next stop", "Quit; your place is kept", "timeline"):
            assert all(each in text for each in word.split()), (width, word)


def test_a_sentence_goes_with_the_next_key(tmp_path: Path) -> None:
    """Whatever the key does, the keys are seen again."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        for key in ("tab", "pagedown", "8"):
            await pilot.press("7", "down")
            assert "w who wrote it" in text_of(app, BAR)
            await pilot.press(key)
            assert text_of(app, BAR).startswith("→ ← stop"), key

    play(scene, tmp_path, opened=target())


def test_space_opens_what_is_chosen_in_the_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.home.resolve", lambda _name: target())

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        assert isinstance(app.screen, Home)
        await pilot.press("space")
        await pilot.pause()
        assert isinstance(app.screen, Stepper)

    play(scene, tmp_path)


def test_help_on_the_opening_page_leads_back_to_it(tmp_path: Path) -> None:
    """? opens the list of keys, ? closes it, and the page is still there."""
    text = tmp_path / "README.md"
    text.write_text("# Small\n\n## Why\n\nBecause.\n", encoding="utf-8")
    run = replace(small_run(), introduction=tuple(read(text).blocks))
    lesson = replace(target(), open=lambda: run)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        page = app.screen
        assert isinstance(page, Page)
        await pilot.press("question_mark")
        assert app.screen is not page and "Through the story" in "\n".join(painted(app))
        await pilot.press("question_mark")
        assert app.screen is page
        await pilot.press("space")
        await pilot.pause()
        assert stepper(app).position == small_run().timeline.stops[0].step

    play(scene, tmp_path, opened=lesson)


def test_the_copied_pane_goes_to_the_clipboard(tmp_path: Path) -> None:
    """As text, with its title."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("space", "7", "y")
        assert app.clipboard.startswith("7 Counters") and "PGFAULT" in app.clipboard
        assert "copied Counters as text" in text_of(app, BAR)

    play(scene, tmp_path, opened=target())
