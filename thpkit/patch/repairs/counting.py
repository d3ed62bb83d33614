"""Repairs of what is counted.

Models: no kernel; each function is one of the patch's with one thing mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import (
    filemap,
    flags,
    huge_memory,
    locks,
    memcg,
    memory,
    page_alloc,
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


@replaces(huge_fault.store)
def d7_store(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> None:
    """D7: the file knows how many pages it has cached."""
    xarray.xas_set(xas, hindex)
    for nr in range(units.HPAGE_PMD_NR):
        xarray.xas_store(xas, page_h.nth_page(page, nr))
        xarray.xas_next(xas)
    mapping.nrpages = mapping.nrpages + units.HPAGE_PMD_NR


@replaces(huge_fault.count_page)
def d8_count_page(page: Page) -> None:
    """D8: a huge page of a regular file has counters of its own, and no shmem goes up with it."""
    vmstat.count_vm_event(vmstat.THP_FILE_ALLOC)
    vmstat.inc_node_page_state(vmstat.NR_FILE_THPS)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, units.HPAGE_PMD_NR)
    mapping = page_h.page_mapping(page)
    if mapping is not None:
        mapping.nr_thps = mapping.nr_thps + 1


@replaces(huge_fault.count_mapping)
def d9_count_mapping() -> None:
    """D9: do_set_pmd has counted already."""


@replaces(huge_fault.new_page)
def d26_new_page(vmf: VmFaultInfo, mapping: AddressSpace, hindex: Pgoff) -> Page | None:
    """D26: the control group of the process pays for the page, or it is not made."""
    gfp = vmf.gfp_mask | Gfp.COMP | Gfp.NOWARN | Gfp.NORETRY
    page = page_alloc.alloc_pages(gfp, units.HPAGE_PMD_ORDER)
    if page is None:
        return None
    huge_memory.prep_transhuge_page(page)
    charge = memcg.mem_cgroup_try_charge(page, vmf.vma.vm_mm)
    if charge is None:
        swap.put_page(page)
        return None
    memcg.mem_cgroup_commit_charge(page, charge)
    page.index = hindex
    page.mapping = mapping
    locks.set_page_locked_nonatomic(page)
    return page


@replaces(filemap.filemap_huge_fault)
def d6_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """D6: as posted, and a page that is cached now but on no LRU list is put on one, after the lock is released."""
    ret = v3_filemap.filemap_huge_fault(vmf, size)
    page = vmf.page
    if page is not None and not page_h.PageLRU(page):
        swap.lru_cache_add(page)
    return ret


@replaces(huge_fault.read_page)
def d27_read_page(vmf: VmFaultInfo, mapping: AddressSpace, page: Page) -> bool:
    """D27: a fault that reads from storage is counted as a major one."""
    if not vmf.major:
        vmstat.count_vm_event(vmstat.PGMAJFAULT)
        vmf.major = True
    error = mapping.a_ops.readpage(memory.vma_file(vmf.vma), page)
    if error:
        swap.put_page(page)
        return False
    locks.wait_on_page_locked(page)
    if not page_h.PageUptodate(page):
        huge_fault.discard(page)
        return False
    return True


@replaces(filemap.filemap_huge_fault)
def d27_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """D27: as posted, and the answer says that storage was read."""
    ret = v3_filemap.filemap_huge_fault(vmf, size)
    if vmf.major and not ret & flags.VM_FAULT_ERROR:
        ret = ret | VmFault.MAJOR
    return ret


@replaces(filemap.filemap_huge_fault)
def d6_d27_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """D6 and D27 together."""
    ret = v3_filemap.filemap_huge_fault(vmf, size)
    if vmf.major and not ret & flags.VM_FAULT_ERROR:
        ret = ret | VmFault.MAJOR
    page = vmf.page
    if page is not None and not page_h.PageLRU(page):
        swap.lru_cache_add(page)
    return ret
