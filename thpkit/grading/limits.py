"""How much a learner's code may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Limits:
    """Limits on one run of a learner's file: all cases of an exercise, or one recording."""

    case_seconds: float = 2.0
    """CPU time of one case, and of loading the file; then the case is taken to be endless. A case needs 0.1 s."""
    cpu_seconds: int = 10
    """CPU time of everything; then the process is killed."""
    wall_seconds: float = 20.0
    """Time on the clock; then the process is killed. For code that waits and uses no CPU time."""
    memory: int = 512 << 20
    """Bytes of address space more than the empty kit needs."""
    file_size: int = 1 << 20
    """Bytes of any file that is written."""
    open_files: int = 64
    steps: int = 200_000
    """Steps of a recording."""

    def to_data(self) -> dict[str, float]:
        """As plain data, for the worker."""
        return {
            "case_seconds": self.case_seconds,
            "cpu_seconds": self.cpu_seconds,
            "wall_seconds": self.wall_seconds,
            "memory": self.memory,
            "file_size": self.file_size,
            "open_files": self.open_files,
            "steps": self.steps,
        }


RECORDING: Final = Limits(
    case_seconds=20.0,
    cpu_seconds=30,
    wall_seconds=60.0,
    memory=1 << 30,
    file_size=64 << 20,
)
"""Recording is slower, and leaves a file."""
