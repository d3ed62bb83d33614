"""The page cache: finding, inserting and removing pages, and the three faults that are served from it.

Pages of a file stand in its XArray by index. A huge page stands there 512 times, once for each sub-page, and holds
512 references for that. Inserting takes the page lock *first* and makes the page findable *before* it is read: who
finds it waits for the lock, so nobody sees it unfinished.

Models: mm/filemap.c (v5.3; look-ups are safe with tails as in v5.4, faulting around as in v5.10), and
filemap_huge_fault as the review asked for it: the algorithm REF, which never was in a kernel.
Left out: readahead, dropping mmap_sem while waiting, shadow entries, writeback, hugetlb pages.
"""

from __future__ import annotations

import errno
from enum import IntFlag
from typing import TYPE_CHECKING, Final

from thpkit.kernel import (
    current,
    flags,
    fs,
    huge_memory,
    locks,
    memcg,
    memory,
    page_alloc,
    splat,
    swap,
    truncate,
    units,
    vmstat,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import FaultFlags, Gfp, PageEntrySize, VmFault
from thpkit.kernel.kobject import primitive
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pgoff

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from thpkit.kernel.content import Token
    from thpkit.kernel.fs import AddressSpace, File
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.swap import Pagevec
    from thpkit.kernel.xarray import Entry

HUGE_FAULT_TRIES: Final = 2
"""How often the huge fault looks again after it lost a race for the block."""


class Fgp(IntFlag):
    """What pagecache_get_page should do besides looking (FGP_*)."""

    NONE = 0
    ACCESSED = 1
    LOCK = 2
    CREAT = 4
    FOR_MMAP = 0x40
    """The caller is a fault: hand a created page back unlocked."""


@primitive
def is_page(entry: Entry | int) -> TypeIs[Page]:
    """Whether an entry of i_pages is a page: not NULL, not a value, nothing internal."""
    return isinstance(entry, Page)


# ---- removal --------------------------------------------------------------------------------------------


def unaccount_page_cache_page(mapping: AddressSpace, page: Page) -> None:
    """Take a page, small or huge, out of the counters. ``page`` is unmapped.

    Locks: entry page lock, i_pages; never sleeps.
    Models: mm/filemap.c: unaccount_page_cache_page (v5.4). Left out: cleancache, dirty accounting, hugetlb.
    Differs from v5.3: a huge page need not be swap-backed.
    """
    splat.VM_BUG_ON_PAGE(page_h.PageTail(page), page, "a tail is not removed by itself")
    splat.VM_BUG_ON_PAGE(
        page_h.page_mapped(page), page, "still mapped while it leaves the page cache"
    )
    if page_h.page_mapped(page):
        splat.report("bad page cache", f"{page} is removed while mapped", silent=False)
    nr = page_h.hpage_nr_pages(page)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, -nr)
    if page_h.PageSwapBacked(page):
        vmstat.mod_node_page_state(vmstat.NR_SHMEM, -nr)
        if page_h.PageTransHuge(page):
            vmstat.dec_node_page_state(vmstat.NR_SHMEM_THPS)
    elif page_h.PageTransHuge(page):
        vmstat.dec_node_page_state(vmstat.NR_FILE_THPS)
        mapping.nr_thps = mapping.nr_thps - 1


def page_cache_delete(mapping: AddressSpace, page: Page) -> None:
    """Take one page, small or huge, out of i_pages.

    One store of the page's order empties all its slots and frees the nodes below them. ``page.index`` is kept.

    Locks: entry page lock, i_pages; never sleeps.
    References: unchanged; dropping the cache's is left to the caller.
    Models: mm/filemap.c: page_cache_delete (v5.3).
    Left out: the shadow entry that reclaim leaves behind, the workingset callback, hugetlb.
    """
    nr = page_h.hpage_nr_pages(page)
    xas = xarray.XA_STATE(mapping.i_pages, page.index)
    xarray.xas_set_order(xas, page.index, page_h.compound_order(page))
    splat.VM_BUG_ON_PAGE(
        not page_h.PageLocked(page),
        page,
        "removed from the page cache without its lock",
    )
    xarray.xas_store(xas, None)
    xarray.xas_init_marks(xas)
    page.mapping = None
    mapping.nrpages = mapping.nrpages - nr


