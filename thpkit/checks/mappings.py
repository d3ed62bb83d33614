"""What address spaces hold: resident counters, page tables, the list of mappings."""

from __future__ import annotations

from thpkit.checks import census
from thpkit.checks.census import Census
from thpkit.kernel import flags, huge_memory, mmap, pgtable, units
from thpkit.kernel import page as page_h
from thpkit.kernel.init import Kernel
from thpkit.kernel.mm_types import MmCounter, MmStruct, VmArea
from thpkit.kernel.pgtable import Level, PageTable
from thpkit.kernel.units import VirtAddr


def resident(kernel: Kernel, counted: Census) -> str | None:
    """I7: 512 for each huge mapping, one for each PTE."""
    for mm in census.live_mms(kernel):
        wanted = {
            MmCounter.MM_FILEPAGES: counted.mm_pmds[mm.kname] * units.HPAGE_PMD_NR
            + counted.mm_file_ptes[mm.kname],
            MmCounter.MM_ANONPAGES: counted.mm_anon_ptes[mm.kname],
            MmCounter.MM_SWAPENTS: 0,
            MmCounter.MM_SHMEMPAGES: 0,
        }
        for member, value in wanted.items():
            if mm.rss_stat[member] != value:
                return f"{mm} counts {mm.rss_stat[member]} pages in {member.name}; its tables map {value}"
    return None


def table_bytes(kernel: Kernel, counted: Census) -> str | None:
    """Every table below the top one is counted, and none leaked."""
    total = 0
    for mm in census.live_mms(kernel):
        tables = counted.mm_tables[mm.kname]
        total += tables
        if mm.pgtables_bytes != tables * units.PAGE_SIZE:
            return f"{mm} counts {mm.pgtables_bytes} bytes of page tables; it has {tables} tables"
    if len(kernel.zone.tables) != total:
        return (
            f"{len(kernel.zone.tables)} page tables exist; address spaces name {total}"
        )
    return None


def vmas_of(mm: MmStruct) -> list[VmArea]:
    """The mappings of an address space, by rising address."""
    found = []
    vma = mm.mmap
    while vma is not None:
        found.append(vma)
        vma = vma.vm_next
    return found


def vma_order(kernel: Kernel, counted: Census) -> str | None:
    """The list is sorted and doubly linked; every file mapping stands in its file's list and nobody else does."""
    in_files = {
        (mapping.kname, vma.kname): vma
        for mapping in census.mappings(kernel)
        for vma in mapping.i_mmap.values()
    }
    for mm in census.live_mms(kernel):
        vmas = vmas_of(mm)
        if mm.map_count != len(vmas):
            return f"{mm} says map_count {mm.map_count}; it has {len(vmas)} mappings"
        end = VirtAddr(0)
        before: VmArea | None = None
        for vma in vmas:
            if (
                vma.vm_start < end
                or vma.vm_end <= vma.vm_start
                or vma.vm_prev is not before
            ):
                return f"{vma} is out of order, empty, overlaps its neighbour, or is linked wrongly"
            end = vma.vm_end
            before = vma
            if vma.vm_file is not None:
                if (
                    in_files.pop((vma.vm_file.f_mapping.kname, vma.kname), None)
                    is not vma
                ):
                    return f"{vma} is not in the list of mappings of its file"
    if in_files:
        return f"a file lists {next(iter(in_files.values()))}, which is in no address space"
    return None


def huge_entries(kernel: Kernel, counted: Census) -> str | None:
    """A huge PMD stands where transhuge_vma_suitable allows it, and shows the part of the file that belongs there."""
    for mm in census.live_mms(kernel):
        problem = _huge_below(mm, mm.pgd, VirtAddr(0))
        if problem is not None:
            return problem
    return None


def _huge_below(mm: MmStruct, table: PageTable, base: VirtAddr) -> str | None:
    for index, word in enumerate(table.entries):
        address = units.advance(base, index << table.level.shift)
        if table.level == Level.PMD and word & flags.PAGE_PSE:
            problem = _check_huge(mm, address, word)
        elif word and table.level > Level.PTE:
            problem = _huge_below(mm, pgtable.entry_table(word), address)
        else:
            problem = _check_small(mm, address, word) if word else None
        if problem is not None:
            return problem
    return None


def _check_huge(mm: MmStruct, address: VirtAddr, word: int) -> str | None:
    vma = mmap.find_vma(mm, address)
    page = pgtable.entry_page(word)
    if vma is None or not huge_memory.transhuge_vma_suitable(vma, address):
        return f"{mm} has a huge PMD at {address:#x}, where no mapping suits one"
    if not page_h.PageHead(page):
        return f"the huge PMD at {address:#x} of {mm} maps {page}, which is no head"
    return _check_index(mm, vma, address, page.index)


def _check_small(mm: MmStruct, address: VirtAddr, word: int) -> str | None:
    vma = mmap.find_vma(mm, address)
    if vma is None or address < vma.vm_start:
        return f"{mm} has an entry at {address:#x}, outside every mapping"
    page = pgtable.entry_page(word)
    if page_h.PageAnon(page) or page_h.page_mapping(page) is None:
        return None
    return _check_index(mm, vma, address, page_h.page_to_pgoff(page))


def _check_index(
    mm: MmStruct, vma: VmArea, address: VirtAddr, index: int
) -> str | None:
    wanted = ((address - vma.vm_start) >> units.PAGE_SHIFT) + vma.vm_pgoff
    if index != wanted:
        return f"{mm} shows file index {index} at {address:#x}, where index {wanted} belongs"
    return None
