"""The page fault from the top of the walk to the entry that is set, and the way back: zapping and freeing tables.

Models: mm/memory.c, mm/mmu_gather.c (v5.3).
Left out: swap, NUMA hints, userfaultfd, DAX, 1 GiB pages, TLB flushing, the OOM reaper.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from thpkit.kernel import (
    current,
    flags,
    huge_memory,
    locks,
    memcg,
    page_alloc,
    pgtable,
    rmap,
    splat,
    swap,
    units,
    vmstat,
)
from thpkit.kernel import (
    page as page_h,
)
from thpkit.kernel.content import Zero
from thpkit.kernel.flags import FaultFlags, Gfp, PageEntrySize, VmFault, VmFlags
from thpkit.kernel.kobject import KDict, KObject, kstruct, primitive
from thpkit.kernel.mm_types import MmCounter, VmFaultInfo
from thpkit.kernel.units import Pgoff, VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace, File
    from thpkit.kernel.memcg import MemCgroup
    from thpkit.kernel.mm_types import MmStruct, VmArea, VmOperations
    from thpkit.kernel.page import Page
    from thpkit.kernel.pgtable import EntryPtr, PageTable


# ---- small accessors ------------------------------------------------------------------------------------


@primitive
def linear_page_index(vma: VmArea, address: VirtAddr) -> Pgoff:
    """File index of an address in a mapping."""
    return Pgoff(((address - vma.vm_start) >> units.PAGE_SHIFT) + vma.vm_pgoff)


@primitive
def vma_file(vma: VmArea) -> File:
    """The file of a file mapping."""
    assert vma.vm_file is not None, f"{vma} maps no file"
    return vma.vm_file


@primitive
def vma_is_anonymous(vma: VmArea) -> bool:
    """A mapping without operations is anonymous: that is the definition."""
    return vma.vm_ops is None


@primitive
def vma_ops(vma: VmArea) -> VmOperations:
    """The operations of a file mapping."""
    assert vma.vm_ops is not None, f"{vma} is anonymous"
    return vma.vm_ops


@primitive
def vmf_pmd(vmf: VmFaultInfo) -> EntryPtr:
    """``vmf->pmd``, once the walk has set it."""
    assert vmf.pmd is not None
    return vmf.pmd


@primitive
def vmf_pte(vmf: VmFaultInfo) -> EntryPtr:
    """``vmf->pte``, while a PTE table is mapped and locked."""
    assert vmf.pte is not None
    return vmf.pte


@primitive
def vmf_ptl(vmf: VmFaultInfo) -> locks.SpinLock:
    """``vmf->ptl``, while it is held."""
    assert vmf.ptl is not None
    return vmf.ptl


@primitive
def vmf_page(vmf: VmFaultInfo) -> Page:
    """``vmf->page``, once a handler has filled it."""
    assert vmf.page is not None
    return vmf.page


@primitive
def vmf_pmd_is_huge(vmf: VmFaultInfo) -> bool:
    """Whether the PMD of this fault maps a huge page now."""
    return pgtable.pmd_trans_huge(pgtable.entry_val(vmf_pmd(vmf)))


@primitive
def vmf_advance(vmf: VmFaultInfo, nr: int) -> None:
    """Move the fault ``nr`` pages up: address and, if one is mapped, PTE."""
    vmf.address = units.advance(vmf.address, nr << units.PAGE_SHIFT)
    if vmf.pte is not None:
        vmf.pte = pgtable.EntryPtr(vmf.pte.table, vmf.pte.slot + nr)


@primitive
def mm_counter_file(page: Page) -> MmCounter:
    """Which resident counter a file page belongs to."""
    return (
        MmCounter.MM_SHMEMPAGES
        if page_h.PageSwapBacked(page)
        else MmCounter.MM_FILEPAGES
    )


@primitive
def mm_counter(page: Page) -> MmCounter:
    """Which resident counter any page belongs to."""
    return MmCounter.MM_ANONPAGES if page_h.PageAnon(page) else mm_counter_file(page)


@primitive
def add_mm_counter(mm: MmStruct, member: MmCounter, value: int) -> None:
    """Move a resident counter of an address space by ``value`` pages."""
    mm.rss_stat[member] = mm.rss_stat[member] + value


# ---- the fault: from the top of the walk to the right handler -----------------------------------------------


def handle_mm_fault(vma: VmArea, address: VirtAddr, flags: FaultFlags) -> VmFault:
    """Serve a fault whose VMA and rights are checked already.

    Locks: entry mmap_sem for reading; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/memory.c: handle_mm_fault (v5.3). Left out: hugetlb, memcg OOM, protection keys.
    """
    vmstat.count_vm_event(vmstat.PGFAULT)
    return __handle_mm_fault(vma, address, flags)


def __handle_mm_fault(vma: VmArea, address: VirtAddr, flags: FaultFlags) -> VmFault:
    """Walk to the PMD, making tables as needed, and offer the fault to the huge handlers before the small ones.

    Returns:
        The handler's answer; OOM if a table could not be made; 0 if a huge entry was already right.

    Locks: entry mmap_sem for reading; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/memory.c: __handle_mm_fault (v5.3). Left out: P4D, swap and NUMA entries.
    """
    vmf = new_vm_fault(vma, address, flags)
    mm = vma.vm_mm
    pgd = pgtable.pgd_offset(mm, address)
    vmf.pud = pgtable.table_alloc(mm, pgd, address)
    if vmf.pud is None:
        return VmFault.OOM
    enabled = huge_memory.transparent_hugepage_enabled(vma)
    if pgtable.entry_none(vmf.pud) and enabled:
        ret = create_huge_pud(vmf)
        if not ret & VmFault.FALLBACK:
            return ret

    vmf.pmd = pgtable.table_alloc(mm, vmf.pud, address)
    if vmf.pmd is None:
        return VmFault.OOM
    if pgtable.entry_none(vmf.pmd) and enabled:
        ret = create_huge_pmd(vmf)
        if not ret & VmFault.FALLBACK:
            return ret
    elif vmf_pmd_is_huge(vmf):
        orig_pmd = pgtable.entry_val(vmf.pmd)
        if not vmf.flags & FaultFlags.WRITE or pgtable.entry_write(orig_pmd):
            huge_pmd_set_accessed(vmf, orig_pmd)
            return VmFault.NONE
        ret = wp_huge_pmd(vmf)
        if not ret & VmFault.FALLBACK:
            return ret
    return handle_pte_fault(vmf)


@primitive
def new_vm_fault(vma: VmArea, address: VirtAddr, flags: FaultFlags) -> VmFaultInfo:
    """The parameter block of a fault: page-aligned address, file index, allocation flags."""
    aligned = units.round_down(address, units.PAGE_SIZE)
    gfp = vma.vm_file.f_mapping.gfp_mask if vma.vm_file else Gfp.HIGHUSER_MOVABLE
    return VmFaultInfo(
        current.new_name("vmf"),
        vma=vma,
        flags=flags,
        gfp_mask=gfp | Gfp.FS | Gfp.IO,
        pgoff=linear_page_index(vma, aligned),
        address=aligned,
    )


def create_huge_pud(vmf: VmFaultInfo) -> VmFault:
    """Offer the fault to ``huge_fault`` for 1 GiB. A handler that knows 2 MiB only must answer FALLBACK.

    Locks: entry mmap_sem for reading; never sleeps.
    Models: mm/memory.c: create_huge_pud (v5.3). Left out: anonymous memory (always FALLBACK).
    """
    if vma_is_anonymous(vmf.vma):
        return VmFault.FALLBACK
    huge_fault = vma_ops(vmf.vma).huge_fault
    if huge_fault is not None:
        return huge_fault(vmf, PageEntrySize.PUD)
    return VmFault.FALLBACK


def create_huge_pmd(vmf: VmFaultInfo) -> VmFault:
    """Offer the fault to ``huge_fault`` for 2 MiB.

    Locks: entry mmap_sem for reading; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/memory.c: create_huge_pmd (v5.3). Left out: anonymous huge pages (FALLBACK here).
    """
    if vma_is_anonymous(vmf.vma):
        return VmFault.FALLBACK
    huge_fault = vma_ops(vmf.vma).huge_fault
    if huge_fault is not None:
        return huge_fault(vmf, PageEntrySize.PMD)
    return VmFault.FALLBACK


def wp_huge_pmd(vmf: VmFaultInfo) -> VmFault:
    """A write met a huge PMD that is not writable: let the file system decide, else split.

    With a ``huge_fault`` operation this kernel does not split by itself: the operation must, or the fault repeats.

    Locks: entry mmap_sem for reading; takes ptl; never sleeps (REF only splits).
    Models: mm/memory.c: wp_huge_pmd (v5.3). Left out: anonymous huge pages.
    """
    huge_fault = vma_ops(vmf.vma).huge_fault
    if huge_fault is not None:
        return huge_fault(vmf, PageEntrySize.PMD)
    splat.VM_BUG_ON(
        bool(vmf.vma.vm_flags & VmFlags.SHARED), "write-protected shared huge PMD"
    )
    huge_memory.__split_huge_pmd(vmf.vma, vmf_pmd(vmf), vmf.address)
    return VmFault.FALLBACK


def huge_pmd_set_accessed(vmf: VmFaultInfo, orig_pmd: int) -> None:
    """Mark a huge PMD used, and written if this was a write.

    Locks: entry mmap_sem for reading; takes ptl; never sleeps.
    Models: mm/huge_memory.c: huge_pmd_set_accessed (v5.3). Left out: nothing.
    """
    pmd = vmf_pmd(vmf)
    ptl = pgtable.pmd_lockptr(pmd)
    locks.spin_lock(ptl)
    if pgtable.entry_val(pmd) == orig_pmd:
        entry = pgtable.entry_mkyoung(orig_pmd)
        if vmf.flags & FaultFlags.WRITE:
            entry = pgtable.entry_mkdirty(entry)
        pgtable.set_entry(pmd, entry)
    locks.spin_unlock(ptl)


def handle_pte_fault(vmf: VmFaultInfo) -> VmFault:
    """Serve a fault with a 4 KiB entry.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/memory.c: handle_pte_fault (v5.3). Left out: swap entries, NUMA hints, spurious-fault flushing.
    """
    pmd = vmf_pmd(vmf)
    vmf.pte = None
    if not pgtable.entry_none(pmd):
        if pgtable.pmd_devmap_trans_unstable(pmd):
            return VmFault.NONE
        pte = pgtable.table_offset(pmd, vmf.address)
        # Read once: what is tested here must be what is compared under the lock below.
        vmf.orig_pte = pgtable.entry_val(pte)
        if vmf.orig_pte != 0:
            vmf.pte = pte
    if vmf.pte is None:
        if vma_is_anonymous(vmf.vma):
            return do_anonymous_page(vmf)
        return do_fault(vmf)

    vmf.ptl = pgtable.pte_lockptr(pmd)
    locks.spin_lock(vmf.ptl)
    if pgtable.entry_val(vmf.pte) != vmf.orig_pte:
        locks.spin_unlock(vmf.ptl)
        return VmFault.NONE
    entry = pgtable.entry_mkyoung(vmf.orig_pte)
    if vmf.flags & FaultFlags.WRITE:
        if not pgtable.entry_write(entry):
            return do_wp_page(vmf)
        entry = pgtable.entry_mkdirty(entry)
    pgtable.set_entry(vmf.pte, entry)
    locks.spin_unlock(vmf.ptl)
    return VmFault.NONE


def do_anonymous_page(vmf: VmFaultInfo) -> VmFault:
    """Give an anonymous mapping a fresh page of zeroes.

    Locks: entry mmap_sem for reading; takes ptl, lru_lock; may sleep.
    References: the new page's becomes the mapping's.
    Models: mm/memory.c: do_anonymous_page (v5.3). Left out: the shared zero page for reads, the anon_vma.
    Differs: the page comes before the PTE table.
    """
    if vmf.vma.vm_flags & VmFlags.SHARED:
        return VmFault.SIGBUS
    page = alloc_zeroed_user_page()
    if page is None:
        return VmFault.OOM
    charge = memcg.mem_cgroup_try_charge(page, vmf.vma.vm_mm)
    if charge is None:
        swap.put_page(page)
        return VmFault.OOM
    page_h.SetPageUptodate(page)
    ret = pte_alloc_one_map(vmf)
    if ret:
        memcg.mem_cgroup_cancel_charge(page, charge)
        swap.put_page(page)
        return ret
    if not pgtable.entry_none(vmf_pte(vmf)):
        locks.spin_unlock(vmf_ptl(vmf))
        memcg.mem_cgroup_cancel_charge(page, charge)
        swap.put_page(page)
        return VmFault.NONE
    entry = pgtable.mk_pte(page, vmf.vma.vm_page_prot)
    if vmf.vma.vm_flags & VmFlags.WRITE:
        entry = pgtable.entry_mkwrite(entry)
    add_mm_counter(vmf.vma.vm_mm, MmCounter.MM_ANONPAGES, 1)
    rmap.page_add_new_anon_rmap(page)
    memcg.mem_cgroup_commit_charge(page, charge)
    swap.lru_cache_add_active_or_unevictable(page)
    pgtable.set_entry(vmf_pte(vmf), entry)
    locks.spin_unlock(vmf_ptl(vmf))
    return VmFault.NONE


def alloc_zeroed_user_page() -> Page | None:
    """A small page of zeroes for a user; None without memory.

    Locks: none; may sleep.
    References: one, the caller's.
    Models: include/linux/highmem.h: alloc_zeroed_user_highpage_movable (v5.3). Left out: nothing.
    """
    page = page_alloc.alloc_pages(Gfp.HIGHUSER_MOVABLE | Gfp.ZERO, 0)
    if page is not None:
        page.content = Zero()
    return page


# ---- faults on files ------------------------------------------------------------------------------------


def do_fault(vmf: VmFaultInfo) -> VmFault:
    """Serve a fault on a file mapping whose entry is none: by reading, copying, or sharing.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: mm/memory.c: do_fault (v5.3). Left out: mappings without a fault operation.
    """
    if not vmf.flags & FaultFlags.WRITE:
        ret = do_read_fault(vmf)
    elif not vmf.vma.vm_flags & VmFlags.SHARED:
        ret = do_cow_fault(vmf)
    else:
        ret = do_shared_fault(vmf)
    if vmf.prealloc_pte is not None:
        pgtable.free_table(vmf.prealloc_pte)
        vmf.prealloc_pte = None
    return ret


def do_read_fault(vmf: VmFaultInfo) -> VmFault:
    """Map what is cached around the address; if that missed the address itself, bring its page in.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, i_pages, RCU; may sleep.
    References: on success the one that ->fault gave becomes the mapping's.
    Models: mm/memory.c: do_read_fault (v5.3). Left out: nothing.
    """
    if (
        vma_ops(vmf.vma).map_pages is not None
        and units.FAULT_AROUND_BYTES > units.PAGE_SIZE
    ):
        ret = do_fault_around(vmf)
        if ret:
            return ret
    ret = __do_fault(vmf)
    if ret & flags.VM_FAULT_NOT_MAPPED:
        return ret
    ret = ret | finish_fault(vmf)
    locks.unlock_page(vmf_page(vmf))
    if ret & flags.VM_FAULT_NOT_MAPPED:
        swap.put_page(vmf_page(vmf))
    return ret


def do_fault_around(vmf: VmFaultInfo) -> VmFault:
    """Let the file system map cached pages in an aligned window around the address, inside VMA and PTE table.

    Returns:
        NOPAGE if the faulting address is mapped now, huge or small; 0 if not, also without memory for a PTE table:
        the caller will ask again and report it.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, RCU; may sleep (for a PTE table).
    Models: mm/memory.c: do_fault_around (v5.3). Left out: nothing.
    """
    address = vmf.address
    window = units.round_down(address, units.FAULT_AROUND_BYTES)
    vmf.address = VirtAddr(max(window, vmf.vma.vm_start))
    slot = units.pte_index(vmf.address)
    start_pgoff = Pgoff(vmf.pgoff - ((address - vmf.address) >> units.PAGE_SHIFT))
    table_end = start_pgoff + units.PTRS_PER_TABLE - 1 - slot
    vma_end = (
        vmf.vma.vm_pgoff + ((vmf.vma.vm_end - vmf.vma.vm_start) >> units.PAGE_SHIFT) - 1
    )
    around_end = start_pgoff + (units.FAULT_AROUND_BYTES >> units.PAGE_SHIFT) - 1
    end_pgoff = Pgoff(min(table_end, vma_end, around_end))

    if pgtable.entry_none(vmf_pmd(vmf)):
        vmf.prealloc_pte = pgtable.alloc_table(pgtable.Level.PTE)
        if vmf.prealloc_pte is None:
            vmf.address = address
            return VmFault.NONE
    map_pages(vmf, start_pgoff, end_pgoff)

    ret = VmFault.NONE
    if vmf_pmd_is_huge(vmf):
        ret = VmFault.NOPAGE
    elif vmf.pte is not None:
        faulting = pgtable.table_offset(vmf_pmd(vmf), address)
        if not pgtable.entry_none(faulting):
            ret = VmFault.NOPAGE
        locks.spin_unlock(vmf_ptl(vmf))
    vmf.address = address
    vmf.pte = None
    return ret


def map_pages(vmf: VmFaultInfo, start_pgoff: Pgoff, end_pgoff: Pgoff) -> None:
    """``vma->vm_ops->map_pages``. If ``vmf.pte`` is set on return, its lock is held.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, RCU; returns with ptl (if any); never sleeps.
    Models: include/linux/mm.h: vm_operations_struct (v5.3). Left out: nothing.
    """
    operation = vma_ops(vmf.vma).map_pages
    assert operation is not None
    operation(vmf, start_pgoff, end_pgoff)


def do_cow_fault(vmf: VmFaultInfo) -> VmFault:
    """A first write to a private file mapping: copy the file's page into a page of the process's own.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, i_pages, RCU; may sleep.
    References: on success the copy's becomes the mapping's; the file page's is dropped.
    Models: mm/memory.c: do_cow_fault (v5.3). Left out: DAX, the anon_vma.
    """
    vma = vmf.vma
    vma.anon_vma = True
    vmf.cow_page = page_alloc.alloc_pages(Gfp.HIGHUSER_MOVABLE, 0)
    if vmf.cow_page is None:
        return VmFault.OOM
    vmf.memcg = memcg.mem_cgroup_try_charge(vmf.cow_page, vma.vm_mm)
    if vmf.memcg is None:
        swap.put_page(vmf.cow_page)
        return VmFault.OOM
    ret = __do_fault(vmf)
    if ret & flags.VM_FAULT_NOT_MAPPED:
        undo_cow_page(vmf)
        return ret
    copy_user_page(vmf.cow_page, vmf_page(vmf))
    ret = ret | finish_fault(vmf)
    locks.unlock_page(vmf_page(vmf))
    swap.put_page(vmf_page(vmf))
    if ret & flags.VM_FAULT_NOT_MAPPED:
        undo_cow_page(vmf)
    return ret


def undo_cow_page(vmf: VmFaultInfo) -> None:
    """Give the page that was to become a private copy back.

    Locks: entry mmap_sem for reading; never sleeps.
    References: drops the copy's only one.
    Models: mm/memory.c: do_cow_fault (v5.3), from its label uncharge_out on. Left out: nothing.
    """
    assert vmf.cow_page is not None and vmf.memcg is not None
    memcg.mem_cgroup_cancel_charge(vmf.cow_page, vmf.memcg)
    swap.put_page(vmf.cow_page)


@primitive
def copy_user_page(to: Page, source: Page) -> None:
    """Copy 4 KiB and declare the copy valid."""
    to.content = source.content
    page_h.SetPageUptodate(to)


def do_shared_fault(vmf: VmFaultInfo) -> VmFault:
    """A first write to a shared file mapping: map the file's own page, writable.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, i_pages, RCU; may sleep.
    References: on success the one that ->fault gave becomes the mapping's.
    Models: mm/memory.c: do_shared_fault (v5.3).
    Left out: page_mkwrite, dirty throttling (writes go to storage at once).
    """
    ret = __do_fault(vmf)
    if ret & flags.VM_FAULT_NOT_MAPPED:
        return ret
    ret = ret | finish_fault(vmf)
    locks.unlock_page(vmf_page(vmf))
    if ret & flags.VM_FAULT_NOT_MAPPED:
        swap.put_page(vmf_page(vmf))
    return ret


def __do_fault(vmf: VmFaultInfo) -> VmFault:
    """Get the page of a file fault. A PTE table is allocated before any page lock is taken.

    Returns:
        As ``vm_ops.fault``; on success ``vmf.page`` is locked even if that did not lock it.

    Locks: entry mmap_sem for reading; takes page lock, lru_lock, i_pages, RCU; returns with page lock; may sleep.
    References: one on the head of ``vmf.page``, on success.
    Models: mm/memory.c: __do_fault (v5.3). Left out: poisoned pages.
    """
    if pgtable.entry_none(vmf_pmd(vmf)) and vmf.prealloc_pte is None:
        vmf.prealloc_pte = pgtable.alloc_table(pgtable.Level.PTE)
        if vmf.prealloc_pte is None:
            return VmFault.OOM
    ret = vma_ops(vmf.vma).fault(vmf)
    if ret & (flags.VM_FAULT_NOT_MAPPED | VmFault.DONE_COW):
        return ret
    if not ret & VmFault.LOCKED:
        locks.lock_page(vmf_page(vmf))
    return ret


def finish_fault(vmf: VmFaultInfo) -> VmFault:
    """Map the page that a handler found, or its private copy, and release the PTE lock if one was taken.

    Locks: entry mmap_sem for reading, page lock; takes ptl, lru_lock; may sleep (without a spare PTE table).
    References: on success one of the page becomes the mapping's.
    Models: mm/memory.c: finish_fault (v5.3). Left out: the test for an address space being reaped.
    """
    private_write = (
        vmf.flags & FaultFlags.WRITE and not vmf.vma.vm_flags & VmFlags.SHARED
    )
    page = vmf.cow_page if private_write else vmf.page
    assert page is not None
    ret = alloc_set_pte(vmf, vmf.memcg, page)
    if vmf.pte is not None:
        locks.spin_unlock(vmf_ptl(vmf))
        vmf.pte = None
    return ret


def alloc_set_pte(
    vmf: VmFaultInfo, memcg_charge: MemCgroup | None, page: Page
) -> VmFault:
    """Install ``page``: as a huge PMD if it is part of a huge page and the PMD is still none, else as a PTE.

    ``memcg_charge`` is the charge of a private copy, else None. If ``vmf.pte`` is set on return, **the PTE lock is
    held** and the caller releases it.

    Returns:
        0; NOPAGE if something is mapped there already; OOM.

    Locks: entry mmap_sem for reading, page lock; takes ptl, lru_lock; returns with ptl (if any); may sleep.
    References: unchanged: on success the caller's becomes the mapping's.
    Models: mm/memory.c: alloc_set_pte (v5.3). Left out: dirty accounting.
    """
    vma = vmf.vma
    if pgtable.entry_none(vmf_pmd(vmf)) and page_h.PageTransCompound(page):
        splat.VM_BUG_ON_PAGE(
            memcg_charge is not None, page, "a private copy is never huge"
        )
        ret = do_set_pmd(vmf, page)
        if ret != VmFault.FALLBACK:
            return ret

    if vmf.pte is None:
        ret = pte_alloc_one_map(vmf)
        if ret:
            return ret
    if not pgtable.entry_none(vmf_pte(vmf)):
        return VmFault.NOPAGE

    entry = pgtable.mk_pte(page, vma.vm_page_prot)
    if vmf.flags & FaultFlags.WRITE:
        entry = pgtable.entry_mkdirty(entry)
        if vma.vm_flags & VmFlags.WRITE:
            entry = pgtable.entry_mkwrite(entry)
    if vmf.flags & FaultFlags.WRITE and not vma.vm_flags & VmFlags.SHARED:
        assert memcg_charge is not None
        add_mm_counter(vma.vm_mm, MmCounter.MM_ANONPAGES, 1)
        rmap.page_add_new_anon_rmap(page)
        memcg.mem_cgroup_commit_charge(page, memcg_charge)
        swap.lru_cache_add_active_or_unevictable(page)
    else:
        add_mm_counter(vma.vm_mm, mm_counter_file(page), 1)
        rmap.page_add_file_rmap(page, False)
    pgtable.set_entry(vmf_pte(vmf), entry)
    return VmFault.NONE


def pte_alloc_one_map(vmf: VmFaultInfo) -> VmFault:
    """Make sure there is a PTE table, then map and lock the entry of ``vmf.address``: sets ``vmf.pte`` and ``ptl``.

    Returns:
        0; NOPAGE if the PMD became huge meanwhile; OOM.

    Locks: entry mmap_sem for reading; takes ptl; returns with ptl (on success); may sleep (without a spare table).
    Models: mm/memory.c: pte_alloc_one_map (v5.3). Left out: nothing.
    """
    pmd = vmf_pmd(vmf)
    if pgtable.entry_none(pmd):
        table = vmf.prealloc_pte
        vmf.prealloc_pte = None
        if table is None:
            table = pgtable.alloc_table(pgtable.Level.PTE)
        if table is None:
            return VmFault.OOM
        ptl = pgtable.pmd_lockptr(pmd)
        locks.spin_lock(ptl)
        if pgtable.entry_none(pmd):
            pgtable.mm_inc_nr_tables(vmf.vma.vm_mm)
            pgtable.populate(pmd, table)
        else:
            pgtable.free_table(table)
        locks.spin_unlock(ptl)
    if pgtable.pmd_devmap_trans_unstable(pmd):
        return VmFault.NOPAGE
    vmf.pte = pgtable.table_offset(pmd, vmf.address)
    vmf.ptl = pgtable.pte_lockptr(pmd)
    locks.spin_lock(vmf.ptl)
    return VmFault.NONE


def do_set_pmd(vmf: VmFaultInfo, page: Page) -> VmFault:
    """Map the whole huge page that ``page`` is part of with one PMD.

    Returns:
        0; or FALLBACK if the mapping does not suit or the PMD is no longer none.

    Locks: entry mmap_sem for reading, page lock; takes ptl; never sleeps.
    References: unchanged: on success the caller's becomes the mapping's.
    Models: mm/memory.c: do_set_pmd (v5.3). Left out: icache flushing, page-table deposit.
    """
    vma = vmf.vma
    haddr = units.pmd_floor(vmf.address)
    if not huge_memory.transhuge_vma_suitable(vma, haddr):
        return VmFault.FALLBACK
    page = page_h.compound_head(page)
    pmd = vmf_pmd(vmf)
    ptl = pgtable.pmd_lockptr(pmd)
    locks.spin_lock(ptl)
    if not pgtable.entry_none(pmd):
        locks.spin_unlock(ptl)
        return VmFault.FALLBACK
    entry = pgtable.mk_huge_pmd(page, vma.vm_page_prot)
    if vmf.flags & FaultFlags.WRITE:
        entry = pgtable.entry_mkdirty(entry)
        if vma.vm_flags & VmFlags.WRITE:
            entry = pgtable.entry_mkwrite(entry)
    add_mm_counter(vma.vm_mm, mm_counter_file(page), units.HPAGE_PMD_NR)
    rmap.page_add_file_rmap(page, True)
    pgtable.set_entry(pmd, entry)
    vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)
    locks.spin_unlock(ptl)
    return VmFault.NONE


def do_wp_page(vmf: VmFaultInfo) -> VmFault:
    """A write met a PTE that is not writable.

    Shared mappings become writable; private ones get a copy, unless the page is their own already.

    Locks: entry mmap_sem for reading, ptl; drops ptl; takes ptl, lru_lock; may sleep.
    References: as wp_page_copy.
    Models: mm/memory.c: do_wp_page (v5.3).
    Left out: page_mkwrite; the page lock around the question of reuse, which the map count alone decides.
    """
    pte = vmf_pte(vmf)
    old_page = pgtable.entry_page(vmf.orig_pte)
    own = page_h.PageAnon(old_page) and page_h.page_mapcount(old_page) == 1
    if vmf.vma.vm_flags & VmFlags.SHARED or own:
        entry = pgtable.entry_mkdirty(pgtable.entry_mkyoung(vmf.orig_pte))
        pgtable.set_entry(pte, pgtable.entry_mkwrite(entry))
        locks.spin_unlock(vmf_ptl(vmf))
        return VmFault.WRITE
    page_h.get_page(old_page)
    locks.spin_unlock(vmf_ptl(vmf))
    return wp_page_copy(vmf, old_page)


def wp_page_copy(vmf: VmFaultInfo, old_page: Page) -> VmFault:
    """Replace a file page under a private mapping by a copy.

    Locks: entry mmap_sem for reading; takes ptl, lru_lock; may sleep.
    References: drops the caller's on ``old_page``, and the mapping's; the copy's becomes the mapping's.
    Models: mm/memory.c: wp_page_copy (v5.3). Left out: the zero page, notifiers, mlock, the anon_vma.
    """
    vma = vmf.vma
    vma.anon_vma = True
    new_page = page_alloc.alloc_pages(Gfp.HIGHUSER_MOVABLE, 0)
    charge = (
        memcg.mem_cgroup_try_charge(new_page, vma.vm_mm)
        if new_page is not None
        else None
    )
    if new_page is None or charge is None:
        if new_page is not None:
            swap.put_page(new_page)
        swap.put_page(old_page)
        return VmFault.OOM
    copy_user_page(new_page, old_page)
    ret = VmFault.NONE
    pte = vmf_pte(vmf)
    locks.spin_lock(vmf_ptl(vmf))
    if pgtable.entry_val(pte) == vmf.orig_pte:
        if not page_h.PageAnon(old_page):
            add_mm_counter(vma.vm_mm, mm_counter_file(old_page), -1)
            add_mm_counter(vma.vm_mm, MmCounter.MM_ANONPAGES, 1)
        entry = pgtable.entry_mkdirty(pgtable.mk_pte(new_page, vma.vm_page_prot))
        rmap.page_add_new_anon_rmap(new_page)
        memcg.mem_cgroup_commit_charge(new_page, charge)
        swap.lru_cache_add_active_or_unevictable(new_page)
        pgtable.set_entry(pte, pgtable.entry_mkwrite(entry))
        rmap.page_remove_rmap(old_page, False)
        locks.spin_unlock(vmf_ptl(vmf))
        swap.put_page(old_page)
        ret = VmFault.WRITE
    else:
        locks.spin_unlock(vmf_ptl(vmf))
        memcg.mem_cgroup_cancel_charge(new_page, charge)
        swap.put_page(new_page)
    swap.put_page(old_page)
    return ret


# ---- unmapping ------------------------------------------------------------------------------------------


@kstruct
class MmuGather(KObject):
    """Pages taken out of page tables whose references wait until the TLB is flushed (struct mmu_gather)."""

    mm: MmStruct
    pages: KDict[int, Page] = field(default_factory=KDict)
    """Pages to put, in order."""


@primitive
def tlb_gather_mmu(mm: MmStruct) -> MmuGather:
    """Begin to gather."""
    return MmuGather(current.new_name("tlb"), mm=mm)


@primitive
def tlb_remove_page(tlb: MmuGather, page: Page) -> None:
    """Queue one put of ``page`` for after the flush."""
    tlb.pages[len(tlb.pages)] = page


def tlb_finish_mmu(tlb: MmuGather) -> None:
    """Flush the TLB, then let go of the queued pages. LRU batches are drained first.

    Locks: entry mmap_sem or i_mmap_rwsem; takes lru_lock; never sleeps.
    References: drops the queued ones.
    Models: mm/mmu_gather.c: tlb_finish_mmu (v5.3); mm/swap_state.c: free_pages_and_swap_cache (v5.3).
    Left out: the flush itself.
    """
    swap.lru_add_drain()
    for page in tlb.pages.values():
        swap.put_page(page)


def unmap_page_range(
    tlb: MmuGather,
    vma: VmArea,
    addr: VirtAddr,
    end: VirtAddr,
    only_file: AddressSpace | None,
) -> None:
    """Take every entry of [addr, end) inside one mapping away. ``only_file`` spares private copies.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: the mappings' are queued, and dropped when the gather is flushed.
    Models: mm/memory.c: unmap_page_range, zap_p4d_range, zap_pud_range (v5.3). Left out: P4D.
    """
    while addr < end:
        pgd = pgtable.pgd_offset(vma.vm_mm, addr)
        next_pgd = block_end(addr, end, units.PGDIR_SIZE)
        if not pgtable.entry_none(pgd):
            while addr < next_pgd:
                pud = pgtable.table_offset(pgd, addr)
                next_pud = block_end(addr, next_pgd, units.PUD_SIZE)
                if not pgtable.entry_none(pud):
                    zap_pmd_range(tlb, vma, pud, addr, next_pud, only_file)
                addr = next_pud
        addr = next_pgd


@primitive
def block_end(addr: VirtAddr, end: VirtAddr, size: int) -> VirtAddr:
    """pgd_addr_end and so on: end of the block of ``size`` bytes that holds ``addr``, or ``end``."""
    return VirtAddr(min(units.round_down(addr, size) + size, end))


def zap_pmd_range(
    tlb: MmuGather,
    vma: VmArea,
    pud: EntryPtr,
    addr: VirtAddr,
    end: VirtAddr,
    only_file: AddressSpace | None,
) -> None:
    """Unmap [addr, end) below one PUD entry: whole huge PMDs at once, cut ones by splitting, tables by entries.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: as unmap_page_range; a cut huge mapping's is dropped at once.
    Models: mm/memory.c: zap_pmd_range (v5.3). Left out: migration entries, cond_resched.
    """
    while addr < end:
        pmd = pgtable.table_offset(pud, addr)
        next_addr = block_end(addr, end, units.PMD_SIZE)
        zapped = False
        if pgtable.pmd_trans_huge(pgtable.entry_val(pmd)):
            if next_addr - addr != units.HPAGE_PMD_SIZE:
                huge_memory.__split_huge_pmd(vma, pmd, addr)
            else:
                zapped = huge_memory.zap_huge_pmd(tlb, vma, pmd)
        if not zapped and not pgtable.pmd_devmap_trans_unstable(pmd):
            zap_pte_range(tlb, vma, pmd, addr, next_addr, only_file)
        addr = next_addr


def zap_pte_range(
    tlb: MmuGather,
    vma: VmArea,
    pmd: EntryPtr,
    addr: VirtAddr,
    end: VirtAddr,
    only_file: AddressSpace | None,
) -> None:
    """Unmap [addr, end) inside one PTE table.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl; never sleeps.
    References: the mappings' are queued, and dropped when the gather is flushed.
    Models: mm/memory.c: zap_pte_range (v5.3).
    Left out: swap entries, dirty transfer (writes went to storage at once).
    """
    ptl = pgtable.pte_lockptr(pmd)
    locks.spin_lock(ptl)
    while addr < end:
        pte = pgtable.table_offset(pmd, addr)
        addr = units.advance(addr, units.PAGE_SIZE)
        if pgtable.entry_none(pte):
            continue
        page = pgtable.entry_page(pgtable.entry_val(pte))
        if only_file is not None and page_h.page_mapping(page) is not only_file:
            continue
        ptent = pgtable.clear_entry(pte)
        if pgtable.entry_young(ptent) and not page_h.PageAnon(page):
            swap.mark_page_accessed(page)
        add_mm_counter(vma.vm_mm, mm_counter(page), -1)
        rmap.page_remove_rmap(page, False)
        tlb_remove_page(tlb, page)
    locks.spin_unlock(ptl)


def unmap_mapping_pages(
    mapping: AddressSpace, start: Pgoff, nr: int | None, even_cows: bool
) -> None:
    """Unmap ``nr`` pages of a file from ``start`` (None: to its end) in every process.

    ``even_cows``: private copies of these pages go too.

    Locks: takes i_mmap_rwsem for writing, ptl, lru_lock; may sleep.
    References: drops the mappings'.
    Models: mm/memory.c: unmap_mapping_pages, unmap_mapping_range_tree (v5.3). Left out: nothing.
    """
    locks.down_write(mapping.i_mmap_rwsem)
    for vma in mapping.i_mmap.values():
        vma_pages = (vma.vm_end - vma.vm_start) >> units.PAGE_SHIFT
        first = max(start, vma.vm_pgoff)
        last = vma.vm_pgoff + vma_pages
        if nr is not None:
            last = min(last, start + nr)
        if first < last:
            addr = units.advance(
                vma.vm_start, (first - vma.vm_pgoff) << units.PAGE_SHIFT
            )
            end = units.advance(vma.vm_start, (last - vma.vm_pgoff) << units.PAGE_SHIFT)
            zap_page_range_single(vma, addr, end, None if even_cows else mapping)
    locks.up_write(mapping.i_mmap_rwsem)


def zap_page_range_single(
    vma: VmArea, addr: VirtAddr, end: VirtAddr, only_file: AddressSpace | None
) -> None:
    """Unmap [addr, end) of one mapping, whole: flush and let go of the pages.

    Locks: entry mmap_sem or i_mmap_rwsem; takes ptl, lru_lock; never sleeps.
    References: drops the mappings'.
    Models: mm/memory.c: zap_page_range_single (v5.3). Left out: notifiers.
    """
    tlb = tlb_gather_mmu(vma.vm_mm)
    unmap_page_range(tlb, vma, addr, end, only_file)
    tlb_finish_mmu(tlb)


# ---- freeing page tables ----------------------------------------------------------------------------------


def free_pgtables(mm: MmStruct, floor: VirtAddr, ceiling: VirtAddr) -> None:
    """Free every table that serves only addresses in [floor, ceiling), a range without mappings.

    The entries below are none already.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/memory.c: free_pgtables, free_pgd_range (v5.3), and what they call. Left out: batching by mapping.
    Differs: the files' lists of mappings were cleaned before; the kernel does it here.
    """
    free_table_range(mm, mm.pgd, VirtAddr(0), floor, ceiling)


def free_table_range(
    mm: MmStruct, table: PageTable, base: VirtAddr, floor: VirtAddr, ceiling: VirtAddr
) -> None:
    """Free the tables below ``table``, whose first entry covers address ``base``, that lie inside the range.

    Locks: entry mmap_sem for writing; never sleeps.
    Models: mm/memory.c: free_p4d_range, free_pud_range, free_pmd_range, free_pte_range (v5.3), as one recursion.
    Left out: nothing.
    """
    size = 1 << table.level.shift
    for index in used_entries(table, base, floor, ceiling):
        start = units.advance(base, index * size)
        ptr = pgtable.EntryPtr(table, index)
        child = pgtable.entry_table(pgtable.entry_val(ptr))
        if child.level > pgtable.Level.PTE:
            free_table_range(mm, child, start, floor, ceiling)
        if floor <= start and start + size <= ceiling:
            pgtable.clear_entry(ptr)
            pgtable.mm_dec_nr_tables(mm)
            pgtable.free_table(child)


@primitive
def used_entries(
    table: PageTable, base: VirtAddr, floor: VirtAddr, ceiling: VirtAddr
) -> list[int]:
    """Slots of a table that name a lower table and cover part of [floor, ceiling)."""
    size = 1 << table.level.shift
    return [
        index
        for index, val in enumerate(table.entries)
        if val
        and not val & flags.PAGE_PSE
        and base + index * size < ceiling
        and base + (index + 1) * size > floor
    ]