def page_cache_free_page(page: Page) -> None:
    """Give back what the page cache held of a page that has just left it.

    Locks: entry page lock; never sleeps.
    References: drops the cache's: 1, or 512; the caller holds one more.
    Models: mm/filemap.c: page_cache_free_page (v5.3). Left out: ->freepage, hugetlb.
    """
    if page_h.PageTransHuge(page):
        page_h.page_ref_sub(page, units.HPAGE_PMD_NR)
        splat.VM_BUG_ON_PAGE(
            page_h.page_count(page) <= 0, page, "the caller held no reference"
        )
    else:
        swap.put_page(page)


def delete_from_page_cache(page: Page) -> None:
    """Remove one page, small or huge, from its page cache: counters, slots, references.

    Locks: entry page lock; takes i_pages; never sleeps.
    References: drops the cache's: 1, or 512; the caller holds one more.
    Models: mm/filemap.c: delete_from_page_cache (v5.3). Left out: nothing.
    """
    mapping = page_h.page_mapping(page)
    assert mapping is not None, f"{page} is in no page cache"
    irqs = locks.spin_lock_irqsave(mapping.i_pages.xa_lock)
    unaccount_page_cache_page(mapping, page)
    page_cache_delete(mapping, page)
    locks.spin_unlock_irqrestore(mapping.i_pages.xa_lock, irqs)
    page_cache_free_page(page)


def page_cache_delete_batch(mapping: AddressSpace, pvec: Pagevec) -> None:
    """Take all pages of a batch out of i_pages in one walk. They are heads only, by rising index.

    A huge page is emptied slot by slot: its head, then its 511 tails.

    Locks: entry page lock, i_pages; never sleeps.
    References: unchanged; dropping the cache's is left to the caller.
    Models: mm/filemap.c: page_cache_delete_batch (v5.3). Left out: shadow entries, the workingset callback.
    Differs from v5.3: without the assertion in the tail branch, which compares a tail's meaningless index.
    """
    xas = xarray.XA_STATE(mapping.i_pages, pvec.pages[0].index)
    total_pages = 0
    taken = 0
    tail_pages = 0
    entry = xarray.xas_find(xas, xarray.ULONG_MAX)
    while entry is not None:
        if taken >= swap.pagevec_count(pvec) and not tail_pages:
            break
        if is_page(entry) and (tail_pages or entry is pvec.pages[taken]):
            if tail_pages:
                tail_pages = tail_pages - 1
            else:
                if page_h.PageTransHuge(entry):
                    tail_pages = units.HPAGE_PMD_NR - 1
                entry.mapping = None
                taken = taken + 1
            xarray.xas_store(xas, None)
            total_pages = total_pages + 1
        entry = xarray.xas_next_entry(xas, xarray.ULONG_MAX)
    mapping.nrpages = mapping.nrpages - total_pages


def delete_from_page_cache_batch(mapping: AddressSpace, pvec: Pagevec) -> None:
    """Remove a batch of locked pages from the page cache; an empty batch is no mistake.

    Locks: takes i_pages (once for all); never sleeps.
    References: drops the cache's of each page; the caller holds one more of each.
    Models: mm/filemap.c: delete_from_page_cache_batch (v5.3). Left out: nothing.
    """
    if not swap.pagevec_count(pvec):
        return
    irqs = locks.spin_lock_irqsave(mapping.i_pages.xa_lock)
    for page in pvec.pages.values():
        unaccount_page_cache_page(mapping, page)
    page_cache_delete_batch(mapping, pvec)
    locks.spin_unlock_irqrestore(mapping.i_pages.xa_lock, irqs)
    for page in pvec.pages.values():
        page_cache_free_page(page)


# ---- insertion of a small page ----------------------------------------------------------------------------


def __add_to_page_cache_locked(
    page: Page, mapping: AddressSpace, index: Pgoff, gfp: Gfp
) -> int:
    """Insert a small page at ``index``: one slot, the counters, the memcg charge.

    Returns:
        0; −EEXIST if the slot is taken; −ENOMEM if neither charge nor node is to be had. Then nothing is left behind.

    Locks: entry page lock; takes i_pages; may sleep (between tries).
    References: on success the cache takes one.
    Models: mm/filemap.c: __add_to_page_cache_locked (v5.3). Left out: shadow entries, hugetlb.
    Differs: after −ENOMEM the empty nodes are taken out again, which the kernel leaves in the tree.
    """
    charge = memcg.mem_cgroup_try_charge(page, current.mm())
    if charge is None:
        return -errno.ENOMEM
    page_h.get_page(page)
    page.mapping = mapping
    page.index = index
    xas = xarray.XA_STATE(mapping.i_pages, index)
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        if xarray.xas_load(xas) is not None:
            xarray.xas_set_err(xas, -errno.EEXIST)
        xarray.xas_store(xas, page)
        if not xarray.xas_error(xas):
            mapping.nrpages = mapping.nrpages + 1
            vmstat.inc_node_page_state(vmstat.NR_FILE_PAGES)
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)
        if not xarray.xas_nomem(xas, gfp & Gfp.RECLAIM_MASK):
            break
    error = xarray.xas_error(xas)
    if error:
        if error == -errno.ENOMEM:
            forget_empty_nodes(mapping, index, 0)
        page.mapping = None
        memcg.mem_cgroup_cancel_charge(page, charge)
        swap.put_page(page)
        return error
    memcg.mem_cgroup_commit_charge(page, charge)
    return 0


