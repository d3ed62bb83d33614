"""The stepper on a variant, on top of a question: leaving it leads back there."""

from __future__ import annotations

from thpkit.view.layout import width_of
from thpkit.view.moment import Moment
from thpkit.view.rows import Role, row
from tui.bindings import key_bar
from tui.layouts import BAR
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

    def show_pinned(self, moment: Moment) -> None:
        """The rows that are always there; the keys begin with the way back."""
        super().show_pinned(moment)
        if self.reader is not None and not self.reader.message:
            bar = self.columns(BAR)
            back = row(
                (" esc", Role.CODE),
                (f" back to the question  on {self._version()}  ", Role.DIM),
            )
            self.pane(BAR).show_row((*back, *key_bar(bar - width_of(back))))

    def _version(self) -> str:
        """Name of the version of the kernel that is played."""
        return self._target.name.rpartition("@")[2]

    def do_contents(self) -> None:
        """Back to the question."""
        self.dismiss(None)

    def do_quit(self) -> None:
        """Back to the question."""
        self.dismiss(None)
