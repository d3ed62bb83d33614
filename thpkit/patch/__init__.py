"""The patch itself: as posted (v3), as reposted (v4, v5), its 76 defects, and single repairs.

=========== =================================================================================
versions    v3, v4, v5, and the v5.3 below them; registry: versions by name, ``v3+D7``
catalogue_x the records, by area; model: what a record is; verdicts: running them
scenes      what shows them; scene: what the scenes are played on
equivalents spellings that agree; equivalent_conditions: the terms of one condition
repairs     single repairs of v3, and the chain of them that leads to the correct version
scenario    defects for the stepper; report: what ``thp defects`` prints
=========== =================================================================================
"""

from __future__ import annotations

from thpkit.patch import scenario as _scenario
from thpkit.patch import verdicts as _verdicts
from thpkit.patch.model import Kind, Record
from thpkit.patch.registry import variant_named
from thpkit.patch.verdicts import Verdict, record, verify
from thpkit.patch.versions import V3, V4, V5
from thpkit.scenario import Scenario

__all__ = [
    "V3",
    "V4",
    "V5",
    "Kind",
    "Record",
    "Verdict",
    "catalogue",
    "record",
    "scenario_for",
    "variant_named",
    "verify",
]


def catalogue() -> tuple[Record, ...]:
    """All 76 records, remarks before defects, by number."""
    return _verdicts.CATALOGUE


def scenario_for(id: str) -> Scenario:
    """What ``thp step defect:ID`` records.

    Raises:
        ValueError: there is no such record, or it has no scene; the message says which.
    """
    return _scenario.scenario_for(record(id))
