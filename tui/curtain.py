"""What is painted first: one line that says what is about to come.

The stepper needs the simulated kernel and all views; importing them takes as long as importing Textual. So the screen
opens with this, and they are imported behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.screen import Screen

from thpkit.view.glyphs import spelled
from tui.looks import GROUND, Look, signs

WAIT: Final = 0.03
"""Seconds that the first frame gets."""


class Curtain(Screen[None]):
    """One line of text, then whatever ``then`` shows."""

    def __init__(self, text: str, look: Look, then: Callable[[], None]) -> None:
        super().__init__()
        self._text = text
        self._then = then
        if look in GROUND:
            self.styles.background = GROUND[look]

    def render(self) -> str:
        """The line."""
        return f" {spelled(self._text, signs())}"

    def on_mount(self) -> None:
        """Go on when the line is painted: mounting comes before the first frame."""
        self.set_timer(WAIT, self._then)
