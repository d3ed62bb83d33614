"""The page allocator: where page structures come from and the checks on their way back.

Models: mm/page_alloc.c (v5.3).
Left out: the buddy lists, zones, per-CPU lists, reclaim and compaction. Frames are handed out upwards and never
reused, so a page that is used after it was freed stays visible as such.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from thpkit.kernel import (
    current,
    fault_inject,
    flags,
    huge_memory,
    locks,
    splat,
    units,
    vmstat,
)
from thpkit.kernel import (
    page as page_h,
)
from thpkit.kernel.content import Stale
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KDict, KObject, kstruct, primitive
from thpkit.kernel.page import ANON_MAPPING, TAIL_MAPPING, Page
from thpkit.kernel.units import Pfn

if TYPE_CHECKING:
    from thpkit.kernel.pgtable import PageTable


@kstruct
class Zone(KObject):
    """All frames of the machine."""

    next_pfn: Pfn = Pfn(0x1000)
    """First frame that has never been handed out."""
    memmap: KDict[Pfn, Page] = field(default_factory=KDict)
    """Page structure of every frame handed out so far, freed ones included."""
    tables: KDict[Pfn, PageTable] = field(default_factory=KDict)
    """Page-table pages in use, by frame."""


@primitive
def take_frames(order: int) -> Pfn:
    """Reserve 2**order consecutive, naturally aligned frames and return the first."""
    zone = current.kernel.zone
    first = units.round_up(zone.next_pfn, 1 << order)
    zone.next_pfn = Pfn(first + (1 << order))
    return first


@primitive
def rmqueue(gfp: Gfp, order: int) -> Page | None:
    """Take a block of frames and give it fresh page structures, with no references and stale content.

    Returns:
        The first page, or None if the attempt was made to fail. Counts PGALLOC by 4 KiB pages.
    """
    if gfp & Gfp.RECLAIM:
        locks.might_sleep("alloc_pages")
    if fault_inject.should_fail("page"):
        return None
    first = take_frames(order)
    name = current.new_name("page")
    memmap = current.kernel.zone.memmap
    for i in range(1 << order):
        kname = f"{name}+{i}" if i else name
        pfn = Pfn(first + i)
        memmap[pfn] = Page(kname, pfn=pfn, content=Stale(kname))
    vmstat.count_vm_events(vmstat.PGALLOC, 1 << order)
    return memmap[first]


def alloc_pages(gfp: Gfp, order: int) -> Page | None:
    """Allocate 2**order pages; with ``Gfp.COMP`` they come as one compound page.

    Returns:
        The first page, or None.

    Locks: none; may sleep (if ``gfp`` allows reclaim).
    References: one on the page it returns.
    Models: mm/page_alloc.c: __alloc_pages_nodemask, prep_new_page (v5.3).
    Left out: the buddy lists, zones, reclaim and compaction.
    """
    page = rmqueue(gfp, order)
    if page is None:
        return None
    page_h.page_ref_unfreeze(page, 1)
    if order and gfp & Gfp.COMP:
        prep_compound_page(page, order)
    return page


def prep_compound_page(page: Page, order: int) -> None:
    """Turn 2**order fresh pages into one compound page whose head is ``page``.

    The ``mapping`` of each tail becomes a poison.

    Locks: none (nobody else can see the pages yet); never sleeps.
    References: the tails keep none.
    Models: mm/page_alloc.c: prep_compound_page (v5.3). Left out: nothing.
    """
    page_h.set_flag(page, flags.PG_head)
    for i in range(1, 1 << order):
        tail = page_h.nth_page(page, i)
        tail.mapping = TAIL_MAPPING
        tail.compound_head = page
    first_tail = page_h.nth_page(page, 1)
    first_tail.compound_dtor = page_h.COMPOUND_PAGE_DTOR
    first_tail.compound_order = order
    first_tail.compound_mapcount = -1


# ---- freeing --------------------------------------------------------------------------------------------


@primitive
def bad_page(page: Page, reason: str) -> None:
    """Report a page that must not be freed in this state; a production kernel prints this too."""
    splat.report("bad page state", f"{page}: {reason}", silent=False)


@primitive
def free_pages_check(page: Page) -> bool:
    """The generic check at free; True if the page is bad. Of several reasons the last one is reported.

    Models: mm/page_alloc.c: free_pages_check, free_pages_check_bad.
    """
    reason = ""
    if page._mapcount != -1:
        reason = f"nonzero mapcount ({page._mapcount + 1})"
    if page.mapping is not None:
        reason = f"non-NULL mapping ({page.mapping})"
    if page._refcount != 0:
        reason = f"nonzero _refcount ({page._refcount})"
    bad_flags = page.flags & flags.PAGE_FLAGS_CHECK_AT_FREE
    if bad_flags:
        names = ", ".join(flags.page_flag_names(bad_flags))
        reason = f"PAGE_FLAGS_CHECK_AT_FREE flag(s) set: {names}"
    if page.mem_cgroup is not None:
        reason = "page still charged to cgroup"
    if reason:
        bad_page(page, reason)
    return bool(reason)


@primitive
def free_tail_pages_check(head: Page, tail: Page, i: int) -> bool:
    """Check sub-page ``i`` of a dying compound page and take it out of the compound; True if it is bad.

    Models: mm/page_alloc.c: free_tail_pages_check (with CONFIG_DEBUG_VM).
    """
    reason = ""
    if i == 1 and tail.compound_mapcount != -1:
        reason = f"nonzero compound_mapcount ({tail.compound_mapcount + 1})"
    elif i > 2 and tail.mapping is not TAIL_MAPPING:
        reason = "corrupted mapping in tail page"
    elif tail.compound_head is None:
        reason = "PageTail not set"
    elif tail.compound_head is not head:
        reason = "compound_head not consistent"
    if reason and current.kernel.config.debug_vm:
        bad_page(tail, reason)
    tail.mapping = None
    tail.compound_head = None
    return bool(reason) and current.kernel.config.debug_vm


def free_pages_prepare(page: Page, order: int) -> bool:
    """Check 2**order pages before they go back; False if any is bad, and then none goes back.

    Locks: none; never sleeps.
    Models: mm/page_alloc.c: free_pages_prepare (v5.3). Left out: poisoning, kasan, debug_pagealloc.
    """
    bad = False
    if order:
        page_h.clear_flag(page_h.nth_page(page, 1), flags.PG_double_map)
        for i in range(1, 1 << order):
            tail = page_h.nth_page(page, i)
            if free_tail_pages_check(page, tail, i):
                bad = True
            if free_pages_check(tail):
                bad = True
        page_h.clear_flag(page, flags.PG_head)
    if page.mapping is ANON_MAPPING:
        page.mapping = None
    if free_pages_check(page):
        bad = True
    return not bad


def __free_pages_ok(page: Page, order: int) -> None:
    """Give 2**order pages back. Bad pages are reported and leaked instead, as the kernel does.

    Counts PGFREE by 4 KiB pages.

    Locks: none; never sleeps.
    Models: mm/page_alloc.c: __free_pages_ok, free_unref_page (v5.3). Left out: merging of buddies, the zone lock.
    """
    if not free_pages_prepare(page, order):
        return
    vmstat.count_vm_events(vmstat.PGFREE, 1 << order)


def free_compound_page(page: Page) -> None:
    """Destructor of an ordinary compound page.

    Locks: none; never sleeps.
    Models: mm/page_alloc.c: free_compound_page (v5.3). Left out: nothing.
    """
    __free_pages_ok(page, page_h.compound_order(page))


def destroy_compound_page(page: Page) -> None:
    """Call the destructor that the first tail names.

    Locks: none; never sleeps.
    Models: include/linux/mm.h: get_compound_page_dtor (v5.3); mm/swap.c: __put_compound_page (v5.3).
    Left out: the hugetlb destructor.
    """
    if page_h.nth_page(page, 1).compound_dtor == page_h.TRANSHUGE_PAGE_DTOR:
        huge_memory.free_transhuge_page(page)
    else:
        free_compound_page(page)
