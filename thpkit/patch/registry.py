"""Versions of the kernel by name: ``ref``, ``v3``, ``v4``, ``v5``, and ``v3+D7`` for v3 with a repair."""

from __future__ import annotations

from functools import cache
from typing import Final

from thpkit.kernel.variant import REF, Variant
from thpkit.patch.repairs.table import REPAIRS, repaired
from thpkit.patch.versions import V3, V4, V5

POSTED: Final[dict[str, Variant]] = {"ref": REF, "v3": V3, "v4": V4, "v5": V5}
"""The versions that are no combination."""


@cache
def variant_named(name: str) -> Variant:
    """The version of that name; ``v3+D2+D5`` has two repairs.

    Raises:
        ValueError: there is no such version; the message says which there are.
    """
    if name in POSTED:
        return POSTED[name]
    base, *ids = name.split("+")
    known = {each.id for each in REPAIRS}
    wanted = [each.upper() for each in ids]
    if base != "v3" or not wanted or not set(wanted) <= known:
        raise ValueError(
            f"there is no version {name!r}; there are ref, v3, v4, v5, and v3+ID for the repairs "
            f"{', '.join(known_ids())}"
        )
    return repaired(wanted)


def known_ids() -> list[str]:
    """The names of all single repairs."""
    return [each.id for each in REPAIRS]
