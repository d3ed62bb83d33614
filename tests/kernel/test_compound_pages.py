"""Compound pages: how they are made, tested and counted: FACTS §3.2, §3.3, §3.4 and §3.6."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from thpkit.kernel import flags, huge_memory, page_alloc, swap, units
from thpkit.kernel import page as page_h
from thpkit.kernel.content import Stale
from thpkit.kernel.flags import Gfp
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import TAIL_MAPPING, Page
from thpkit.kernel.splat import Config, KernelBug, OnSplat
from thpkit.kernel.units import Geometry, Pgoff


@pytest.fixture
def machine(geometry: Geometry) -> Iterator[Machine]:
    """A machine that notes splats and goes on, installed for the test."""
    machine = Machine(config=Config(geometry=geometry, on_splat=OnSplat.LOG))
    with machine.installed():
        yield machine


def new_thp() -> Page:
    page = page_alloc.alloc_pages(
        Gfp.HIGHUSER_MOVABLE | Gfp.COMP, units.HPAGE_PMD_ORDER
    )
    assert page is not None
    huge_memory.prep_transhuge_page(page)
    return page


def new_page() -> Page:
    page = page_alloc.alloc_pages(Gfp.HIGHUSER_MOVABLE, 0)
    assert page is not None
    return page


def tails(head: Page) -> list[Page]:
    return [page_h.nth_page(head, i) for i in range(1, units.HPAGE_PMD_NR)]


# ---- making ---------------------------------------------------------------------------------------------


def test_a_fresh_huge_page(machine: Machine) -> None:
    """FACTS §3.3: head flag, order and destructor in the first tail, tails poisoned, references 1 and 0."""
    head = new_thp()
    first = page_h.nth_page(head, 1)
    assert page_h.PageHead(head) and not page_h.PageTail(head)
    assert head._refcount == 1 and head._mapcount == -1 and head.mapping is None
    assert first.compound_order == units.HPAGE_PMD_ORDER
    assert first.compound_dtor == page_h.TRANSHUGE_PAGE_DTOR
    assert first.compound_mapcount == -1
    for tail in tails(head):
        assert tail.compound_head is head and page_h.PageTail(tail)
        assert tail.mapping is TAIL_MAPPING
        assert (tail._refcount, tail._mapcount) == (0, -1)
    assert head.pfn % units.HPAGE_PMD_NR == 0, "naturally aligned"
    assert machine.counters() == {"PGALLOC": units.HPAGE_PMD_NR}


def test_before_prep_transhuge_page(machine: Machine) -> None:
    """FACTS §3.3: a __GFP_COMP allocation is compound already, with the ordinary destructor."""
    page = page_alloc.alloc_pages(Gfp.KERNEL | Gfp.COMP, units.HPAGE_PMD_ORDER)
    assert page is not None and page_h.PageCompound(page)
    assert page_h.nth_page(page, 1).compound_dtor == page_h.COMPOUND_PAGE_DTOR
    swap.put_page(page)
    assert machine.counters()["PGFREE"] == units.HPAGE_PMD_NR


def test_content_is_what_the_last_owner_left(machine: Machine) -> None:
    """DESIGN §3 rule 7: nobody wrote this memory yet."""
    assert all(isinstance(page.content, Stale) for page in [new_page(), new_thp()])


def test_predicates_on_head_and_tail(machine: Machine) -> None:
    """FACTS §3.2: what redirects to the head, and what refuses a tail."""
    head = new_thp()
    tail = page_h.nth_page(head, 3)
    head.index = Pgoff(units.HPAGE_PMD_NR)
    page_h.SetPageUptodate(head)
    assert page_h.compound_head(tail) is head
    assert page_h.PageUptodate(tail)
    assert page_h.page_to_pgoff(tail) == units.HPAGE_PMD_NR + 3
    assert page_h.compound_order(tail) == 0
    assert page_h.PageTransCompound(tail) and page_h.PageTransCompound(head)
    assert page_h.hpage_nr_pages(head) == units.HPAGE_PMD_NR
    assert page_h.page_mapping(tail) is None, "not the poison"
    for refused in (
        page_h.PageTransHuge,
        page_h.hpage_nr_pages,
        page_h.SetPageUptodate,
        page_h.PageDoubleMap,
    ):
        with pytest.raises(KernelBug):
            refused(tail)


def test_pg_error_on_a_compound_page(machine: Machine) -> None:
    """CORRECTIONS A10: in v5.3 setting or clearing it on any page of a THP is an assertion; testing is not."""
    head = new_thp()
    for page in (head, page_h.nth_page(head, 3)):
        assert not page_h.PageError(page)
        with pytest.raises(KernelBug):
            page_h.SetPageError(page)
        with pytest.raises(KernelBug):
            page_h.ClearPageError(page)


def test_double_map_lives_in_the_first_tail(machine: Machine) -> None:
    """FACTS §3.2: the bit of private_2, in page[1].flags; and §3.5 step 1: cleared when the page is freed."""
    head = new_thp()
    page_h.SetPageDoubleMap(head)
    assert page_h.nth_page(head, 1).flags >> flags.PG_private_2 & 1
    assert not head.flags >> flags.PG_private_2 & 1
    swap.put_page(head)
    assert not machine.kernel.splats


# ---- references -----------------------------------------------------------------------------------------


def test_references_go_to_the_head(machine: Machine) -> None:
    """FACTS §3.4: get_page and put_page redirect; the raw operations do not."""
    head = new_thp()
    tail = page_h.nth_page(head, 3)
    page_h.get_page(tail)
    assert (head._refcount, tail._refcount) == (2, 0)
    swap.put_page(tail)
    assert page_h.page_count(tail) == 1
    page_h.page_ref_add(head, units.HPAGE_PMD_NR)
    page_h.page_ref_sub(head, units.HPAGE_PMD_NR + 1)
    assert head._refcount == 0, "page_ref_sub does not free at zero"
    assert machine.counters().get("PGFREE") is None


def test_speculative_and_frozen(machine: Machine) -> None:
    """FACTS §3.4: one more unless zero; freeze succeeds only at exactly n."""
    page = new_page()
    assert page_h.page_cache_get_speculative(page) and page._refcount == 2
    assert not page_h.page_ref_freeze(page, 1)
    assert page_h.page_ref_freeze(page, 2) and page._refcount == 0
    assert not page_h.page_cache_get_speculative(page)
    page_h.page_ref_unfreeze(page, 1)
    swap.put_page(page)
    assert machine.counters()["PGFREE"] == 1


def test_underflows_are_splats(machine: Machine) -> None:
    """DESIGN §3 rule 6."""
    page = new_page()
    page_h.page_ref_sub(page, 2)
    assert [s.rule for s in machine.kernel.splats.values()] == ["reference underflow"]
    with pytest.raises(KernelBug):
        page_h.get_page(page)


def test_total_mapcount(machine: Machine) -> None:
    """FACTS §3.6: compound + Σ(_mapcount + 1) − compound × 512 = PMD mappings + PTE mappings."""
    head = new_thp()
    for page in (head, *tails(head)):
        page._mapcount = 1
    page_h.nth_page(head, 1).compound_mapcount = 1
    page_h.nth_page(head, 3)._mapcount = 2
    assert page_h.compound_mapcount(head) == 2
    assert page_h.total_mapcount(head) == 3
    assert page_h.page_mapcount(page_h.nth_page(head, 3)) == 3
    assert page_h.page_mapped(page_h.nth_page(head, 4))
