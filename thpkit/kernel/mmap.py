"""Making, finding, cutting and removing mappings.

Models: mm/mmap.c, arch/x86/mm/mmap.c, include/linux/mman.h (v5.3).
Left out: merging of neighbours, accounting of memory promises, mlock, stack growth, huge TLB mappings.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from thpkit.kernel import current, fs, huge_memory, locks, memory, pgtable, swap, units
from thpkit.kernel.flags import FMode, MapFlags, Prot, VmFlags
from thpkit.kernel.kobject import primitive
from thpkit.kernel.mm_types import MmStruct, VmArea
from thpkit.kernel.units import Pgoff, VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.fs import File

MAX_ERRNO = 4095
MAX_LFS_FILESIZE = (1 << 63) - 1
"""Longest file, in bytes."""
LEGACY_MAP_MASK = int(
    MapFlags.SHARED
    | MapFlags.PRIVATE
    | MapFlags.FIXED
    | MapFlags.ANONYMOUS
    | MapFlags.GROWSDOWN
    | MapFlags.DENYWRITE
    | MapFlags.EXECUTABLE
    | MapFlags.LOCKED
    | MapFlags.NORESERVE
    | MapFlags.POPULATE
)
"""The flags that SHARED_VALIDATE knows; FIXED_NOREPLACE came later and is not among them."""
MAX_MAP_COUNT = 65530
"""Most mappings one address space may have (vm.max_map_count)."""


@primitive
def IS_ERR_VALUE(value: int) -> bool:
    """Whether a number that is an address or a negative errno is the errno."""
    return -MAX_ERRNO <= value < 0


# ---- mmap -----------------------------------------------------------------------------------------------


def do_mmap(
    file: File | None,
    addr: VirtAddr,
    length: int,
    prot: Prot,
    flags: MapFlags,
    pgoff: Pgoff,
) -> int:
    """Make a mapping of ``length`` bytes, of ``file`` from page ``pgoff`` on or of anonymous memory.

    ``addr`` is a hint, or with FIXED the place.

    Returns:
        The address, or a negative errno. With FIXED the old mappings of the range may be gone even then.

    Locks: entry mmap_sem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: the mapping takes one on the file.
    Models: mm/mmap.c: do_mmap (v5.3).
    Left out: READ_IMPLIES_EXEC, protection keys, mlock, noexec mounts, populate, shared anonymous memory (−ENODEV: it
    would be shmem).
    """
    mm = current.mm()
    if length == 0:
        return -errno.EINVAL
    if flags & MapFlags.FIXED_NOREPLACE:
        flags = flags | MapFlags.FIXED
    if not flags & MapFlags.FIXED:
        addr = round_hint_to_min(addr)
    length = units.page_align(length)
    if length == 0 or length > units.TASK_SIZE:
        return -errno.ENOMEM
    if mm.map_count > MAX_MAP_COUNT:
        return -errno.ENOMEM

    result = get_unmapped_area(file, addr, length, pgoff, flags)
    if IS_ERR_VALUE(result):
        return result
    addr = VirtAddr(result)
    if flags & MapFlags.FIXED_NOREPLACE:
        vma = find_vma(mm, addr)
        if vma is not None and vma.vm_start < addr + length:
            return -errno.EEXIST

    vm_flags = calc_vm_prot_bits(prot) | calc_vm_flag_bits(flags) | mm.def_flags
    vm_flags = vm_flags | VmFlags.MAYREAD | VmFlags.MAYWRITE | VmFlags.MAYEXEC
    map_type = flags & MapFlags.TYPE
    if file is None:
        if map_type == MapFlags.SHARED:
            return -errno.ENODEV
        if map_type != MapFlags.PRIVATE:
            return -errno.EINVAL
        return mmap_region(
            None, addr, length, vm_flags, Pgoff(addr >> units.PAGE_SHIFT)
        )

    if not file_mmap_ok(pgoff, length):
        return -errno.EOVERFLOW
    if map_type == MapFlags.SHARED or map_type == MapFlags.SHARED_VALIDATE:
        if map_type == MapFlags.SHARED_VALIDATE and int(flags) & ~LEGACY_MAP_MASK:
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
    return mmap_region(file, addr, length, vm_flags, pgoff)


@primitive
def file_mmap_ok(pgoff: Pgoff, length: int) -> bool:
    """Whether the range lies inside what a file can be long.

    Models: mm/mmap.c: file_mmap_ok (regular files).
    """
    return (
        length <= MAX_LFS_FILESIZE
        and pgoff <= (MAX_LFS_FILESIZE - length) >> units.PAGE_SHIFT
    )


@primitive
def round_hint_to_min(hint: VirtAddr) -> VirtAddr:
    """A hint rounded down to a page and not below the lowest address a user may map."""
    hint = units.round_down(hint, units.PAGE_SIZE)
    return VirtAddr(max(hint, units.MMAP_MIN_ADDR)) if hint else hint


@primitive
def calc_vm_prot_bits(prot: Prot) -> VmFlags:
    """The access bits of a VMA for a protection: they have the same values."""
    return VmFlags(int(prot))


@primitive
def calc_vm_flag_bits(flags: MapFlags) -> VmFlags:
    """The VMA bits that mmap's flags ask for."""
    vm_flags = VmFlags.NONE
    if flags & MapFlags.GROWSDOWN:
        vm_flags |= VmFlags.GROWSDOWN
    if flags & MapFlags.DENYWRITE:
        vm_flags |= VmFlags.DENYWRITE
    if flags & MapFlags.LOCKED:
        vm_flags |= VmFlags.LOCKED
    return vm_flags


