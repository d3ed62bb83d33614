"""The Textual application: screens and colours. :func:`run` is all that the command line needs.

The screens are imported when they are shown, behind the :class:`~tui.curtain.Curtain`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

from textual.app import App

from tui.curtain import Curtain
from tui.looks import Look, look_of, no_color
from tui.state import Store
from tui.themes import HIGH_CONTRAST
from tui.where import Target


class ThpApp(App[str]):
    """The book in a terminal. Its result is a sentence if it had to give up, else None."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, store: Store, target: Target | None = None) -> None:
        """Opens ``target``, or the table of contents."""
        self._mono = no_color()
        super().__init__(ansi_color=True if self._mono else None)
        self.store = store
        self.look = Look.MONO if self._mono else look_of(store.memory.look)
        self._target = target
        self.register_theme(HIGH_CONTRAST)
        self.theme = self.look.value

    def on_mount(self) -> None:
        """Paint something at once. Being asked to end is like being quit: the place is kept."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            with suppress(NotImplementedError, ValueError, RuntimeError):
                asyncio.get_running_loop().add_signal_handler(number, self.exit)
        text = (
            "contents" if self._target is None else f"recording {self._target.title} …"
        )
        self.push_screen(Curtain(text, self.look, self._first))

    def _first(self) -> None:
        """Show the first screen."""
        if self._target is None:
            self.show_home()
        else:
            self.step(self._target)

    # ---- what screens ask for ---------------------------------------------------------------------------

    def step(self, target: Target) -> None:
        """Open the stepper on something."""
        from tui.stepper import Stepper

        self.switch_screen(Stepper(self, target))

    def show_home(self, message: str = "", left: Target | None = None) -> None:
        """Go to the table of contents; from there a key leads back to what was ``left``."""
        from tui.home import Home

        self._target = None
        self.switch_screen(Home(self, message, left))

    def show_exercise(self, name: str) -> None:
        """Show an exercise.

        Raises:
            UserError: there is none.
        """
        from tui.exercise import ExerciseScreen

        screen = ExerciseScreen(self, name)
        self._target = None
        self.switch_screen(screen)

    def show_help(self) -> None:
        """Show the list of keys."""
        from tui import help as keys
        from tui.page import Page

        self.push_screen(Page("Keys", keys.rows_of, self.look))

    def find_command(self, names: Iterable[str], do: Callable[[str], None]) -> None:
        """Let the reader find one of these actions by typing, and do it."""
        from tui import suggest
        from tui.prompt import Prompt

        def found(word: str | None) -> None:
            if word:
                do(suggest.command(word))

        question = "Find a command: type a part of what it does"
        offers = suggest.commands(names)
        self.push_screen(Prompt(question, self.look, offers, strict=True), found)

    def failed(self, sentence: str) -> None:
        """Something could not be opened: say so where the reader came from."""
        if self._target is not None:
            self.exit(sentence, return_code=2)
        else:
            self.show_home(sentence)

    def next_look(self) -> None:
        """Change the colours; without colours there is nothing to change."""
        if self._mono:
            return
        looks = list(Look)
        self.look = looks[(looks.index(self.look) + 1) % len(looks)]
        self.theme = self.look.value
        self.store.memory.look = self.look.name.lower()
        self.store.save()
        for screen in self.screen_stack:
            restyle = getattr(screen, "restyle", None)
            if restyle is not None:
                restyle()

    def _fatal_error(self) -> None:
        """A mistake of ours ends the screen with one sentence; with THP_DEBUG set, with a traceback."""
        if os.environ.get("THP_DEBUG"):
            super()._fatal_error()
            return
        error = sys.exc_info()[1]
        self.panic(
            f"thp: this is a mistake in thp itself: {type(error).__name__}: {error} "
            "(your place is kept; THP_DEBUG=1 shows where)"
        )


def run(store: Store, target: Target | None = None) -> tuple[int, str]:
    """Run the application; the exit status, and a sentence if it had to give up."""
    app = ThpApp(store, target)
    sentence = app.run()
    return app.return_code or 0, sentence or ""
