"""The keys that look for trouble: a search through a long recording, which any other key ends."""

from __future__ import annotations

import time
from typing import Final

from tui.panekeys import PaneKeys
from tui.preparing import bar
from tui.reader import Reader
from tui.trouble import Hunt

SLICE: Final = 0.05
"""Seconds that the search may take before the screen is asked for keys again."""
PAUSE: Final = 0.005


class HuntKeys(PaneKeys):
    """``c`` and ``C``."""

    _hunt: Hunt | None = None
    """The search that is under way."""

    def do_continue(self) -> None:
        """Look forward."""
        self._begin(True)

    def do_continue_back(self) -> None:
        """Look back."""
        self._begin(False)

    def interrupted(self) -> None:
        """A key was pressed: a search that is under way ends where it is."""
        if self._hunt is not None:
            self._hunt = None
            self.say("the search was stopped; c and C go on with it")

    def _begin(self, forward: bool) -> None:
        reader = self.reader
        if reader is None:
            return
        reader.message = ""
        self._hunt = reader.trouble.hunt(reader.position, reader.breakpoints, forward)
        self._go_on(reader, self._hunt, forward)

    def _go_on(self, reader: Reader, hunt: Hunt, forward: bool) -> None:
        """Search for a moment, then let the screen see to its keys."""
        if self._hunt is not hunt:
            return
        end = time.monotonic() + SLICE
        done = 0.0
        while time.monotonic() < end:
            try:
                done = next(hunt)
            except StopIteration as found:
                self._hunt = None
                reader.arrive(found.value, "after" if forward else "before")
                self.shown_again()
                return
        self.say(f"looking for trouble {bar(done)} any key stops it")
        self.set_timer(PAUSE, lambda: self._go_on(reader, hunt, forward))

    def shown_again(self) -> None:
        """Show where the reader is now."""
        raise NotImplementedError
