"""Changing the rights of memory that is mapped already.

Models: mm/mprotect.c, change_huge_pmd of mm/huge_memory.c (v5.3).
Left out: protection keys, NUMA balancing, accounting, merging of neighbours, TLB flushing.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from thpkit.kernel import flags, huge_memory, locks, memory, mmap, pgtable, units
from thpkit.kernel.flags import Prot, VmFlags
from thpkit.kernel.kobject import primitive
from thpkit.kernel.units import VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.mm_types import MmStruct, VmArea
    from thpkit.kernel.pgtable import EntryPtr


def do_mprotect(mm: MmStruct, start: VirtAddr, length: int, prot: Prot) -> int:
    """Give [start, start + length) the rights ``prot``.

    Returns:
        0; −EINVAL for an unaligned start; −ENOMEM if part of the range is not mapped; −EACCES if a mapping may not
        have one of the rights. Mappings before the one that failed keep their new rights, as in the kernel.

    Locks: entry mmap_sem for writing; takes i_mmap_rwsem, ptl; may sleep.
    Models: mm/mprotect.c: do_mprotect_pkey (v5.3). Left out: PROT_GROWSDOWN, PROT_GROWSUP.
    Differs: the caller takes mmap_sem; the kernel does it here.
    """
    if start & (units.PAGE_SIZE - 1):
        return -errno.EINVAL
    if length == 0:
        return 0
    end = units.advance(start, units.page_align(length))
    vma = mmap.find_vma(mm, start)
    if vma is None or vma.vm_start > start:
        return -errno.ENOMEM
    addr = start
    while addr < end:
        if vma is None or vma.vm_start > addr:
            return -errno.ENOMEM
        newflags = new_rights(vma.vm_flags, prot)
        if wants_more_than_may(newflags):
            return -errno.EACCES
        upto = VirtAddr(min(vma.vm_end, end))
        vma = mprotect_fixup(mm, vma, addr, upto, newflags)
        addr = upto
        vma = vma.vm_next
    return 0


@primitive
def new_rights(old: VmFlags, prot: Prot) -> VmFlags:
    """The flags of a mapping with its access bits replaced."""
    return old & ~(
        VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC
    ) | mmap.calc_vm_prot_bits(prot)


@primitive
def wants_more_than_may(newflags: VmFlags) -> bool:
    """Whether an access bit is set whose MAY bit, four places up, is not."""
    access = VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC
    return bool(newflags & ~VmFlags(newflags >> 4) & access)


def mprotect_fixup(
    mm: MmStruct, vma: VmArea, start: VirtAddr, end: VirtAddr, newflags: VmFlags
) -> VmArea:
    """Give [start, end), which lies inside one mapping, new flags: cut the mapping where needed, change the entries.

    Returns:
        The mapping that now covers exactly the range.

    Locks: entry mmap_sem for writing; takes i_mmap_rwsem, ptl; may sleep.
    Models: mm/mprotect.c: mprotect_fixup (v5.3). Left out: accounting, merging.
    """
    if vma.vm_flags == newflags:
        return vma
    if start != vma.vm_start:
        vma = mmap.split_vma(mm, vma, start)
    if end != vma.vm_end:
        mmap.split_vma(mm, vma, end)
    vma.vm_flags = newflags
    vma.vm_page_prot = pgtable.vm_get_page_prot(newflags)
    change_protection(vma, start, end)
    return vma


def change_protection(vma: VmArea, addr: VirtAddr, end: VirtAddr) -> None:
    """Rewrite the entries of [addr, end) with the mapping's new bits.

    Locks: entry mmap_sem for writing; takes ptl; never sleeps.
    Models: mm/mprotect.c: change_protection, change_protection_range (v5.3), and what they call.
    Left out: P4D, notifiers, cond_resched.
    """
    while addr < end:
        next_addr = memory.block_end(addr, end, units.PMD_SIZE)
        ptr = pgtable.walk(vma.vm_mm, addr)[-1]
        if ptr.table.level == pgtable.Level.PTE:
            change_pte_range(vma, ptr, addr, next_addr)
        elif pgtable.pmd_trans_huge(pgtable.entry_val(ptr)):
            change_pmd(vma, ptr, addr, next_addr)
        addr = next_addr


def change_pmd(vma: VmArea, pmd: EntryPtr, addr: VirtAddr, end: VirtAddr) -> None:
    """Rewrite one huge PMD, or split it if only part of it changes.

    Locks: entry mmap_sem for writing; takes ptl; never sleeps.
    References: a split drops the mapping's.
    Models: mm/mprotect.c: change_pmd_range (v5.3); mm/huge_memory.c: change_huge_pmd (v5.3).
    Left out: migration entries.
    """
    if end - addr != units.HPAGE_PMD_SIZE:
        huge_memory.split_huge_pmd(vma, pmd, addr)
        return
    ptl = pgtable.pmd_lockptr(pmd)
    locks.spin_lock(ptl)
    pgtable.set_entry(pmd, entry_modify(pgtable.entry_val(pmd), vma.vm_page_prot))
    locks.spin_unlock(ptl)


def change_pte_range(vma: VmArea, pte: EntryPtr, addr: VirtAddr, end: VirtAddr) -> None:
    """Rewrite the present entries of one PTE table.

    Locks: entry mmap_sem for writing; takes ptl; never sleeps.
    Models: mm/mprotect.c: change_pte_range (v5.3). Left out: swap entries.
    """
    locks.spin_lock(pte.table.ptl)
    while addr < end:
        entry = pgtable.EntryPtr(pte.table, units.pte_index(addr))
        if not pgtable.entry_none(entry):
            pgtable.set_entry(
                entry, entry_modify(pgtable.entry_val(entry), vma.vm_page_prot)
            )
        addr = units.advance(addr, units.PAGE_SIZE)
    locks.spin_unlock(pte.table.ptl)


@primitive
def entry_modify(val: int, prot: int) -> int:
    """pte_modify, pmd_modify: the entry with new rights; frame, size, accessed and dirty stay."""
    kept = flags.PTE_PFN_MASK | flags.PAGE_PSE | flags.PAGE_ACCESSED | flags.PAGE_DIRTY
    return val & kept | prot & ~flags.PAGE_ACCESSED
