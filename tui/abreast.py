"""Where the other of two runs stands: at the counterpart of a step, and not behind the place where they part."""

from __future__ import annotations

from thpkit.trace.alignment import Aligned, Alignment
from tui.opening import Run


def counterpart(alignment: Alignment, n: int, run: Run, other: Run) -> Aligned:
    """The step of ``other`` that answers to step ``n`` of ``run``; ``alignment`` leads from one to the other.

    Code that only one of them has answers to nothing; then it is the last step before that does. But where both have
    reached the place at which they part, neither falls back behind it: the difference is what the reader looks at.
    """
    found = alignment.step(n)
    if run.start is None or other.start is None or n < run.start:
        return found
    if n == run.start:
        return Aligned(other.start, True)
    if found.step < other.start:
        return Aligned(other.start, False)
    return found
