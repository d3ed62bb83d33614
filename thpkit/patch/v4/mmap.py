"""Choosing an address in v4: without the tests of length, hint and MAP_FIXED (K21; D24 goes, MAYWRITE stays gone).

Models: mm/mmap.c, as changed by the patch v4 2/2.
Left out: nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import huge_memory, mmap, units
from thpkit.kernel.flags import MapFlags, Prot, VmFlags
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import mmap as v3_mmap

if TYPE_CHECKING:
    from thpkit.kernel.fs import File


@replaces(v3_mmap.ro_exec_place)
def ro_exec_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """Choose the address, and whether the mapping may ever become writable.

    Models: mm/mmap.c: the block in the middle of do_mmap (v4).
    """
    may_write = VmFlags.MAYWRITE
    wanted = prot & Prot.READ and prot & Prot.EXEC and not prot & Prot.WRITE
    if wanted and flags & MapFlags.PRIVATE:
        result = huge_memory.thp_get_unmapped_area(file, addr, length, pgoff, flags)  # type: ignore[arg-type]
        if result and not result & (units.HPAGE_PMD_SIZE - 1):
            may_write = VmFlags.NONE
        else:
            result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
    else:
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
    return result, may_write
