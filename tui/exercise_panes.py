"""The panes of an exercise's screen: where they stand, and what they show."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.screen import Screen

from thpkit.grading.results import Result
from thpkit.view.glyphs import UNICODE
from thpkit.view.layout import cut, wrapped
from thpkit.view.rows import Rendered, Role, Row, row
from tui import help_ladder, verdicts
from tui.bindings import key_bar
from tui.exercise_text import text_rows
from tui.host import Host
from tui.rowpane import RowPane
from tui.scrolling import Scrolls
from tui.work import Desk

TEXT, RESULT, BAR = "text", "result", "bar"
CHECKING: Final = "checking …"
WIDE: Final = 120
"""Columns from which text and result stand side by side."""
LOW: Final = 16
"""Rows below which only one of them is shown."""


class ExercisePanes(Scrolls, Screen[None]):
    """The text of an exercise, what the last check found or a hint, and a row of keys."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ExercisePanes { overflow: hidden; }
    ExercisePanes > RowPane { position: absolute; }
    """

    def __init__(self, host: Host, desk: Desk) -> None:
        super().__init__()
        self.host = host
        self.desk = desk
        self.result: Result | None = None
        """What the last check found."""
        self.given: help_ladder.Help | None = None
        """The hint that is shown instead."""
        self.said = ""
        """A sentence in the last row, until the next action."""
        self.whole = False
        """Whether the active pane has the whole screen."""
        self._widths: dict[str, int] = {}
        """Columns for the text of the panes that have room."""
        self._text_width = 0

    def compose(self) -> ComposeResult:
        """The text, the result, a row of keys."""
        exercise, look = self.desk.exercise, self.host.look
        yield RowPane(f"{exercise.id}  {exercise.title}", look=look, id=TEXT)
        yield RowPane("Result", look=look, id=RESULT)
        yield RowPane(look=look, id=BAR)

    @property
    def active(self) -> RowPane:
        """The pane that has the focus."""
        return self.focused if isinstance(self.focused, RowPane) else self.pane(TEXT)

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        self.place_panes()

    def on_descendant_focus(self) -> None:
        """In a small window the focused pane is the one that is shown."""
        self.place_panes()

    def pane(self, name: str) -> RowPane:
        """The pane of this name."""
        return self.query_one(f"#{name}", RowPane)

    def place_panes(self) -> None:
        """Side by side, one above the other, or one alone, and all rows anew."""
        width, height = self.size
        if not width or not height:
            return
        room = max(height - 1, 1)
        alone = self.whole or (width < WIDE and height < LOW)
        shown = self.active.id or TEXT
        if alone:
            spots = {shown: (0, 0, width, room)}
        elif width >= WIDE:
            half = width // 2
            spots = {TEXT: (0, 0, half, room), RESULT: (half, 0, width - half, room)}
        else:
            upper = room * 2 // 5
            spots = {
                TEXT: (0, 0, width, upper),
                RESULT: (0, upper, width, room - upper),
            }
        for name in (TEXT, RESULT):
            spot = spots.get(name)
            pane = self.pane(name)
            # a hidden pane loses the focus, and with it the way back: it only gets no room
            x, y, columns, rows = spot or (0, room, width, 0)
            pane.edge = x > 0
            pane.styles.offset = (x, y)
            pane.styles.width, pane.styles.height = columns, rows
        bar = self.pane(BAR)
        bar.styles.offset = (0, room)
        bar.styles.width, bar.styles.height = width, 1
        self._widths = {name: max(spot[2] - 2, 1) for name, spot in spots.items()}
        self.show()

    # ---- showing ----------------------------------------------------------------------------------------

    def show(self) -> None:
        """Text, result or hint, and the last row."""
        width = self._widths.get(TEXT)
        if width is not None and width != self._text_width:
            self._text_width = width  # otherwise it stays where the reader scrolled it
            self.pane(TEXT).show(Rendered(text_rows(self.desk.exercise, width)))
        if RESULT in self._widths:
            caption, rows = self._result_rows(self._widths[RESULT])
            self.pane(RESULT).show(Rendered(rows), caption=caption)
        self.show_bar()

    def show_bar(self) -> None:
        """What was said last, or the keys."""
        width = max(self.size.width, 1)
        if self.said:
            self.pane(BAR).show_row(cut(row((self.said, Role.STOP)), width, UNICODE))
            return
        own = "reset" if self.desk.begun else "start"
        names = ("check", own, "hint", "open", "focus_next", "zoom", "leave", "help")
        self.pane(BAR).show_row(key_bar(width, *names))

    def _result_rows(self, width: int) -> tuple[str, tuple[Row, ...]]:
        """Caption and rows of the lower pane: a hint, or what the last check found."""
        if self.given is not None:
            return "Help", self._help_rows(self.given, width)
        if self.result is None:
            return "Result", (row((CHECKING, Role.DIM)),)
        result = self.result
        if not self.desk.begun:
            task = f"m makes {self.desk.name}, your copy to work on"
        elif result.passed:
            task = verdicts.advice(result)
        else:
            task = f"{verdicts.run_sentence(self.desk.exercise.kind)}; h helps"
        rows = [
            *wrapped(row((result.graded, Role.DIM)), width),
            *wrapped(row((task, Role.STOP)), width),
            (),
            *verdicts.rows_of(result, width)[2:],
        ]
        return f"Result: {verdicts.verdict_of(result)}", tuple(rows)

    def _help_rows(self, given: help_ladder.Help, width: int) -> tuple[Row, ...]:
        rows: list[Row] = []
        for each in given.hints:
            rows += help_ladder.rows_of(each, width)
        rows += wrapped(row((given.said, Role.STOP)), width)
        rows += [(), *wrapped(row(("r checks, and shows the result", Role.DIM)), width)]
        return tuple(rows)

    def say(self, sentence: str) -> None:
        """Put a sentence into the last row until the next action."""
        self.said = sentence
        self.show_bar()

    def restyle(self) -> None:
        """Paint in the host's look."""
        for pane in self.query(RowPane):
            pane.restyle(self.host.look)
