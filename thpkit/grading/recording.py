"""Inside the worker's child: one case under the recorder, saved to a file."""

from __future__ import annotations

from pathlib import Path

from thpkit.grading.cases import Case
from thpkit.grading.player import Player
from thpkit.kernel.machine import Machine
from thpkit.trace import recorder, saved
from thpkit.trace.policy import Follow
from thpkit.trace.timeline import Timeline


def record_case(machine: Machine, case: Case, path: Path, budget: int) -> int:
    """Play a case under the recorder and save what happened; the number of steps.

    Raises:
        SavedError: the recording could not be written.
    """
    timeline = timeline_of(machine, case, budget)
    meta = {"case": case.id, "variant": machine.variant.name}
    saved.save(timeline, path, meta=meta)
    return len(timeline)


def timeline_of(machine: Machine, case: Case, budget: int) -> Timeline:
    """Play a case under the recorder."""
    player = Player(machine)

    def play() -> None:
        for call in case.calls:
            player.play(call)

    return recorder.record(
        play,
        root=machine.kernel,
        follow=Follow.of(machine.variant),
        budget=budget,
        title=case.title,
    )
