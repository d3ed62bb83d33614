"""What is painted first: one line that says what is about to come.

The stepper needs the simulated kernel and all views; importing them takes as long as importing Textual. So the screen
opens with this, and they are imported behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.screen import Screen

from tui.looks import GROUND, Look


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
        return f" {self._text}"

    def on_mount(self) -> None:
        """Go on as soon as the line is painted."""
        self.call_after_refresh(self._then)
