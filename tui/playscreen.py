"""The stepper on a variant, on top of a question: leaving it leads back there."""

from __future__ import annotations

from tui.stepper import Stepper


class PlayScreen(Stepper):
    """Steps through a run that a wrong answer would be right in. Nothing of it is remembered."""

    def on_stepper_recorded(self, event: Stepper.Recorded) -> None:
        """A run that cannot be recorded leads back at once."""
        if isinstance(event.run, str):
            event.stop()
            event.prevent_default()
            self.notify(event.run)
            self.dismiss(None)

    def save(self) -> None:
        """Nothing is remembered."""

    def do_contents(self) -> None:
        """Back to the question."""
        self.dismiss(None)

    def do_quit(self) -> None:
        """Back to the question."""
        self.dismiss(None)
