"""Inside the worker's child: one case under the recorder, saved to a file."""

from __future__ import annotations

from pathlib import Path

from thpkit.grading.cases import Case
from thpkit.grading.player import Player
from thpkit.kernel.machine import Machine
from thpkit.kernel.variant import Variant
from thpkit.trace import recorder, saved
from thpkit.trace.policy import Follow


def record_case(variant: Variant, case: Case, path: Path, budget: int) -> int:
    """Play a case under the recorder and save what happened; the number of steps.

    Raises:
        SavedError: the recording could not be written.
    """
    machine = Machine(variant=variant)
    player = Player(machine)

    def play() -> None:
        for call in case.calls:
            player.play(call)

    timeline = recorder.record(
        play,
        root=machine.kernel,
        follow=Follow.of(variant),
        budget=budget,
        title=case.title,
    )
    saved.save(timeline, path, meta={"case": case.id, "variant": variant.name})
    return len(timeline)
