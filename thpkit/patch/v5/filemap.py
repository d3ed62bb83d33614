"""The huge page fault of v5: nrpages is counted, nothing sleeps under a lock, and errors take the page out again.

Still open: the first look with the wide cursor (D2), a cached page mapped without a reference of its own, 512
references added for it all the same (D10). New: the page has *one* reference while 512 slots name it, the error path
drops two, and the page lock is released where it is not held.

Models: mm/filemap.c, as changed by the patch v5 2/2.
Left out: the wait that a signal can end.
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
from thpkit.patch.v4 import filemap as v4_filemap

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page


@replaces(huge_fault.last_index)
def last_index(hindex: Pgoff) -> Pgoff:
    """The last index of the block (D1 repaired).

    Models: mm/filemap.c: hindex_max of filemap_huge_fault (v5).
    """
    return Pgoff(hindex + units.HPAGE_PMD_NR - 1)


@replaces(v3_filemap.filemap_huge_check_pagecache_usable)
def filemap_huge_check_pagecache_usable(
    xas: xarray.XaState, hindex: Pgoff, hindex_max: Pgoff
) -> tuple[bool, Page | None]:
    """Look for an entry of the block, from its first index on (D3 repaired).

    The cursor keeps its width, so the first look still stops at the link to a leaf (D2).

    Models: mm/filemap.c: filemap_huge_check_pagecache_usable (v5).
    """
    while True:
        xarray.xas_set(xas, hindex)
        entry = xarray.xas_find(xas, hindex_max)
        if not xarray.xas_retry(xas, entry):
            break
    if entry is not None and v3_filemap.huge_entry_is_unusable(entry, hindex):
        return False, None
    xarray.xas_set(xas, hindex)
    return True, entry if filemap.is_page(entry) else None


@replaces(filemap.filemap_huge_fault)
def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Serve a read fault with one PMD: insert a huge page, read it, map it.

    Models: mm/filemap.c: filemap_huge_fault (v5).
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
        locks.rcu_read_unlock()
        if not usable:
            return VmFault.FALLBACK
        if page is not None:
            # Nothing keeps the page alive between the look and this lock.
            locks.lock_page(page)
            if page.mapping is mapping:
                return map_page(vmf, page, False)
            locks.unlock_page(page)
            continue

        gfp = vmf.gfp_mask | Gfp.COMP | Gfp.NOWARN | Gfp.NORETRY
        new_page = page_alloc.alloc_pages(gfp, units.HPAGE_PMD_ORDER)
        if new_page is None:
            return VmFault.FALLBACK
        if not v4_filemap.make_room(mapping, xas, hindex):
            swap.put_page(new_page)
            return VmFault.FALLBACK
        # The i_pages lock is held here.
        usable, page = v3_filemap.filemap_huge_check_pagecache_usable(xas, hindex, last)
        if not usable or page is not None:
            locks.spin_unlock_irq(mapping.i_pages.xa_lock)
            swap.put_page(new_page)
        if not usable:
            return VmFault.FALLBACK
        if page is not None:
            locks.lock_page(page)
            if page.mapping is mapping:
                return map_page(vmf, page, False)
            locks.unlock_page(page)
            continue
        insert(mapping, xas, hindex, new_page)
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)

        error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), new_page)
        if not error:
            locks.wait_on_page_locked(new_page)
        if error or not page_h.PageUptodate(new_page):
            # readpage has unlocked the page already.
            locks.unlock_page(new_page)
            delete(mapping, hindex, new_page)
            return VmFault.SIGBUS
        locks.lock_page(new_page)
        if new_page.mapping is mapping:
            break
        locks.unlock_page(new_page)
        locks.unlock_page(new_page)
        swap.put_page(new_page)

    huge_fault.count_page(new_page)
    ret = map_page(vmf, new_page, True)
    if ret & flags.VM_FAULT_ERROR:
        delete(mapping, hindex, new_page)
    return ret


def insert(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> None:
    """Enter a locked page that is not read yet: 512 slots, nrpages, and no reference for them. The lock is held.

    Models: the insertion of filemap_huge_fault (v5).
    """
    huge_memory.prep_transhuge_page(page)
    page.index = hindex
    page.mapping = mapping
    locks.set_page_locked_nonatomic(page)
    huge_fault.store(mapping, xas, hindex, page)
    mapping.nrpages = mapping.nrpages + units.HPAGE_PMD_NR


def delete(mapping: AddressSpace, hindex: Pgoff, page: Page) -> None:
    """Take a page out again that could not be read or mapped: nrpages outside the lock, and one reference too many.

    Models: the error path of filemap_huge_fault (v5).
    """
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)
    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    xarray.xas_store(xas, None)
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
    mapping.nrpages = mapping.nrpages - units.HPAGE_PMD_NR
    page.mapping = None
    page_h.page_ref_sub(page, 1)
    swap.put_page(page)


def map_page(vmf: VmFaultInfo, page: Page, new: bool) -> VmFault:
    """Map a locked page, with 512 references whether it is new or not (D10), and unlock it.

    Models: the end of filemap_huge_fault (v5).
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
    return ret
