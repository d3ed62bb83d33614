"""The huge page fault as posted (hunks H4, H6 and H7): read first, map next, enter into the page cache last.

The posted function is cut at its joints here; F1 to F20 number its steps in order. Nothing is repaired: where a lock
stays taken or a counter is moved twice, the posted code does that.

Models: mm/filemap.c, as changed by the patch v3 2/2 against v5.3.
Left out: nothing of the patch.
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
from thpkit.kernel.flags import FaultFlags, Gfp, PageEntrySize, VmFault
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.units import VirtAddr
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

    Models: hunk H7: mm/filemap.c: filemap_huge_fault, steps F1 to F20.
    """
    mapping = memory.vma_file(vmf.vma).f_mapping
    haddr = units.pmd_floor(vmf.address)
    hindex = units.hpage_floor(vmf.pgoff)
    hindex_max = huge_fault_last_index(hindex)
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)

    ret = huge_fault_refuses(vmf, size, haddr)
    if ret:
        return ret

    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    while True:
        # The label retry_xas_locked.
        usable, cached_page = filemap_huge_check_pagecache_usable(
            xas, hindex, hindex_max
        )
        if not usable:
            huge_fault_leave(mapping, None)
            return VmFault.FALLBACK
        if cached_page is not None:
            ret = huge_fault_map(vmf, xas, hindex, cached_page, False)
            huge_fault_leave(mapping, None)
            return ret
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)

        new_page = huge_fault_new_page(vmf, mapping, hindex)
        if new_page is None:
            return VmFault.FALLBACK
        if not huge_fault_read_page(vmf, mapping, new_page):
            return VmFault.FALLBACK
        if not huge_fault_make_room(mapping, xas, hindex, new_page):
            return VmFault.FALLBACK

        # The i_pages lock is held here.
        usable, cached_page = filemap_huge_check_pagecache_usable(
            xas, hindex, hindex_max
        )
        if not usable:
            huge_fault_give_up(mapping, hindex, new_page)
            huge_fault_leave(mapping, None)
            return VmFault.FALLBACK
        if cached_page is not None:
            huge_fault_discard(new_page)
            ret = huge_fault_map(vmf, xas, hindex, cached_page, False)
            huge_fault_leave(mapping, None)
            return ret
        huge_fault_lock_page(new_page)
        if new_page.mapping is mapping:
            break
        locks.unlock_page(new_page)
        swap.put_page(new_page)

    ret = huge_fault_map(vmf, xas, hindex, new_page, True)
    huge_fault_leave(mapping, new_page)
    return ret


def huge_fault_last_index(hindex: Pgoff) -> Pgoff:
    """The bound of the two searches: one too far (D1).

    Models: F1.
    """
    return Pgoff(hindex + units.HPAGE_PMD_NR)


def huge_fault_refuses(
    vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr
) -> VmFault:
    """Whether this fault is refused: another size, a write, a block that sticks out of the mapping.

    Returns:
        FALLBACK, or 0 to go on.

    Models: F2.
    """
    vma = vmf.vma
    if (
        size != PageEntrySize.PMD
        or vmf.flags & FaultFlags.WRITE
        or haddr < vma.vm_start
        or haddr + units.HPAGE_PMD_SIZE > vma.vm_end
    ):
        return VmFault.FALLBACK
    return VmFault.NONE


def huge_fault_new_page(
    vmf: VmFaultInfo, mapping: AddressSpace, hindex: Pgoff
) -> Page | None:
    """Allocate a huge page that already says which file it belongs to, locked. Nobody is charged for it (D26).

    Models: F6 to F8.
    """
    gfp = vmf.gfp_mask | Gfp.COMP | Gfp.NOWARN | Gfp.NORETRY
    page = page_alloc.alloc_pages(gfp, units.HPAGE_PMD_ORDER)
    if page is None:
        return None
    if not page_h.PageCompound(page):
        swap.put_page(page)
        return None
    huge_memory.prep_transhuge_page(page)
    page.index = hindex
    page.mapping = mapping
    locks.set_page_locked_nonatomic(page)
    return page


