"""Counting mappings in v5.3: a huge page of a file is shmem's, and that is asserted (K24, K25).

Models: mm/rmap.c (v5.3).
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

    Models: mm/rmap.c: page_add_file_rmap (v5.3), with its assertion.
    """
    nr = 1
    if compound and page_h.PageTransHuge(page):
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            if page_h.atomic_inc_and_test_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_inc_and_test_compound_mapcount(page):
            return
        splat.VM_BUG_ON_PAGE(
            not page_h.PageSwapBacked(page), page, "a mapped huge page is no shmem"
        )
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

    Models: mm/rmap.c: page_remove_file_rmap (v5.3), with its assertion.
    """
    nr = 1
    if compound:
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            if page_h.atomic_add_negative_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_add_negative_compound_mapcount(page):
            return
        splat.VM_BUG_ON_PAGE(
            not page_h.PageSwapBacked(page), page, "a mapped huge page is no shmem"
        )
        vmstat.dec_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
    else:
        if not page_h.atomic_add_negative_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, -nr)
