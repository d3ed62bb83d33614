"""What a step changed is in view, as a function of the step alone; and panes keep their sizes whatever they show."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import pytest
from textual.pilot import Pilot

from tests.tui.playing import painted, play, stepper
from tests.tui.small import small_run, target
from thpkit.view.rows import Role
from tui.app import ThpApp
from tui.layouts import SOURCE
from tui.rowpane import RowPane
from tui.stepper import Stepper
from tui.views import STATE

SIZES: Final = ((60, 16), (80, 24), (200, 60))
STEPS: Final = 20
"""Steps that are looked at in each size, besides the stops."""


def chosen_steps(seed: int) -> list[int]:
    """Steps behind a write, at random, and all stops with their neighbours."""
    timeline = small_run().timeline
    written = [n + 1 for n in range(len(timeline) - 1) if timeline.writes(n)]
    stops = [each.step for each in timeline.stops]
    near = [n + by for n in stops for by in (-1, 0, 1)]
    return near + random.Random(seed).sample(written, STEPS)


def go(screen: Stepper, step: int) -> None:
    """Show a step."""
    assert screen.reader is not None
    screen.reader.position = step
    screen._sync()


def news(pane: RowPane) -> list[int]:
    """The rows of a pane that the last step changed."""
    return [
        at for at, row in enumerate(pane.rows) if row and row[0].role is Role.CHANGED
    ]


def in_view(pane: RowPane) -> range:
    """The rows that are seen."""
    return range(pane._top, pane._top + pane.size.height - 1)


@pytest.mark.parametrize("size", SIZES)
def test_what_a_step_changed_is_in_view(tmp_path: Path, size: tuple[int, int]) -> None:
    """The first change in every visible pane, all that is near it, and the statement in the source."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        changes = 0
        for count, step in enumerate(chosen_steps(size[0])):
            screen.action_pane(STATE[count % len(STATE)])
            await pilot.pause(0)
            go(screen, step)
            for pane in screen.visible_panes:
                seen, rendered = in_view(pane), pane._rendered
                if pane.id in (*STATE, SOURCE):
                    assert rendered.focus in seen, (step, pane.id)
                if pane.id in STATE and (changed := news(pane)):
                    changes += 1
                    assert changed[0] in seen, (step, pane.id)
                    close = [at for at in changed if at < changed[0] + len(seen)]
                    near = [at for at in close if at <= changed[0] + 8]
                    assert all(at in seen for at in near), (step, pane.id)
        assert changes > 2

    play(scene, tmp_path, size, target())


def test_news_out_of_view_is_announced_in_the_title(tmp_path: Path) -> None:
    """Whoever scrolls away, or follows a chosen value, is told that something changed elsewhere, and where."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("space", "7", "n")
        pane = screen.query_one("#counters", RowPane)
        assert news(pane) and "●▲" not in pane._title().row[3].text
        pane.scroll_rows(len(pane.rows))
        assert "●▲" in pane._title().row[3].text
        screen.action_do("centre")
        assert "●" not in pane._title().row[3].text

    play(scene, tmp_path, (80, 24), target())


@pytest.mark.parametrize("size", SIZES[1:])
def test_pane_sizes_never_depend_on_content(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """The same rectangles at every step, with a value chosen and a sentence said or not."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.pause()

        def places() -> dict[str | None, object]:
            return {pane.id: pane.region for pane in screen.visible_panes}

        before = places()
        for step in chosen_steps(7):
            go(screen, step)
            screen.action_do("writer")
            await pilot.pause(0)
            assert places() == before

    play(scene, tmp_path, size, target())


def test_the_same_step_looks_the_same_whatever_came_before(tmp_path: Path) -> None:
    """Two walks in different orders, with scrolling in between."""
    steps = chosen_steps(3)[::2]

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        looks: dict[int, list[str]] = {}
        for step in (*steps, *reversed(steps), *sorted(steps)):
            go(screen, step)
            await pilot.pause(0)
            assert looks.setdefault(step, painted(app)) == painted(app)
            screen.query_one("#source", RowPane).scroll_rows(7)
            screen.query_one("#xarray", RowPane).scroll_rows(-3)

    play(scene, tmp_path, (120, 40), target())
