"""Running scenes in the application, with keys pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from tui.app import ThpApp
from tui.home import Home
from tui.rowpane import RowPane
from tui.state import Store
from tui.stepper import Stepper
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
    """Wait until the recording is there. Two runs stand on a screen of their own above the stepper."""
    for _ in range(400):
        for screen in app.screen_stack:
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
