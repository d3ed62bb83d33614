"""Exercise ex03: a mapping begins at the roundest of addresses, and no huge page ever fits into it.

This is the function that chooses where a mapping of a file should stand. It stands in for the kit's function of the
same name, in thpkit/kernel/huge_memory.py; everything else of the kernel is the kit's and correct. The README beside
this file tells the story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import huge_memory, mmap, units
from thpkit.kernel.flags import MapFlags
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import File


@replaces(huge_memory.__thp_get_unmapped_area)
def __thp_get_unmapped_area(
    filp: File, length: int, off: int, flags: MapFlags, size: int
) -> int:
    """Find ``length`` bytes whose address is congruent to file offset ``off`` modulo ``size`` (all in bytes).

    It asks for ``size`` bytes more than needed and moves up inside the hole.

    Returns:
        The address; 0 if no whole block of ``size`` lies inside the mapping, or there is no such hole.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/huge_memory.c: __thp_get_unmapped_area (v5.3). Left out: nothing.
    """
    off_end = off + length
    off_align = units.round_up(off, size)
    if off_end <= off_align or off_end - off_align < size:
        return 0
    len_pad = length + size
    if len_pad < length or off + len_pad < off:
        return 0
    addr = mmap.arch_get_unmapped_area_topdown(
        filp, VirtAddr(0), len_pad, Pgoff(off >> units.PAGE_SHIFT), flags
    )
    if mmap.IS_ERR_VALUE(addr):
        return 0
    addr = units.round_up(addr, size)
    return addr
