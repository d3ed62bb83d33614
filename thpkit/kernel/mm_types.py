"""The structures of an address space: mm_struct, vm_area_struct, vm_fault and the operation tables.

Models: include/linux/mm_types.h, include/linux/mm.h (v5.3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from thpkit.kernel.flags import FaultFlags, Gfp, PageEntrySize, VmFault, VmFlags
from thpkit.kernel.kobject import KArray, KObject, kstruct
from thpkit.kernel.units import Pgoff, VirtAddr

if TYPE_CHECKING:
    from thpkit.kernel.fs import File
    from thpkit.kernel.locks import RwSem, SpinLock
    from thpkit.kernel.memcg import MemCgroup
    from thpkit.kernel.page import Page
    from thpkit.kernel.pgtable import EntryPtr, PageTable


class MmCounter(IntEnum):
    """Index of an address space's resident-page counters (rss_stat)."""

    MM_FILEPAGES = 0
    MM_ANONPAGES = 1
    MM_SWAPENTS = 2
    MM_SHMEMPAGES = 3


class VmOperations(NamedTuple):
    """What a file system does for its mappings (struct vm_operations_struct). Built at boot."""

    name: str
    fault: Callable[[VmFaultInfo], VmFault]
    """Find or read one page and return it in ``vmf.page``."""
    map_pages: Callable[[VmFaultInfo, Pgoff, Pgoff], None] | None
    """Map the pages of a range that are in the cache already."""
    huge_fault: Callable[[VmFaultInfo, PageEntrySize], VmFault] | None
    """Serve the fault with one huge entry, or answer FALLBACK."""

    def __repr__(self) -> str:
        return self.name


@kstruct
class VmArea(KObject):
    """One mapping of an address space: [vm_start, vm_end) with one set of rights (struct vm_area_struct)."""

    vm_start: VirtAddr
    vm_end: VirtAddr
    """First address after the mapping."""
    vm_mm: MmStruct
    vm_flags: VmFlags
    vm_page_prot: int
    """Entry bits that every page of this mapping gets."""
    vm_pgoff: Pgoff
    """File index of ``vm_start``."""
    vm_file: File | None = None
    """None for anonymous memory."""
    vm_ops: VmOperations | None = None
    """None is the definition of an anonymous mapping."""
    vm_next: VmArea | None = None
    """Next mapping by address."""
    vm_prev: VmArea | None = None
    anon_vma: bool = False
    """Whether private copies may exist here. Left out: the anon_vma structure."""


@kstruct
class MmStruct(KObject):
    """One address space (struct mm_struct)."""

    mmap_base: VirtAddr
    """Top of the area in which mappings without a hint are placed, growing down."""
    pgd: PageTable
    """Top-level page table."""
    mmap_sem: RwSem
    page_table_lock: SpinLock
    mm_users: int = 1
    """Threads that run in it."""
    mmap: VmArea | None = None
    """Mapping with the lowest address; the others follow by ``vm_next``."""
    map_count: int = 0
    """Number of mappings."""
    total_vm: int = 0
    """Pages mapped, whether resident or not."""
    rss_stat: KArray[int] = field(
        default_factory=lambda: KArray.filled(len(MmCounter), 0)
    )
    """Resident pages by :class:`MmCounter`."""
    pgtables_bytes: int = 0
    """Bytes of PUD, PMD and PTE tables; the top-level table is not counted."""
    def_flags: VmFlags = VmFlags.NONE
    memcg: MemCgroup


@kstruct
class VmFaultInfo(KObject):
    """The parameter block of one page fault (struct vm_fault)."""

    vma: VmArea
    flags: FaultFlags
    gfp_mask: Gfp
    pgoff: Pgoff
    """File index of the faulting address, computed from the VMA."""
    address: VirtAddr
    """Faulting address, rounded down to a page."""
    pud: EntryPtr | None = None
    pmd: EntryPtr | None = None
    """The PMD entry that covers the address."""
    orig_pte: int = 0
    cow_page: Page | None = None
    """The private copy being made, if this is a write to a private mapping."""
    memcg: MemCgroup | None = None
    """Charge for ``cow_page``; None on every other path."""
    page: Page | None = None
    """What the handler found; for a huge page the sub-page of ``pgoff``."""
    pte: EntryPtr | None = None
    """The PTE, mapped and locked; None while no PTE table is locked."""
    ptl: SpinLock | None = None
    """The lock held while ``pte`` is not None."""
    prealloc_pte: PageTable | None = None
    """A spare PTE table, allocated where sleeping was still allowed."""
    major: bool = False
    """This fault has been counted as major. Differs: the model's own, so that a fault which fails huge and goes on
    small is counted once."""
