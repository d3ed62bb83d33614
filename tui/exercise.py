"""The screen of one exercise: its text, what the last check found, and what can be done about it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message

from thpkit.grading.exercise import RUNS
from thpkit.grading.results import Result
from tui import help_ladder, verdicts
from tui.bindings import bindings
from tui.exercise_panes import CHECKING, RESULT, TEXT, ExercisePanes
from tui.host import Host
from tui.paths import UserError
from tui.prompt import Prompt
from tui.solution import CODE
from tui.state import Store
from tui.wake import settled, signature
from tui.where import resolve
from tui.work import Desk, exercise_named

LOOK_SECONDS: Final = 0.5
"""How often the learner's file is looked at."""

ACTS: Final = (
    "check", "start", "hint", "reset", "open", "up", "down", "page_up", "page_down", "focus_next",
    "focus_back", "zoom", "leave", "contents", "help", "palette", "theme", "quit",
)  # fmt: skip
"""What can be done here."""


class ExerciseScreen(ExercisePanes):
    """Shows an exercise; grades the learner's copy when asked, and whenever it is saved."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*ACTS)

    class Graded(Message):
        """The thread that grades is done: with a result, or a sentence why there is none."""

        def __init__(self, result: Result | str) -> None:
            super().__init__()
            self.result = result

    def __init__(self, host: Host, name: str) -> None:
        """The exercise of this name, ``ex:ex01``.

        Raises:
            UserError: there is none.
        """
        super().__init__(host, Desk.of(exercise_named(name)))
        self._checking = False
        self._seen = signature(self.desk.file)

    # ---- coming and going -------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """See at once what is wrong; that is no attempt yet."""
        self.pane(TEXT).focus()
        self._check(counts=False)
        self.set_interval(LOOK_SECONDS, self._look)

    # ---- checking ---------------------------------------------------------------------------------------

    def _check(self, *, counts: bool) -> None:
        """Grade on another thread: the screen stays alive meanwhile."""
        if self._checking:
            return
        self._checking = True
        self.given = None
        threading.Thread(target=self._grade, args=(counts,), daemon=True).start()

    def _grade(self, counts: bool) -> None:
        """Grade; runs on its own thread."""
        self._seen = settled(self.desk.file) if self.desk.begun else None
        try:
            store = Store(self.host.store.directory) if counts else None
            result: Result | str = verdicts.grade(self.desk, store)
        except UserError as error:
            result = str(error)
        except Exception as error:  # whatever it is, nobody must wait for ever
            result = f"{type(error).__name__}: {error}"
        self.post_message(self.Graded(result))

    def on_exercise_screen_graded(self, event: Graded) -> None:
        """The result is there, or a sentence why it is not."""
        event.stop()
        self._checking = False
        if isinstance(event.result, str):
            self.say(event.result)
            return
        self.result = event.result
        if self.said.endswith(CHECKING):
            self.said = ""
        self.show()

    @property
    def up_to_date(self) -> bool:
        """Whether the result is that of the file as it is now."""
        return not self._checking and signature(self.desk.file) == self._seen

    def _look(self) -> None:
        """Check again if the copy was saved."""
        if not self._checking and not self.up_to_date:
            if not self.said:
                self.say(f"{self.desk.name} was saved: {CHECKING}")
            self._check(counts=True)

    # ---- actions ----------------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """An action of the table."""
        self.said = ""
        getattr(self, f"do_{name}")()
        self.show_bar()

    def do_check(self) -> None:
        """Grade the copy, or without one the file as shipped."""
        self.said = CHECKING
        self._check(counts=True)
        self.pane(RESULT).focus()

    def do_start(self) -> None:
        """Make the copy."""
        try:
            made = self.desk.start()
        except OSError as error:
            self.said = _refused(error)
            return
        state = "is made: edit and save it" if made else "is there already"
        self.said = f"{self.desk.name} {state}; r checks it"
        self._check(counts=False)

    def do_hint(self) -> None:
        """The next hint, or if it may not come yet, the last one again."""
        exercise, store = self.desk.exercise, self.host.store
        given = help_ladder.next_hint(exercise, store)
        if not given.hints:
            seen = help_ladder.seen_hints(exercise, store).hints
            given = replace(given, hints=seen[-1:] if given.waiting else seen)
        self.given = given
        self.pane(RESULT).focus()
        self.place_panes()

    def do_reset(self) -> None:
        """Ask, and begin anew."""
        if not self.desk.begun:
            self.said = f"there is no {self.desk.name} yet: m makes it"
        elif self.desk.untouched:
            self.said = f"{self.desk.name} is as shipped already"
        else:
            question = f"Begin {self.desk.exercise.id} anew, as shipped?"
            prompt = Prompt(question, self.host.look, _yes_or_no, strict=True)
            self.app.push_screen(prompt, self._reset)

    def _reset(self, answer: str | None) -> None:
        if answer != "yes":
            self.say("nothing was changed")
            return
        try:
            backup = self.desk.reset()
        except OSError as error:
            self.say(_refused(error))
            return
        kept = "" if backup is None else str(backup.relative_to(self.desk.root))
        self.say(f"your text is kept in {kept}")
        self._check(counts=False)

    def do_open(self) -> None:
        """Open the run where it goes wrong."""
        result = self.result
        failed = None if result is None else result.first_failure
        code = self.desk.exercise.kind in CODE
        if code and failed is not None and failed.id == RUNS:
            self.said = (
                "it does not run, so there is nothing to step: put that right first"
            )
            return
        try:
            self.host.step(resolve(f"ex:{self.desk.exercise.id}"))
        except UserError as error:
            self.said = str(error)

    def do_focus_next(self) -> None:
        """The other pane."""
        self.pane(RESULT if self.active.id == TEXT else TEXT).focus()

    do_focus_back = do_focus_next

    def do_zoom(self) -> None:
        """Give the active pane the whole screen, or take it back."""
        self.whole = not self.whole
        self.place_panes()

    def do_leave(self) -> None:
        """Leave the zoom, the hint, the screen."""
        if self.whole:
            self.do_zoom()
        elif self.given is not None:
            self.given = None
            self.show()
        else:
            self.do_contents()

    def do_contents(self) -> None:
        """The table of contents."""
        self.host.show_home()

    def do_help(self) -> None:
        """The list of keys."""
        self.host.show_help()

    def do_palette(self) -> None:
        """Find a command."""
        names = [each for each in ACTS if each not in ("palette", "up", "down")]
        self.host.find_command(names, self.action_do)

    def do_theme(self) -> None:
        """Other colours."""
        self.host.next_look()

    def do_quit(self) -> None:
        """Quit."""
        self.app.exit()


def _yes_or_no(text: str) -> list[tuple[str, str]]:
    """What can be answered: no, unless yes is meant."""
    known = [
        ("no", "leave everything as it is"),
        ("yes", "your text is kept as a backup"),
    ]
    return [each for each in known if each[0].startswith(text.strip().casefold())]


def _refused(error: OSError) -> str:
    return f"{error.filename}: {error.strerror or error}"
