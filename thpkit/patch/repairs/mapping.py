"""Repairs of which faults are served, and of how the page is mapped.

Models: no kernel; each function is one of the patch's with one thing mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import flags, fs, huge_memory, locks, memory, splat, units
from thpkit.kernel.flags import FaultFlags, PageEntrySize, VmFault
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import huge_fault

if TYPE_CHECKING:
    from thpkit.kernel import xarray
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.units import VirtAddr

NOT_HUGE = "mapped, but the PMD is not huge"


# ---- which faults ---------------------------------------------------------------------------------------


@replaces(huge_fault.refuses)
def d17_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """K11, D17: address and index must agree modulo 512 pages as well."""
    if size != PageEntrySize.PMD or vmf.flags & FaultFlags.WRITE:
        return VmFault.FALLBACK
    if not huge_memory.transhuge_vma_suitable(vmf.vma, haddr):
        return VmFault.FALLBACK
    return VmFault.NONE


@replaces(huge_fault.refuses)
def d18_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """D18: beyond the end of the file there is nothing, and a block that sticks out is no huge page."""
    vma = vmf.vma
    if (
        size != PageEntrySize.PMD
        or vmf.flags & FaultFlags.WRITE
        or haddr < vma.vm_start
        or haddr + units.HPAGE_PMD_SIZE > vma.vm_end
    ):
        return VmFault.FALLBACK
    end = fs.i_size_pages(memory.vma_file(vma).f_inode)
    if vmf.pgoff >= end:
        return VmFault.SIGBUS
    if units.hpage_floor(vmf.pgoff) + units.HPAGE_PMD_NR > end:
        return VmFault.FALLBACK
    return VmFault.NONE


@replaces(huge_fault.refuses)
def d20_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """D20: who answers FALLBACK to a write has to split the huge entry first; in v5.3 nobody else does."""
    vma = vmf.vma
    if size != PageEntrySize.PMD:
        return VmFault.FALLBACK
    if vmf.flags & FaultFlags.WRITE:
        huge_memory.split_huge_pmd(vma, memory.vmf_pmd(vmf), vmf.address)
        return VmFault.FALLBACK
    if haddr < vma.vm_start or haddr + units.HPAGE_PMD_SIZE > vma.vm_end:
        return VmFault.FALLBACK
    return VmFault.NONE


@replaces(huge_fault.refuses)
def d42_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """D42: a file that somebody may write is not served, and so no shared writable mapping is."""
    vma = vmf.vma
    if (
        size != PageEntrySize.PMD
        or vmf.flags & FaultFlags.WRITE
        or haddr < vma.vm_start
        or haddr + units.HPAGE_PMD_SIZE > vma.vm_end
        or fs.inode_is_open_for_write(memory.vma_file(vma).f_inode)
    ):
        return VmFault.FALLBACK
    return VmFault.NONE


@replaces(huge_fault.refuses)
def all_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """K11, D17, D18, D19, D20 and D42 together: every question that REF asks before it begins."""
    vma = vmf.vma
    file = memory.vma_file(vma)
    if size != PageEntrySize.PMD:
        return VmFault.FALLBACK
    if vmf.flags & FaultFlags.WRITE:
        huge_memory.split_huge_pmd(vma, memory.vmf_pmd(vmf), vmf.address)
        return VmFault.FALLBACK
    if not huge_memory.transhuge_vma_suitable(vma, haddr):
        return VmFault.FALLBACK
    if fs.inode_is_open_for_write(file.f_inode):
        return VmFault.FALLBACK
    if not fs.mapping_thp_support(file.f_mapping):
        return VmFault.FALLBACK
    end = fs.i_size_pages(file.f_inode)
    if vmf.pgoff >= end:
        return VmFault.SIGBUS
    if units.hpage_floor(vmf.pgoff) + units.HPAGE_PMD_NR > end:
        return VmFault.FALLBACK
    return VmFault.NONE


@replaces(huge_fault.refuses)
def d19_refuses(vmf: VmFaultInfo, size: PageEntrySize, haddr: VirtAddr) -> VmFault:
    """D19: the file system must have said that its ->readpage fills a huge page."""
    vma = vmf.vma
    if (
        size != PageEntrySize.PMD
        or vmf.flags & FaultFlags.WRITE
        or haddr < vma.vm_start
        or haddr + units.HPAGE_PMD_SIZE > vma.vm_end
        or not fs.mapping_thp_support(memory.vma_file(vma).f_mapping)
    ):
        return VmFault.FALLBACK
    return VmFault.NONE


# ---- mapping --------------------------------------------------------------------------------------------


def enter_and_count(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> None:
    """What the posted code does once the page is mapped: F17 and F18."""
    haddr = units.pmd_floor(vmf.address)
    if new:
        huge_fault.store(memory.vma_file(vmf.vma).f_mapping, xas, hindex, hugepage)
        huge_fault.count_page(hugepage)
    vmf.address = haddr
    vmf.page = hugepage
    huge_fault.add_references(hugepage, new)
    huge_fault.count_mapping()


@replaces(huge_fault.map_page)
def d12_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """D12: no i_pages lock is held while page-table locks are taken. What the look under it found may change now."""
    mapping = memory.vma_file(vmf.vma).f_mapping
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
    ret = memory.alloc_set_pte(vmf, None, hugepage)
    splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    if not ret & flags.VM_FAULT_ERROR:
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret


@replaces(huge_fault.map_page)
def d15_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """D15: NOPAGE means that somebody else has mapped something, so this page is not mapped."""
    ret = memory.alloc_set_pte(vmf, None, hugepage)
    splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
    if not ret & flags.VM_FAULT_NOT_MAPPED:
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret


@replaces(huge_fault.map_page)
def d16_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """D16: map by a PMD or not at all, and assert only of what was mapped."""
    ret = VmFault.FALLBACK
    if not memory.vmf_pmd_is_huge(vmf):
        ret = memory.do_set_pmd(vmf, hugepage)
    if not ret & flags.VM_FAULT_ERROR:
        splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret


@replaces(huge_fault.map_page)
def d40_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """D40: look at the answer before asserting anything about what was mapped."""
    ret = memory.alloc_set_pte(vmf, None, hugepage)
    if not ret & flags.VM_FAULT_ERROR:
        splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret


@replaces(huge_fault.map_page)
def d46_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """D46: finish_fault releases the lock of a small entry that was set instead of the huge one."""
    vmf.page = hugepage
    ret = memory.finish_fault(vmf)
    splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
    if not ret & flags.VM_FAULT_ERROR:
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret


@replaces(huge_fault.map_page)
def k17_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """K17: the page is in the cache before it is mapped. A page that cannot be mapped stays there."""
    if new:
        huge_fault.store(memory.vma_file(vmf.vma).f_mapping, xas, hindex, hugepage)
        huge_fault.count_page(hugepage)
    huge_fault.add_references(hugepage, new)
    haddr = units.pmd_floor(vmf.address)
    ret = memory.alloc_set_pte(vmf, None, hugepage)
    splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
    vmf.address = haddr
    vmf.page = hugepage
    huge_fault.count_mapping()
    return ret


@replaces(huge_fault.map_page)
def k16_map_page(
    vmf: VmFaultInfo, xas: xarray.XaState, hindex: Pgoff, hugepage: Page, new: bool
) -> VmFault:
    """K16: pass on what the fault says about a charge. On this path it says nothing."""
    ret = memory.alloc_set_pte(vmf, vmf.memcg, hugepage)
    splat.VM_BUG_ON_PAGE(not memory.vmf_pmd_is_huge(vmf), hugepage, NOT_HUGE)
    if not ret & flags.VM_FAULT_ERROR:
        enter_and_count(vmf, xas, hindex, hugepage, new)
    elif new:
        huge_fault.discard(hugepage)
    return ret
