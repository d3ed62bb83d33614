"""The huge page fault of v4: insert, read, map.

What the review asked for is done where it concerns order, locks around allocations and the unreadable condition. What
the new order broke stands in none of the comments here, so that a reader can look for it.

Models: mm/filemap.c, as changed by the patch v4 2/2.
Left out: nothing of the patch that runs here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import (
    filemap,
    flags,
    huge_memory,
    locks,
    memory,
    page_alloc,
    splat,
    swap,
    units,
    vmstat,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp, PageEntrySize, VmFault
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import filemap as v3_filemap
from thpkit.patch.v3 import huge_fault

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.xarray import Entry


@replaces(v3_filemap.huge_entry_is_unusable)
def huge_entry_is_unusable(entry: Entry, hindex: Pgoff) -> bool:
    """The condition, one test a line (K10), without the test of the lock (K9, K12).

    Models: mm/filemap.c: the tests in filemap_huge_check_pagecache_usable (v4).
    """
    if not filemap.is_page(entry):
        return True
    if not page_h.PageCompound(entry):
        return True
    splat.VM_BUG_ON_PAGE(page_h.PageHuge(entry), entry, "hugetlb in the page cache")
    if entry is not page_h.compound_head(entry):
        return True
    splat.VM_BUG_ON_PAGE(
        page_h.compound_order(entry) != units.HPAGE_PMD_ORDER,
        entry,
        "a compound page of another order in the page cache",
    )
    if entry.index != hindex:
        return True
    if not page_h.PageUptodate(entry):
        return True
    return False


@replaces(filemap.filemap_huge_fault)
def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Serve a read fault with one PMD: insert a huge page, read it, map it.

    Models: mm/filemap.c: filemap_huge_fault (v4).
    """
    mapping = memory.vma_file(vmf.vma).f_mapping
    haddr = units.pmd_floor(vmf.address)
    hindex = units.hpage_floor(vmf.pgoff)
    last = huge_fault.last_index(hindex)
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)

    ret = huge_fault.refuses(vmf, size, haddr)
    if ret:
        return ret

    while True:
        locks.rcu_read_lock()
        usable, page = v3_filemap.filemap_huge_check_pagecache_usable(xas, hindex, last)
        if not usable:
            locks.rcu_read_unlock()
            return VmFault.FALLBACK
        if page is not None:
            locks.lock_page(page)
            if page.mapping is mapping:
                return map_page(vmf, page, False)
            locks.unlock_page(page)
            locks.rcu_read_unlock()
            continue
        locks.rcu_read_unlock()

        new_page = alloc_page(vmf)
        if new_page is None:
            return VmFault.FALLBACK
        if not make_room(mapping, xas, hindex):
            swap.put_page(new_page)
            return VmFault.FALLBACK
        # The i_pages lock is held here.
        usable, page = v3_filemap.filemap_huge_check_pagecache_usable(xas, hindex, last)
        if not usable:
            swap.put_page(new_page)
            locks.spin_unlock_irq(mapping.i_pages.xa_lock)
            return VmFault.FALLBACK
        if page is not None:
            swap.put_page(new_page)
            locks.lock_page(page)
            if page.mapping is mapping:
                return map_page(vmf, page, False)
            locks.unlock_page(page)
            locks.spin_unlock_irq(mapping.i_pages.xa_lock)
            continue
        insert(mapping, xas, hindex, new_page)
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)

        error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), new_page)
        if not error:
            locks.wait_on_page_locked(new_page)
        if error or not page_h.PageUptodate(new_page):
            new_page.mapping = None
            swap.put_page(new_page)
            return VmFault.FALLBACK
        locks.lock_page(new_page)
        if new_page.mapping is mapping:
            break
        locks.unlock_page(new_page)
        swap.put_page(new_page)

    huge_fault.count_page(new_page)
    return map_page(vmf, new_page, True)


def alloc_page(vmf: VmFaultInfo) -> Page | None:
    """A huge page that nobody is charged for.

    Models: the allocation of filemap_huge_fault (v4), without K13's impossible case.
    """
    gfp = vmf.gfp_mask | Gfp.COMP | Gfp.NOWARN | Gfp.NORETRY
    return page_alloc.alloc_pages(gfp, units.HPAGE_PMD_ORDER)


def make_room(mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff) -> bool:
    """Make the nodes of the block, allocating outside the lock (D11 repaired).

    Returns:
        True with the i_pages lock held, False without it.

    Models: the loop around xas_create_range of filemap_huge_fault (v4).
    """
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        xarray.xas_set(xas, hindex)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            return True
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            return False


def insert(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> None:
    """Enter a locked page that is not read yet. The i_pages lock is held.

    Models: the insertion of filemap_huge_fault (v4).
    """
    huge_memory.prep_transhuge_page(page)
    page.index = hindex
    page.mapping = mapping
    locks.set_page_locked_nonatomic(page)
    page_h.get_page(page)
    huge_fault.store(mapping, xas, hindex, page)


def map_page(vmf: VmFaultInfo, page: Page, new: bool) -> VmFault:
    """Map a locked page and unlock it. A page that could not be mapped stays in the cache.

    Models: the end of filemap_huge_fault (v4).
    """
    haddr = units.pmd_floor(vmf.address)
    ret = memory.alloc_set_pte(vmf, vmf.memcg, page)
    splat.VM_BUG_ON_PAGE(
        not memory.vmf_pmd_is_huge(vmf), page, "mapped, but the PMD is not huge"
    )
    if not ret & flags.VM_FAULT_ERROR:
        vmf.address = haddr
        vmf.page = page
        page_h.page_ref_add(page, units.HPAGE_PMD_NR)
        vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)
    locks.unlock_page(page)
    if ret & flags.VM_FAULT_ERROR and new:
        swap.put_page(page)
    return ret
