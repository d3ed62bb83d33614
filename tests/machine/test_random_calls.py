"""Whatever two processes call, and whatever fails or happens in between: the books balance.

THP_LONG=1 multiplies the runs by ten.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.calls import TALLY, Calls, RealCalls
from tests.machine.reasons import WATCHED, tallied

LONG = 10 if os.environ.get("THP_LONG") else 1
WATCHED_RUNS = 800 * LONG
"""Runs on the small geometry whose events are tallied."""
SMALL_PARTS = 2
SMALL_RUNS = 300 * LONG
"""Runs of each further part on the small geometry: 1,400 in all, with THP_LONG=1 14,000."""
REAL_PARTS = 1
REAL_RUNS = 60 * LONG
"""Runs of each part on real sizes: 60 in all, with THP_LONG=1 600."""
OFTEN = 20
"""How often the watched runs must see each event; tallying is slow, so the others are not watched."""

EVENTS = (
    "THP_FILE_ALLOC",
    "THP_FILE_MAPPED",
    "THP_SPLIT_PMD",
    "SIGBUS",
    "EACCES",
    "EINVAL",
    *(name for name, _function, _text, _below in WATCHED),
)
"""What must have happened for the runs to mean anything."""


def run(machine: type[Calls], part: int, runs: int, steps: int) -> Counter[str]:
    """Run a state machine and return what happened in this run alone."""
    TALLY.clear()
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        derandomize=False,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(
        seed(part)(type(machine.__name__, (machine,), {})), settings=chosen
    )
    return Counter(TALLY)


def test_small_machines_see_everything() -> None:
    """Every interesting event happens, and often."""
    with tallied():
        tally = run(Calls, 0, WATCHED_RUNS, 20)
    rare = {name: tally[name] for name in EVENTS if tally[name] < OFTEN}
    assert rare == {}, f"the runs no longer reach: {rare}"


@pytest.mark.parametrize("part", range(1, SMALL_PARTS + 1))
def test_small_machines_stay_consistent(part: int) -> None:
    """Small geometry, every invariant after every call."""
    run(Calls, part, SMALL_RUNS, 20)


@pytest.mark.parametrize("part", range(REAL_PARTS))
def test_real_machines_stay_consistent(part: int) -> None:
    """Real sizes: 512 pages a block, 64 slots a node."""
    tally = run(RealCalls, 100 + part, REAL_RUNS, 12)
    assert tally["THP_FILE_ALLOC"] >= 10
