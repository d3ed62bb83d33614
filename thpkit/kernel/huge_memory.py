"""Huge pages: who may have one, where a mapping should stand, how one is mapped, zapped and split.

Models: mm/huge_memory.c, include/linux/huge_mm.h (v5.3).
Left out: anonymous huge pages, khugepaged, splitting of the page itself, PUD-sized pages, page-table deposit
(x86-64 needs none for file pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import (
    current,
    locks,
    memory,
    mmap,
    page_alloc,
    pgtable,
    rmap,
    splat,
    swap,
    units,
    vmstat,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import FMode, MapFlags, VmFlags
from thpkit.kernel.kobject import primitive
from thpkit.kernel.splat import ThpPolicy
from thpkit.kernel.units import Pgoff, VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.fs import File
    from thpkit.kernel.memory import MmuGather
    from thpkit.kernel.mm_types import VmArea
    from thpkit.kernel.page import Page
    from thpkit.kernel.pgtable import EntryPtr


# ---- eligibility ----------------------------------------------------------------------------------------


def transhuge_vma_suitable(vma: VmArea, haddr: VirtAddr) -> bool:
    """Whether the 2 MiB at ``haddr`` of this mapping can be one PMD: congruent to the file, and wholly inside.

    Congruent means that address and file index agree modulo 512 pages; only then does one huge page of the file lie
    under exactly one PMD. Neither of them need be a multiple of 512 by itself.

    Locks: entry mmap_sem; never sleeps.
    Models: include/linux/huge_mm.h: transhuge_vma_suitable (v5.3). Left out: nothing.
    """
    if vma.vm_ops is not None:
        first_page = vma.vm_start >> units.PAGE_SHIFT
        if (first_page & units.HPAGE_CACHE_INDEX_MASK) != (
            vma.vm_pgoff & units.HPAGE_CACHE_INDEX_MASK
        ):
            return False
    if haddr < vma.vm_start or haddr + units.HPAGE_PMD_SIZE > vma.vm_end:
        return False
    return True


@primitive
def transparent_hugepage_enabled(vma: VmArea) -> bool:
    """Whether policy allows huge pages in this mapping: ``__transparent_hugepage_enabled``.

    Models: include/linux/huge_mm.h. Left out: temporary stacks, MMF_DISABLE_THP, DAX.
    """
    if vma.vm_flags & VmFlags.NOHUGEPAGE:
        return False
    policy = current.kernel.config.thp
    if policy is ThpPolicy.ALWAYS:
        return True
    return policy is ThpPolicy.MADVISE and bool(vma.vm_flags & VmFlags.HUGEPAGE)


# ---- choosing an address --------------------------------------------------------------------------------


def thp_get_unmapped_area(
    filp: File, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
) -> int:
    """Choose an address for a mapping so that huge pages of the file can lie under PMDs.

    A hint, MAP_FIXED, a file that is open for writing here, or a mapping without a whole block: the plain search.

    Returns:
        The address, or a negative errno.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/huge_memory.c: thp_get_unmapped_area (v5.3). Left out: nothing.
    Differs from v5.3: asks for a file opened read-only where v5.3 asks for DAX, and tests MAP_FIXED, which v5.3 does
    not.
    """
    off = pgoff << units.PAGE_SHIFT
    if addr == 0 and not flags & MapFlags.FIXED and not filp.f_mode & FMode.WRITE:
        chosen = __thp_get_unmapped_area(filp, length, off, flags, units.PMD_SIZE)
        if chosen:
            return chosen
    return mmap.arch_get_unmapped_area_topdown(filp, addr, length, pgoff, flags)


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
    addr = addr + ((off - addr) & (size - 1))
    return addr


# ---- making and freeing the page ------------------------------------------------------------------------


def prep_transhuge_page(page: Page) -> None:
    """Let a fresh compound page be freed as a huge page.

    Locks: none (nobody else can see the page yet); never sleeps.
    Models: mm/huge_memory.c: prep_transhuge_page (v5.3). Left out: the deferred-split list in the second tail.
    """
    page_h.nth_page(page, 1).compound_dtor = page_h.TRANSHUGE_PAGE_DTOR


def free_transhuge_page(page: Page) -> None:
    """Destructor of a huge page.

    Locks: none; never sleeps.
    Models: mm/huge_memory.c: free_transhuge_page (v5.3).
    Left out: the deferred-split queue and its lock (no file page is on it).
    """
    page_alloc.free_compound_page(page)


# ---- unmapping ------------------------------------------------------------------------------------------


def zap_huge_pmd(tlb: MmuGather, vma: VmArea, pmd: EntryPtr) -> bool:
    """Take one huge mapping away, whole.

    Returns:
        False if the PMD was not huge any more.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: the mapping's is queued, and dropped when the gather is flushed.
    Models: mm/huge_memory.c: zap_huge_pmd (v5.3). Left out: anonymous and DAX mappings, deposited tables.
    """
    ptl = pgtable.pmd_lockptr(pmd)
    locks.spin_lock(ptl)
    if not pgtable.pmd_trans_huge(pgtable.entry_val(pmd)):
        locks.spin_unlock(ptl)
        return False
    orig_pmd = pgtable.clear_entry(pmd)
    page = pgtable.entry_page(orig_pmd)
    rmap.page_remove_rmap(page, True)
    splat.VM_BUG_ON_PAGE(
        page_h.page_mapcount(page) < 0, page, "unmapped more often than mapped"
    )
    splat.VM_BUG_ON_PAGE(
        not page_h.PageHead(page), page, "a huge PMD maps a page that is no head"
    )
    memory.add_mm_counter(vma.vm_mm, memory.mm_counter(page), -units.HPAGE_PMD_NR)
    locks.spin_unlock(ptl)
    memory.tlb_remove_page(tlb, page)
    return True


def split_huge_pmd(vma: VmArea, pmd: EntryPtr, address: VirtAddr) -> None:
    """Split a huge mapping if there is one here; see :func:`__split_huge_pmd`.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: drops the mapping's, if there was one.
    Models: include/linux/huge_mm.h: split_huge_pmd (v5.3). Left out: nothing.
    """
    if pgtable.pmd_trans_huge(pgtable.entry_val(pmd)):
        __split_huge_pmd(vma, pmd, address)


def __split_huge_pmd(vma: VmArea, pmd: EntryPtr, address: VirtAddr) -> None:
    """Undo a huge mapping of a file page: the PMD becomes none, and the next access faults again.

    The huge page itself stays whole in the cache.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: drops the mapping's.
    Models: mm/huge_memory.c: __split_huge_pmd, __split_huge_pmd_locked (v5.3), for a file mapping.
    Left out: notifiers, mlock, the dirty bit, anonymous mappings, deposits.
    Differs: the reference goes last, because the counter still looks at the page, and after the lock.
    """
    ptl = pgtable.pmd_lockptr(pmd)
    locks.spin_lock(ptl)
    if not pgtable.pmd_trans_huge(pgtable.entry_val(pmd)):
        locks.spin_unlock(ptl)
        return
    vmstat.count_vm_event(vmstat.THP_SPLIT_PMD)
    orig_pmd = pgtable.clear_entry(pmd)
    page = pgtable.entry_page(orig_pmd)
    if pgtable.entry_young(orig_pmd):
        swap.mark_page_accessed(page)
    rmap.page_remove_rmap(page, True)
    memory.add_mm_counter(vma.vm_mm, memory.mm_counter(page), -units.HPAGE_PMD_NR)
    locks.spin_unlock(ptl)
    swap.put_page(page)


def vma_adjust_trans_huge(vma: VmArea, address: VirtAddr) -> None:
    """Before a mapping is cut at ``address``: split the huge PMD that the cut goes through, if any.

    Locks: entry mmap_sem for writing; takes ptl; never sleeps.
    References: as __split_huge_pmd.
    Models: mm/huge_memory.c: vma_adjust_trans_huge (v5.3), for one edge. Left out: the neighbour that grows.
    """
    if address & (units.HPAGE_PMD_SIZE - 1) == 0:
        return
    path = pgtable.walk(vma.vm_mm, address)
    if path[-1].table.level == pgtable.Level.PMD:
        split_huge_pmd(vma, path[-1], address)
