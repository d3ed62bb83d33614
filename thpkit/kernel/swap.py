"""LRU lists, the batches in front of them, and the last put of a page.

A page waits in a per-CPU batch (*pagevec*) before it enters its list; the batch holds a reference meanwhile. A
compound page does not wait: it flushes the batch at once.

Models: mm/swap.c, include/linux/mm_inline.h, pagevec.h (v5.3).
Left out: activation by a second access, rotation, reclaim, unevictable pages.
"""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum

from thpkit.kernel import (
    current,
    flags,
    kobject,
    locks,
    memcg,
    page_alloc,
    splat,
    units,
    vmstat,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.kobject import (
    KArray,
    KDict,
    KObject,
    ListNode,
    kstruct,
    primitive,
)
from thpkit.kernel.locks import SpinLock
from thpkit.kernel.page import Page


class LruList(IntEnum):
    """Index of an LRU list; each has a node counter of the same number."""

    INACTIVE_ANON = 0
    ACTIVE_ANON = 1
    INACTIVE_FILE = 2
    ACTIVE_FILE = 3


@kstruct
class Pagevec(KObject):
    """A small batch of pages (struct pagevec). Fills up to ``units.PAGEVEC_SIZE``."""

    pages: KDict[int, Page] = field(default_factory=KDict)
    """The pages by position. Whether a batch owns references is its user's business: one filled by a look-up does."""


@kstruct
class Lruvec(KObject):
    """The LRU lists of the node (struct lruvec), and the batch of pages about to join them."""

    lru_lock: SpinLock
    lists: KArray[ListNode]
    """Anchors by :class:`LruList`."""
    add_pvec: Pagevec
    """Pages on their way: the per-CPU lru_add_pvec."""


def new_lruvec() -> Lruvec:
    """Empty lists, for boot.

    Locks: none; never sleeps.
    Models: mm/mmzone.c: lruvec_init (v5.3). Left out: one for each memory control group.
    """
    anchors = KArray([ListNode(f"lru.{which.name.lower()}") for which in LruList])
    for anchor in anchors:
        kobject.INIT_LIST_HEAD(anchor)
    lock = SpinLock("lru_lock", cls="lru_lock")
    return Lruvec(
        "lruvec", lru_lock=lock, lists=anchors, add_pvec=Pagevec("lru_add_pvec")
    )


# ---- pagevecs -------------------------------------------------------------------------------------------


@primitive
def pagevec_init(kname: str) -> Pagevec:
    """An empty batch."""
    return Pagevec(kname)


@primitive
def pagevec_count(pvec: Pagevec) -> int:
    """Pages in the batch."""
    return len(pvec.pages)


@primitive
def pagevec_add(pvec: Pagevec, page: Page) -> bool:
    """Append ``page`` (its reference must be the batch's); False if the batch is full now."""
    pvec.pages[len(pvec.pages)] = page
    return len(pvec.pages) < units.PAGEVEC_SIZE


@primitive
def pagevec_reinit(pvec: Pagevec) -> None:
    """Empty the batch without dropping references."""
    for at in pvec.pages.keys():
        del pvec.pages[at]


def pagevec_release(pvec: Pagevec) -> None:
    """Let go of the pages of a batch and empty it. The LRU batch is drained first.

    Locks: takes lru_lock; never sleeps.
    References: drops the batch's.
    Models: mm/swap.c: __pagevec_release, release_pages (v5.3). Left out: the batched freeing list.
    """
    lru_add_drain()
    for page in pvec.pages.values():
        put_page(page)
    pagevec_reinit(pvec)


# ---- joining and leaving an LRU list ----------------------------------------------------------------------


@primitive
def page_lru(page: Page) -> LruList:
    """The list a page belongs on."""
    if page_h.PageSwapBacked(page):
        return LruList.ACTIVE_ANON if page_h.PageActive(page) else LruList.INACTIVE_ANON
    return LruList.ACTIVE_FILE if page_h.PageActive(page) else LruList.INACTIVE_FILE


@primitive
def page_off_lru(page: Page) -> LruList:
    """The list a page is taken from; its active flag goes with it."""
    lru = page_lru(page)
    page_h.clear_flag(page, flags.PG_active)
    return lru


@primitive
def add_page_to_lru_list(page: Page, lruvec: Lruvec, lru: LruList) -> None:
    """Put ``page`` at the front of a list and move the list's counter by 1 or 512."""
    vmstat.mod_node_page_state(vmstat.NodeStat(lru), page_h.hpage_nr_pages(page))
    kobject.list_add(page, lruvec.lists[lru])


@primitive
def del_page_from_lru_list(page: Page, lruvec: Lruvec, lru: LruList) -> None:
    """Take ``page`` out of its list and move the list's counter back."""
    kobject.list_del(page)
    vmstat.mod_node_page_state(vmstat.NodeStat(lru), -page_h.hpage_nr_pages(page))


def lru_cache_add(page: Page) -> None:
    """Queue ``page`` for its LRU list; a compound page flushes the queue at once.

    Locks: takes lru_lock (to flush the queue); never sleeps.
    References: the queue holds one until the page is on its list.
    Models: mm/swap.c: __lru_cache_add, lru_cache_add_file (v5.3). Left out: per-CPU queues.
    """
    pvec = current.kernel.lruvec.add_pvec
    page_h.get_page(page)
    room = pagevec_add(pvec, page)
    if not room or page_h.PageCompound(page):
        __pagevec_lru_add(pvec)


def lru_cache_add_active_or_unevictable(page: Page) -> None:
    """Queue a fresh anonymous page for the active list: it was asked for a moment ago.

    Locks: takes lru_lock (to flush the queue); never sleeps.
    References: as lru_cache_add.
    Models: mm/swap.c: lru_cache_add_active_or_unevictable (v5.3). Left out: VM_LOCKED mappings.
    """
    page_h.set_flag(page, flags.PG_active)
    lru_cache_add(page)


def lru_add_drain() -> None:
    """Move every queued page to its list.

    Locks: takes lru_lock; never sleeps.
    References: drops the queue's.
    Models: mm/swap.c: lru_add_drain (v5.3). Left out: the other per-CPU queues.
    """
    pvec = current.kernel.lruvec.add_pvec
    if pagevec_count(pvec):
        __pagevec_lru_add(pvec)


def __pagevec_lru_add(pvec: Pagevec) -> None:
    """Put each page of the queue on its list, and empty the queue.

    Locks: takes lru_lock; never sleeps.
    References: drops the queue's.
    Models: mm/swap.c: __pagevec_lru_add, __pagevec_lru_add_fn (v5.3). Left out: evictability, tracing.
    """
    lruvec = current.kernel.lruvec
    irqs = locks.spin_lock_irqsave(lruvec.lru_lock)
    for page in pvec.pages.values():
        splat.VM_BUG_ON_PAGE(page_h.PageLRU(page), page, "already on an LRU list")
        page_h.set_flag(page, flags.PG_lru)
        add_page_to_lru_list(page, lruvec, page_lru(page))
    locks.spin_unlock_irqrestore(lruvec.lru_lock, irqs)
    for page in pvec.pages.values():
        put_page(page)
    pagevec_reinit(pvec)


@primitive
def mark_page_accessed(page: Page) -> None:
    """Note an access. Left out: a second one would move the page to the active list."""
    page_h.set_flag(page_h.compound_head(page), flags.PG_referenced)


# ---- the last put ---------------------------------------------------------------------------------------


def put_page(page: Page) -> None:
    """Let go of a page; it is freed if nobody refers to it any more.

    Locks: takes lru_lock (with the last one); never sleeps.
    References: drops one of the page's head.
    Models: include/linux/mm.h: put_page (v5.3). Left out: device pages.
    """
    if page_h.put_page_testzero(page):
        __put_page(page_h.compound_head(page))


def __put_page(page: Page) -> None:
    """Free a page, small or compound, that nobody refers to any more.

    Locks: takes lru_lock; never sleeps.
    References: there are none.
    Models: mm/swap.c: __put_page, __put_single_page, __put_compound_page (v5.3). Left out: hugetlb, device pages.
    """
    __page_cache_release(page)
    if page_h.PageCompound(page):
        page_alloc.destroy_compound_page(page)
    else:
        page_alloc.__free_pages_ok(page, 0)


def __page_cache_release(page: Page) -> None:
    """Take a dying page off its LRU list and off its memory control group.

    Locks: takes lru_lock; never sleeps.
    Models: mm/swap.c: __page_cache_release (v5.3), which still uncharges, where v5.4 leaves it to the destructor.
    Left out: nothing on this path.
    """
    if page_h.PageLRU(page):
        lruvec = current.kernel.lruvec
        irqs = locks.spin_lock_irqsave(lruvec.lru_lock)
        page_h.clear_flag(page, flags.PG_lru)
        del_page_from_lru_list(page, lruvec, page_off_lru(page))
        locks.spin_unlock_irqrestore(lruvec.lru_lock, irqs)
    page_h.clear_flag(page, flags.PG_waiters)
    memcg.mem_cgroup_uncharge(page)
