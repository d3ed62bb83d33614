"""What the screens need from the application they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from tui.looks import Look
from tui.state import Store
from tui.where import Target


class Host(Protocol):
    """The application, as its screens see it."""

    store: Store
    look: Look

    def step(self, target: Target) -> None:
        """Open the stepper on something."""

    def show_home(self, message: str = "", left: Target | None = None) -> None:
        """Go to the table of contents; from there a key leads back to what was ``left``."""

    def show_exercise(self, name: str) -> None:
        """Show an exercise, ``ex:ex01``. Raises UserError if there is none."""

    def show_help(self) -> None:
        """Show the list of keys."""

    def find_command(self, names: Iterable[str], do: Callable[[str], None]) -> None:
        """Let the reader find one of these actions by typing, and do it."""

    def next_look(self) -> None:
        """Change the colours."""

    def failed(self, sentence: str) -> None:
        """Something could not be opened."""
