"""Counting who maps a page: the accounting half of the reverse map.

A file page counts every mapping that covers it, in ``_mapcount`` of *each sub-page*. A huge page also counts its
PMD mappings once more in ``compound_mapcount``. Both start at −1, so that "the first" and "the last" are what an
atomic operation reports for free. The node counters follow the *first* and the *last* mapping only.

Models: mm/rmap.c (v5.3 with the counters of v5.4: NR_FILE_PMDMAPPED beside NR_SHMEM_PMDMAPPED).
Left out: lock_page_memcg, hugetlb pages, walking the mappings of a page.
"""

from __future__ import annotations

from thpkit.kernel import flags, splat, units, vmstat
from thpkit.kernel import page as page_h
from thpkit.kernel.page import ANON_MAPPING, Page


def page_add_file_rmap(page: Page, compound: bool) -> None:
    """Count one more mapping of a file page: by a PMD (``compound``, ``page`` is the head) or by a PTE.

    Locks: entry ptl (and the page lock, for a part of a huge page); never sleeps.
    References: unchanged: the caller's becomes the mapping's.
    Models: mm/rmap.c: page_add_file_rmap (v5.3). Left out: the memcg lock, mlock.
    Differs from v5.3: no assertion that a huge file page is swap-backed.
    """
    nr = 1
    if compound and page_h.PageTransHuge(page):
        nr = 0
        for i in range(units.HPAGE_PMD_NR):
            if page_h.atomic_inc_and_test_mapcount(page_h.nth_page(page, i)):
                nr = nr + 1
        if not page_h.atomic_inc_and_test_compound_mapcount(page):
            return
        if page_h.PageSwapBacked(page):
            vmstat.inc_node_page_state(vmstat.NR_SHMEM_PMDMAPPED)
        else:
            vmstat.inc_node_page_state(vmstat.NR_FILE_PMDMAPPED)
    else:
        if page_h.PageTransCompound(page) and page_h.page_mapping(page) is not None:
            splat.WARN_ON(
                not page_h.PageLocked(page),
                f"{page} is mapped by a PTE without its page lock",
            )
            page_h.SetPageDoubleMap(page_h.compound_head(page))
        if not page_h.atomic_inc_and_test_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, nr)


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
            vmstat.dec_node_page_state(vmstat.NR_FILE_PMDMAPPED)
    else:
        if not page_h.atomic_add_negative_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, -nr)


def page_add_new_anon_rmap(page: Page) -> None:
    """Make a fresh small page anonymous and count its first mapping.

    Locks: entry ptl; never sleeps.
    References: unchanged: the caller's becomes the mapping's.
    Models: mm/rmap.c: page_add_new_anon_rmap, __page_set_anon_rmap (v5.3).
    Left out: the anon_vma and the index in it, huge pages.
    """
    page_h.set_flag(page, flags.PG_swapbacked)
    page_h.atomic_inc_and_test_mapcount(page)
    vmstat.inc_node_page_state(vmstat.NR_ANON_MAPPED)
    page.mapping = ANON_MAPPING


def page_remove_rmap(page: Page, compound: bool) -> None:
    """Count one mapping less, of a file page or of a small anonymous one.

    Locks: entry ptl; never sleeps.
    References: unchanged: the mapping's is dropped by the caller.
    Models: mm/rmap.c: page_remove_rmap (v5.3). Left out: anonymous huge pages, the deferred split queue, mlock.
    """
    if not page_h.PageAnon(page):
        page_remove_file_rmap(page, compound)
        return
    if not page_h.atomic_add_negative_mapcount(page):
        return
    vmstat.dec_node_page_state(vmstat.NR_ANON_MAPPED)
