"""Two runs that part: the scene of D5 in the patch as posted, and in the correct version."""

from __future__ import annotations

from functools import lru_cache

from tui.opening import Run
from tui.where import Target, resolve


@lru_cache(maxsize=1)
def beside_run() -> Run:
    """The run in v3 with the other one beside it, recorded once for all tests. Tests only move in them."""
    return resolve("defect:D5", against="ref").open()


def beside_target() -> Target:
    """Something to open that is recorded already."""
    return Target("defect:D5", beside_run().title, beside_run)