def add_to_page_cache_lru(
    page: Page, mapping: AddressSpace, index: Pgoff, gfp: Gfp
) -> int:
    """Lock a fresh small page, which nobody else can see yet, insert it and queue it for the LRU.

    Returns:
        0, or the errno, and then the page is unlocked again.

    Locks: takes page lock, lru_lock, i_pages; returns with page lock (on success); may sleep.
    References: on success the cache takes one, and the LRU batch one until it is drained.
    Models: mm/filemap.c: add_to_page_cache_lru (v5.3). Left out: refault detection.
    """
    locks.set_page_locked_nonatomic(page)
    error = __add_to_page_cache_locked(page, mapping, index, gfp)
    if error:
        locks.clear_page_locked_nonatomic(page)
        return error
    swap.lru_cache_add(page)
    return 0


# ---- insertion of a huge page -----------------------------------------------------------------------------


def thp_add_to_page_cache(
    page: Page, mapping: AddressSpace, hindex: Pgoff, gfp: Gfp
) -> int:
    """Insert a huge page at the 512 indices from ``hindex``: one slot for each sub-page, and the counters.

    Returns:
        0; −EEXIST if anything is in the block; −ENOMEM; −ETXTBSY if a writer opened the file meanwhile. Then nothing
        of this call is left in the tree.

    Locks: entry page lock; takes i_pages; may sleep (between tries).
    References: on success the cache takes 512.
    Models: mm/shmem.c: shmem_add_to_page_cache (v5.3), which stores every sub-page.
    Left out: the workingset callback, needed only once shadow entries exist.
    Differs: for a regular file: no NR_SHMEM, and the nr_thps rule of v5.14; after −ENOMEM it cleans up.
    """
    page_h.page_ref_add(page, units.HPAGE_PMD_NR)
    page.mapping = mapping
    page.index = hindex
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        if xarray.xas_find_conflict(xas) is not None:
            xarray.xas_set_err(xas, -errno.EEXIST)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            error = thp_fill_block(page, mapping, xas)
            locks.spin_unlock_irq(mapping.i_pages.xa_lock)
            xarray.xas_nomem(xas, gfp)
            break
        error = xarray.xas_error(xas)
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)
        if not xarray.xas_nomem(xas, gfp & Gfp.RECLAIM_MASK):
            forget_empty_nodes(mapping, hindex, units.HPAGE_PMD_ORDER)
            break
    if error:
        page.mapping = None
        page_h.page_ref_sub(page, units.HPAGE_PMD_NR)
    return error


def thp_fill_block(page: Page, mapping: AddressSpace, xas: xarray.XaState) -> int:
    """Store the 512 sub-pages where ``xas`` stands and count them.

    Returns:
        0; or −ETXTBSY with everything taken out again, if the file has a writer now.

    Locks: entry page lock, i_pages; never sleeps.
    References: unchanged: the caller has taken the cache's 512 already.
    Models: mm/shmem.c: shmem_add_to_page_cache (v5.3), its inner part; mm/khugepaged.c: collapse_file (v5.14, for
    nr_thps).
    Left out: nothing.
    """
    for i in range(units.HPAGE_PMD_NR):
        xarray.xas_store(xas, page_h.nth_page(page, i))
        if i + 1 < units.HPAGE_PMD_NR:
            xarray.xas_next(xas)
    mapping.nrpages = mapping.nrpages + units.HPAGE_PMD_NR
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, units.HPAGE_PMD_NR)
    vmstat.inc_node_page_state(vmstat.NR_FILE_THPS)
    mapping.nr_thps = mapping.nr_thps + 1
    # Pairs with the barrier in do_dentry_open: either that side sees nr_thps, or this side sees the writer.
    fs.smp_mb()
    if fs.inode_is_open_for_write(mapping.host):
        unaccount_page_cache_page(mapping, page)
        page_cache_delete(mapping, page)
        return -errno.ETXTBSY
    vmstat.count_vm_event(vmstat.THP_FILE_ALLOC)
    return 0


