"""The stepping screen: a reader's place in a recording, and panes that show the kernel's state there.

Key → action of the table → :class:`~tui.reader.Reader` moves → every visible pane is shown the moment → lines that
differ are painted. The screen itself decides only what is visible, chosen and focused.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message
from textual.reactive import var

from thpkit.view import source, timeline_view
from thpkit.view.rows import Role, row
from tui import progress, suggest
from tui.actions import ACTIONS, Group
from tui.bindings import bindings
from tui.breakpoints import Called, point_on
from tui.host import Host
from tui.introduction import paragraphs, rows_of
from tui.layouts import SMALL, SOURCE, STATUS, TIMELINE
from tui.opening import Run
from tui.page import Page
from tui.panekeys import PaneKeys
from tui.paths import UserError
from tui.prompt import Prompt
from tui.reader import Reader
from tui.rowpane import RowPane
from tui.views import PANES, Told
from tui.where import Target

SAVE_EVERY: Final = 5.0
"""Seconds between two notes of the reader's place."""
COMMANDS: Final = [
    each.id
    for each in ACTIONS
    if each.id not in ("palette", "open") and each.group is not Group.EXERCISE
]
STEPS: Final = frozenset({"next_stop", "over", "into", "next_section", "last"})
"""Actions that leave an introduction and begin the walk."""
GOTO: Final = "Go to: a step, stop N, a function, a piece of its code, a counter"


