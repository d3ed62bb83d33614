"""Counting what is really there: who maps what, and what stands in the caches, by walking the structures.

The counters of the kernel are never looked at here: the checks compare them with this.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from thpkit.kernel import flags, pgtable, units, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.fs import AddressSpace
from thpkit.kernel.init import Kernel
from thpkit.kernel.mm_types import MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import Level, PageTable


@dataclass
class Census:
    """What a walk over all structures found. Pages are keyed by frame number."""

    pmd_maps: Counter[int] = field(default_factory=Counter)
    """PMD mappings by frame of the head."""
    pte_maps: Counter[int] = field(default_factory=Counter)
    """PTE mappings by frame of the sub-page."""
    mm_pmds: Counter[str] = field(default_factory=Counter)
    """Huge mappings by name of the address space."""
    mm_file_ptes: Counter[str] = field(default_factory=Counter)
    mm_anon_ptes: Counter[str] = field(default_factory=Counter)
    mm_tables: Counter[str] = field(default_factory=Counter)
    """PUD, PMD and PTE tables by name of the address space."""
    cached: dict[str, dict[int, Page]] = field(default_factory=dict)
    """Pages by index, of each address space of a file, by its name."""
    heads: dict[int, Page] = field(default_factory=dict)
    """Heads and small pages that stand in some cache."""


def live_mms(kernel: Kernel) -> list[MmStruct]:
    """Address spaces of the tasks that have not exited; threads share one."""
    found = {
        task.mm.kname: task.mm for task in kernel.tasks.values() if task.mm is not None
    }
    return list(found.values())


def mappings(kernel: Kernel) -> list[AddressSpace]:
    """The page caches of all files."""
    return [
        inode.i_mapping
        for inode in kernel.inodes.values()
        if inode.i_mapping is not None
    ]


def take(kernel: Kernel) -> Census:
    """Walk every page table and every page cache of the machine."""
    census = Census()
    for mm in live_mms(kernel):
        _walk_tables(census, mm, mm.pgd)
    for mapping in mappings(kernel):
        pages = dict(cached_pages(mapping))
        census.cached[mapping.kname] = pages
        for page in pages.values():
            if page.compound_head is None:
                census.heads[page.pfn] = page
    return census


def cached_pages(mapping: AddressSpace) -> list[tuple[int, Page]]:
    """Index and page of every slot of a page cache, by rising index; values and siblings are left out."""
    head = mapping.i_pages.xa_head
    if isinstance(head, Page):
        return [(0, head)]
    return sorted(
        (
            (first + (slot << node.shift), entry)
            for node, first in xarray.walk_nodes(mapping.i_pages)
            for slot, entry in enumerate(node.slots)
            if isinstance(entry, Page)
        ),
        key=lambda pair: pair[0],
    )


def _walk_tables(census: Census, mm: MmStruct, table: PageTable) -> None:
    """Count the mappings below one table."""
    if table.level < Level.PGD:
        census.mm_tables[mm.kname] += 1
    for word in table.entries:
        if not word:
            continue
        if table.level == Level.PTE or word & flags.PAGE_PSE:
            _count_mapping(census, mm, table.level, word)
        else:
            _walk_tables(census, mm, pgtable.entry_table(word))


def _count_mapping(census: Census, mm: MmStruct, level: Level, word: int) -> None:
    page = pgtable.entry_page(word)
    if level == Level.PMD:
        census.pmd_maps[page.pfn] += 1
        census.mm_pmds[mm.kname] += 1
        return
    census.pte_maps[page.pfn] += 1
    if page_h.PageAnon(page):
        census.mm_anon_ptes[mm.kname] += 1
    else:
        census.mm_file_ptes[mm.kname] += 1


def live_heads(kernel: Kernel) -> list[Page]:
    """Heads and small pages that are not free."""
    return [
        page
        for page in kernel.zone.memmap.values()
        if page.compound_head is None and page._refcount > 0
    ]


def sub_pages(kernel: Kernel, head: Page) -> list[Page]:
    """The page itself, or all sub-pages of a huge page."""
    if not page_h.PageHead(head):
        return [head]
    return [
        kernel.zone.memmap[units.Pfn(head.pfn + i)] for i in range(units.HPAGE_PMD_NR)
    ]


def mappings_of(census: Census, kernel: Kernel, head: Page) -> tuple[int, int]:
    """How often a page is mapped by PMDs, and how often it or its sub-pages by PTEs."""
    ptes = sum(census.pte_maps[page.pfn] for page in sub_pages(kernel, head))
    return census.pmd_maps[head.pfn], ptes
