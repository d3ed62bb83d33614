"""Repairs of how mmap chooses an address and what the mapping may become.

Models: no kernel; each function is one of the patch's with one thing mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import huge_memory, mmap, units
from thpkit.kernel.flags import FMode, MapFlags, Prot, VmFlags
from thpkit.kernel.kobject import primitive
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import mmap as v3_mmap

if TYPE_CHECKING:
    from thpkit.kernel.fs import File


@primitive
def looks_like_text(addr: VirtAddr, length: int, prot: Prot, flags: MapFlags) -> bool:
    """The condition of the posted code: rights, private by one bit, not fixed, long enough, an aligned hint."""
    return bool(
        prot & Prot.READ
        and prot & Prot.EXEC
        and not prot & Prot.WRITE
        and flags & MapFlags.PRIVATE
        and not flags & MapFlags.FIXED
        and length >= units.HPAGE_PMD_SIZE
        and not addr & (units.HPAGE_PMD_SIZE - 1)
    )


def aligned_place(
    file: File | None, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
) -> tuple[int, bool]:
    """The posted choice: the address, and whether it came out aligned and was kept."""
    result = huge_memory.thp_get_unmapped_area(file, addr, length, pgoff, flags)  # type: ignore[arg-type]
    if result and not result & (units.HPAGE_PMD_SIZE - 1):
        return result, True
    return mmap.get_unmapped_area(file, addr, length, pgoff, flags), False


@replaces(v3_mmap.ro_exec_place)
def k23_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """K23, D41: an address is an address; what a mapping may become is never touched."""
    if not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, _aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def d21_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """D21: memory without a file has no huge pages of a file, and may become writable."""
    if file is None or not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def d22_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """D22: a file that chooses its own addresses is asked, and every address is checked."""
    chooses = file is not None and file.f_op.get_unmapped_area is not None
    if chooses or not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def d23_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """D23: the right address is congruent to the offset in the file; that is aligned only where the offset is."""
    if not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result = huge_memory.thp_get_unmapped_area(file, addr, length, pgoff, flags)  # type: ignore[arg-type]
    distance = (result >> units.PAGE_SHIFT) - pgoff
    if result > 0 and not distance & units.HPAGE_CACHE_INDEX_MASK:
        return result, VmFlags.NONE
    result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
    return result, VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def d24_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """D24: a fixed address that is aligned is treated like one that was chosen, as the posted comment says."""
    others = flags & ~MapFlags.FIXED
    if not looks_like_text(addr, length, prot, others):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def d41_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """D41: the type of a mapping is a number, not a bit: SHARED_VALIDATE is no kind of PRIVATE."""
    private = flags & MapFlags.TYPE == MapFlags.PRIVATE
    if not private or not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def k22_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """K22: only a file that was opened read-only is placed with huge pages in mind."""
    readonly = file is not None and not file.f_mode & FMode.WRITE
    if not readonly or not looks_like_text(addr, length, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def k19_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """K19: what cannot be written qualifies, whether it may be executed or not."""
    as_text = prot if prot & Prot.WRITE else prot | Prot.READ | Prot.EXEC
    if not looks_like_text(addr, length, as_text, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE


@replaces(v3_mmap.ro_exec_place)
def k21_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """K21: length and hint are thp_get_unmapped_area's business."""
    if not looks_like_text(VirtAddr(0), units.HPAGE_PMD_SIZE, prot, flags):
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
        return result, VmFlags.MAYWRITE
    result, aligned = aligned_place(file, addr, length, pgoff, flags)
    return result, VmFlags.NONE if aligned else VmFlags.MAYWRITE
