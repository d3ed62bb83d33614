"""What the mouse does in a pane: the wheel scrolls, a click chooses, a line without a title can be dragged along."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message import Message
from textual.widget import Widget

WHEEL: Final = 3
"""Rows that one notch of the wheel scrolls."""


class MousePane(Widget):
    """A widget whose mouse events mean something to panes. What they do is up to the subclass."""

    _dragged = False
    """Whether the button was pressed here and has moved since."""

    class Clicked(Message):
        """A pane without a title (a pinned line) was clicked at a column, or the pressed mouse moved to it."""

        def __init__(self, pane: MousePane, column: int, dragged: bool = False) -> None:
            super().__init__()
            self.pane = pane
            self.column = column
            self.dragged = dragged
            """Whether the mouse came here with its button pressed."""

        def can_replace(self, message: Message) -> bool:
            """Only the last of several movements matters."""
            return (
                self.dragged
                and isinstance(message, MousePane.Clicked)
                and message.dragged
                and message.pane is self.pane
            )

    class TitleClicked(Message):
        """The title was clicked twice."""

        def __init__(self, pane: MousePane) -> None:
            super().__init__()
            self.pane = pane

    @property
    def titled(self) -> bool:
        """Whether the first row is a title."""
        raise NotImplementedError

    def scroll_rows(self, rows: int) -> None:
        """Scroll by hand."""
        raise NotImplementedError

    def choose(self, x: int, y: int) -> None:
        """Choose what stands in column ``x`` of row ``y`` below the title."""
        raise NotImplementedError

    # ---- events -----------------------------------------------------------------------------------------

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self.scroll_rows(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self.scroll_rows(-WHEEL)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A pinned line follows the mouse until the button is released, also outside of its row."""
        if not self.titled:
            event.stop()
            self._dragged = False
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The mouse moves with its button pressed."""
        if self.app.mouse_captured is self:
            event.stop()
            column = min(max(event.x, 0), self.size.width - 1)
            self.post_message(self.Clicked(self, column, self._dragged))
            self._dragged = True

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """The button is released."""
        if self.app.mouse_captured is self:
            event.stop()
            self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked; a second click on a title is said."""
        event.stop()
        if not self.titled:
            if not self._dragged:
                self.post_message(self.Clicked(self, event.x))
            self._dragged = False
        elif event.y > 0:
            self.choose(event.x, event.y - 1)
        elif event.chain == 2:
            self.post_message(self.TitleClicked(self))
