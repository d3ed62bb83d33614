"""Exercise ex01: somebody taught the kernel a new counter, NR_FILE_PMDMAPPED, and it never comes back down.

This is the part of the reverse map that counts a mapping less. It stands in for the kit's function of the same name,
in thpkit/kernel/rmap.py; everything else of the kernel is the kit's and correct. The README beside this file tells
the story.
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
            if page_h.atomic_add_negative_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_add_negative_compound_mapcount(page):
            return
        if page_h.PageSwapBacked(page):
            vmstat.dec_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
    else:
        if not page_h.atomic_add_negative_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, -nr)
