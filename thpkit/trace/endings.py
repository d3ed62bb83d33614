"""How a recorded run ended, when it did not finish: one sentence for the reader."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import NamedTuple

from thpkit.kernel.splat import KernelStop
from thpkit.trace import statements
from thpkit.trace.policy import KERNEL


class Ending(NamedTuple):
    """Why a run stopped before its end."""

    sentence: str
    crashed: bool
    """True if the simulated kernel itself failed in a way that no rule of it explains: a mistake of ours, or of
    the variant under test."""
    failed: bool = False
    """True if an exception left the run that is no end of the simulated kernel's: the scenario did not do what its
    author meant."""


def of(error: BaseException) -> Ending:
    """The ending for the exception that left the run."""
    if isinstance(error, KernelStop):
        return Ending(str(error), False)
    if isinstance(error, SystemExit):
        return Ending("the scenario ended itself with sys.exit", False)
    place = ""
    in_kernel = False
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        last = frames[-1]
        place = (
            f" in {last.name}, {statements.path_of(last.filename)} line {last.lineno}"
        )
        in_kernel = Path(last.filename).resolve().is_relative_to(KERNEL)
    message = f": {error}" if str(error) else ""
    return Ending(
        f"{type(error).__name__}{place}{message}",
        in_kernel and not isinstance(error, OSError),
        failed=True,
    )