def huge_fault_read_page(vmf: VmFaultInfo, mapping: AddressSpace, page: Page) -> bool:
    """Let the file system fill the page, which nobody can find yet, and wait, uninterruptibly.

    Returns:
        False if that failed; the page is gone then, with its mapping still set if ->readpage said so itself (D13).

    Models: F9, F10.
    """
    error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), page)
    if error:
        swap.put_page(page)
        return False
    locks.wait_on_page_locked(page)
    if not page_h.PageUptodate(page):
        huge_fault_discard(page)
        return False
    return True


def huge_fault_make_room(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> bool:
    """Make the nodes of the block. Allocates with the i_pages lock held and irqs off (D11).

    Returns:
        True with the i_pages lock held; False without it, and the page is gone.

    Models: F11.
    """
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        xarray.xas_set(xas, hindex)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            return True
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            huge_fault_discard(page)
            huge_fault_leave(mapping, None)
            return False
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)


def huge_fault_give_up(mapping: AddressSpace, hindex: Pgoff, page: Page) -> None:
    """Something is in the way after all: drop the page. The empty leaves of the block stay (D4).

    Models: F12.
    """
    huge_fault_discard(page)


def huge_fault_discard(page: Page) -> None:
    """Drop a page that is in no cache, whether it is locked or not (D14).

    Models: two lines of F10, F11, F12 and F19.
    """
    page.mapping = None
    swap.put_page(page)


def huge_fault_lock_page(page: Page) -> None:
    """Set the lock bit a second time, by a plain write (K14).

    Models: F13.
    """
    locks.set_page_locked_nonatomic(page)


def huge_fault_map(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """Map the page under the i_pages lock, and only then let it be found (K17, D12).

    Models: F15 to F19.
    """
    haddr = units.pmd_floor(vmf.address)
    ret = memory.alloc_set_pte(vmf, None, hugepage)
    splat.VM_BUG_ON_PAGE(
        not memory.vmf_pmd_is_huge(vmf), hugepage, "mapped, but the PMD is not huge"
    )
    if not ret & flags.VM_FAULT_ERROR:
        if new:
            huge_fault_store(memory.vma_file(vmf.vma).f_mapping, xas, hindex, hugepage)
            huge_fault_count_page(hugepage)
        vmf.address = haddr
        vmf.page = hugepage
        huge_fault_add_references(hugepage, new)
        huge_fault_count_mapping()
    elif new:
        huge_fault_discard(hugepage)
    return ret


def huge_fault_store(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> None:
    """Store the 512 sub-pages. The mapping's own count of them, nrpages, is left as it was (D7).

    Models: F17, the loop.
    """
    xarray.xas_set(xas, hindex)
    for nr in range(units.HPAGE_PMD_NR):
        xarray.xas_store(xas, page_h.nth_page(page, nr))
        xarray.xas_next(xas)


def huge_fault_count_page(page: Page) -> None:
    """Count the page of a regular file as if it were shmem (D8).

    Models: F17, the counters.
    """
    vmstat.count_vm_event(vmstat.THP_FILE_ALLOC)
    vmstat.inc_node_page_state(vmstat.NR_SHMEM_THPS)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, units.HPAGE_PMD_NR)
    vmstat.mod_node_page_state(vmstat.NR_SHMEM, units.HPAGE_PMD_NR)


def huge_fault_add_references(page: Page, new: bool) -> None:
    """Take 512 references, for a page that is new and for one that was cached before alike (D10).

    Models: F18.
    """
    page_h.page_ref_add(page, units.HPAGE_PMD_NR)


def huge_fault_count_mapping() -> None:
    """Count the mapping, which do_set_pmd has counted already (D9).

    Models: F18.
    """
    vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)


def huge_fault_leave(mapping: AddressSpace, page: Page | None) -> None:
    """The label unlock: drop the i_pages lock, and nothing else.

    ``page`` is the page this fault made, or None. It stays locked (D5), and no LRU list hears of it (D6).

    Models: F20.
    """
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