class Stepper(PaneKeys):
    """Steps through one recording."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        *((each.digit, f"pane({each.name!r})", each.caption) for each in PANES),
    ]
    position = var(0)
    """The step that is shown."""

    class Recorded(Message):
        """The thread that records is done: with a run, or a sentence why there is none."""

        def __init__(self, run: Run | str) -> None:
            super().__init__()
            self.run = run

    def __init__(self, host: Host, target: Target) -> None:
        super().__init__(host)
        self._target = target
        self._run: Run | None = None
        self._early: list[str] = []
        self._saved = -1

    # ---- coming and going -------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Paint first, then record on another thread: the screen stays alive meanwhile."""
        self.place_panes()
        notice = row((f" recording {self._target.title} … ", Role.HEADING))
        for name in (STATUS, SMALL):
            self.pane(name).show_row(notice)
        self.set_interval(SAVE_EVERY, self.save)
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        threading.Thread(target=self._record, daemon=True).start()

    def _record(self) -> None:
        """Record; runs on its own thread."""
        try:
            run: Run | str = self._target.open()
        except UserError as error:
            run = str(error)
        except Exception as error:  # whatever it is, nobody must wait for ever
            run = f"{self._target.name}: {type(error).__name__}: {error}"
        self.post_message(self.Recorded(run))

    def on_stepper_recorded(self, event: Recorded) -> None:
        """The recording is there, or a sentence why it is not."""
        event.stop()
        if isinstance(event.run, str):
            self.host.failed(event.run)
        else:
            self.open(event.run)

    def open(self, run: Run) -> None:
        """Show a recording, where the reader left it."""
        self._run = run
        begin = paragraphs(run.introduction)
        self.told = Told(run.timeline.stops, run.explanations, begin, self._glyphs)
        reader = self.reader = Reader(run.timeline, run.start or 0)
        said = progress.resume(self.host.store, run, reader)
        notices = [*run.notices, self.host.store.notice, said]
        self.host.store.notice = ""
        reader.message = " · ".join(each for each in notices if each)
        self._sync()
        if run.introduction and reader.position == 0 and not self._early:
            self.do_introduction()
        for name in self._early:  # keys pressed while it was recorded
            self.action_do(name)

    def save(self) -> None:
        """Note the reader's place."""
        reader, run = self.reader, self._run
        if reader is None or run is None or reader.position == self._saved:
            return
        self._saved = reader.position
        self.host.store.memory.pane = self.chosen
        progress.keep(self.host.store, run, reader)

    def on_unmount(self) -> None:
        """The place is kept."""
        self.save()

    # ---- moving -----------------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """An action of the table."""
        own = getattr(self, f"do_{name}", None)
        if own is not None:
            own()
        elif self.reader is None:
            self._early.append(name)
        elif self.reader.can(name):
            self.reader.do(name)
            self._sync()

    def _sync(self) -> None:
        """Show where the reader is now."""
        assert self.reader is not None
        if self.position == self.reader.position:
            self.show()
        else:
            self.position = self.reader.position

    def watch_position(self) -> None:
        """Another step."""
        self.show()

    def do_goto(self) -> None:
        """Ask where to go."""
        if self.reader is not None:
            prompt = Prompt(GOTO, self.host.look, suggest.offers(self.reader))
            self.app.push_screen(prompt, self._gone)

    def _gone(self, answer: str | None) -> None:
        if answer and self.reader is not None:
            self.reader.goto(answer)
            self._sync()

    def on_row_pane_clicked(self, event: RowPane.Clicked) -> None:
        """The timeline was clicked."""
        event.stop()
        if event.pane.id == TIMELINE and self.reader is not None:
            scale = timeline_view.scale(self.moment(), self.columns(TIMELINE))
            self.reader.jump(scale.step_at(event.column))
            self._sync()

    # ---- choosing ---------------------------------------------------------------------------------------

    def on_row_pane_picked(self, event: RowPane.Picked) -> None:
        """A value or a source line was chosen."""
        event.stop()
        reader = self.reader
        if reader is None:
            return
        if event.pane.id == SOURCE:
            self._mark(reader, event.at)
        elif event.cell is not None:
            reader.select(event.cell)
            name = reader.timeline.cell_name(event.cell)
            reader.message = (
                f"{name}: w who wrote it, }} {{ changes, b breakpoint"
            )
        self.show()
        event.pane.reveal(event.at)

    def _mark(self, reader: Reader, at: int) -> None:
        """A row of the source was chosen."""
        moment = self.moment()
        lines = source.sheet_of(moment, self.columns(SOURCE)).lines
        if at >= len(lines):
            return
        self.line = moment.step.frame.function.file, lines[at]
        reader.mark(point_on(reader.timeline, *self.line))
        known = "no statement"
        if isinstance(reader.marked, Called):
            known = f"b stops at each call of {reader.marked.name}()"
        elif reader.marked is not None:
            known = "t and T its runs, b breakpoint"
        reader.message = f"line {lines[at]}: {known}"

    def do_leave(self) -> None:
        """Leave the zoom, else drop what is chosen, else go to the contents."""
        reader = self.reader
        if self.zoomed is not None:
            self.do_zoom()
        elif reader is not None and (reader.selected or self.line):
            reader.select(None)
            reader.mark(None)
            self.line = None
            reader.message = ""
            self.show()
        else:
            self.do_contents()

    # ---- everything else --------------------------------------------------------------------------------

    def do_exercise(self) -> None:
        """What there is to do here."""
        name = suggest.exercise_of(self._target, self.host.store)
        if name:
            self.save()
            self.host.show_exercise(name)
        else:
            self.say("no exercise belongs to this")

    def do_introduction(self) -> None:
        """The lesson's introduction; a key that steps leaves it and steps."""
        if self._run is None or not self._run.introduction:
            self.say("only lessons have an introduction")
            return
        text = partial(rows_of, self._run.introduction)
        page = Page(self._run.title, text, self.host.look, STEPS)
        self.app.push_screen(page, self._begun)

    def _begun(self, name: str | None) -> None:
        if name is not None:
            self.action_do(name)

    def do_open(self) -> None:
        """Nothing to open here: the arrows choose."""

    def do_contents(self) -> None:
        """The table of contents."""
        self.save()
        self.host.show_home()

    def do_help(self) -> None:
        """The list of keys."""
        self.host.show_help()

    def do_palette(self) -> None:
        """Find a command."""
        self.host.find_command(COMMANDS, self.action_do)

    def do_theme(self) -> None:
        """Other colours."""
        self.host.next_look()

    def do_quit(self) -> None:
        """Quit."""
        self.save()
        self.app.exit()
