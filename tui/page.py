"""A page of text over the whole screen: the list of keys, a lesson's introduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from thpkit.view.rows import Rendered, Row
from tui.bindings import bindings, key_bar
from tui.looks import Look
from tui.rowpane import RowPane

_SCROLLS = {"up": (-1, 0), "down": (1, 0), "page_up": (0, -1), "page_down": (0, 1)}


class Page(Screen[str | None]):
    """Shows text; its answer is the action that the reader left it with, or None.

    Only actions in ``passed_on`` are answers; the others that leave the page do nothing else.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Page { layout: vertical; overflow: hidden; }
    Page > #text { height: 1fr; }
    Page > #bar { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(
        self,
        caption: str,
        rows_of: Callable[[int], tuple[Row, ...]],
        look: Look,
        passed_on: frozenset[str] = frozenset(),
        show_help: Callable[[], None] | None = None,
    ) -> None:
        """``show_help`` shows the list of keys; without it this page is that list, which ``?`` closes."""
        super().__init__()
        self._show_help = show_help
        self._caption = caption
        self._rows_of = rows_of
        self._look = look
        self._passed_on = passed_on

    def compose(self) -> ComposeResult:
        """The text, and a row of keys."""
        yield RowPane(self._caption, look=self._look, id="text")
        yield RowPane(look=self._look, id="bar")

    def on_mount(self) -> None:
        """Ready to scroll."""
        self.query_one("#text").focus()

    def on_resize(self) -> None:
        """Fit the text to the width."""
        width = self.size.width
        rows = self._rows_of(max(width - 2, 1))
        self.query_one("#text", RowPane).show(Rendered(rows))
        names = (
            ("next_stop", "page_down", "leave", "help")
            if self._passed_on
            else ("page_down", "leave", "quit", "help")
        )
        self.query_one("#bar", RowPane).show_row(key_bar(max(width, 1), *names))

    def action_do(self, name: str) -> None:
        """Scroll, or leave."""
        pane = self.query_one("#text", RowPane)
        if name in _SCROLLS:
            rows, pages = _SCROLLS[name]
            pane.scroll_rows(rows)
            pane.scroll_pages(pages)
        elif name == "quit":
            self.app.exit()
        elif name == "help" and self._show_help is not None:
            self._show_help()
        elif name in self._passed_on:
            self.dismiss(name)
        elif name in ("leave", "help", "open"):
            self.dismiss(None)
