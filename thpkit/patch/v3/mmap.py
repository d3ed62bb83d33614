"""mmap as posted (hunk H10): choose an aligned address for what looks like program text, and forbid writing for good.

Models: mm/mmap.c, as changed by the patch v3 2/2 against v5.3.
Left out: as in the kernel's own mmap.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from thpkit.kernel import current, huge_memory, mmap, units
from thpkit.kernel.flags import FMode, MapFlags, Prot, VmFlags
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import File


@replaces(mmap.do_mmap)
def do_mmap(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> int:
    """Make a mapping of ``length`` bytes, of ``file`` from page ``pgoff`` on or of anonymous memory.

    mmap_sem is held for writing. ``addr`` is a hint, or with FIXED the place.

    Differs: a length above TASK_SIZE is refused at once, as in the kit's own; v5.3 leaves that to get_unmapped_area.

    Models: hunk H10: mm/mmap.c: do_mmap. Left out: as in the kit's own.
    """
    mm = current.mm()
    if length == 0:
        return -errno.EINVAL
    if flags & MapFlags.FIXED_NOREPLACE:
        flags = flags | MapFlags.FIXED
    if not flags & MapFlags.FIXED:
        addr = mmap.round_hint_to_min(addr)
    length = units.page_align(length)
    if length == 0 or length > units.TASK_SIZE:
        return -errno.ENOMEM
    if mm.map_count > mmap.MAX_MAP_COUNT:
        return -errno.ENOMEM

    result, vm_maywrite = ro_exec_place(file, addr, length, prot, flags, pgoff)
    if mmap.IS_ERR_VALUE(result):
        return result
    addr = VirtAddr(result)
    if flags & MapFlags.FIXED_NOREPLACE:
        vma = mmap.find_vma(mm, addr)
        if vma is not None and vma.vm_start < addr + length:
            return -errno.EEXIST

    vm_flags = mmap.calc_vm_prot_bits(prot) | mmap.calc_vm_flag_bits(flags)
    vm_flags = vm_flags | mm.def_flags
    vm_flags = vm_flags | VmFlags.MAYREAD | vm_maywrite | VmFlags.MAYEXEC
    map_type = flags & MapFlags.TYPE
    if file is None:
        if map_type == MapFlags.SHARED:
            return -errno.ENODEV
        if map_type != MapFlags.PRIVATE:
            return -errno.EINVAL
        return mmap.mmap_region(
            None, addr, length, vm_flags, Pgoff(addr >> units.PAGE_SHIFT)
        )

    if not mmap.file_mmap_ok(pgoff, length):
        return -errno.EOVERFLOW
    if map_type == MapFlags.SHARED or map_type == MapFlags.SHARED_VALIDATE:
        if map_type == MapFlags.SHARED_VALIDATE and flags & ~mmap.LEGACY_MAP_MASK:
            return -errno.EOPNOTSUPP
        if prot & Prot.WRITE and not file.f_mode & FMode.WRITE:
            return -errno.EACCES
        vm_flags = vm_flags | VmFlags.SHARED | VmFlags.MAYSHARE
        if not file.f_mode & FMode.WRITE:
            vm_flags = vm_flags & ~(VmFlags.MAYWRITE | VmFlags.SHARED)
    elif map_type != MapFlags.PRIVATE:
        return -errno.EINVAL
    if not file.f_mode & FMode.READ:
        return -errno.EACCES
    if vm_flags & VmFlags.GROWSDOWN:
        return -errno.EINVAL
    return mmap.mmap_region(file, addr, length, vm_flags, pgoff)


def ro_exec_place(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> tuple[int, VmFlags]:
    """Choose the address, and whether the mapping may ever become writable.

    For what is readable, executable, not writable, "private" by one bit of its type (D41), not fixed, long enough and
    with an aligned hint: a place for huge pages, called for directly and even without a file (D21, D22). If it came
    out aligned, which is not the right test (D23), MAYWRITE is taken away.

    Returns:
        An address or a negative errno, and MAYWRITE or nothing.

    Models: hunk H10: the block in the middle of do_mmap.
    """
    may_write = VmFlags.MAYWRITE
    offset_in_block = addr & (units.HPAGE_PMD_SIZE - 1)
    if (
        prot & Prot.READ
        and prot & Prot.EXEC
        and not prot & Prot.WRITE
        and flags & MapFlags.PRIVATE
        and not flags & MapFlags.FIXED
        and length >= units.HPAGE_PMD_SIZE
        and not offset_in_block
    ):
        # `file` may be NULL: the posted code does not ask, and mypy is right to complain.
        result = huge_memory.thp_get_unmapped_area(file, addr, length, pgoff, flags)  # type: ignore[arg-type]
        if result and not result & (units.HPAGE_PMD_SIZE - 1):
            may_write = VmFlags.NONE
        else:
            result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
    else:
        result = mmap.get_unmapped_area(file, addr, length, pgoff, flags)
    return result, may_write
