"""What is painted: few lines a step, the same both ways, in every size and look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.playing import painted, play, stepper
from tests.tui.small import target
from thpkit.view.rows import Role
from tui.app import ThpApp
from tui.layouts import SMALL
from tui.looks import Look
from tui.rowpane import RowPane
from tui.styles import palette, style


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

    play(scene, tmp_path, (120, 40), opened=target())


SIZES = [
    (20, 5),
    (59, 16),
    (80, 24),
    (160, 45),
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


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
def test_no_colour_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
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

    play(scene, tmp_path, size, opened=target())


def test_every_role_has_a_style_in_every_look() -> None:
    """And up, down, and what just changed can be told apart without colours."""
    for look in Look:
        assert set(palette(look).roles) == set(Role)
    for role in (Role.NEXT, Role.RAN, Role.CHANGED, Role.UP, Role.DOWN, Role.BAD):
        assert style(Look.MONO, role) != style(Look.MONO, Role.PLAIN)
