"""Truncation of v5.3 as the patch found it (D30): it works on the sub-page that the lookup gave, head or tail.

A huge page that goes as a whole goes well in the first pass: its head is locked, and for its tails the same lock
is found taken, so they are skipped. Everything else meets a tail, which belongs to no file.

Models: mm/truncate.c (v5.3).
Left out: as in the kernel's own truncate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import filemap, locks, splat, swap, truncate
from thpkit.kernel import page as page_h
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace


@replaces(truncate.truncate_without_waiting)
def truncate_without_waiting(mapping: AddressSpace, start: Pgoff) -> None:
    """First pass: remove every page from ``start`` on whose lock is free.

    Models: mm/truncate.c: the first loop of truncate_inode_pages_range (v5.3): a tail whose lock *is* free fails the
    comparison of its mapping and is passed over. Left out: as in the kit's own.
    """
    end = Pgoff(truncate.mapping_end())
    index = start
    pvec = swap.pagevec_init("pvec")
    while filemap.find_get_entries(mapping, index, end, pvec):
        locked_pvec = swap.pagevec_init("locked_pvec")
        for page in pvec.pages.values():
            index = page_h.page_to_pgoff(page)
            if not locks.trylock_page(page):
                continue
            if page.mapping is not mapping:
                locks.unlock_page(page)
                continue
            swap.pagevec_add(locked_pvec, page)
        for page in locked_pvec.pages.values():
            truncate.truncate_cleanup_page(mapping, page)
        filemap.delete_from_page_cache_batch(mapping, locked_pvec)
        for page in locked_pvec.pages.values():
            locks.unlock_page(page)
        swap.pagevec_release(pvec)
        index = Pgoff(index + 1)


@replaces(truncate.truncate_waiting)
def truncate_waiting(mapping: AddressSpace, start: Pgoff) -> None:
    """Second pass: wait for the lock of every page from ``start`` on that is still there.

    Models: mm/truncate.c: the second loop of truncate_inode_pages_range, and the assertion of truncate_inode_page
    (v5.3): a tail trips it, or, where nothing is asserted, is never removed and found again for ever.
    Left out: as in the kit's own; the note that a whole round removed nothing is the kit's.
    """
    end = Pgoff(truncate.mapping_end())
    index = start
    removed = True
    pvec = swap.pagevec_init("pvec")
    while True:
        if not filemap.find_get_entries(mapping, index, end, pvec):
            if index == start:
                break
            if not removed:
                locks.cpu_relax(
                    "a round of truncation removed nothing: only tails are left"
                )
            removed = False
            index = start
            continue
        for page in pvec.pages.values():
            index = page_h.page_to_pgoff(page)
            locks.lock_page(page)
            splat.VM_BUG_ON_PAGE(
                page_h.PageTail(page), page, "truncate_inode_page is given a tail"
            )
            if truncate.truncate_inode_page(mapping, page):
                removed = True
            locks.unlock_page(page)
        swap.pagevec_release(pvec)
        index = Pgoff(index + 1)
