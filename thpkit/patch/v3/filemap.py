"""The huge page fault as posted (hunks H4, H6 and H7): read first, map next, enter into the page cache last.

The posted handler is cut at its joints: here is its frame, and :mod:`~thpkit.patch.v3.huge_fault` has the pieces.
F1 to F20 number its steps in order. Nothing is repaired: where a lock stays taken or a counter is moved twice, the
posted code does that.

Models: mm/filemap.c, as changed by the patch v3 2/2 against v5.3.
Left out: nothing of the patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import (
    filemap,
    locks,
    memory,
    splat,
    swap,
    units,
    vmstat,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import PageEntrySize, VmFault
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import huge_fault

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.xarray import Entry


# ---- hunk H4 --------------------------------------------------------------------------------------------


@replaces(filemap.unaccount_page_cache_page)
def unaccount_page_cache_page(mapping: AddressSpace, page: Page) -> None:
    """Take a page out of the counters. ``page`` is locked and unmapped; the i_pages lock is held.

    NR_SHMEM goes down for swap-backed pages only, NR_SHMEM_THPS for every huge page (D8).

    Models: hunk H4: mm/filemap.c: unaccount_page_cache_page, with the option on.
    """
    splat.VM_BUG_ON_PAGE(page_h.PageTail(page), page, "a tail is not removed by itself")
    splat.VM_BUG_ON_PAGE(
        page_h.page_mapped(page), page, "still mapped while it leaves the page cache"
    )
    if page_h.page_mapped(page):
        splat.report("bad page cache", f"{page} is removed while mapped", silent=False)
    nr = page_h.hpage_nr_pages(page)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, -nr)
    if page_h.PageSwapBacked(page):
        vmstat.mod_node_page_state(vmstat.NR_SHMEM, -nr)
    if page_h.PageTransHuge(page):
        vmstat.dec_node_page_state(vmstat.NR_SHMEM_THPS)


# ---- hunk H6: looking for something that is in the way -----------------------------------------------------


def filemap_huge_check_pagecache_usable(
    xas: xarray.XaState, hindex: Pgoff, hindex_max: Pgoff
) -> tuple[bool, Page | None]:
    """Look for an entry of the block, from where the cursor stands up to ``hindex_max``, inclusive.

    Expects the i_pages lock. The cursor is back at ``hindex`` afterwards.

    Returns:
        Whether the block can be used, and the huge page that is cached already, or None. Differs: the posted function
        hands the page out through a pointer.

    Models: hunk H6: mm/filemap.c: filemap_huge_check_pagecache_usable.
    """
    while True:
        entry = xarray.xas_find(xas, hindex_max)
        if not xarray.xas_retry(xas, entry):
            break
        xarray.xas_set(xas, hindex)
    if entry is None:
        xarray.xas_set(xas, hindex)
        return True, None
    if huge_entry_is_unusable(entry, hindex):
        return False, None
    xarray.xas_set(xas, hindex)
    return True, entry if filemap.is_page(entry) else None


def huge_entry_is_unusable(entry: Entry, hindex: Pgoff) -> bool:
    """The one condition of ten terms that the review called unreadable.

    ``is_page`` stands for its first two terms: no value, nothing internal.

    Models: hunk H6: the condition inside filemap_huge_check_pagecache_usable.
    """
    return (
        not filemap.is_page(entry)
        or not page_h.PageCompound(entry)
        or page_h.PageHuge(entry)
        or not page_h.PageTransCompound(entry)
        or entry is not page_h.compound_head(entry)
        or page_h.compound_order(entry) != units.HPAGE_PMD_ORDER
        or entry.index != hindex
        or not page_h.PageUptodate(entry)
        or not page_h.PageLocked(entry)
    )


# ---- hunk H7: the fault ---------------------------------------------------------------------------------


@replaces(filemap.filemap_huge_fault)
def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Serve a read fault with one PMD: make a huge page, read it, map it, and enter it into the page cache.

    mmap_sem is held for reading. May sleep, and does so in places where it must not.

    Returns:
        0 with the block mapped, or whatever alloc_set_pte said, or FALLBACK.

    Differs: on the way back from F14 new_page stays dangling in the posted dead code (D33); here the next round makes
    another.

    Models: hunk H7: mm/filemap.c: filemap_huge_fault, steps F1 to F20.
    """
    mapping = memory.vma_file(vmf.vma).f_mapping
    haddr = units.pmd_floor(vmf.address)
    hindex = units.hpage_floor(vmf.pgoff)
    hindex_max = huge_fault.last_index(hindex)
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)

    ret = huge_fault.refuses(vmf, size, haddr)
    if ret:
        return ret

    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    while True:
        # The label retry_xas_locked.
        usable, cached_page = filemap_huge_check_pagecache_usable(
            xas, hindex, hindex_max
        )
        if not usable:
            huge_fault.leave(mapping, None)
            return VmFault.FALLBACK
        if cached_page is not None:
            ret = huge_fault.map_page(vmf, xas, hindex, cached_page, False)
            huge_fault.leave(mapping, None)
            return ret
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)

        new_page = huge_fault.new_page(vmf, mapping, hindex)
        if new_page is None:
            return VmFault.FALLBACK
        if not huge_fault.read_page(vmf, mapping, new_page):
            return VmFault.FALLBACK
        if not huge_fault.make_room(mapping, xas, hindex, new_page):
            return VmFault.FALLBACK

        # The i_pages lock is held here.
        usable, cached_page = filemap_huge_check_pagecache_usable(
            xas, hindex, hindex_max
        )
        if not usable:
            huge_fault.give_up(mapping, hindex, new_page)
            huge_fault.leave(mapping, None)
            return VmFault.FALLBACK
        if cached_page is not None:
            huge_fault.discard(new_page)
            ret = huge_fault.map_page(vmf, xas, hindex, cached_page, False)
            huge_fault.leave(mapping, None)
            return ret
        huge_fault.lock_again(new_page)
        if new_page.mapping is mapping:
            break
        locks.unlock_page(new_page)
        swap.put_page(new_page)

    ret = huge_fault.map_page(vmf, xas, hindex, new_page, True)
    huge_fault.leave(mapping, new_page)
    return ret
