"""Aligning two runs: laws that hold for any two, and the counterparts a reader would name."""

from __future__ import annotations

from functools import lru_cache

import pytest

from thpkit.patch import scenario_for
from thpkit.patch.registry import variant_named
from thpkit.scenario import record
from thpkit.trace import stops
from thpkit.trace.alignment import Alignment
from thpkit.trace.timeline import Timeline


@lru_cache(maxsize=3)
def run(variant: str) -> Timeline:
    """The scene of D5 under a version of the kernel."""
    return record(scenario_for("D5"), variant_named(variant)).timeline


@lru_cache(maxsize=2)
def aligned(other: str) -> Alignment:
    """The posted version's run, and that of another."""
    return Alignment(run("v3"), run(other))


def test_a_run_is_aligned_with_itself_step_by_step() -> None:
    """Every step with itself, exactly."""
    alignment = Alignment(run("v3"), run("v3"))
    for n in range(0, len(run("v3")), 37):
        assert alignment.step(n) == (n, True)


@pytest.mark.parametrize("other", ["ref", "v3+D5"])
def test_later_steps_never_lead_to_earlier_ones(other: str) -> None:
    """Walking on in one run never walks back in the other, and stays inside it."""
    alignment = aligned(other)
    last = -1
    for n in range(0, len(run("v3")), 3):
        found = alignment.step(n)
        assert last <= found.step < len(run(other))
        last = found.step


def test_counterparts_do_the_same() -> None:
    """An exact counterpart runs the same statement of the same function, or calls the same one."""
    left, right = run("v3"), run("v3+D5")
    alignment = aligned("v3+D5")
    exact = 0
    for n in range(0, len(left), 11):
        found = alignment.step(n)
        if found.exact:
            exact += 1
            ours, theirs = left.step(n), right.step(found.step)
            assert ours.kind is theirs.kind
            assert ours.frame.function.qualname == theirs.frame.function.qualname
            if ours.statement is not None and theirs.statement is not None:
                assert ours.statement.text == theirs.statement.text
    assert exact > len(left) // 11 * 0.9


def test_where_a_repair_adds_a_statement_the_rest_stays_aligned() -> None:
    """Before and behind the unlock that v3 lacks, the mapping of the page is its own counterpart."""
    left, right = run("v3"), run("v3+D5")
    alignment = aligned("v3+D5")
    place = "page_add_file_rmap::@call@1"
    found = alignment.step(stops.step_of(left, place))
    assert found == (stops.step_of(right, place), True)
