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

from thpkit.view.rows import Role, row
from tui import progress, suggest
from tui.actions import ACTIONS, Group
from tui.bindings import bindings
from tui.choosing import Choosing
from tui.host import Host
from tui.huntkeys import HuntKeys
from tui.introduction import paragraphs
from tui.layouts import SMALL, STATUS
from tui.opening import Run
from tui.pair import Pair
from tui.preparing import prepared
from tui.prompt import Prompt
from tui.reader import Reader
from tui.views import PANES, Told
from tui.where import Target

SAVE_EVERY: Final = 5.0
"""Seconds between two notes of the reader's place."""
COMMANDS: Final = [
    each.id
    for each in ACTIONS
    if each.id not in ("palette", "open") and each.group is not Group.EXERCISE
]
GOTO: Final = "Go to: a step, stop N, a function, a piece of its code, a counter"


class Stepper(Choosing, HuntKeys):
    """Steps through one recording."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        *((each.digit, f"pane({each.name!r})", each.caption) for each in PANES),
    ]
    position = var(0)
    """The step that is shown."""

    class Waiting(Message):
        """The thread that records tells what it is doing, and how far it is."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

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
        self._saved = (-1, 0)

    # ---- coming and going -------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Paint first, then record on another thread: the screen stays alive meanwhile."""
        self.place_panes()
        self._wait(f"recording {self._target.title} …")
        self.set_interval(SAVE_EVERY, self.save)
        self.call_after_refresh(self._start)

    def _wait(self, sentence: str) -> None:
        """What the reader is waiting for."""
        for name in (STATUS, SMALL):
            self.pane(name).show_row(row((f" {sentence} ", Role.HEADING)))

    def _start(self) -> None:
        threading.Thread(target=self._record, daemon=True).start()

    def _record(self) -> None:
        """Record; runs on its own thread."""
        run = prepared(self._target, lambda said: self.post_message(self.Waiting(said)))
        self.post_message(self.Recorded(run))

    def on_stepper_waiting(self, event: Waiting) -> None:
        """How far the thread is."""
        event.stop()
        if self.reader is None:
            self._wait(event.sentence)

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
        self.take(run.quiz)
        self.take_text(run)
        self.host.store.notice = ""
        reader.message = " · ".join(each for each in notices if each)
        self._sync()
        if run.text is not None:
            reader.onward = suggest.onward(self._target, self.host.store)
        if run.introduction and reader.position == 0:
            self.do_introduction()  # even if a key was pressed meanwhile: it belongs to what the reader has not seen
            self._early.clear()
        if run.side_by_side:
            self.do_beside()
        for name in self._early:  # keys pressed while it was recorded
            if self.app.screen is self:  # and no question was asked
                self.action_do(name)

    def save(self) -> None:
        """Note the reader's place."""
        reader, run = self.reader, self._run
        if reader is None or run is None:
            return
        now = reader.position, len(reader.visited)
        if now == self._saved:
            return
        self._saved = now
        self.host.store.memory.pane = self.chosen
        progress.keep(self.host.store, run, reader)

    def on_unmount(self) -> None:
        """The place is kept."""
        self.save()

    # ---- moving -----------------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """An action of the table. What was said about the one before is said no longer."""
        self.interrupted()
        self.hush()
        own = getattr(self, f"do_{name}", None)
        if own is not None:
            own()
        elif self.reader is None:
            self._early.append(name)
        elif self.reader.can(name) and not self.nothing_on_line(name):
            self.ask_first(name, partial(self._move, name))

    def _move(self, name: str) -> None:
        """A move of the reader's."""
        if self.reader is not None:
            self.reader.do(name)
            self._sync()

    def shown_again(self) -> None:
        """Show where the reader is now."""
        self._sync()

    def _sync(self) -> None:
        """Show where the reader is now."""
        assert self.reader is not None
        if self.position == self.reader.position:
            self.show()
        else:
            self.position = self.reader.position

    def watch_position(self) -> None:
        """Another step; at a stop, the pane of which it speaks, unless the reader is at work in the chosen one."""
        pane = self.told.pane_at(self.position)
        busy = self.reader is not None and self.reader.selected is not None
        busy = busy or self.pane(self.chosen).has_focus or self.zoomed is not None
        if pane and not busy and pane not in self._plan:
            self.chosen = pane
            self.place_panes()
        else:
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

    def do_leave(self) -> None:
        """Leave the zoom, else drop what is chosen, else go to the contents."""
        reader = self.reader
        if self.zoomed is not None:
            self.do_zoom()
        elif self.drop_block():
            pass
        elif reader is not None and (reader.selected or self.line):
            reader.select(None)
            reader.mark(None)
            self.line = None
            reader.message = ""
            self.show()
        elif self._target.exercise:
            self.do_exercise()
        else:
            self.do_contents()

    # ---- everything else --------------------------------------------------------------------------------

    def do_exercise(self) -> None:
        """What there is to do here: the questions of this stop, else the exercise."""
        if self.ask_here():
            return
        name = suggest.exercise_of(self._target, self.host.store)
        if name:
            self.save()
            self.host.show_exercise(name)
        else:
            self.say("no question or exercise belongs here")

    def do_beside(self) -> None:
        """The two runs side by side."""
        if self._run is None or self._run.other is None or self.reader is None:
            self.say("there is no other run here: thp step WHERE --against V has one")
            return
        said, at = self.reader.message, self.reader.position
        pair = Pair(self.host, self._run, self._run.other, said, at)
        self.app.push_screen(pair, self._alone)

    def _alone(self, step: int | None) -> None:
        """Back from two runs to one, at the step where the reader left."""
        if step is not None and self.reader is not None:
            self.reader.jump(step)
            alone = "one run alone; : and side by side shows both again"
            self.reader.message = self.reader.message or alone
            self._sync()

    def do_contents(self) -> None:
        """The table of contents."""
        self.save()
        title = self._target.title
        self.host.show_home(
            f"your place is kept; backspace goes back to {title}", self._target
        )

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
