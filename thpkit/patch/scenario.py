"""Defects as scenarios, for the stepper: the scene of a record on the version in which it is seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from thpkit.kernel.machine import Machine
from thpkit.kernel.variant import Variant
from thpkit.patch.model import Record
from thpkit.patch.registry import variant_named
from thpkit.scenario import Recording, Scenario
from thpkit.scenario import record as run_recorded
from thpkit.trace.stops import Stop

PLACES: Final = {
    "F1": "last_index::@call",
    "F2": "refuses::@call",
    "F4": "filemap_huge_check_pagecache_usable::@call",
    "F6": "new_page::@call",
    "F7": "new_page::@call",
    "F8": "new_page::@call",
    "F9": "read_page::@call",
    "F10": "read_page::@call",
    "F11": "make_room::@call",
    "F12": "filemap_huge_check_pagecache_usable::@call@2",
    "F13": "lock_again::@call",
    "F15": "map_page::@call",
    "F16": "map_page::@call",
    "F17": "store::@call",
    "F18": "count_mapping::@call",
    "F19": "discard::@call",
    "F20": "leave::@call",
    "H6": "filemap_huge_check_pagecache_usable::@call",
    "H9": "thp_get_unmapped_area::@call",
    "H10": "ro_exec_place::@call",
}
"""Where the posted version does each step, as the stop of a recording."""


def scenario_for(each: Record) -> Scenario:
    """The scene of a shown record, with one stop: where the patch does what is wrong.

    Raises:
        ValueError: the record has no scene; the message says why.
    """
    if each.act is None:
        raise ValueError(
            f"{each.id} has nothing to step through: it is {each.kind.value} ({each.reason})"
        )
    act = cast(Callable[[Machine], None], each.act)
    return Scenario(
        name=f"defect:{each.id}",
        title=f"{each.id}: {each.title}",
        boot=each.setting.boot,
        tasks=(act,),
        variant=variant_named(each.base),
        config=each.setting.config(),
        stops=_stops(each),
    )


def _stops(each: Record) -> tuple[Stop, ...]:
    """The place in the posted code; none where a repair that is in force stands there instead."""
    places = [PLACES[key] for key in re.findall(r"[FH]\d+", each.hunk) if key in PLACES]
    if not places or each.after:
        return ()
    return (Stop(places[0], f"Here: {each.title}", each.wrong),)


def recording(each: Record, variant: Variant | None = None) -> Recording:
    """Run the scene of a shown record under the recorder, on the version in which it is seen or on another.

    Raises:
        ValueError: the record has no scene.
    """
    return run_recorded(scenario_for(each), variant)