def mmap_region(
    file: File | None, addr: VirtAddr, length: int, vm_flags: VmFlags, pgoff: Pgoff
) -> int:
    """Put a new mapping at [addr, addr + length), replacing what is there.

    Returns:
        The address, or a negative errno.

    Locks: entry mmap_sem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: the mapping takes one on the file.
    Models: mm/mmap.c: mmap_region (v5.3). Left out: limits, merging, accounting.
    """
    mm = current.mm()
    error = do_munmap(mm, addr, length)
    if error:
        return error
    vma = new_vma(mm, addr, length, vm_flags, pgoff)
    if file is not None:
        if vm_flags & VmFlags.DENYWRITE:
            error = fs.deny_write_access(file)
            if error:
                return error
        vma.vm_file = fs.get_file(file)
        error = file.f_op.mmap(file, vma)
        if error:
            if vm_flags & VmFlags.DENYWRITE:
                fs.allow_write_access(file)
            fs.fput(file)
            return error
    vma_link(mm, vma)
    mm.total_vm = mm.total_vm + (length >> units.PAGE_SHIFT)
    return addr


@primitive
def new_vma(
    mm: MmStruct, addr: VirtAddr, length: int, vm_flags: VmFlags, pgoff: Pgoff
) -> VmArea:
    """A mapping that is in no list yet."""
    return VmArea(
        current.new_name("vma"),
        vm_start=addr,
        vm_end=units.advance(addr, length),
        vm_mm=mm,
        vm_flags=vm_flags,
        vm_page_prot=pgtable.vm_get_page_prot(vm_flags),
        vm_pgoff=pgoff,
    )


# ---- choosing an address --------------------------------------------------------------------------------


def get_unmapped_area(
    file: File | None, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
) -> int:
    """Choose and check the address of a new mapping. A file system may choose for its own files.

    Returns:
        A page-aligned address with room for ``length`` bytes, or a negative errno.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/mmap.c: get_unmapped_area (v5.3). Left out: arch_mmap_check, LSM hooks other than the lowest address.
    """
    if length > units.TASK_SIZE:
        return -errno.ENOMEM
    get_area = file.f_op.get_unmapped_area if file is not None else None
    if file is not None and get_area is not None:
        result = get_area(file, addr, length, pgoff, flags)
    else:
        result = arch_get_unmapped_area_topdown(file, addr, length, pgoff, flags)
    if IS_ERR_VALUE(result):
        return result
    if result > units.TASK_SIZE - length:
        return -errno.ENOMEM
    if result & (units.PAGE_SIZE - 1):
        return -errno.EINVAL
    if result < units.MMAP_MIN_ADDR:
        return -errno.EPERM
    return result


