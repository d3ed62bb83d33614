"""What the stepper does when something in it is chosen: a value, a source line, a place on the timeline, a title."""

from __future__ import annotations

from typing import Final

from thpkit.view import source, timeline_view
from thpkit.view.layout import width_of
from tui.breakpoints import Called, point_on
from tui.layouts import SOURCE, TIMELINE
from tui.lessonkeys import LessonKeys
from tui.mouse import MousePane
from tui.reader import NO_LINE, Reader
from tui.rowpane import RowPane

ON_LINES: Final = frozenset({"breakpoint", "visit", "visit_back"})
"""Actions about the chosen source line."""


class Choosing(LessonKeys):
    """Answers to the messages of the panes."""

    def hush(self) -> None:
        """The sentence about the last action goes, and the keys are seen again."""
        if self._plan and self.reader is not None and self.reader.message:
            self.reader.message = ""
            self.show_pinned(self.moment())

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.hush()
        super().action_pane(name)

    # ---- values and lines -------------------------------------------------------------------------------

    def on_row_pane_picked(self, event: RowPane.Picked) -> None:
        """A value or a source line was chosen."""
        event.stop()
        reader = self.reader
        if reader is None or event.pane.id not in self._plan:
            return  # the window has become smaller meanwhile
        if event.pane.id == SOURCE:
            self._mark(reader, event)
        elif event.cell is not None:
            reader.select(event.cell)
            name = reader.timeline.cell_name(event.cell)
            reader.message = f"{name}: w who wrote it, }} {{ changes, b breakpoint"
        self.show()
        event.pane.reveal(event.at)

    def _mark(self, reader: Reader, event: RowPane.Picked) -> None:
        """A row of the source was chosen; a click on its number sets a breakpoint, or clears it."""
        at, moment = event.at, self.moment()
        sheet = source.sheet_of(moment, self.columns(SOURCE))
        if at >= len(sheet.lines):
            return
        self.line = moment.step.frame.function.file, sheet.lines[at]
        reader.mark(point_on(reader.timeline, *self.line))
        known = "no statement"
        if isinstance(reader.marked, Called):
            known = f"b stops at each call of {reader.marked.name}()"
        elif reader.marked is not None:
            known = "t and T its runs, b breakpoint"
        reader.message = f"line {sheet.lines[at]}: {known}"
        gutter = width_of(sheet.rows[at][:2])
        if event.column is not None and event.column < gutter and reader.marked:
            reader.do_breakpoint()

    def nothing_on_line(self, name: str) -> bool:
        """Whether an action concerns the chosen line, and nothing runs there: then it says so."""
        reader = self.reader
        chosen = self.line is not None and reader is not None and reader.marked is None
        if not chosen or name not in ON_LINES:
            return False
        if name == "breakpoint" and reader is not None and reader.selected is not None:
            return False  # it is set on the value
        self.say(NO_LINE)
        return True

    # ---- the timeline and titles ------------------------------------------------------------------------

    def on_mouse_pane_clicked(self, event: MousePane.Clicked) -> None:
        """The timeline was clicked, or the mouse was dragged along it: one jump, however far it goes."""
        event.stop()
        reader = self.reader
        if event.pane.id != TIMELINE or reader is None or TIMELINE not in self._plan:
            return
        scale = timeline_view.scale(self.moment(), self.columns(TIMELINE))
        step = scale.step_at(event.column)
        if event.dragged:
            reader.message, reader.position = "", step
        else:
            reader.jump(step)
        self._sync()

    def on_mouse_pane_title_clicked(self, event: MousePane.TitleClicked) -> None:
        """A title was clicked twice: its pane gets the whole screen, or gives it back."""
        event.stop()
        event.pane.focus()
        self.hush()
        self.zoomed = None if self.zoomed else event.pane.id
        self.place_panes()