def forget_empty_nodes(mapping: AddressSpace, index: Pgoff, order: int) -> None:
    """Remove the empty nodes that an insertion of 2**order pages at ``index`` made before it ran out of memory.

    The i_pages lock was dropped since, so pages of others may stand in the block by now: then only chunks that hold
    nothing are cleared.

    Locks: takes i_pages; never sleeps.
    Models: no kernel function (v5.3 leaves such nodes behind, and mainline says so since v5.13). Left out: nothing.
    """
    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, index, order)
    if xarray.xas_find_conflict(xas) is None:
        clear_empty_path(mapping, index, order)
    else:
        for chunk in range(index, index + (1 << order), units.XA_CHUNK_SIZE):
            clear_empty_chunk(xas, chunk)
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)


def clear_empty_chunk(xas: xarray.XaState, chunk: int) -> None:
    """Remove the leaf of the 64 indices from ``chunk`` on, if there is one and it is empty.

    Locks: entry i_pages; never sleeps.
    Models: no kernel function (v5.3 leaves such a leaf behind). Left out: nothing.
    """
    xarray.xas_set_order(xas, chunk, units.XA_CHUNK_SHIFT)
    if xarray.xas_find_conflict(xas) is None:
        xarray.xas_set_order(xas, chunk, units.XA_CHUNK_SHIFT)
        xarray.xas_store(xas, None)


