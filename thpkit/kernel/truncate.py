"""Truncation: taking the pages of a file that was cut out of its cache, mapped or not.

Two passes. The first waits for no page and takes what it can lock at once; the second waits for the rest. Both look
pages up in batches of 15, and a batch over a huge page holds its head and 14 tails: 15 references on one head.

Models: mm/truncate.c (v5.3), made safe for huge pages of regular files: where the cut goes through a huge page, the
whole (clean) huge page leaves the cache.
Left out: writeback, private data, zeroing of the partial page, value entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import filemap, locks, memory, swap, units
from thpkit.kernel import page as page_h
from thpkit.kernel.units import Pgoff

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace, Inode
    from thpkit.kernel.page import Page


def truncate_pagecache(inode: Inode, newsize: int) -> None:
    """Unmap and drop every cached page beyond ``newsize`` bytes; ``inode.i_size`` is set already.

    Private copies beyond the new end go too. They are why it unmaps twice: a page that a fault maps after the first
    time is unmapped again before it is removed, but a copy that it makes in between would stay.

    Locks: entry i_rwsem for writing; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the cache's and the mappings'.
    Models: mm/truncate.c: truncate_pagecache (v5.3). Left out: nothing.
    """
    mapping = inode.i_mapping
    assert mapping is not None
    hole = units.pages_in(newsize)
    memory.unmap_mapping_pages(mapping, hole, None, even_cows=True)
    truncate_inode_pages(mapping, newsize)
    memory.unmap_mapping_pages(mapping, hole, None, even_cows=True)


def truncate_inode_pages(mapping: AddressSpace, lstart: int) -> None:
    """Drop every cached page from byte ``lstart`` to the end of the file.

    Locks: takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the cache's and the mappings'.
    Models: mm/truncate.c: truncate_inode_pages, truncate_inode_pages_range (v5.3), to the end.
    Left out: writeback, private data, zeroing of the partial page, value entries, cond_resched.
    """
    if mapping.nrpages == 0 and mapping.nrexceptional == 0:
        return
    start = units.pages_in(lstart)
    truncate_without_waiting(mapping, start)
    truncate_waiting(mapping, start)


def truncate_without_waiting(mapping: AddressSpace, start: Pgoff) -> None:
    """First pass: remove every page from ``start`` on whose lock is free.

    Locks: takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep (in unmapping).
    References: drops the cache's and the mappings'.
    Models: mm/truncate.c: truncate_inode_pages_range (v5.3), its first loop. Left out: writeback, value entries.
    """
    end = Pgoff(mapping_end())
    index = start
    pvec = swap.pagevec_init("pvec")
    while filemap.find_get_entries(mapping, index, end, pvec):
        locked_pvec = swap.pagevec_init("locked_pvec")
        for page in pvec.pages.values():
            index = page_h.page_to_pgoff(page)
            head = page_h.compound_head(page)
            if not locks.trylock_page(page):
                continue
            if head.mapping is not mapping:
                locks.unlock_page(page)
                continue
            swap.pagevec_add(locked_pvec, head)
        for page in locked_pvec.pages.values():
            truncate_cleanup_page(mapping, page)
        filemap.delete_from_page_cache_batch(mapping, locked_pvec)
        for page in locked_pvec.pages.values():
            locks.unlock_page(page)
        swap.pagevec_release(pvec)
        index = Pgoff(index + 1)


def truncate_waiting(mapping: AddressSpace, start: Pgoff) -> None:
    """Second pass: wait for the lock of every page from ``start`` on that is still there.

    Ends when a search that begins at ``start`` finds nothing.

    Locks: takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: drops the cache's and the mappings'.
    Models: mm/truncate.c: truncate_inode_pages_range (v5.3), its second loop. Left out: writeback, value entries.
    """
    end = Pgoff(mapping_end())
    index = start
    pvec = swap.pagevec_init("pvec")
    while True:
        if not filemap.find_get_entries(mapping, index, end, pvec):
            if index == start:
                break
            index = start
            continue
        for page in pvec.pages.values():
            index = page_h.page_to_pgoff(page)
            locks.lock_page(page)
            truncate_inode_page(mapping, page_h.compound_head(page))
            locks.unlock_page(page)
        swap.pagevec_release(pvec)
        index = Pgoff(index + 1)


def mapping_end() -> int:
    """An index beyond those of any file here.

    Locks: none; never sleeps.
    Models: mm/truncate.c: truncate_inode_pages_range (v5.3), its "to the end". Left out: nothing.
    Differs: the kernel writes −1, the largest index.
    """
    return 1 << 40


def truncate_inode_page(mapping: AddressSpace, page: Page) -> bool:
    """Take one page, small or a head, out of the cache, unmapping it first if need be.

    Returns:
        False if the page is no longer in this cache: somebody was faster, or it was removed with its head.

    Locks: entry page lock; takes i_mmap_rwsem, ptl, lru_lock, i_pages; may sleep.
    References: drops the cache's and the mappings'; the caller has one more.
    Models: mm/truncate.c: truncate_inode_page (v5.3). Left out: private data.
    Differs: called with the head where a lookup gave a tail.
    """
    if page.mapping is not mapping:
        return False
    truncate_cleanup_page(mapping, page)
    filemap.delete_from_page_cache(page)
    return True


def truncate_cleanup_page(mapping: AddressSpace, page: Page) -> None:
    """Unmap one page everywhere before it leaves the cache.

    Locks: entry page lock; takes i_mmap_rwsem, ptl, lru_lock; may sleep.
    References: drops the mappings'.
    Models: mm/truncate.c: truncate_cleanup_page (v5.3). Left out: private data, dirty state.
    """
    if page_h.page_mapped(page):
        nr = page_h.hpage_nr_pages(page)
        memory.unmap_mapping_pages(mapping, page.index, nr, even_cows=False)
