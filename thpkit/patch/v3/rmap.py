"""Counting mappings as posted (hunk H11): v5.3's functions with their assertion compiled out, and shmem's counter.

Models: mm/rmap.c, as changed by the patch v3 2/2 against v5.3.
Left out: lock_page_memcg, hugetlb pages.
"""

from __future__ import annotations

from thpkit.kernel import page as page_h
from thpkit.kernel import rmap, splat, units, vmstat
from thpkit.kernel.page import Page
from thpkit.kernel.variant import replaces


@replaces(rmap.page_add_file_rmap)
def page_add_file_rmap(page: Page, compound: bool) -> None:
    """Count one more mapping of a file page. The caller holds the page-table lock.

    Models: hunk H11: mm/rmap.c: page_add_file_rmap (v5.3): there is one counter of PMD-mapped pages, shmem's (D8).
    """
    nr = 1
    if compound and page_h.PageTransHuge(page):
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            if page_h.atomic_inc_and_test_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_inc_and_test_compound_mapcount(page):
            return
        vmstat.inc_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
    else:
        if page_h.PageTransCompound(page) and page_h.page_mapping(page) is not None:
            if not page_h.PageLocked(page):
                # VM_WARN_ON_ONCE: a production kernel says nothing.
                splat.report(
                    "warning", f"{page} is mapped by a PTE without its page lock"
                )
            page_h.SetPageDoubleMap(page_h.compound_head(page))
        if not page_h.atomic_inc_and_test_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, nr)


@replaces(rmap.page_remove_file_rmap)
def page_remove_file_rmap(page: Page, compound: bool) -> None:
    """Count one mapping of a file page less. The caller holds the page-table lock.

    Models: hunk H11: mm/rmap.c: page_remove_file_rmap (v5.3).
    """
    nr = 1
    if compound:
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            if page_h.atomic_add_negative_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_add_negative_compound_mapcount(page):
            return
        vmstat.dec_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
    else:
        if not page_h.atomic_add_negative_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, -nr)