def clear_empty_path(mapping: AddressSpace, index: Pgoff, order: int) -> None:
    """Remove every node without entries on the way to an empty block.

    Storing NULL over nothing lowers no count, so nothing would be freed: a placeholder is stored first. It goes to
    the lowest level whose node exists, because there it needs no memory.

    Locks: entry i_pages; never sleeps.
    Models: no kernel function (v5.3 leaves such nodes behind). Left out: nothing.
    """
    while order < xarray.BITS_PER_LONG:
        xas = xarray.XA_STATE_ORDER(mapping.i_pages, index, order)
        if xarray.xas_find_conflict(xas) is not None:
            return
        xarray.xas_set_order(xas, index, order)
        xarray.xas_store(xas, xarray.xa_mk_value(0))
        if not xarray.xas_error(xas):
            xarray.xas_set_order(xas, index, order)
            xarray.xas_store(xas, None)
            return
        order = (order // units.XA_CHUNK_SHIFT + 1) * units.XA_CHUNK_SHIFT


# ---- lookup ---------------------------------------------------------------------------------------------


def find_get_entry(
    mapping: AddressSpace, offset: Pgoff
) -> Page | xarray.XaValue | None:
    """Whatever stands at ``offset``: the sub-page itself, a value, or None.

    Without a lock: a speculative reference, and then a second look that nothing moved meanwhile.

    Locks: takes lru_lock (if its reference was the last), RCU; never sleeps.
    References: one on the head of the page it returns; none for a value.
    Models: mm/filemap.c: find_get_entry (v5.3). Left out: nothing.
    """
    xas = xarray.XA_STATE(mapping.i_pages, offset)
    locks.rcu_read_lock()
    while True:
        xarray.xas_reset(xas)
        entry = xarray.xas_load(xas)
        if xarray.xas_retry(xas, entry):
            continue
        if not is_page(entry):
            break
        if get_if_still_there(xas, entry):
            break
    locks.rcu_read_unlock()
    return entry if is_page(entry) or xarray.xa_is_value(entry) else None


def find_get_page(mapping: AddressSpace, offset: Pgoff) -> Page | None:
    """The page at ``offset``, or None; a value counts as nothing.

    Locks: takes lru_lock, RCU; never sleeps.
    References: one on the head of the page it returns.
    Models: include/linux/pagemap.h: find_get_page (v5.3). Left out: nothing.
    Differs: straight to find_get_entry, where the kernel goes through pagecache_get_page.
    """
    entry = find_get_entry(mapping, offset)
    return entry if is_page(entry) else None


def pagecache_get_page(
    mapping: AddressSpace, offset: Pgoff, fgp: Fgp, gfp: Gfp
) -> Page | None:
    """Look a page up and, as ``fgp`` asks, create it, lock it, mark it accessed.

    Returns:
        The page; None if it is absent and not created, or memory is short.

    Locks: takes page lock, lru_lock, i_pages, RCU; returns with page lock (if LOCK); may sleep.
    References: one on the head of the page it returns.
    Models: mm/filemap.c: pagecache_get_page (v5.4). Left out: FGP_NOWAIT, FGP_WRITE, FGP_NOFS.
    Differs from v5.3: the *head's* mapping is compared, so that a tail does not loop.
    """
    while True:
        page = find_get_page(mapping, offset)
        if page is None:
            break
        if fgp & Fgp.LOCK:
            locks.lock_page(page)
            if page_h.compound_head(page).mapping is not mapping:
                locks.unlock_page(page)
                swap.put_page(page)
                continue
            splat.VM_BUG_ON_PAGE(
                page_h.page_to_pgoff(page) != offset, page, f"found at {offset}"
            )
        if fgp & Fgp.ACCESSED:
            swap.mark_page_accessed(page)
        return page
    if not fgp & Fgp.CREAT:
        return None
    page = page_alloc.alloc_pages(gfp, 0)
    if page is None:
        return None
    error = add_to_page_cache_lru(page, mapping, offset, gfp)
    if error:
        swap.put_page(page)
        return (
            pagecache_get_page(mapping, offset, fgp, gfp)
            if error == -errno.EEXIST
            else None
        )
    if fgp & Fgp.FOR_MMAP:
        locks.unlock_page(page)
    return page


def get_if_still_there(xas: xarray.XaState, page: Page) -> bool:
    """Pin the head of a page just read from the tree, and look whether the page still stands there.

    Returns:
        False if not: then the slot must be read again.

    Locks: entry RCU; takes lru_lock (if its reference was the last); never sleeps.
    References: one on the head, if True.
    Models: mm/filemap.c: find_get_entry, find_get_entries (v5.3), the part that both have. Left out: nothing.
    """
    head = page_h.compound_head(page)
    if not page_h.page_cache_get_speculative(head):
        locks.cpu_relax(f"{head} is cached but has no references")
        return False
    if page_h.compound_head(page) is head and xarray.xas_reload(xas) is page:
        return True
    swap.put_page(head)
    return False


def find_get_entries(
    mapping: AddressSpace, start: Pgoff, end: Pgoff, pvec: Pagevec
) -> int:
    """Fill a batch with the pages at indices in [start, end).

    Returns:
        How many were found: 0 up to the size of a batch.

    Locks: takes lru_lock, RCU; never sleeps.
    References: one on the head for each page found; they are the batch's.
    Models: mm/filemap.c: find_get_entries (v5.3); mm/swap.c: pagevec_lookup_entries (v5.3).
    Left out: value entries, the array of indices.
    """
    if end <= start:
        return 0
    xas = xarray.XA_STATE(mapping.i_pages, start)
    locks.rcu_read_lock()
    page = xarray.xas_find(xas, end - 1)
    while page is not None:
        if not xarray.xas_retry(xas, page) and is_page(page):
            if not get_if_still_there(xas, page):
                xarray.xas_reset(xas)
                page = xarray.xas_find(xas, end - 1)
                continue
            if not swap.pagevec_add(pvec, page):
                break
        page = xarray.xas_next_entry(xas, end - 1)
    locks.rcu_read_unlock()
    return swap.pagevec_count(pvec)


# ---- the fault by one small page --------------------------------------------------------------------------


def filemap_fault(vmf: VmFaultInfo) -> VmFault:
    """Find the page of one fault in the cache, reading it if it is absent.

    Returns:
        LOCKED, perhaps with MAJOR, and ``vmf.page``; or SIGBUS, OOM.

    Locks: entry mmap_sem for reading; takes page lock, lru_lock, i_pages, RCU; returns with page lock; may sleep.
    References: one on the head of ``vmf.page``, on success.
    Models: mm/filemap.c: filemap_fault (v5.4). Left out: readahead and read-around, dropping mmap_sem.
    Differs from v5.3: it accepts a tail, as v5.4 does; and ->readpage is only ever called on a head, where v5.4 calls
    it on the sub-page.
    """
    file = memory.vma_file(vmf.vma)
    mapping = file.f_mapping
    offset = vmf.pgoff
    ret = VmFault.MAJOR if vmf.major else VmFault.NONE
    if offset >= fs.i_size_pages(mapping.host):
        return VmFault.SIGBUS

    page = find_get_page(mapping, offset)
    if page is None and not vmf.major:
        vmstat.count_vm_event(vmstat.PGMAJFAULT)
        vmf.major = True
        ret = VmFault.MAJOR

    while True:
        if page is None:
            page = pagecache_get_page(
                mapping, offset, Fgp.CREAT | Fgp.FOR_MMAP, vmf.gfp_mask
            )
        if page is None:
            return VmFault.OOM
        locks.lock_page(page)
        if page_h.compound_head(page).mapping is not mapping:
            locks.unlock_page(page)
            swap.put_page(page)
            page = find_get_page(mapping, offset)
            continue
        splat.VM_BUG_ON_PAGE(
            page_h.page_to_pgoff(page) != offset, page, f"found at {offset}"
        )
        if page_h.PageUptodate(page):
            break
        error = page_read_again(file, page)
        swap.put_page(page)
        if error:
            return VmFault.SIGBUS
        page = find_get_page(mapping, offset)

    # The size may have shrunk while we waited; truncation looks at pages only under their lock.
    if offset >= fs.i_size_pages(mapping.host):
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.SIGBUS
    vmf.page = page
    return ret | VmFault.LOCKED


def page_read_again(file: File, page: Page) -> int:
    """Read a locked page that is not uptodate; it comes back unlocked.

    Returns:
        0, or a negative errno.

    Locks: entry page lock; drops page lock; may sleep.
    Models: mm/filemap.c: filemap_fault (v5.3), from its label page_not_uptodate on.
    Left out: AOP_TRUNCATED_PAGE, dropping mmap_sem. Differs: ->readpage is only ever called on a head.
    """
    head = page_h.compound_head(page)
    if page_h.PageError(head):
        page_h.ClearPageError(head)
    error = file.f_mapping.a_ops.readpage(file, head)
    if error:
        return error
    locks.wait_on_page_locked(head)
    if not page_h.PageUptodate(head):
        return -errno.EIO
    return 0


# ---- read(2) and write(2) -----------------------------------------------------------------------------


def generic_file_buffered_read(file: File, index: Pgoff) -> Token | int:
    """Read one page of a file through the cache: what read(2) does for each page.

    Returns:
        The content; or −EIO; −ENOMEM. The caller has checked that the page lies inside the file.

    Locks: takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: mm/filemap.c: generic_file_buffered_read (v5.3). Left out: readahead, partial pages, IOCB_NOWAIT.
    Differs: ->readpage is only ever called on a head, and a new page is unlocked and locked again before it is read.
    """
    mapping = file.f_mapping
    while True:
        page = pagecache_get_page(
            mapping, index, Fgp.CREAT | Fgp.FOR_MMAP, mapping.gfp_mask
        )
        if page is None:
            return -errno.ENOMEM
        if not page_h.PageUptodate(page):
            locks.lock_page(page)
            if page_h.compound_head(page).mapping is not mapping:
                locks.unlock_page(page)
                swap.put_page(page)
                continue
            if page_h.PageUptodate(page):
                locks.unlock_page(page)
            elif page_read_again(file, page):
                swap.put_page(page)
                return -errno.EIO
        content = page.content
        swap.mark_page_accessed(page)
        swap.put_page(page)
        return content


def generic_perform_write(file: File, index: Pgoff) -> int:
    """Write one whole page of a file through the cache and to storage: what write(2) does for each page.

    The file is open for writing, so no huge page is cached (I14).

    Returns:
        0, or −ENOMEM.

    Locks: entry i_rwsem for writing; takes page lock, lru_lock, i_pages, RCU; may sleep.
    Models: mm/filemap.c: generic_perform_write (v5.3); fs/libfs.c: simple_write_begin, simple_write_end (v5.3).
    Left out: partial pages, dirty pages (the write goes to storage at once).
    """
    mapping = file.f_mapping
    page = pagecache_get_page(mapping, index, Fgp.LOCK | Fgp.CREAT, mapping.gfp_mask)
    if page is None:
        return -errno.ENOMEM
    splat.VM_BUG_ON_PAGE(page_h.PageCompound(page), page, "a huge page is written to")
    fs.write_block(mapping.host, index)
    fs.fill_page(page, fs.read_block(mapping.host, index))
    page_h.SetPageUptodate(page)
    locks.unlock_page(page)
    swap.put_page(page)
    return 0


# ---- mapping what is cached already -----------------------------------------------------------------------


def filemap_map_pages(vmf: VmFaultInfo, start_pgoff: Pgoff, end_pgoff: Pgoff) -> None:
    """Map every cached page of [start_pgoff, end_pgoff] that needs no waiting. Both ends are inclusive.

    ``vmf.address`` belongs to ``start_pgoff``. A PTE table must have been allocated before. If ``vmf.pte`` is set on
    return, its lock is held. Pages are only try-locked: that may be done under the PTE lock, although the page lock
    ranks before it.

    Locks: entry mmap_sem for reading; takes page lock, ptl, lru_lock, RCU; returns with ptl (if any); never sleeps.
    References: each mapped page keeps one, which is the mapping's.
    Models: mm/filemap.c: filemap_map_pages (v5.3). Left out: readahead marks, mmap_miss, poisoned pages.
    Differs from v5.3: tails are mapped too, as from v5.10 on; v5.4 still passed them over.
    """
    mapping = memory.vma_file(vmf.vma).f_mapping
    last_pgoff = start_pgoff
    locks.rcu_read_lock()
    xas = xarray.XA_STATE(mapping.i_pages, start_pgoff)
    page = xarray.xas_find(xas, end_pgoff)
    while page is not None:
        if (
            not xarray.xas_retry(xas, page)
            and is_page(page)
            and lock_if_mappable(xas, page, mapping)
        ):
            memory.vmf_advance(vmf, xas.xa_index - last_pgoff)
            last_pgoff = Pgoff(xas.xa_index)
            ret = memory.alloc_set_pte(vmf, None, page)
            locks.unlock_page(page)
            if ret:
                swap.put_page(page)
        if memory.vmf_pmd_is_huge(vmf):
            break
        page = xarray.xas_next_entry(xas, end_pgoff)
    locks.rcu_read_unlock()


def lock_if_mappable(xas: xarray.XaState, page: Page, mapping: AddressSpace) -> bool:
    """Get a cached page ready for mapping without waiting: pinned, locked, uptodate, inside the file. Else False.

    Locks: entry mmap_sem for reading, RCU; takes page lock, lru_lock; returns with page lock (if True); never sleeps.
    References: one on the head, if True.
    Models: mm/filemap.c: filemap_map_pages (v5.3), the body of its loop. Left out: readahead marks, poisoned pages.
    Differs from v5.3: the head's mapping is compared, as from v5.10 on.
    """
    head = page_h.compound_head(page)
    if page_h.PageLocked(head):
        return False
    if not page_h.page_cache_get_speculative(head):
        return False
    if page_h.compound_head(page) is not head or xarray.xas_reload(xas) is not page:
        swap.put_page(head)
        return False
    if not page_h.PageUptodate(page) or not locks.trylock_page(page):
        swap.put_page(head)
        return False
    inside = page_h.page_to_pgoff(page) < fs.i_size_pages(mapping.host)
    if head.mapping is mapping and page_h.PageUptodate(page) and inside:
        return True
    locks.unlock_page(page)
    swap.put_page(head)
    return False


# ---- the fault by one huge page ---------------------------------------------------------------------------


def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Serve a read fault on a read-only file with one PMD, reading 2 MiB into the cache if they are absent.

    Returns:
        0 or MAJOR with the block mapped; NOPAGE if somebody else mapped something first; SIGBUS beyond the end of the
        file; OOM; FALLBACK to let the small path serve the fault.

    Locks: entry mmap_sem for reading; takes page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    References: on success the one of the look-up becomes the mapping's; otherwise none stays.
    Models: mm/filemap.c: filemap_huge_fault (v5.3 with the patch), as its review wanted it, repaired: REF, never in a
    kernel.
    Left out: dropping mmap_sem over the read, a killable wait, preallocation of a PTE table, the poison test.
    """
    vma = vmf.vma
    file = memory.vma_file(vma)
    mapping = file.f_mapping
    inode = mapping.host
    haddr = units.pmd_floor(vmf.address)
    hindex = units.hpage_floor(vmf.pgoff)

    # -- Is this a fault that one huge page can serve?
    if size != PageEntrySize.PMD:
        return VmFault.FALLBACK
    if vmf.flags & FaultFlags.WRITE:
        huge_memory.split_huge_pmd(vma, memory.vmf_pmd(vmf), vmf.address)
        return VmFault.FALLBACK
    if not huge_memory.transhuge_vma_suitable(vma, haddr):
        return VmFault.FALLBACK
    if fs.inode_is_open_for_write(inode) or not fs.mapping_thp_support(mapping):
        return VmFault.FALLBACK
    if vmf.pgoff >= fs.i_size_pages(inode):
        return VmFault.SIGBUS
    if hindex + units.HPAGE_PMD_NR > fs.i_size_pages(inode):
        return VmFault.FALLBACK

    # -- Find the huge page, or make one: locked and findable first, read afterwards.
    for _attempt in range(HUGE_FAULT_TRIES):
        page: Entry | int = find_get_entry(mapping, hindex)
        inserted = page is None
        if inserted:
            page = huge_fault_new_page(vmf, mapping, hindex)
        if page == -errno.EEXIST:
            continue
        if not is_page(page):
            return VmFault.FALLBACK
        if page_h.compound_order(page) != units.HPAGE_PMD_ORDER:
            swap.put_page(page)
            return VmFault.FALLBACK
        locks.lock_page(page)
        if page.mapping is mapping:
            break
        locks.unlock_page(page)
        swap.put_page(page)
    else:
        return VmFault.FALLBACK

    # -- Under the page lock nothing can take the page away: is it still what the fault needs?
    if not page_h.PageUptodate(page):
        truncate.truncate_inode_page(mapping, page)
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.FALLBACK
    end = fs.i_size_pages(inode)
    if hindex + units.HPAGE_PMD_NR > end:
        if inserted:
            truncate.truncate_inode_page(mapping, page)
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.SIGBUS if vmf.pgoff >= end else VmFault.FALLBACK

    # -- Map it. On success the reference becomes the mapping's.
    ret = VmFault.MAJOR if vmf.major else VmFault.NONE
    vmf.page = page_h.nth_page(page, vmf.pgoff - hindex)
    ret = ret | memory.finish_fault(vmf)
    locks.unlock_page(page)
    if ret & flags.VM_FAULT_NOT_MAPPED:
        swap.put_page(page)
    return ret


def huge_fault_new_page(
    vmf: VmFaultInfo, mapping: AddressSpace, hindex: Pgoff
) -> Page | int:
    """Make the huge page of an empty block: allocate, charge, insert, read.

    Returns:
        The page, in the cache, on the LRU, unlocked, and uptodate if the read worked. Or a negative errno, with
        nothing left behind: −EEXIST if somebody was faster; −EBUSY if part of the block is cached; −ENOMEM; −ETXTBSY.

    Locks: entry mmap_sem for reading; takes page lock, lru_lock, i_pages; may sleep.
    References: the one of the page it returns is the caller's; the cache has 512 more.
    Models: mm/filemap.c: filemap_huge_fault (v5.3 with the patch), the part without a cached page, as REF.
    Left out: as filemap_huge_fault.
    """
    if huge_block_in_use(mapping, hindex):
        return -errno.EBUSY
    gfp = vmf.gfp_mask | Gfp.COMP | Gfp.NOWARN | Gfp.NORETRY
    page = page_alloc.alloc_pages(gfp, units.HPAGE_PMD_ORDER)
    if page is None:
        return -errno.ENOMEM
    huge_memory.prep_transhuge_page(page)
    charge = memcg.mem_cgroup_try_charge(page, vmf.vma.vm_mm)
    if charge is None:
        swap.put_page(page)
        return -errno.ENOMEM
    locks.set_page_locked_nonatomic(page)

    error = thp_add_to_page_cache(page, mapping, hindex, vmf.gfp_mask)
    if error:
        memcg.mem_cgroup_cancel_charge(page, charge)
        locks.unlock_page(page)
        swap.put_page(page)
        return error
    memcg.mem_cgroup_commit_charge(page, charge)
    swap.lru_cache_add(page)

    if not vmf.major:
        vmstat.count_vm_event(vmstat.PGMAJFAULT)
        vmf.major = True
    mapping.a_ops.readpage(memory.vma_file(vmf.vma), page)
    return page


def huge_block_in_use(mapping: AddressSpace, hindex: Pgoff) -> bool:
    """Whether anything at all stands at the 512 indices from ``hindex``.

    Locks: takes i_pages; never sleeps.
    Models: mm/filemap.c: filemap_huge_check_pagecache_usable (v5.3 with the patch), by xas_find_conflict.
    Left out: nothing.
    """
    xas = xarray.XA_STATE_ORDER(mapping.i_pages, hindex, units.HPAGE_PMD_ORDER)
    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    entry = xarray.xas_find_conflict(xas)
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
    return entry is not None
