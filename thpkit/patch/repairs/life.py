"""Repairs of the life of the page: its lock, its references, and its end when something fails.

Models: no kernel; each function is one of the patch's with one thing mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import locks, memory, swap, units, vmstat
from thpkit.kernel import page as page_h
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import huge_fault

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page


@replaces(huge_fault.leave)
def d5_leave(mapping: AddressSpace, page: Page | None) -> None:
    """D5: the page that this fault made is unlocked, if it is still there to be unlocked."""
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
    if page is not None and page_h.PageLocked(page) and page_h.page_count(page):
        locks.unlock_page(page)


@replaces(huge_fault.add_references)
def d10_add_references(page: Page, new: bool) -> None:
    """D10: the cache's 512 references are taken once; a further mapping needs one."""
    if new:
        page_h.page_ref_add(page, units.HPAGE_PMD_NR)
    else:
        page_h.get_page(page)


@replaces(huge_fault.read_page)
def d13_read_page(vmf: VmFaultInfo, mapping: AddressSpace, page: Page) -> bool:
    """D13: a page that could not be read no longer says which file it belongs to when it is freed."""
    error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), page)
    if not error:
        locks.wait_on_page_locked(page)
    if error or not page_h.PageUptodate(page):
        huge_fault.discard(page)
        return False
    return True


@replaces(huge_fault.read_page)
def d13_d27_read_page(vmf: VmFaultInfo, mapping: AddressSpace, page: Page) -> bool:
    """D13 and D27 together."""
    if not vmf.major:
        vmstat.count_vm_event(vmstat.PGMAJFAULT)
        vmf.major = True
    error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), page)
    if not error:
        locks.wait_on_page_locked(page)
    if error or not page_h.PageUptodate(page):
        huge_fault.discard(page)
        return False
    return True


@replaces(huge_fault.discard)
def d14_discard(page: Page) -> None:
    """D14: no page goes back to the allocator locked."""
    page.mapping = None
    if page_h.PageLocked(page):
        locks.unlock_page(page)
    swap.put_page(page)
