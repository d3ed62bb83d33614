"""What keys do with panes: go to one, choose and scroll in it, search it, zoom it, copy it."""

from __future__ import annotations

from tui.host import Host
from tui.painter import CHOSEN
from tui.panescreen import PaneScreen
from tui.prompt import Prompt
from tui.rowpane import RowPane
from tui.views import STATE


class PaneKeys(PaneScreen):
    """The actions that stay within the panes; the place in the recording plays no part."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._wanted = ""
        """What was searched for last."""

    def do_search(self) -> None:
        """Ask what to search for in the active pane."""
        question = f"Search in {_name_of(self.active)}"
        self.app.push_screen(Prompt(question, self.host.look), self._searched)

    def _searched(self, answer: str | None) -> None:
        if answer:
            self._wanted = answer
            self._find(True, again=False)

    def do_search_next(self) -> None:
        """The next match."""
        self._find(True)

    def do_search_back(self) -> None:
        """The match before."""
        self._find(False)

    def _find(self, forward: bool, again: bool = True) -> None:
        if not self._wanted:
            self.say("nothing to search for yet: / asks")
        elif not self.active.find(self._wanted, forward, again):
            self.say(f"{self._wanted!r} does not stand in this pane")

    # ---- panes ------------------------------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        """Go to a pane; in a window that cannot show all, show it."""
        if name in STATE:
            self.chosen = name
        if self.zoomed is not None:
            self.zoomed = name
        self.place_panes()
        if self.reading and self.pane(name) not in self.visible_panes:
            self.reading = False  # beside the lesson's text there is no room for it
            self.place_panes()
        self.pane(name).focus()

    def do_focus_next(self) -> None:
        """The next visible pane."""
        self.focus_next()

    def do_focus_back(self) -> None:
        """The visible pane before."""
        self.focus_previous()

    def do_up(self) -> None:
        """Choose upwards in the active pane."""
        self.active.move(-1)

    def do_down(self) -> None:
        """Choose downwards in the active pane."""
        self.active.move(1)

    def do_page_up(self) -> None:
        """Scroll the active pane."""
        self.active.scroll_pages(-1)

    def do_page_down(self) -> None:
        """Scroll the active pane."""
        self.active.scroll_pages(1)

    def do_centre(self) -> None:
        """Back to the present line and changes."""
        for pane in self.visible_panes:
            pane.centre()

    def do_zoom(self) -> None:
        """Give the active pane the whole screen, or take it back."""
        self.zoomed = None if self.zoomed else self.active.id
        self.place_panes()

    def do_copy(self) -> None:
        """Copy the active pane."""
        self.app.copy_to_clipboard(self.active.text)
        name = _name_of(self.active)
        self.say(f"copied {name} as text, if your terminal allows it")


def _name_of(pane: RowPane) -> str:
    """What stands in a pane's title, without its key and what is chosen in it."""
    return pane.caption[2:].partition(CHOSEN)[0]