def arch_get_unmapped_area_topdown(
    file: File | None, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
) -> int:
    """The plain search: a fixed address, a usable hint, else the highest hole below mmap_base.

    Returns:
        An address, or −ENOMEM.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/mmap.c: arch_get_unmapped_area_topdown (v5.3). Left out: MAP_32BIT, five-level addresses, guard gaps.
    """
    mm = current.mm()
    if length > units.TASK_SIZE - units.MMAP_MIN_ADDR:
        return -errno.ENOMEM
    if flags & MapFlags.FIXED:
        return addr
    if addr:
        addr = units.page_align(addr)
        vma = find_vma(mm, addr)
        if units.TASK_SIZE - length >= addr and (
            vma is None or addr + length <= vma.vm_start
        ):
            return addr
    low = VirtAddr(units.MMAP_MIN_ADDR)
    result = vm_unmapped_area_topdown(mm, length, low, mm.mmap_base)
    if IS_ERR_VALUE(result):
        result = vm_unmapped_area_bottomup(
            mm, length, VirtAddr(units.page_align(units.TASK_SIZE // 3))
        )
    return result


def vm_unmapped_area_topdown(
    mm: MmStruct, length: int, low: VirtAddr, high: VirtAddr
) -> int:
    """The highest address in [low, high) with ``length`` free bytes, or −ENOMEM.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/mmap.c: unmapped_area_topdown (v5.3). Left out: alignment.
    Differs: walks the list instead of a tree of gaps.
    """
    gap_end = high
    vma = last_vma(mm)
    while vma is not None:
        if vma.vm_end <= gap_end and gap_end - vma.vm_end >= length:
            break
        gap_end = VirtAddr(min(gap_end, vma.vm_start))
        vma = vma.vm_prev
    addr = gap_end - length
    return addr if addr >= low else -errno.ENOMEM


def vm_unmapped_area_bottomup(mm: MmStruct, length: int, low: VirtAddr) -> int:
    """The lowest address from ``low`` on with ``length`` free bytes, or −ENOMEM.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/mmap.c: unmapped_area (v5.3). Left out: alignment. Differs: as the top-down search.
    """
    addr = low
    vma = find_vma(mm, low)
    while vma is not None and vma.vm_start < addr + length:
        addr = vma.vm_end
        vma = vma.vm_next
    return addr if addr + length <= units.TASK_SIZE else -errno.ENOMEM


# ---- the list of mappings ---------------------------------------------------------------------------------


@primitive
def find_vma(mm: MmStruct, addr: VirtAddr) -> VmArea | None:
    """The first mapping that ends above ``addr``: it holds the address or lies after it. None if there is none."""
    vma = mm.mmap
    while vma is not None and vma.vm_end <= addr:
        vma = vma.vm_next
    return vma


@primitive
def last_vma(mm: MmStruct) -> VmArea | None:
    """The mapping with the highest address."""
    vma = mm.mmap
    while vma is not None and vma.vm_next is not None:
        vma = vma.vm_next
    return vma


def vma_link(mm: MmStruct, vma: VmArea) -> None:
    """Put a mapping into its address space and into its file's list of mappings.

    Locks: entry mmap_sem for writing; takes i_mmap_rwsem for writing; may sleep.
    Models: mm/mmap.c: vma_link, __vma_link, __vma_link_file (v5.3). Left out: the red-black tree.
    """
    if vma.vm_file is not None:
        mapping = vma.vm_file.f_mapping
        locks.down_write(mapping.i_mmap_rwsem)
        link_in_list(mm, vma)
        link_in_file(vma)
        locks.up_write(mapping.i_mmap_rwsem)
    else:
        link_in_list(mm, vma)
    mm.map_count = mm.map_count + 1


@primitive
def link_in_list(mm: MmStruct, vma: VmArea) -> None:
    """Insert a mapping into the address-ordered list."""
    after = find_vma(mm, vma.vm_start)
    before = after.vm_prev if after is not None else last_vma(mm)
    vma.vm_next = after
    vma.vm_prev = before
    if after is not None:
        after.vm_prev = vma
    if before is not None:
        before.vm_next = vma
    else:
        mm.mmap = vma


@primitive
def unlink_from_list(mm: MmStruct, vma: VmArea) -> None:
    """Take a mapping out of the address-ordered list."""
    if vma.vm_prev is not None:
        vma.vm_prev.vm_next = vma.vm_next
    else:
        mm.mmap = vma.vm_next
    if vma.vm_next is not None:
        vma.vm_next.vm_prev = vma.vm_prev
    vma.vm_next = None
    vma.vm_prev = None


@primitive
def link_in_file(vma: VmArea) -> None:
    """Enter a mapping into its file's list, and count it if it is shared."""
    file = memory.vma_file(vma)
    if vma.vm_flags & VmFlags.SHARED:
        file.f_mapping.i_mmap_writable = file.f_mapping.i_mmap_writable + 1
    file.f_mapping.i_mmap[(vma.vm_pgoff, vma.kname)] = vma


@primitive
def unlink_from_file(vma: VmArea) -> None:
    """Take a mapping out of its file's list, and let the file be written if only this one forbade it."""
    file = memory.vma_file(vma)
    if vma.vm_flags & VmFlags.DENYWRITE:
        fs.allow_write_access(file)
    if vma.vm_flags & VmFlags.SHARED:
        file.f_mapping.i_mmap_writable = file.f_mapping.i_mmap_writable - 1
    del file.f_mapping.i_mmap[(vma.vm_pgoff, vma.kname)]


# ---- munmap ---------------------------------------------------------------------------------------------


def do_munmap(mm: MmStruct, start: VirtAddr, length: int) -> int:
    """Remove every mapping, or part of one, in [start, start + length).

    Returns:
        0 (also if nothing was there), −EINVAL for an unaligned or impossible range, −ENOMEM for too many mappings.

    Locks: entry mmap_sem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/mmap.c: __do_munmap (v5.3). Left out: downgrading mmap_sem, mlock.
    """
    if (
        start & (units.PAGE_SIZE - 1)
        or start > units.TASK_SIZE
        or length > units.TASK_SIZE - start
    ):
        return -errno.EINVAL
    end = units.advance(start, units.page_align(length))
    if end == start:
        return -errno.EINVAL
    vma = find_vma(mm, start)
    if vma is None or vma.vm_start >= end:
        return 0
    if start > vma.vm_start:
        if end < vma.vm_end and mm.map_count >= MAX_MAP_COUNT:
            return -errno.ENOMEM
        vma = split_vma(mm, vma, start)
    last = find_vma(mm, end)
    if last is not None and end > last.vm_start:
        split_vma(mm, last, end)
        vma = find_vma(mm, start)
    unmap_region(mm, vma, start, end)
    return 0


def split_vma(mm: MmStruct, vma: VmArea, addr: VirtAddr) -> VmArea:
    """Cut a mapping in two at ``addr``, splitting a huge PMD that the cut goes through.

    Returns:
        The upper part.

    Locks: entry mmap_sem for writing; takes i_mmap_rwsem for writing, ptl; may sleep.
    References: the upper part takes one on the file.
    Models: mm/mmap.c: __split_vma, __vma_adjust (v5.3). Left out: limits, policies, anon_vma.
    """
    huge_memory.vma_adjust_trans_huge(vma, addr)
    pgoff = memory.linear_page_index(vma, addr)
    upper = new_vma(mm, addr, vma.vm_end - addr, vma.vm_flags, pgoff)
    upper.vm_ops = vma.vm_ops
    upper.anon_vma = vma.anon_vma
    if vma.vm_file is None:
        vma.vm_end = addr
        link_in_list(mm, upper)
    else:
        upper.vm_file = fs.get_file(vma.vm_file)
        if vma.vm_flags & VmFlags.DENYWRITE:
            fs.deny_write_access(vma.vm_file)
        # Truncation walks the file's list under this lock: it must see either the whole or both parts.
        mapping = vma.vm_file.f_mapping
        locks.down_write(mapping.i_mmap_rwsem)
        vma.vm_end = addr
        link_in_list(mm, upper)
        link_in_file(upper)
        locks.up_write(mapping.i_mmap_rwsem)
    mm.map_count = mm.map_count + 1
    return upper


def unmap_region(
    mm: MmStruct, vma: VmArea | None, start: VirtAddr, end: VirtAddr
) -> None:
    """Zap the whole mappings from ``vma`` on that lie below ``end``, free unused page tables, then the mappings.

    Locks: entry mmap_sem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the mappings' on the pages after the flush, and those on the files after that.
    Models: mm/mmap.c: unmap_region, unmap_vmas, remove_vma_list (v5.3). Left out: batching.
    Differs: each mapping leaves its file's list right after it is zapped; in the kernel all are zapped first.
    """
    swap.lru_add_drain()
    tlb = memory.tlb_gather_mmu(mm)
    first = vma
    while vma is not None and vma.vm_start < end:
        memory.unmap_page_range(tlb, vma, vma.vm_start, vma.vm_end, None)
        unlink_file_vma(vma)
        vma = vma.vm_next
    memory.free_pgtables(mm, table_floor(mm, start), table_ceiling(mm, end))
    memory.tlb_finish_mmu(tlb)
    vma = first
    while vma is not None and vma.vm_start < end:
        following = vma.vm_next
        remove_vma(mm, vma)
        vma = following


def unlink_file_vma(vma: VmArea) -> None:
    """Take a mapping out of its file's list, so that truncation no longer looks at it.

    Locks: entry mmap_sem for writing; takes i_mmap_rwsem for writing; may sleep.
    Models: mm/mmap.c: unlink_file_vma (v5.3). Left out: nothing.
    """
    if vma.vm_file is None:
        return
    mapping = vma.vm_file.f_mapping
    locks.down_write(mapping.i_mmap_rwsem)
    unlink_from_file(vma)
    locks.up_write(mapping.i_mmap_rwsem)


def remove_vma(mm: MmStruct, vma: VmArea) -> None:
    """Take a zapped mapping out of its address space, and let go of its file.

    Locks: entry mmap_sem for writing; takes page lock, lru_lock, i_pages, RCU; may sleep (both as fput).
    References: drops the one on the file.
    Models: mm/mmap.c: detach_vmas_to_be_unmapped, remove_vma (v5.3). Left out: ->close.
    Differs: detached here, not before zapping.
    """
    mm.map_count = mm.map_count - 1
    mm.total_vm = mm.total_vm - ((vma.vm_end - vma.vm_start) >> units.PAGE_SHIFT)
    unlink_from_list(mm, vma)
    if vma.vm_file is not None:
        fs.fput(vma.vm_file)


@primitive
def table_floor(mm: MmStruct, start: VirtAddr) -> VirtAddr:
    """End of the mapping below ``start``: page tables above it serve nobody else."""
    vma = mm.mmap
    floor = VirtAddr(0)
    while vma is not None and vma.vm_end <= start:
        floor = vma.vm_end
        vma = vma.vm_next
    return floor


@primitive
def table_ceiling(mm: MmStruct, end: VirtAddr) -> VirtAddr:
    """Start of the mapping at or above ``end``, or the end of user space."""
    vma = find_vma(mm, end)
    return (
        vma.vm_start if vma is not None else VirtAddr(units.TASK_SIZE + units.PAGE_SIZE)
    )


def exit_mmap(mm: MmStruct) -> None:
    """Remove every mapping of an address space that nobody uses any more.

    Locks: entry mmap_sem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the mappings' on pages and files.
    Models: mm/mmap.c: exit_mmap (v5.3). Left out: the OOM reaper, mlock.
    Differs: the kernel needs no mmap_sem here: nobody else uses the address space.
    """
    if mm.mmap is not None:
        unmap_region(mm, mm.mmap, VirtAddr(0), VirtAddr(units.TASK_SIZE))
