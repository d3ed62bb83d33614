"""A screen of panes: where they stand, and showing a moment in all that are visible."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from thpkit.view import source, timeline_view
from thpkit.view.layout import cut, fitted, wrapped
from thpkit.view.moment import Moment
from thpkit.view.rows import Rendered, Role, row
from tui import layouts
from tui.bindings import key_bar
from tui.host import Host
from tui.layouts import BAR, LESSON, PROSE, SMALL, SOURCE, STATUS, TIMELINE
from tui.lesson_text import LessonText
from tui.lessonpane import LessonPane
from tui.looks import signs
from tui.painter import CHOSEN
from tui.reader import Reader
from tui.rowmath import row_of
from tui.rowpane import RowPane
from tui.small import too_small
from tui.views import PANES, STATE, Pane, Told

PINNED = (STATUS, TIMELINE, BAR, SMALL)


class PaneScreen(Screen[None]):
    """The panes of the stepper. It knows the reader's place, but not how to change it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PaneScreen { overflow: hidden; }
    PaneScreen > RowPane { position: absolute; }
    """

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.reader: Reader | None = None
        self.told = Told()
        """What is said about each step."""
        kept = host.store.memory.pane
        self.chosen = kept if kept in STATE else next(iter(STATE), PROSE)
        """The pane of state that is always visible."""
        self.zoomed: str | None = None
        """The pane that has the whole screen."""
        self.line: tuple[str, int] | None = None
        """File and number of the source line that was chosen."""
        self.text: LessonText | None = None
        """The lesson's text; None where there is none."""
        self.text_title = ""
        self.reading = False
        """Whether the text has a place."""
        self._plan: layouts.Plan = {}
        self._glyphs = signs()
        look = host.look
        self._panes = {name: RowPane(look=look, id=name) for name in PINNED}
        for each in PANES:
            caption = f"{each.digit} {each.caption}"
            pane = RowPane(caption, picks=each.picks, look=look, id=each.name)
            self._panes[each.name] = pane
        self._lesson_pane = LessonPane(look=look, id=LESSON)
        self._panes[LESSON] = self._lesson_pane

    def compose(self) -> ComposeResult:
        """All panes; most are hidden in small windows."""
        yield from self._panes.values()

    def pane(self, name: str) -> RowPane:
        """The pane of this name."""
        return self._panes[name]

    @property
    def visible_panes(self) -> list[RowPane]:
        """The panes that are shown, pinned rows included."""
        return [self.pane(name) for name in self._plan]

    @property
    def active(self) -> RowPane:
        """The pane that has the focus; the source if none has."""
        return self.focused if isinstance(self.focused, RowPane) else self.pane(SOURCE)

    def moment(self) -> Moment:
        """The step that is shown."""
        assert self.reader is not None
        return Moment.of(
            self.reader.timeline, self.reader.position, self.told, self._glyphs
        )

    # ---- arranging --------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.place_panes()

    def place_panes(self) -> None:
        """Put the visible panes in their places, hide the others, and show the moment again."""
        width, height = self.size
        if not width or not height:
            return
        self._plan = layouts.plan(
            width, height, STATE, self.chosen, self.zoomed, self.reading
        )
        for name, pane in self._panes.items():
            spot = self._plan.get(name)
            pane.display = spot is not None
            if spot is not None:
                pane.edge = spot.x > 0
                pane.styles.offset = (spot.x, spot.y)
                pane.styles.width, pane.styles.height = spot.width, spot.height
        if self.focused is None or self.focused.id not in self._plan:
            self.set_focus(self.pane(SOURCE) if SOURCE in self._plan else None)
        self.show()

    def columns(self, name: str) -> int:
        """Columns for the text of a visible pane."""
        spot = self._plan[name]
        taken = 0 if name in PINNED else 2 if spot.x else 1
        return max(spot.width - taken, 1)

    # ---- showing ----------------------------------------------------------------------------------------

    def show(self) -> None:
        """Show this moment in every visible pane."""
        if not self._plan:
            return
        reader = self.reader
        if reader is None:
            self.pane(BAR).show_row(key_bar(self.columns(BAR)))
            return
        moment = self.moment()
        for each in PANES:
            if each.name in self._plan:
                height = self._plan[each.name].height - 1
                rendered = each.render(moment, self.columns(each.name), height)
                if each.name == SOURCE:
                    self._show_source(moment, rendered, reader)
                else:
                    self._show_state(each, rendered, reader)
        if self.text is not None and LESSON in self._plan:
            height = self._plan[LESSON].height - 1
            page = self.text.page(moment, self.columns(LESSON), height)
            self._lesson_pane.show_page(page, self.text_title)
        self.show_pinned(moment)

    def _show_state(self, pane: Pane, rendered: Rendered, reader: Reader) -> None:
        """A pane of state; if it shows the selected value, its title says which that is."""
        cell, caption = reader.selected, f"{pane.digit} {pane.caption}"
        if cell is not None and row_of(rendered.rows, cell) is not None:
            caption += f"{CHOSEN}{reader.timeline.cell_name(cell)}"
        self.pane(pane.name).show(rendered, caption=caption, cell=cell)

    def _show_source(self, moment: Moment, rendered: Rendered, reader: Reader) -> None:
        """The source, with the chosen line and the breakpoints."""
        sheet = source.sheet_of(moment, self.columns(SOURCE))
        file = moment.step.frame.function.file
        chosen = self.line is not None and self.line[0] == file
        at = sheet.row_of(self.line[1]) if self.line and chosen else None
        marks = [sheet.row_of(each) for each in reader.breakpoints.lines(file)]
        caption = f"1 Source  {file}  in {moment.step.frame.function.qualname}"
        self.pane(SOURCE).show(rendered, caption=caption, at=at, marks=marks)

    def show_pinned(self, moment: Moment) -> None:
        """The rows that are always there."""
        if SMALL in self._plan:
            rows = too_small(moment, self.columns(SMALL))
            self.pane(SMALL).show(Rendered(tuple(rows)))
        else:
            status = timeline_view.status(moment, self.columns(STATUS))
            self.pane(STATUS).show_row(status)
            spot = self._plan[TIMELINE]
            self.pane(TIMELINE).show(self._overview(moment, spot.width, spot.height))
        self._show_bar(moment)

    def _overview(self, moment: Moment, width: int, height: int) -> Rendered:
        """The whole recording in a line, with what is selected and what is wrong marked on it."""
        assert self.reader is not None
        broken = self.reader.trouble.begins()
        marks = timeline_view.Marked(self.reader.selected, broken)
        with moment.present():
            shown = timeline_view.marked(moment, width, height, marks)
        return fitted(shown, width, moment.glyphs)

    def _show_bar(self, moment: Moment) -> None:
        """The message of the last action, else the keys. A long message takes the timeline's row too."""
        assert self.reader is not None
        width = self.columns(BAR)
        said = self.reader.message
        if not said:
            self.pane(BAR).show_row(key_bar(width))
            return
        lines = wrapped(row((said, Role.STOP)), width)
        if len(lines) > 1 and TIMELINE in self._plan:
            self.pane(TIMELINE).show_row(lines[0])
            rest = " ".join("".join(each.text for each in line) for line in lines[1:])
            lines = [row((rest, Role.STOP))]
        self.pane(BAR).show_row(cut(lines[0], width, moment.glyphs))

    def say(self, message: str) -> None:
        """Put a sentence into the last row until the next action."""
        if self.reader is not None:
            self.reader.message = message
            self.show_pinned(self.moment())

    def restyle(self) -> None:
        """Paint in the host's look."""
        for pane in self._panes.values():
            pane.restyle(self.host.look)
