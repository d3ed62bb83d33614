"""The memory control group: who is charged for a page, and the limit it may not pass.

Charging has three moves, because an insertion can fail half way: *try* reserves the pages, *commit* ties the
charge to the page, *cancel* gives the reservation back.

Models: mm/memcontrol.c, mm/page_counter.c (v5.3).
Left out: hierarchy, swap and kernel-memory counters, reclaim at the limit, move_lock.
"""

from __future__ import annotations

from thpkit.kernel import fault_inject, locks, splat
from thpkit.kernel import page as page_h
from thpkit.kernel.kobject import KObject, kstruct, primitive
from thpkit.kernel.mm_types import MmStruct
from thpkit.kernel.page import Page


@kstruct
class MemCgroup(KObject):
    """One control group (struct mem_cgroup)."""

    limit: int
    """Most pages it may have charged."""
    charged: int = 0
    """Pages charged now, tentative charges included."""


@primitive
def mem_cgroup_try_charge(page: Page, mm: MmStruct) -> MemCgroup | None:
    """Reserve the charge for ``page`` (1 page, or 512) with the group of ``mm``; may sleep.

    Returns:
        The group, to be committed or cancelled; None if the limit forbids it or the attempt was made to fail.
        Differs: the kernel returns an errno and the group through a pointer.
    """
    locks.might_sleep("mem_cgroup_try_charge")
    nr = page_h.hpage_nr_pages(page)
    memcg = mm.memcg
    if fault_inject.should_fail("memcg") or memcg.charged + nr > memcg.limit:
        return None
    memcg.charged = memcg.charged + nr
    return memcg


@primitive
def mem_cgroup_commit_charge(page: Page, memcg: MemCgroup) -> None:
    """Tie a reserved charge to ``page``; from now on freeing the page uncharges."""
    splat.VM_BUG_ON_PAGE(page.mem_cgroup is not None, page, "charged twice")
    page.mem_cgroup = memcg


@primitive
def mem_cgroup_cancel_charge(page: Page, memcg: MemCgroup) -> None:
    """Give a reserved charge back."""
    memcg.charged = memcg.charged - page_h.hpage_nr_pages(page)


@primitive
def mem_cgroup_uncharge(page: Page) -> None:
    """Take the charge off a page that is about to be freed; nothing if it was never charged."""
    memcg = page.mem_cgroup
    if memcg is None:
        return
    memcg.charged = memcg.charged - page_h.hpage_nr_pages(page)
    page.mem_cgroup = None
