"""Single repairs: each takes its own symptom away, and with it exactly what it declares.

Rows are computed at toy sizes, where each scene takes a millisecond.
"""

from __future__ import annotations

from functools import cache

import pytest

from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import Kind, Record, catalogue, record, variant_named
from thpkit.patch.repairs.table import REPAIRS, Repair, repaired
from thpkit.patch.scene import Observation
from thpkit.patch.verdicts import observe

SHOWN = tuple(each for each in catalogue() if each.kind is Kind.SHOWN)


@cache
def correct(id: str) -> str:
    return _seen(record(id), REF)


@cache
def posted(id: str) -> str:
    return _seen(record(id), variant_named(record(id).base))


def _seen(each: Record, variant: Variant) -> str:
    found: Observation = observe(each, variant, SMALL)
    return repr(found)


def _with(each: Record, *more: str) -> Variant:
    ids = [*each.after, *(id for id in more if id not in each.after)]
    return variant_named("+".join(["v3", *ids]))


def test_there_are_enough() -> None:
    behavioural = [each for each in REPAIRS if record(each.id).kind is Kind.SHOWN]
    assert len(behavioural) >= 20
    assert len({each.id for each in REPAIRS}) == len(REPAIRS)


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda each: str(each.id))
def test_row(repair: Repair) -> None:
    """The whole row: which records see what the correct version shows now, and which see something new."""
    cured, changed = set(), set()
    for each in SHOWN:
        seen = _seen(each, _with(each, repair.id))
        if seen == correct(each.id):
            cured.add(each.id)
        elif seen != posted(each.id):
            changed.add(each.id)
    own = {repair.id} & {each.id for each in SHOWN}
    if repair.beside:
        assert cured == set(repair.cures)
        assert changed == own | set(repair.changes)
    else:
        assert cured == own | set(repair.cures)
        assert changed == set(repair.changes)


@pytest.mark.parametrize(
    "repair", [each for each in REPAIRS if each.beside], ids=lambda each: str(each.id)
)
def test_beside_others(repair: Repair) -> None:
    """Alone its symptom gives way to another; beside the repairs it names it is gone, and without it it is not."""
    each = record(repair.id)
    assert _seen(each, _with(each, *repair.beside)) != correct(repair.id)
    assert _seen(each, _with(each, *repair.beside, repair.id)) == correct(repair.id)
    assert repair.uncovers


def test_what_goes_along_is_explained() -> None:
    """A repair that takes more away than its own symptom, or changes something else, says why; so does one beside."""
    silent = [
        each.id
        for each in REPAIRS
        if (each.changes or each.beside or set(each.cures) - {"K12"})
        and not each.uncovers
    ]
    assert silent == ["K22"], "K22 asks for a file, so what D21 and D41 need is gone"


def test_names() -> None:
    assert variant_named("v3+D7").name == "v3+D7"
    assert variant_named("v3+d2+d5").name == "v3+D2+D5"
    assert variant_named("v3+D7") is variant_named("v3+D7")
    for wrong in ("v6", "v3+", "v3+D38", "v4+D7", ""):
        with pytest.raises(ValueError, match="there is no version"):
            variant_named(wrong)


def test_two_repairs_of_one_piece() -> None:
    with pytest.raises(ValueError, match="D15 and D16 both change map_page"):
        repaired(["D15", "D16"])
    both = repaired(["D2", "D3"])
    for id in ("D2", "D3"):
        assert _seen(record(id), both) == correct(id)


def test_a_repaired_version_can_be_stepped() -> None:
    """A recorder follows the repair, the pieces of the patch and their helpers."""
    files = {
        path.rpartition("thpkit/patch/")[2] for path in variant_named("v3+D12").files()
    }
    assert {
        "repairs/mapping.py",
        "v3/filemap.py",
        "v3/huge_fault.py",
        "v53/filemap.py",
    } <= files
