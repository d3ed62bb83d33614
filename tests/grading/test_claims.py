"""The claims of the review exercise: what is said of v4 is seen in runs of v4, and not in the same runs of v3."""

from __future__ import annotations

import pytest

from thpkit.checks import broken
from thpkit.grading.cases import Case
from thpkit.grading.exercise import load
from thpkit.grading.kinds.review import Claim, Review
from thpkit.grading.player import Player, machine_for
from thpkit.kernel.splat import KernelStop
from thpkit.kernel.variant import Variant
from thpkit.patch.repairs import lookup, mapping
from thpkit.patch.version import Version
from thpkit.patch.versions import V3, V4

EX = load("ex10")
assert isinstance(EX.task, Review)
CLAIMS = EX.task.claims
SHOWN = [pytest.param(each, id=each.id) for each in CLAIMS if each.case]

NEW_IN_V4 = {
    "no-reference",
    "sleeps-in-rcu",
    "rcu-not-left",
    "sleeps-under-i-pages",
    "one-too-many",
    "counted-unlocked",
    "dangling",
}
"""FACTS 10.8, "New in v4" and "v4 only", and D13 of its table ("worse")."""


def rules_broken(case: Case, base: Version, hidden: bool) -> set[str]:
    """Rules that a run of the case breaks, and invariants that do not hold at its end."""
    version: Variant = base
    if hidden:
        version = Version(
            f"{base.name}+D2+D3",
            functions=(lookup.d2_d3_check,),
            base=base,
            helpers=(mapping.enter_and_count,),
        )
    machine = machine_for(version, base.name)
    player = Player(machine)
    try:
        for call in case.calls:
            player.play(call)
    except KernelStop:
        pass  # what was noted before counts
    rules = {each.rule for each in machine.kernel.splats.values()}
    return rules | {each.id for each in broken(machine.kernel)}


def test_the_true_claims_are_what_v4_broke() -> None:
    assert {each.id for each in CLAIMS if each.holds} == NEW_IN_V4


@pytest.mark.parametrize("claim", SHOWN)
def test_a_run_tells(claim: Claim) -> None:
    """True: v4 breaks the rule and v3 does not. False: v4 does not, or v3 does as well."""
    case = EX.case(claim.case)
    in_v4 = claim.rule in rules_broken(case, V4, claim.hidden)
    in_v3 = claim.rule in rules_broken(case, V3, claim.hidden)
    assert (in_v4 and not in_v3) is claim.holds
    assert in_v4 or in_v3, "otherwise the run shows nothing"


def test_false_claims_are_repaired_or_older() -> None:
    for claim in CLAIMS:
        if not claim.holds and claim.case:
            assert "v3" in claim.reason


def test_the_sheet_has_the_claims_as_they_are_judged() -> None:
    sheet = " ".join(EX.shipped.read_text(encoding="utf-8").split())
    for claim in CLAIMS:
        assert f"# {claim.id} {claim.text}" in sheet


def test_all_true_ones_by_chance_is_unlikely() -> None:
    """Sixteen claims in four groups, each of which counts only as a whole."""
    chance = 1.0
    for group in EX.check_ids()[1:]:
        chance /= 2 ** sum(each.group == group for each in CLAIMS)
    assert chance < 1e-4
