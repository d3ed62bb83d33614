"""The pane with the lesson's text. What can be chosen in it is a paragraph, a bullet, a heading, a block of code."""

from __future__ import annotations

from typing import Final

from textual.message import Message

from thpkit.trace.cells import Cell
from tui.lesson_text import Page
from tui.looks import Look
from tui.painter import Line
from tui.rowpane import RowPane

CAPTION: Final = "l Lesson"


class LessonPane(RowPane):
    """Shows the text; a choice lasts until the next step, as scrolling by hand does."""

    class Opened(Message):
        """What was chosen already was clicked."""

    def __init__(self, *, look: Look = Look.DARK, id: str | None = None) -> None:
        super().__init__(CAPTION, look=look, id=id)
        self._blocks: tuple[range, ...] = ()
        self._here: int | None = None
        self._chosen: int | None = None

    @property
    def block(self) -> int | None:
        """The block that was chosen, else the one that is marked; None if there is neither."""
        return self._here if self._chosen is None else self._chosen

    @property
    def chosen(self) -> int | None:
        """The block that was chosen, if one was."""
        return self._chosen

    def show_page(self, page: Page, title: str) -> None:
        """Show a page, with nothing chosen."""
        self._blocks, self._here, self._chosen = page.blocks, page.here, None
        self.show(page.rendered, caption=f"{CAPTION}  {title}")

    def drop(self) -> None:
        """Nothing is chosen any more."""
        self._chosen = None
        self.repaint()

    def move(self, by: int) -> None:
        """Choose the next (1) or the former (-1) block."""
        if not self._blocks:
            return
        if self._chosen is None and (self._here is None or not self._sees(self._here)):
            to = next((i for i in range(len(self._blocks)) if self._sees(i)), 0)
        else:
            to = max(min((self.block or 0) + by, len(self._blocks) - 1), 0)
        self._choose(to)

    def pick(self, at: int, cell: Cell | None, column: int | None = None) -> None:
        """Choose the block of a row; a row between two blocks belongs to none. A second click plays it."""
        for i, rows in enumerate(self._blocks):
            if at in rows:
                again = i == self._chosen
                self._choose(i)
                if again:
                    self.post_message(self.Opened())

    def _choose(self, block: int) -> None:
        self._chosen = block
        rows = self._blocks[block]
        if rows:
            self.reveal(rows[-1])
            self.reveal(rows[0])
        self.repaint()

    def _sees(self, block: int) -> bool:
        """Whether the first row of a block is in view."""
        rows = self._blocks[block]
        return bool(rows) and self._top <= rows[0] < self._top + self._height

    def _line(self, y: int) -> Line:
        line = super()._line(y)
        if self._chosen is None or y < self._head:
            return line
        if self._top + y - self._head in self._blocks[self._chosen]:
            return line._replace(mark="›", whole=True)
        return line
