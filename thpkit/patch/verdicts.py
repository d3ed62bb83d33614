"""The catalogue: 25 remarks of the review and 51 defects that it does not name, and running them.

Every expected value stands in its record, where it was typed from the facts about the patch; nothing here is compared
with what the kit itself printed once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from thpkit.kernel.units import REAL, Geometry
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import (
    catalogue_block,
    catalogue_life,
    catalogue_map,
    catalogue_mmap,
    catalogue_page,
    catalogue_rest,
)
from thpkit.patch.agreement import Disagree
from thpkit.patch.model import Kind, Record
from thpkit.patch.registry import variant_named
from thpkit.patch.scene import Observation


def _order(record: Record) -> tuple[bool, int]:
    """Remarks before defects, by number."""
    return record.id.startswith("D"), int(record.id[1:])


CATALOGUE: Final = tuple(
    sorted(
        (
            *catalogue_block.RECORDS,
            *catalogue_page.RECORDS,
            *catalogue_life.RECORDS,
            *catalogue_map.RECORDS,
            *catalogue_mmap.RECORDS,
            *catalogue_rest.RECORDS,
        ),
        key=_order,
    )
)
"""All 76 records: K1 to K25, D1 to D52 without D38, which turned out to be no defect."""


def record(id: str) -> Record:
    """The record of that number; small letters will do.

    Raises:
        ValueError: there is none; the message is a sentence.
    """
    for each in CATALOGUE:
        if each.id == id.upper():
            return each
    if id.upper() == "D38":
        raise ValueError(
            "D38 was withdrawn: what it named is as usual in the page cache"
        )
    near = " or ".join(_nearest(id.upper()))
    hint = f"; did you mean {near}?" if near else ""
    raise ValueError(
        f"there is no defect {id!r}: there are K1 to K25, and D1 to D52 without D38{hint}"
    )


def _nearest(id: str) -> list[str]:
    """The numbers that come nearest to one that does not exist."""
    known = [each.id for each in CATALOGUE]
    kind, number = id[:1], id[1:]
    if kind in ("K", "D") and number.isascii() and number.isdigit():
        alike = [each for each in known if each[0] == kind]
        return [min(alike, key=lambda each: abs(int(each[1:]) - int(number[:9])))]
    return get_close_matches(id, known, 2, 0.5)


def observe(record: Record, variant: Variant, geometry: Geometry = REAL) -> Observation:
    """Play the scene of a shown record on one version.

    Raises:
        ValueError: the record has no scene.
    """
    if record.act is None:
        raise ValueError(f"{record.id} has no scene: it is {record.kind.value}")
    return record.act(record.setting.machine(variant, geometry))


@dataclass(frozen=True)
class Verdict:
    """What became of one record when it was run."""

    record: Record
    v3: Observation
    """What the scene saw in the posted version; empty if there is no scene."""
    ref: Observation
    """What it saw in the correct one."""
    cases: int = 0
    """Equivalent: so many cases were compared."""
    failure: str = ""
    """What was not as the record says; empty if all was."""


def verify(ids: Iterable[str] | None = None) -> list[Verdict]:
    """Run every record, or those named, and compare with what it says."""
    chosen = CATALOGUE if ids is None else [record(each) for each in ids]
    return [_run(each) for each in chosen]


def _run(each: Record) -> Verdict:
    if each.kind is Kind.ARGUED:
        failure = "" if each.reason else "an argued record needs a reason"
        return Verdict(each, {}, {}, failure=failure)
    if each.agree is not None:
        try:
            return Verdict(each, {}, {}, cases=each.agree())
        except Disagree as error:
            return Verdict(each, {}, {}, failure=str(error))
    v3 = observe(each, variant_named(each.base))
    ref = observe(each, REF)
    failures = [
        f"{name} saw {saw}, expected {expected}"
        for name, saw, expected in (
            (each.base, v3, each.sees_v3),
            ("ref", ref, each.sees_ref),
        )
        if saw != expected
    ]
    return Verdict(each, v3, ref, failure="; ".join(failures))
