"""The function of exercise ex09: the kit's page_remove_file_rmap with one mistake in it.

Everything else of the kernel is the kit's and correct. You do not change this file; you write calls on which it can
be told from the correct one.
"""

from __future__ import annotations

from thpkit.kernel import page as page_h
from thpkit.kernel import rmap, units, vmstat
from thpkit.kernel.page import Page
from thpkit.kernel.variant import replaces


@replaces(rmap.page_remove_file_rmap)
def page_remove_file_rmap(page: Page, compound: bool) -> None:
    """Count one mapping of a file page less; the counterpart of :func:`page_add_file_rmap`.

    DoubleMap is not cleared here, only when the page is freed.

    Locks: entry ptl; never sleeps.
    References: unchanged: the mapping's is dropped by the caller.
    Models: mm/rmap.c: page_remove_file_rmap (v5.3). Left out: the memcg lock, clear_page_mlock.
    Differs from v5.3: no swap-backed assertion.
    """
    nr = 1
    if compound:
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            page_h.atomic_add_negative_mapcount(page_h.nth_page(page, i))
            nr = nr + 1
        if not page_h.atomic_add_negative_compound_mapcount(page):
            return
        if page_h.PageSwapBacked(page):
            vmstat.dec_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
        else:
            vmstat.dec_node_page_state(vmstat.NR_FILE_PMDMAPPED)
    else:
        if not page_h.atomic_add_negative_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, -nr)
