"""Page tables: four levels of 512 entries, each entry one integer word.

An entry is *none* when zero. A PGD, PUD or PMD entry otherwise names the next table by frame number, except a PMD
entry with PSE set, which maps 2 MiB itself. Pointers to entries are (table, index) pairs.

Models: arch/x86/include/asm/pgtable*.h, include/asm-generic/pgtable.h, mm/memory.c (table allocation), v5.3.
Left out: the folded P4D level, five-level paging, protection keys, migration and swap entries, TLB flushing.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from thpkit.kernel import current, fault_inject, flags, locks, page_alloc, units
from thpkit.kernel.flags import Access, VmFlags
from thpkit.kernel.kobject import KArray, KObject, kstruct, primitive
from thpkit.kernel.locks import SpinLock
from thpkit.kernel.mm_types import MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pfn, VirtAddr


class Level(IntEnum):
    """Which level a page table is."""

    PTE = 1
    PMD = 2
    PUD = 3
    PGD = 4

    @property
    def shift(self) -> int:
        """log2 of the bytes that one entry covers."""
        return units.PAGE_SHIFT + (self - 1) * units.TABLE_SHIFT


@kstruct
class PageTable(KObject):
    """One page-table page."""

    level: Level
    pfn: Pfn
    """Frame of the table itself; the entry above holds it."""
    entries: KArray[int]
    ptl: SpinLock
    """Guards the entries (split page-table locks)."""


class EntryPtr(NamedTuple):
    """Pointer to one entry: pgd_t *, pud_t *, pmd_t * or pte_t *."""

    table: PageTable
    slot: int

    def __repr__(self) -> str:
        return f"{self.table}[{self.slot}]"


# ---- reading entries ------------------------------------------------------------------------------------


@primitive
def entry_val(ptr: EntryPtr) -> int:
    """The word behind the pointer: ``*pmd``, ``*pte`` …"""
    return ptr.table.entries[ptr.slot]


@primitive
def entry_none(ptr: EntryPtr) -> bool:
    """pgd_none, pud_none, pmd_none, pte_none: nothing is mapped here."""
    return entry_val(ptr) == 0


@primitive
def pmd_trans_huge(val: int) -> bool:
    """Whether a PMD entry maps a huge page itself."""
    return bool(val & flags.PAGE_PSE)


@primitive
def pmd_devmap_trans_unstable(ptr: EntryPtr) -> bool:
    """Whether a PMD entry does not, or no longer, name a stable PTE table."""
    val = entry_val(ptr)
    return val == 0 or pmd_trans_huge(val)


@primitive
def entry_present(val: int) -> bool:
    """Whether the entry maps something, even if nobody may touch it."""
    return bool(val & (flags.PAGE_PRESENT | flags.PAGE_PROTNONE | flags.PAGE_PSE))


@primitive
def entry_write(val: int) -> bool:
    """Whether the entry allows writing."""
    return bool(val & flags.PAGE_RW)


@primitive
def entry_young(val: int) -> bool:
    """Whether the CPU has used the entry."""
    return bool(val & flags.PAGE_ACCESSED)


@primitive
def entry_pfn(val: int) -> Pfn:
    """Frame that the entry names: a page or the next table."""
    return Pfn((val & flags.PTE_PFN_MASK) >> units.PAGE_SHIFT)


@primitive
def entry_page(val: int) -> Page:
    """Page that a PTE, or a huge PMD, maps: pte_page, pmd_page."""
    return current.kernel.zone.memmap[entry_pfn(val)]


@primitive
def entry_table(val: int) -> PageTable:
    """Table that a PGD, PUD or ordinary PMD entry names."""
    return current.kernel.zone.tables[entry_pfn(val)]


# ---- making and setting entries ---------------------------------------------------------------------------


@primitive
def vm_get_page_prot(vm_flags: VmFlags) -> int:
    """Entry bits for a mapping with these rights. Private writable memory starts read-only: copy on write.

    Models: mm/mmap.c: protection_map.
    """
    prot = flags.PAGE_PRESENT | flags.PAGE_USER | flags.PAGE_ACCESSED
    if not vm_flags & (VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC):
        return flags.PAGE_PROTNONE | flags.PAGE_ACCESSED
    if vm_flags & VmFlags.WRITE and vm_flags & VmFlags.SHARED:
        prot |= flags.PAGE_RW
    if not vm_flags & VmFlags.EXEC:
        prot |= flags.PAGE_NX
    return prot


@primitive
def mk_pte(page: Page, prot: int) -> int:
    """A PTE for ``page``."""
    return page.pfn << units.PAGE_SHIFT | prot


@primitive
def mk_huge_pmd(page: Page, prot: int) -> int:
    """A PMD that maps the huge page of head ``page`` itself."""
    return page.pfn << units.PAGE_SHIFT | prot | flags.PAGE_PSE


@primitive
def entry_mkwrite(val: int) -> int:
    """The entry made writable: maybe_mkwrite on a VM_WRITE mapping."""
    return val | flags.PAGE_RW


@primitive
def entry_mkdirty(val: int) -> int:
    """The entry marked written."""
    return val | flags.PAGE_DIRTY


@primitive
def entry_mkyoung(val: int) -> int:
    """The entry marked used."""
    return val | flags.PAGE_ACCESSED


@primitive
def set_entry(ptr: EntryPtr, val: int) -> None:
    """set_pmd_at, set_pte_at: store the word. A none entry is in no TLB, so filling one needs no flush."""
    ptr.table.entries[ptr.slot] = val


@primitive
def clear_entry(ptr: EntryPtr) -> int:
    """pmdp_huge_get_and_clear, ptep_get_and_clear: make the entry none and return what it was."""
    val = entry_val(ptr)
    ptr.table.entries[ptr.slot] = 0
    return val


# ---- walking and allocating tables ------------------------------------------------------------------------


@primitive
def pgd_offset(mm: MmStruct, address: VirtAddr) -> EntryPtr:
    """Pointer to the top-level entry of ``address``."""
    return EntryPtr(mm.pgd, units.pgd_index(address))


@primitive
def table_offset(parent: EntryPtr, address: VirtAddr) -> EntryPtr:
    """pud_offset, pmd_offset, pte_offset_map: pointer to the entry of ``address`` in the table ``parent`` names."""
    table = entry_table(entry_val(parent))
    return EntryPtr(table, (address >> table.level.shift) & (units.PTRS_PER_TABLE - 1))


@primitive
def alloc_table(level: Level) -> PageTable | None:
    """A new, empty table of ``level``, or None if the attempt was made to fail. May sleep.

    Page-table pages count neither as PGALLOC nor in the memory control group here.
    """
    locks.might_sleep(f"allocation of a {level.name} table")
    if fault_inject.should_fail("pgtable"):
        return None
    pfn = page_alloc.take_frames(0)
    name = current.new_name(f"{level.name.lower()}_table")
    table = PageTable(
        name,
        level=level,
        pfn=pfn,
        entries=KArray.filled(units.PTRS_PER_TABLE, 0),
        ptl=SpinLock(f"{name}.ptl", cls="ptl"),
    )
    current.kernel.zone.tables[pfn] = table
    return table


@primitive
def free_table(table: PageTable) -> None:
    """Give a table back; nothing names it any more."""
    del current.kernel.zone.tables[table.pfn]


@primitive
def populate(parent: EntryPtr, table: PageTable) -> None:
    """pgd_populate, pud_populate, pmd_populate: let ``parent`` name ``table``."""
    parent.table.entries[parent.slot] = (
        table.pfn << units.PAGE_SHIFT
        | flags.PAGE_PRESENT
        | flags.PAGE_RW
        | flags.PAGE_USER
    )


@primitive
def mm_inc_nr_tables(mm: MmStruct) -> None:
    """mm_inc_nr_puds, _pmds, _ptes: count one more table page of the address space."""
    mm.pgtables_bytes = mm.pgtables_bytes + units.PAGE_SIZE


@primitive
def mm_dec_nr_tables(mm: MmStruct) -> None:
    """Count one table page of the address space less."""
    mm.pgtables_bytes = mm.pgtables_bytes - units.PAGE_SIZE


def table_alloc(mm: MmStruct, parent: EntryPtr, address: VirtAddr) -> EntryPtr | None:
    """The entry of ``address`` one level below ``parent``, in a table that is made if it is missing.

    Returns:
        The entry, or None if a table could not be allocated.

    Locks: entry mmap_sem; takes ptl (page_table_lock); may sleep.
    Models: include/linux/mm.h: pud_alloc, pmd_alloc (v5.3); mm/memory.c: __pud_alloc, __pmd_alloc (v5.3).
    Left out: P4D.
    """
    if entry_none(parent):
        table = alloc_table(Level(parent.table.level - 1))
        if table is None:
            return None
        locks.spin_lock(mm.page_table_lock)
        if entry_none(parent):
            mm_inc_nr_tables(mm)
            populate(parent, table)
        else:
            free_table(table)
        locks.spin_unlock(mm.page_table_lock)
    return table_offset(parent, address)


@primitive
def pmd_lockptr(pmd: EntryPtr) -> SpinLock:
    """The lock that guards a PMD entry: that of its table page."""
    return pmd.table.ptl


@primitive
def pte_lockptr(pmd: EntryPtr) -> SpinLock:
    """The lock that guards the entries of the PTE table that ``pmd`` names."""
    return entry_table(entry_val(pmd)).ptl


# ---- what the CPU does ------------------------------------------------------------------------------------


class Translation(NamedTuple):
    """Where an access ended in the page tables."""

    ptr: EntryPtr
    """The last entry that was read."""
    page: Page | None
    """The 4 KiB page that the address belongs to; None if the access must fault."""


@primitive
def walk(mm: MmStruct, address: VirtAddr) -> list[EntryPtr]:
    """The entries of ``address`` from the PGD down, as far as tables exist; none of the last one is implied."""
    ptr = pgd_offset(mm, address)
    path = [ptr]
    while ptr.table.level > Level.PTE:
        val = entry_val(ptr)
        if val == 0 or val & flags.PAGE_PSE:
            break
        ptr = table_offset(ptr, address)
        path.append(ptr)
    return path


@primitive
def mmu_translate(mm: MmStruct, address: VirtAddr, access: Access) -> Translation:
    """Translate as the CPU does: find the page, check the rights, set the accessed and dirty bits."""
    ptr = walk(mm, address)[-1]
    val = entry_val(ptr)
    denied = (access & Access.WRITE and not val & flags.PAGE_RW) or (
        access & Access.EXEC and val & flags.PAGE_NX
    )
    if not val & flags.PAGE_PRESENT or denied:
        return Translation(ptr, None)
    used = (
        val | flags.PAGE_ACCESSED | (flags.PAGE_DIRTY if access & Access.WRITE else 0)
    )
    if used != val:
        set_entry(ptr, used)
    offset = (
        (address >> units.PAGE_SHIFT) & (units.HPAGE_PMD_NR - 1)
        if val & flags.PAGE_PSE
        else 0
    )
    return Translation(ptr, current.kernel.zone.memmap[Pfn(entry_pfn(val) + offset)])
