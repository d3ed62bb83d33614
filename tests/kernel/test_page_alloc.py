"""Freeing pages, small and huge: FACTS §3.5; each reason for which a page must not be freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from thpkit.kernel import flags, huge_memory, page_alloc, swap, units
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import TAIL_MAPPING, Page
from thpkit.kernel.splat import Config, OnSplat, SplatError
from thpkit.kernel.units import Geometry


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


# ---- freeing --------------------------------------------------------------------------------------------


def test_a_clean_huge_page_is_freed(machine: Machine) -> None:
    """FACTS §3.5: the last put runs the destructor; tails lose mapping and head, and PGFREE counts 512."""
    head = new_thp()
    swap.put_page(head)
    assert machine.counters()["PGFREE"] == units.HPAGE_PMD_NR
    assert not page_h.PageHead(head)
    assert all(t.compound_head is None and t.mapping is None for t in tails(head))
    assert not machine.kernel.splats


def mapped(page: Page) -> None:
    page._mapcount = 0


def owned(page: Page) -> None:
    page.mapping = TAIL_MAPPING


def flagged(bit: int) -> Callable[[Page], None]:
    def spoil(page: Page) -> None:
        page_h.set_flag(page, bit)

    return spoil


CHECKED = [
    flags.PG_locked,
    flags.PG_private,
    flags.PG_private_2,
    flags.PG_writeback,
    flags.PG_reserved,
    flags.PG_slab,
    flags.PG_active,
    flags.PG_unevictable,
    flags.PG_mlocked,
]
REASONS: list[tuple[Callable[[Page], None], str]] = [
    (mapped, "nonzero mapcount"),
    (owned, "non-NULL mapping"),
    *((flagged(bit), "PAGE_FLAGS_CHECK_AT_FREE flag") for bit in CHECKED),
]


@pytest.mark.parametrize("huge", [False, True], ids=["small", "huge"])
@pytest.mark.parametrize(("spoil", "reason"), REASONS)
def test_bad_page_state(
    machine: Machine, spoil: Callable[[Page], None], reason: str, huge: bool
) -> None:
    """FACTS §3.5, table of reasons; step 5: not returned to the allocator, for order 0 and order 9 alike."""
    page = new_thp() if huge else new_page()
    spoil(page)
    swap.put_page(page)
    sentences = [s.sentence for s in machine.kernel.splats.values()]
    assert len(sentences) == 1 and reason in sentences[0] and page.kname in sentences[0]
    assert "PGFREE" not in machine.counters(), "leaked"


def test_nonzero_refcount_and_the_memcg(machine: Machine) -> None:
    """FACTS §3.5: two more reasons, reached when a page is freed past put_page."""
    page = new_page()
    page_alloc.__free_pages_ok(page, 0)
    page._refcount = 0
    page.mem_cgroup = machine.kernel.memcg
    page_alloc.__free_pages_ok(page, 0)
    first, second = (s.sentence for s in machine.kernel.splats.values())
    assert "nonzero _refcount" in first
    assert "page still charged to cgroup" in second


def test_the_last_reason_is_the_one_printed(machine: Machine) -> None:
    """FACTS §3.5: mapcount, mapping, refcount, flags, cgroup: the last matching one."""
    page = new_page()
    mapped(page)
    owned(page)
    page_h.set_flag(page, flags.PG_locked)
    swap.put_page(page)
    [only] = machine.kernel.splats.values()
    assert "PAGE_FLAGS_CHECK_AT_FREE" in only.sentence and "locked" in only.sentence


@pytest.mark.parametrize(
    "bit",
    [
        flags.PG_uptodate,
        flags.PG_error,
        flags.PG_referenced,
        flags.PG_dirty,
    ],
)
def test_harmless_flags(machine: Machine, bit: int) -> None:
    """FACTS §3.5: Uptodate, Error, Referenced, Dirty, Head do not trigger the check."""
    page = new_page()
    page_h.set_flag(page, bit)
    swap.put_page(page)
    assert not machine.kernel.splats


def spoil_mapcount(head: Page) -> None:
    page_h.nth_page(head, 1).compound_mapcount = 0


def spoil_mapping(head: Page) -> None:
    page_h.nth_page(head, 3).mapping = None


def spoil_tail(head: Page) -> None:
    page_h.nth_page(head, 3).compound_head = None


def spoil_head(head: Page) -> None:
    page_h.nth_page(head, 3).compound_head = page_h.nth_page(head, 1)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (spoil_mapcount, "nonzero compound_mapcount"),
        (spoil_mapping, "corrupted mapping in tail page"),
        (spoil_tail, "PageTail not set"),
        (spoil_head, "compound_head not consistent"),
    ],
)
def test_tails_are_checked_with_debug_vm(
    geometry: Geometry, spoil: Callable[[Page], None], reason: str
) -> None:
    """FACTS §3.5 step 2 (mm/page_alloc.c, free_tail_pages_check), and only with CONFIG_DEBUG_VM."""
    for debug in (True, False):
        config = Config(geometry=geometry, on_splat=OnSplat.LOG, debug_vm=debug)
        machine = Machine(config=config)
        with machine.installed():
            head = new_thp()
            spoil(head)
            swap.put_page(head)
        found = [s.sentence for s in machine.kernel.splats.values()]
        assert bool(found) is debug
        assert all(reason in sentence for sentence in found)


@pytest.mark.parametrize("tail", [1, 2])
def test_overlaid_words_of_the_first_two_tails(machine: Machine, tail: int) -> None:
    """FACTS §3.5: the first tail's mapping word is compound_mapcount, the second's a list head: not compared."""
    head = new_thp()
    page_h.nth_page(head, tail).mapping = None
    swap.put_page(head)
    assert not machine.kernel.splats


def test_a_splat_stops_the_strict_machine(geometry: Geometry) -> None:
    """DESIGN §3 rule 6: RAISE names the rule; LOG goes on as a production kernel would."""
    strict = Machine(config=Config(geometry=geometry))
    with strict.installed():
        page = new_page()
        page_h.set_flag(page, flags.PG_locked)
        with pytest.raises(SplatError, match="bad page state"):
            swap.put_page(page)
