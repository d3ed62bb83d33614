"""A picture of the stepping screen: what a terminal would show, as an SVG file.

The screen itself is run without a terminal, so that a picture can never differ from what a reader sees.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from textual.screen import Screen

from tui import goto
from tui.app import ThpApp
from tui.opening import Run
from tui.paths import UserError
from tui.state import Store
from tui.stepper import Stepper
from tui.where import Target

WAIT: Final = 0.01
"""Seconds between two looks whether the recording is shown."""
LOOKS: Final = 3000
SIZES: Final = (20, 5), (300, 100)
"""Smallest and largest size, in columns and rows."""


def size_of(text: str) -> tuple[int, int]:
    """Columns and rows from ``120x40``.

    Raises:
        UserError: it is no size, or too small or too large for a screen.
    """
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    if found is None:
        raise UserError(f"a size is written COLUMNSxROWS, as 120x40; {text!r} is not")
    size = int(found[1]), int(found[2])
    (low_x, low_y), (high_x, high_y) = SIZES
    if not (low_x <= size[0] <= high_x and low_y <= size[1] <= high_y):
        raise UserError(
            f"a picture has {low_x}x{low_y} to {high_x}x{high_y} columns and rows; {text} has not"
        )
    return size


def step_at(run: Run, place: str | None) -> int:
    """The step that ``place`` names: whatever ``g`` understands; None is where the run opens.

    Raises:
        UserError: it leads nowhere.
    """
    if place is None:
        return run.start or 0
    found = goto.find(run.timeline, 0, place)
    if found.cell is not None:
        write = run.timeline.first_write_after(found.cell, 0)
        return min(write.step + 1, len(run.timeline) - 1) if write else 0
    number = place.removeprefix("step ").isdecimal()
    if found.step is None or (number and found.sentence):
        raise UserError(found.sentence)
    return found.step


def write(target: Target, file: Path, place: str | None, size: tuple[int, int]) -> int:
    """Draw ``target`` at ``place`` into ``file``; the step that is shown.

    Raises:
        UserError: the target cannot be opened, or the place leads nowhere.
        OSError: the file cannot be written.
    """
    run = target.open()
    step = step_at(run, place)
    shown = replace(run, start=step, introduction=(), notices=())
    drawn = asyncio.run(_drawn(replace(target, open=lambda: shown), size))
    file.write_text(drawn, encoding="utf-8")
    return step


async def _drawn(target: Target, size: tuple[int, int]) -> str:
    """The screen as SVG. The reader's own place is left alone."""
    with TemporaryDirectory(prefix="thp-picture-") as nowhere:
        app = ThpApp(Store(Path(nowhere)), target)
        async with app.run_test(size=size) as pilot:
            for _ in range(LOOKS):
                if any(_open(screen) for screen in app.screen_stack):
                    break
                await pilot.pause(WAIT)
            await pilot.pause()
            return app.export_screenshot(title=target.title)


def _open(screen: Screen[Any]) -> bool:
    """Whether a screen is the stepper, with its recording."""
    return isinstance(screen, Stepper) and screen.reader is not None
