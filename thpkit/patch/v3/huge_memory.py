"""Choosing an address as posted (hunk H9): the condition for DAX is compiled out, and nothing takes its place.

Models: mm/huge_memory.c, as changed by the patch v3 2/2 against v5.3.
Left out: nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import huge_memory, mmap, units
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.flags import MapFlags
    from thpkit.kernel.fs import File


@replaces(huge_memory.thp_get_unmapped_area)
def thp_get_unmapped_area(
    filp: File, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
) -> int:
    """Choose an address for a mapping so that huge pages of the file can lie under PMDs.

    A hint, or a mapping without a whole block: the plain search. ``filp`` is never looked into, so it may be NULL.

    Models: hunk H9: mm/huge_memory.c: thp_get_unmapped_area, with the option on.
    """
    off = pgoff << units.PAGE_SHIFT
    if not addr:
        chosen = huge_memory.__thp_get_unmapped_area(
            filp, length, off, flags, units.PMD_SIZE
        )
        if chosen:
            return chosen
    return mmap.arch_get_unmapped_area_topdown(filp, addr, length, pgoff, flags)
