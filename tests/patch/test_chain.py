"""The way from the posted patch to the correct version: each stage boots and runs the tour."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from thpkit.checks import broken
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, Deadlock, OnSplat
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import Kind, catalogue
from thpkit.patch.repairs.chain import STEPS, chain
from thpkit.patch.verdicts import observe
from thpkit.scenario import Scenario, build, load_file
from thpkit.trace.digest import first_difference, state_of

ROOT: Final = Path(__file__).parents[2]
STAGES: Final = chain()
SHOWN: Final = [each for each in catalogue() if each.kind is Kind.SHOWN]

WAITS: Final = (
    ["I1", "I4", "I5", "I6", "I8", "I11", "I12", "I14", "tables", "splats"],
    ["I1", "I4", "I5", "I6", "I8", "I11", "I12", "I14", "tables", "splats"],
    ["I1", "I5", "I8", "I11", "I12", "tables", "splats"],
    ["I1", "I8", "I11", "I12", "tables", "splats"],
)
"""Invariants that are broken when B waits for ever: the first stages, until the page is unlocked (D5)."""


@cache
def _tour() -> Scenario:
    found = load_file(ROOT / "lessons/00_tour/tour.py")
    return replace(found, config=Config(on_splat=OnSplat.LOG, debug_vm=False))


def _run(variant: Variant) -> tuple[Machine, bool]:
    """The tour on one version, and whether it came to its end."""
    machine = build(_tour(), variant)
    try:
        for task in _tour().tasks:
            task(machine)
    except Deadlock:
        return machine, False
    return machine, True


@pytest.mark.parametrize("number", range(len(STAGES)))
def test_every_stage_runs_the_tour(number: int) -> None:
    """Before D5 the second process waits for ever; after it the tour ends, with one exception nothing but reports."""
    machine, ended = _run(STAGES[number])
    rules = [each.id for each in broken(machine.kernel)]
    if number < 4:
        assert not ended
        assert rules == WAITS[number]
    elif number == 10:
        assert ended
        assert rules == ["I1", "splats"], (
            "a cached page is mapped, with 512 references: D10 is next"
        )
    elif number < len(STAGES) - 1:
        assert ended
        assert rules == ["splats"], (
            "page-table locks inside the i_pages lock until the order is right"
        )
    else:
        assert (ended, rules) == (True, [])


def test_the_last_stage_is_the_correct_version() -> None:
    """No kernel function is replaced any more, and after the tour the whole state is the same."""
    kernel = [
        name for name in STAGES[-1].bindings() if name[0].startswith("thpkit.kernel")
    ]
    assert kernel == []
    machine, _ended = _run(STAGES[-1])
    reference, _ended = _run(REF)
    found = first_difference(state_of(machine.kernel), state_of(reference.kernel))
    assert found is None


NEWLY_RIGHT: Final[tuple[set[str], ...]] = (
    {"D9"},
    {"D8"},
    {"D52"},
    {"D5", "D7", "D10"},
    {"D6"},
    {"D26"},
    {"D27"},
    {"D1"},
    {"D3", "D15", "D16", "D46"},
    {"K9", "K12", "D2"},
    {"D10"},
    {"D4", "D11", "D37"},
    {"D13", "D14"},
    {"K11", "D17", "D18", "D19", "D40", "D42", "D47", "D52"},
    set(),
    {"K19", "K22", "K23", "D21", "D22", "D23", "D24", "D25", "D41"},
    {"K20", "D20", "D29", "D30", "D43"},
    {"K14", "K17", "D12", "D32", "D34", "D36", "D44"},
)
"""Shown records whose scene sees, from this step on, what the correct version shows."""

WRONG_AGAIN: Final = {9: {"D52"}, 10: {"D10"}}
"""What a step uncovers: a cached page is looked at, and then it is mapped."""


def test_what_each_step_repairs() -> None:
    """All 50 scenes on all stages: from everything wrong to everything right."""
    wrong = {each.id for each in SHOWN}
    reference = {each.id: observe(each, REF, SMALL) for each in SHOWN}
    for number, stage in enumerate(STAGES[1:], 1):
        wrong = (wrong - NEWLY_RIGHT[number - 1]) | WRONG_AGAIN.get(number, set())
        found = {
            each.id
            for each in SHOWN
            if observe(each, stage, SMALL) != reference[each.id]
        }
        assert found == wrong, f"step {number}: {STEPS[number - 1].about}"
    assert wrong == set()


def test_steps_name_real_records() -> None:
    """Each shown record is repaired by exactly one step."""
    named = [id for step in STEPS for id in step.repairs]
    assert len(named) == len(set(named))
    missing = {each.id for each in SHOWN} - set(named)
    assert missing == {"K20", "D47"}, "repaired along the way, by D20 and D19"
