"""The pieces of the huge page fault as posted (hunk H7), in the order in which they come.

In the patch all this is one function, :func:`thpkit.patch.v3.filemap.filemap_huge_fault`. Each piece says which of
the steps F1 to F20 it is. A single repair replaces one of them.

Models: mm/filemap.c: filemap_huge_fault, of the patch v3 2/2.
Left out: nothing of the patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import (
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

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.units import VirtAddr


def last_index(hindex: Pgoff) -> Pgoff:
    """The bound of the two searches: one too far (D1).

    Models: F1.
    """
    return Pgoff(hindex + units.HPAGE_PMD_NR)


def refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
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


def new_page(vmf: VmFaultInfo, mapping: AddressSpace, hindex: Pgoff) -> Page | None:
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


def read_page(vmf: VmFaultInfo, mapping: AddressSpace, page: Page) -> bool:
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
        discard(page)
        return False
    return True


def make_room(
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
            discard(page)
            leave(mapping, None)
            return False
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)


def give_up(mapping: AddressSpace, hindex: Pgoff, page: Page) -> None:
    """Something is in the way after all: drop the page. The empty leaves of the block stay (D4).

    Models: F12.
    """
    discard(page)


def discard(page: Page) -> None:
    """Drop a page that is in no cache, whether it is locked or not (D14).

    Models: two lines of F10, F11, F12 and F19.
    """
    page.mapping = None
    swap.put_page(page)


def lock_again(page: Page) -> None:
    """Set the lock bit a second time, by a plain write (K14).

    Models: F13.
    """
    locks.set_page_locked_nonatomic(page)


def map_page(
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
            store(memory.vma_file(vmf.vma).f_mapping, xas, hindex, hugepage)
            count_page(hugepage)
        vmf.address = haddr
        vmf.page = hugepage
        add_references(hugepage, new)
        count_mapping()
    elif new:
        discard(hugepage)
    return ret


def store(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> None:
    """Store the 512 sub-pages. The mapping's own count of them, nrpages, is left as it was (D7).

    Models: F17, the loop.
    """
    xarray.xas_set(xas, hindex)
    for nr in range(units.HPAGE_PMD_NR):
        xarray.xas_store(xas, page_h.nth_page(page, nr))
        xarray.xas_next(xas)


def count_page(page: Page) -> None:
    """Count the page of a regular file as if it were shmem (D8).

    Models: F17, the counters.
    """
    vmstat.count_vm_event(vmstat.THP_FILE_ALLOC)
    vmstat.inc_node_page_state(vmstat.NR_SHMEM_THPS)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, units.HPAGE_PMD_NR)
    vmstat.mod_node_page_state(vmstat.NR_SHMEM, units.HPAGE_PMD_NR)


def add_references(page: Page, new: bool) -> None:
    """Take 512 references, for a page that is new and for one that was cached before alike (D10).

    Models: F18.
    """
    page_h.page_ref_add(page, units.HPAGE_PMD_NR)


def count_mapping() -> None:
    """Count the mapping, which do_set_pmd has counted already (D9).

    Models: F18.
    """
    vmstat.count_vm_event(vmstat.THP_FILE_MAPPED)


def leave(mapping: AddressSpace, page: Page | None) -> None:
    """The label unlock: drop the i_pages lock, and nothing else.

    ``page`` is the page this fault made, or None. It stays locked (D5), and no LRU list hears of it (D6).

    Models: F20.
    """
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
