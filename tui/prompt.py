"""A one-line question at the bottom of the screen: where to go, what to search for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from thpkit.view.glyphs import ASCII
from thpkit.view.rows import Rendered, Role, Row, row
from tui.looks import Look, signs
from tui.rowpane import RowPane

OFFERS = 8
"""Suggestions shown at once."""

Suggest = Callable[[str], Sequence[tuple[str, str]]]
"""From what has been typed to (text to go to, what it is)."""


class Prompt(ModalScreen[str | None]):
    """Asks for a line of text. Enter answers, esc does not; arrows choose among suggestions."""

    DEFAULT_CSS = """
    Prompt { align: center bottom; background: $background 0%; }
    Prompt > #offers { width: 100%; height: auto; }
    Prompt > Input { width: 100%; height: 3; border: tall $accent; }
    """

    def __init__(
        self,
        question: str,
        look: Look,
        suggest: Suggest | None = None,
        *,
        strict: bool = False,
    ) -> None:
        """``strict``: only a suggestion is an answer, the first one if none was chosen."""
        super().__init__()
        self._strict = strict
        self._question = question
        self._look = look
        self._suggest = suggest
        self._offers: Sequence[tuple[str, str]] = ()
        self._chosen = -1

    def compose(self) -> ComposeResult:
        """The suggestions, and below them the line."""
        yield RowPane(self._question, look=self._look, id="offers")
        yield Input(placeholder=self._question)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(RowPane).can_focus = False
        line = self.query_one(Input)
        if signs() is ASCII:
            line.styles.border = ("ascii", "ansi_default")
        line.focus()
        self._offer("")

    def on_resize(self) -> None:
        """No more suggestions than there is room for."""
        rows = min(OFFERS + 1, self.size.height - 4) if self._suggest else 1
        self.query_one(RowPane).styles.height = max(rows, 1)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other suggestions."""
        self._chosen = -1
        self._offer(event.value)

    def _offer(self, text: str) -> None:
        if self._suggest is not None:
            self._offers = self._suggest(text)[:OFFERS]
            self._show()

    def _show(self) -> None:
        rows = [self._row(i) for i in range(len(self._offers))]
        if not rows and self._strict:
            rows = [row(("  nothing like that can be done here", Role.DIM))]
        self.query_one(RowPane).show(Rendered(tuple(rows)))

    def _row(self, i: int) -> Row:
        text, what = self._offers[i]
        role = Role.NEXT if i == self._chosen else Role.NAME
        sign = "▶ " if i == self._chosen else "  "
        return row((f"{sign}{text}  ", role), (what, Role.DIM))

    def on_key(self, event: events.Key) -> None:
        """Arrows and esc; everything else belongs to the line."""
        if event.key in ("up", "down"):
            event.stop()
            if self._offers:
                step = 1 if event.key == "down" else -1
                self._chosen = (self._chosen + step) % len(self._offers)
                self._show()
        elif event.key == "escape":
            event.stop()
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The answer: a chosen suggestion, else what was typed."""
        text = event.value
        if self._strict and self._offers:
            text = self._offers[max(self._chosen, 0)][0]
        elif self._strict:
            text = ""
        elif self._chosen >= 0:
            text = self._offers[self._chosen][0]
        self.dismiss(text.strip() or None)
