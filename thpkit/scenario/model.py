"""What a scenario is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from thpkit.kernel.machine import Interruption, Machine
from thpkit.kernel.splat import Config
from thpkit.kernel.variant import REF, Variant
from thpkit.trace.stops import Stop


@dataclass(frozen=True)
class Scenario:
    """A story to record: how the machine is set up, what happens on it, and where to look."""

    name: str
    """Short name, as in ``thp step <name>``."""
    title: str
    """One line for lists and screens."""
    boot: Callable[[Machine], None]
    """Sets the machine up: files, processes. Not recorded."""
    tasks: tuple[Callable[[Machine], None], ...]
    """What happens, in order, on the one CPU. Recorded, and their own statements are stepped too."""
    variant: Variant = REF
    """Which version of the kernel runs."""
    config: Config = field(default_factory=Config)
    stops: tuple[Stop, ...] = ()
    """Where the reader should look, in order of the run."""
    interruptions: tuple[Interruption, ...] = ()
    """What other tasks do in the middle of a call."""
