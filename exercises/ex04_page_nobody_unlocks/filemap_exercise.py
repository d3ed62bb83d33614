"""Exercise ex04: one process reads a library, and the next one that touches it never comes back.

This is the fault that is served with a whole huge page. It stands in for the kit's function of the same name, in
thpkit/kernel/filemap.py; everything else of the kernel is the kit's and correct. The README beside this file tells
the story.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from thpkit.kernel import (
    filemap,
    flags,
    fs,
    huge_memory,
    locks,
    memory,
    swap,
    truncate,
    units,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import FaultFlags, PageEntrySize, VmFault
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.xarray import Entry


@replaces(filemap.filemap_huge_fault)
def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Serve a read fault on a read-only file with one PMD, reading 2 MiB into the cache if they are absent.

    Returns:
        0 or MAJOR with the block mapped; NOPAGE if somebody else mapped something first; SIGBUS beyond the end of the
        file; OOM; FALLBACK to let the small path serve the fault.

    Locks: entry mmap_sem for reading; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: on success the one of the look-up becomes the mapping's; otherwise none stays.
    Models: mm/filemap.c: filemap_huge_fault (v5.3 with the patch), as its review wanted it, repaired: REF, never in a
    kernel.
    Left out: dropping mmap_sem over the read, a killable wait, preallocation of a PTE table, the poison test.
    """
    vma = vmf.vma
    file = memory.vma_file(vma)
    mapping = file.f_mapping
    inode = mapping.host
    haddr = units.pmd_floor(vmf.address)
    hindex = units.hpage_floor(vmf.pgoff)

    # -- Is this a fault that one huge page can serve?
    if size != PageEntrySize.PMD:
        return VmFault.FALLBACK
    if vmf.flags & FaultFlags.WRITE:
        huge_memory.split_huge_pmd(vma, memory.vmf_pmd(vmf), vmf.address)
        return VmFault.FALLBACK
    if not huge_memory.transhuge_vma_suitable(vma, haddr):
        return VmFault.FALLBACK
    if fs.inode_is_open_for_write(inode) or not fs.mapping_thp_support(mapping):
        return VmFault.FALLBACK
    if vmf.pgoff >= fs.i_size_pages(inode):
        return VmFault.SIGBUS
    if hindex + units.HPAGE_PMD_NR > fs.i_size_pages(inode):
        return VmFault.FALLBACK

    # -- Find the huge page, or make one: locked and findable first, read afterwards.
    for _attempt in range(filemap.HUGE_FAULT_TRIES):
        page: Entry | int = filemap.find_get_entry(mapping, hindex)
        inserted = page is None
        if inserted:
            page = filemap.huge_fault_new_page(vmf, mapping, hindex)
        if page == -errno.EEXIST:
            continue
        if not filemap.is_page(page):
            return VmFault.FALLBACK
        if page_h.compound_order(page) != units.HPAGE_PMD_ORDER:
            swap.put_page(page)
            return VmFault.FALLBACK
        locks.lock_page(page)
        if page.mapping is mapping:
            break
        locks.unlock_page(page)
        swap.put_page(page)
    else:
        return VmFault.FALLBACK

    # -- Under the page lock nothing can take the page away: is it still what the fault needs?
    if not page_h.PageUptodate(page):
        truncate.truncate_inode_page(mapping, page)
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.FALLBACK
    end = fs.i_size_pages(inode)
    if hindex + units.HPAGE_PMD_NR > end:
        if inserted:
            truncate.truncate_inode_page(mapping, page)
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.SIGBUS if vmf.pgoff >= end else VmFault.FALLBACK

    # -- Map it. On success the reference becomes the mapping's.
    ret = VmFault.MAJOR if vmf.major else VmFault.NONE
    vmf.page = page_h.nth_page(page, vmf.pgoff - hindex)
    ret = ret | memory.finish_fault(vmf)
    if ret & flags.VM_FAULT_NOT_MAPPED:
        swap.put_page(page)
    return ret
