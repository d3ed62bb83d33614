"""The keys of two runs side by side that do more than move: go to a place, search, copy, find a command."""

from __future__ import annotations

from typing import Final

from textual.screen import Screen

from tui import suggest
from tui.actions import ACTIONS
from tui.host import Host
from tui.prompt import Prompt
from tui.reader import Reader
from tui.rowpane import RowPane
from tui.scrolling import Scrolls

ELSEWHERE: Final = "that belongs to one run alone; esc goes back to it"


class PairKeys(Scrolls, Screen[int]):
    """Actions on the run that leads, and on the pane that has the focus."""

    _host: Host
    _wanted = ""
    """What was searched for last."""

    @property
    def reader(self) -> Reader:
        """The reader of the run that leads."""
        raise NotImplementedError

    def moved(self) -> None:
        """Bring the other run to where the leading one is, and show both."""
        raise NotImplementedError

    def say(self, sentence: str) -> None:
        """Put a sentence into the last row until the next action."""
        raise NotImplementedError

    def can(self, name: str) -> bool:
        """Whether an action of the table does something here."""
        return hasattr(self, f"do_{name}") or self.reader.can(name)

    def do_goto(self) -> None:
        """Ask where to go."""
        question = "Go to: a step, stop N, a function, a piece of its code, a counter"
        offers = suggest.offers(self.reader)
        self.app.push_screen(Prompt(question, self._host.look, offers), self._gone)

    def _gone(self, answer: str | None) -> None:
        if answer:
            self.reader.goto(answer)
            self.moved()

    def do_palette(self) -> None:
        """Find a command, among those that do something here."""
        names = [each.id for each in ACTIONS if each.id != "palette"]
        self._host.find_command(filter(self.can, names), self.action_do)

    def action_do(self, name: str) -> None:
        """An action of the table."""
        raise NotImplementedError

    def do_copy(self) -> None:
        """Copy the pane that has the focus."""
        self.app.copy_to_clipboard(self.active.text)
        self.say("copied this pane as text, if your terminal allows it")

    # ---- searching --------------------------------------------------------------------------------------

    def do_search(self) -> None:
        """Ask what to search for in the pane that has the focus."""
        question = "Search in this pane"
        self.app.push_screen(Prompt(question, self._host.look), self._searched)

    def _searched(self, answer: str | None) -> None:
        if answer:
            self._wanted = answer
            self._find(self.active, True, again=False)

    def do_search_next(self) -> None:
        """The next match."""
        self._find(self.active, True)

    def do_search_back(self) -> None:
        """The match before."""
        self._find(self.active, False)

    def _find(self, pane: RowPane, forward: bool, again: bool = True) -> None:
        if not self._wanted:
            self.say("nothing to search for yet: / asks")
        elif not pane.find(self._wanted, forward, again):
            self.say(f"{self._wanted!r} does not stand in this pane")
