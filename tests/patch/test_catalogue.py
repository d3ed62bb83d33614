"""The catalogue: 76 records, each with what a record needs, and every shown value as the record says."""

from __future__ import annotations

from collections import Counter

import pytest

from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF
from thpkit.patch import (
    Kind,
    Record,
    catalogue,
    record,
    scenario_for,
    variant_named,
    verify,
)
from thpkit.patch.report import story, table, verification
from thpkit.patch.scenario import recording
from thpkit.patch.verdicts import observe
from thpkit.trace.stops import step_of

IDS = [f"K{n}" for n in range(1, 26)] + [f"D{n}" for n in range(1, 53) if n != 38]
SHOWN = [each for each in catalogue() if each.kind is Kind.SHOWN]


def test_seventy_six_records_in_order() -> None:
    assert [each.id for each in catalogue()] == IDS
    assert len(IDS) == 76


def test_classes() -> None:
    """Shown, equivalent, argued: what is argued is counted, and may not become more than 24."""
    count = Counter(each.kind for each in catalogue())
    assert count == {Kind.SHOWN: 50, Kind.EQUIVALENT: 13, Kind.ARGUED: 13}


def test_every_record_says_what_it_must() -> None:
    for each in catalogue():
        for text in (each.title, each.hunk, each.function, each.wrong, each.lesson):
            assert text, each.id
        assert each.v4 and each.v5 and each.ref, each.id
        shown = each.kind is Kind.SHOWN
        assert shown == bool(each.act) == bool(each.sees_v3) == bool(each.sees_ref)
        assert shown == bool(each.rule), each.id
        assert (each.kind is Kind.EQUIVALENT) == bool(each.agree), each.id
        assert shown or each.reason, each.id
        assert each.sees_v3 != each.sees_ref or not shown, each.id
        assert each.sees_v3.keys() == each.sees_ref.keys(), each.id


def test_all_verified() -> None:
    """Every shown record sees in v3 and in REF what it was said to see; all spellings agree."""
    failed = [f"{each.record.id}: {each.failure}" for each in verify() if each.failure]
    assert failed == []


def test_a_wrong_expectation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    each = record("D9")
    monkeypatch.setitem(each.sees_v3, "THP_FILE_MAPPED", 1)
    (verdict,) = verify(["D9"])
    assert verdict.failure == (
        "v3 saw {'THP_FILE_MAPPED': 2}, expected {'THP_FILE_MAPPED': 1}"
    )


def test_unknown_ids_get_a_sentence() -> None:
    with pytest.raises(ValueError, match="withdrawn"):
        record("D38")
    with pytest.raises(ValueError, match="no defect 'Q1'"):
        record("Q1")
    assert record("d7").id == "D7"


# ---- printing -------------------------------------------------------------------------------------------


def test_tables_have_a_line_for_each() -> None:
    for lines in (table(), verification(verify(["K1", "K2", "D7"]))):
        assert lines[0].startswith("ID")
        assert all(line == line.rstrip() for line in lines)
    assert [line.split()[0] for line in table()[1:]] == IDS


def test_a_line_of_the_verification_is_never_cut() -> None:
    (_head, line) = verification(verify(["D7"]))
    assert "nodes after truncation: 9" in line
    assert "nodes after truncation: 0" in line


def test_a_failure_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(record("D9").sees_ref, "THP_FILE_MAPPED", 3)
    assert "FAILED: ref saw" in verification(verify(["D9"]))[1]


@pytest.mark.parametrize("each", catalogue(), ids=lambda each: str(each.id))
def test_every_record_has_a_story(each: Record) -> None:
    text = "\n".join(story(each.id, divergence=False))
    assert each.title in text and "to take along" in text
    if each.kind is Kind.SHOWN:
        assert "one expects" in text and "what happens" in text


def test_a_story_says_where_the_runs_part() -> None:
    """D7: the very cell, with both values."""
    text = " ".join("\n".join(story("D7")).split())
    assert "mapping#1.nrpages is 0 in v3 and 512 in v3+D7" in text


# ---- stepping -------------------------------------------------------------------------------------------


def test_what_is_not_shown_cannot_be_stepped() -> None:
    with pytest.raises(ValueError, match="nothing to step through: it is argued"):
        scenario_for("K6")


@pytest.mark.parametrize("id", ["D5", "D7", "D11", "D16", "D21", "K17", "K22"])
def test_a_defect_can_be_stepped(id: str) -> None:
    """The recording has steps, and its stop stands in the posted code."""
    run = recording(record(id))
    assert len(run.timeline) > 50
    ((step, stop),) = run.stops
    assert step_of(run.timeline, stop.where) == step
    assert "patch/v3" in run.timeline.step(step).frame.function.file


def test_every_shown_defect_has_its_place() -> None:
    """Each scene reaches the step of the posted code that its record names, where no repair stands in its place."""
    without = [each.id for each in SHOWN if not scenario_for(each.id).stops]
    assert without == ["K9", "K12", "D10", "D29", "D30", "D43", "D52"]


# ---- the later versions ---------------------------------------------------------------------------------

ANOTHER_MOMENT = {
    (
        "D3",
        "v4",
    ): "the others act after the page is entered, so there is no race to lose",
    ("D4", "v5"): "the same",
    ("D32", "v4"): "the same",
    ("D37", "v4"): "another lock is the third one taken",
    ("D37", "v5"): "the same",
    ("D10", "v5"): "a cached page is never recognised at the first look (D2)",
    ("D14", "v4"): "the scene looks for a report; there is none, but the page stays",
    ("D14", "v5"): "the scene looks for a report of another kind",
    ("D16", "v4"): "the others act after the page is entered, so nothing is in its way",
    ("D16", "v5"): "the same",
    ("D46", "v4"): "the same",
    ("D46", "v5"): "the same",
    ("D24", "v4"): "its own word for fixed",
    ("K9", "v4"): "hidden behind D2, which no repair takes away here",
    ("K9", "v5"): "the same",
    ("K12", "v4"): "the same",
    ("K12", "v5"): "the same",
    ("D44", "v4"): "truncation does not look into the cache (D7)",
    ("D52", "v4"): "the same",
}
"""Where a scene made for v3 does not tell what became of a record in a later version, and why."""


@pytest.mark.parametrize("each", SHOWN, ids=lambda each: str(each.id))
def test_fates_agree_with_what_runs(each: Record) -> None:
    """What the record says of v4 and v5 is what its scene sees there, unless it is explained above."""
    right = observe(each, REF, SMALL)
    for name, fate in (("v4", each.v4), ("v5", each.v5)):
        agrees = (
            observe(each, variant_named(name), SMALL) == right
        ) == fate.startswith("fixed")
        assert agrees == ((each.id, name) not in ANOTHER_MOMENT), name
