"""The one widget of the stepper: paints rows of text with roles, one line at a time.

A pane keeps what it painted by what the line says, so a step repaints only the lines that differ, and the cache and
the comparison are the same thing. Where it scrolls to is a function of what it shows, never of what was shown before;
scrolling by hand lasts until the next step. A pane never asks for a new layout.
"""

from __future__ import annotations

from collections.abc import Collection

from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from thpkit.trace.cells import Cell
from thpkit.view.rows import Rendered, Role, Row, plain
from tui import rowmath
from tui.looks import Look
from tui.mouse import MousePane
from tui.painter import CHOSEN, Line, Painter, title_line
from tui.rowmath import Picks

_EMPTY = Rendered(())


class RowPane(MousePane, can_focus=True):
    """A title row, and rows below it."""

    ALLOW_SELECT = False

    class Picked(Message):
        """A row was chosen with the mouse or the arrows."""

        def __init__(
            self, pane: RowPane, at: int, cell: Cell | None, column: int | None = None
        ) -> None:
            super().__init__()
            self.pane = pane
            self.at = at
            """Number of the row."""
            self.cell = cell
            self.column = column
            """Column of the row that was clicked; None if no mouse was used."""

    def __init__(
        self,
        caption: str = "",
        *,
        picks: Picks = Picks.NOTHING,
        look: Look = Look.DARK,
        id: str | None = None,
    ) -> None:
        """A pane; without a ``caption`` it has no title row and cannot be focused."""
        super().__init__(id=id)
        self.can_focus = bool(caption)
        self.caption = caption
        self.picks = picks
        self._painter = Painter(look)
        self._rendered = _EMPTY
        self._top = 0
        self._cell: Cell | None = None
        self._at: int | None = None
        self._marks: Collection[int] = ()
        self._hit: int | None = None
        self._painted: list[Line] = []

    # ---- showing ----------------------------------------------------------------------------------------

    def show(
        self,
        rendered: Rendered,
        *,
        caption: str | None = None,
        cell: Cell | None = None,
        at: int | None = None,
        marks: Collection[int] = (),
    ) -> None:
        """Show rows, scrolled to their focus; select ``cell`` or row ``at``; put a sign at rows ``marks``."""
        self._rendered = rendered
        self.caption = self.caption if caption is None else caption
        self._cell, self._at, self._marks, self._hit = cell, at, marks, None
        self._top = self._place(rendered.focus, rendered.focus_end)
        chosen = rowmath.row_of(self.rows, cell)
        if chosen is not None:
            seen = self._top, chosen, rendered.focus, len(self.rows), self._height
            self._top = rowmath.with_chosen(*seen, self.has_focus)
        self.repaint()

    def show_row(self, line: Row) -> None:
        """Show a single row."""
        self.show(Rendered((line,)))

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rendered.rows

    @property
    def text(self) -> str:
        """What is shown, as plain text with its title."""
        return "\n".join(filter(None, (self.caption, plain(self.rows))))

    @property
    def _height(self) -> int:
        """Rows for content."""
        return max(self.size.height - self._head, 0)

    @property
    def _head(self) -> int:
        return 1 if self.caption else 0

    @property
    def _left(self) -> int:
        """Columns before the text: the edge and the sign."""
        return self._painter.left if self.caption else 0

    @property
    def edge(self) -> bool:
        """Whether a line separates it from the pane to the left."""
        return self._painter.edge

    @edge.setter
    def edge(self, edge: bool) -> None:
        self._painter.edge = edge

    def repaint(self) -> None:
        """Mark the lines that differ from what was painted."""
        lines = [self._line(y) for y in range(self.size.height)]
        if len(lines) != len(self._painted):
            self._painted = lines
            self.refresh()
            return
        changed = [
            Region(0, y, self.size.width, 1)
            for y, (new, old) in enumerate(zip(lines, self._painted, strict=True))
            if new != old
        ]
        self._painted = lines
        if changed:
            self.refresh(*changed)

    # ---- scrolling --------------------------------------------------------------------------------------

    def _place(self, focus: int, focus_end: int | None = None) -> int:
        """The first row to show so that ``focus`` is seen."""
        return rowmath.place(focus, focus_end, len(self.rows), self._height)

    def _clamped(self, top: int) -> int:
        return rowmath.clamped(top, len(self.rows), self._height)

    def scroll_rows(self, rows: int) -> None:
        """Scroll by hand."""
        self._top = self._clamped(self._top + rows)
        self.repaint()

    def scroll_pages(self, pages: int) -> None:
        """Scroll by hand by so many pages, less a row."""
        self.scroll_rows(pages * max(self._height - 1, 1))

    def centre(self) -> None:
        """Back to the focus."""
        self._top = self._place(self._rendered.focus, self._rendered.focus_end)
        self._hit = None
        self.repaint()

    def reveal(self, at: int) -> None:
        """Scroll only as far as needed to see row ``at``."""
        height = self._height
        if at < self._top:
            self._top = self._clamped(at)
        elif at >= self._top + height:
            self._top = self._clamped(at - height + 1)
        self.repaint()

    # ---- choosing ---------------------------------------------------------------------------------------

    def move(self, by: int) -> None:
        """Choose the next (1) or the former (-1) cell or row; without anything to choose, scroll."""
        if self.picks is Picks.LINES and self.rows:
            start = self._rendered.focus if self._at is None else self._at
            self.pick(max(min(start + by, len(self.rows) - 1), 0), None)
        elif self.picks is Picks.CELLS and rowmath.cells_of(self.rows):
            self._move_cell(by)
        else:
            self.scroll_rows(by)

    def _move_cell(self, by: int) -> None:
        cells = rowmath.cells_of(self.rows)
        now = next((i for i, each in enumerate(cells) if each[1] == self._cell), None)
        if now is None:
            focus = self._rendered.focus
            near = next((i for i, each in enumerate(cells) if each[0] >= focus), 0)
            self.pick(*cells[near])
        else:
            self.pick(*cells[max(min(now + by, len(cells) - 1), 0)])

    def pick(self, at: int, cell: Cell | None, column: int | None = None) -> None:
        """Choose a row, or a cell in it, and tell the screen."""
        if self.picks is Picks.LINES:
            self._at = at
        elif cell is not None:
            self._cell = cell
        self.reveal(at)
        self.post_message(self.Picked(self, at, cell, column))

    def find(self, text: str, forward: bool, again: bool) -> bool:
        """Scroll to the next row that holds ``text``, whatever the case; False if none does."""
        start = self._top if self._hit is None else self._hit
        at = rowmath.find(self.rows, text, start, forward, again)
        if at is None:
            return False
        self._hit = at
        self.reveal(at)
        return True

    @property
    def titled(self) -> bool:
        """Whether the first row is a title."""
        return bool(self.caption)

    def choose(self, x: int, y: int) -> None:
        """Choose what was clicked."""
        at, column = self._top + y, x - self._left
        if at < len(self.rows):
            self.pick(at, rowmath.cell_at(self.rows[at], column), column)

    # ---- painting ---------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Another width needs other strips."""
        self._painted = []
        self._top = self._place(self._rendered.focus, self._rendered.focus_end)
        self.repaint()

    def on_focus(self) -> None:
        """The title shows the focus."""
        self.repaint()

    on_blur = on_focus

    def restyle(self, look: Look) -> None:
        """Paint everything in another look."""
        self._painter.restyle(look)
        self._painted = []
        self.repaint()
        self.refresh()

    def _line(self, y: int) -> Line:
        """What stands on line ``y`` of the screen."""
        if y < self._head:
            return self._title()
        at = self._top + y - self._head
        if at >= len(self.rows):
            return Line(())
        line = self.rows[at]
        chosen = None
        if self._cell is not None:
            chosen = next(
                (i for i, span in enumerate(line) if span.cell == self._cell), None
            )
        whole = (
            at in (self._hit, self._at) and self.picks is Picks.LINES
        ) or at == self._hit
        mark = "●" if at in self._marks else "›" if whole or chosen is not None else " "
        return Line(line, chosen, mark, whole)

    def _title(self) -> Line:
        """The title row."""
        height, size = self._height, len(self.rows)
        seen = ""
        if size > height > 0 and self.picks is not Picks.LINES:
            above, below = self._top, max(size - self._top - height, 0)
            more = "" if CHOSEN in self.caption else " more"
            seen = f" {self._news(0, above)}▲{above}" if above else ""
            if below:
                seen += f" {self._news(size - below, size)}▼{below}{more}"
            seen += " "
        return title_line(self.caption, seen, self.size.width, self.has_focus)

    def _news(self, first: int, end: int) -> str:
        """The sign of a change if one of these rows, which are out of view, has it in front."""
        rows = self.rows[first:end]
        new = any(line and line[0].role is Role.CHANGED for line in rows)
        return "●" if new else ""

    def render_line(self, y: int) -> Strip:
        """One painted line."""
        bare = not self.caption or y < self._head
        return self._painter.strip(self._line(y), self.size.width, bare)
