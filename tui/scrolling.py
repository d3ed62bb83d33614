"""Scrolling by keys, for screens whose panes offer nothing to choose."""

from __future__ import annotations

from tui.rowpane import RowPane


class Scrolls:
    """The four actions that scroll the active pane."""

    @property
    def active(self) -> RowPane:
        """The pane that has the focus, or the one that scrolls if none has."""
        raise NotImplementedError

    def do_up(self) -> None:
        """One row up."""
        self.active.scroll_rows(-1)

    def do_down(self) -> None:
        """One row down."""
        self.active.scroll_rows(1)

    def do_page_up(self) -> None:
        """One page up."""
        self.active.scroll_pages(-1)

    def do_page_down(self) -> None:
        """One page down."""
        self.active.scroll_pages(1)
