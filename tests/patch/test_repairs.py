"""Single repairs: each takes its own symptom away, and with it exactly what it declares.

Rows are computed at toy sizes, where each scene takes a millisecond.
"""

from __future__ import annotations

from functools import cache

import pytest

from thpkit.kernel import page_alloc
from thpkit.kernel.machine import Machine
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import Kind, Record, catalogue, record, variant_named
from thpkit.patch.repairs.table import REPAIRS, Repair, repaired
from thpkit.patch.scene import Observation, Setting, Stage
from thpkit.patch.scenes.mapping import wrong_bytes
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


@pytest.mark.parametrize(
    ("name", "by", "references", "mappings"),
    [
        ("v3+D3", "B", 1025, 2),
        ("ref", "B", 514, 2),
        ("v3+D3", "A2", 1025, 1),
        ("ref", "A2", 513, 1),
    ],
)
def test_d3_uncovers_d10_and_d15(
    name: str, by: str, references: int, mappings: int
) -> None:
    """Another process, or another thread, makes the huge page first: the second look finds it, and 512 are added."""
    machine = Setting().machine(variant_named(name))
    on = Stage(machine)
    at = on.map(on.a)
    other, there = on.b, on.map(on.b)
    if by == "A2":
        other, there = machine.thread("A2", on.a), at
    raced: list[str] = []

    def race(_machine: Machine) -> None:
        if not raced:
            raced.append("")
            raced[0] = on.touch(other, there, 515)

    machine.interrupt(page_alloc.alloc_pages, 1, race)
    assert on.touch(on.a, at, 515) == "page 515"
    assert raced == ["page 515"]
    page = on.cached(512)
    assert page is not None
    assert (page._refcount, page._mapcount + 1) == (references, mappings)


def test_a_fitting_mapping_is_not_enough() -> None:
    """K11 repaired: D16, D46 and, on a debug kernel, D40 remain, if a thread maps a small page of the block first."""
    for id in ("D16", "D46"):
        each = record(id)
        assert observe(each, variant_named("v3+K11"), SMALL) == observe(
            each, variant_named("v3"), SMALL
        )
    for debug, results in (
        (False, ("page 512", "page 515")),
        (True, ("kernel bug", "page 515")),
    ):
        for name, result in zip(("v3+K11", "ref"), results, strict=True):
            machine = Setting(debug=debug).machine(variant_named(name))
            assert wrong_bytes(machine) == {"A reads": result}


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
