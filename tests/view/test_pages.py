"""The page pane: whose references they are."""

from __future__ import annotations

import pytest

from tests.view.conftest import boot
from tests.view.looking import at, text
from thpkit.kernel import memory, swap
from thpkit.kernel.flags import (
    MapFlags,
    PG_head,
    PG_locked,
    PG_lru,
    PG_uptodate,
    Prot,
)
from thpkit.kernel.machine import Machine
from thpkit.kernel.memory import MmuGather
from thpkit.kernel.page import Page
from thpkit.kernel.variant import Variant, replaces
from thpkit.scenario import Scenario, record
from thpkit.trace.timeline import Timeline
from thpkit.view import subject
from thpkit.view.moment import Moment
from thpkit.view.world import World, cached_heads


def page_at(moment: Moment) -> list[str]:
    return text(moment, "pages", 90).splitlines()


def test_a_page_that_only_its_maker_knows(tour: Timeline) -> None:
    lines = page_at(at(tour, "huge_fault_new_page::error = thp_add_to_page_cache@1"))
    assert lines[0].startswith("  page#1  pfn 0x1200  order 9  512 pages  mapping NULL")
    assert lines[2:5] == [
        "    references  1",
        "           1  running code  page in huge_fault_new_page",
        "    mapped      compound_mapcount -1 = 0 PMD mappings",
    ]


def test_references_taken_for_slots_not_yet_filled(tour: Timeline) -> None:
    lines = page_at(at(tour, "thp_fill_block::if i + 1 <@100"))
    assert lines[2:6] == [
        "    references  513",
        "         100  page cache  one for each slot of i_pages#1",
        "         412  slots to fill  the page cache's, taken in advance",
        "           1  running code  page in huge_fault_new_page",
    ]


def test_two_processes_share_a_page(tour: Timeline) -> None:
    lines = page_at(at(tour, "do_user_addr_fault::@return@2"))
    assert lines == [
        "  page#1  pfn 0x1200  order 9  512 pages  mapping /lib/big.so  index 512–1023",
        "    flags       uptodate lru head",
        "    references  514",
        "         512  page cache  one for each slot of i_pages#1",
        "           1  PMD of A  pmd_table#1[1] at 0x7f0000200000",
        "           1  PMD of B  pmd_table#2[171] at 0x7e5555600000",
        "    mapped      compound_mapcount 1 = 2 PMD mappings",
        "                _mapcount +0–511: 1 = 2 mappings each",
        "    charged     memcg",
        "    on LRU list inactive_file",
        "    content     +0–511: blocks 512–1023 of inode#1",
    ]


def test_the_look_ups_of_truncation(tour: Timeline) -> None:
    looked_up = at(tour, "truncate_without_waiting::locked_pvec = @1")
    assert "          15  batch pvec  found by the look-up" in page_at(looked_up)
    removed = page_at(at(tour, "page_cache_free_page::@call@1"))
    assert (
        "         512  emptied slots  the page cache's, about to be dropped" in removed
    )


def after_write(timeline: Timeline, name: str, old: int, new: int) -> Moment:
    """The moment just after a cell went from one value to another."""
    cell = timeline.resolve(name)
    assert cell is not None
    writes = timeline.writes_of(cell)
    step = next(each.step for each in writes if (each.old, each.new) == (old, new))
    return Moment.of(timeline, step + 1)


def test_a_change_is_shown_with_what_it_was(tour: Timeline) -> None:
    found = page_at(after_write(tour, "page#1._refcount", 513, 514))
    assert "●   references  514 (was 513)" in found


def test_flags_set_and_cleared_are_said(tour: Timeline) -> None:
    quiet = 1 << PG_head | 1 << PG_uptodate | 1 << PG_lru
    moment = after_write(tour, "page#1.flags", quiet, quiet | 1 << PG_locked)
    found = page_at(moment)
    assert "●   flags       locked uptodate lru head (+locked)" in found


def test_map_counts_in_runs(tour: Timeline) -> None:
    lines = page_at(at(tour, "page_add_file_rmap::nr = nr + 1@11"))
    assert "●               _mapcount +0–10: 0 (was -1) = 1 mapping each" in lines
    assert "                _mapcount +11–511: -1 = 0 mappings each" in lines


def test_alike_small_pages_share_a_row(pages: Timeline) -> None:
    read = at(pages, "do_user_addr_fault::@return@10")
    shown = text(read, "pages", 120)
    assert "page#1 … page#10  index 0–9  flags uptodate" in shown
    assert "references 3 = 1 page cache + 1 PTE of A + 1 LRU batch" in shown


def heads(moment: Moment) -> list[Page]:
    """All pages in use."""
    zone = moment.kernel.zone
    return [page for page in zone.memmap.values() if page.compound_head is None]


@pytest.mark.parametrize("which", ["tour", "pages", "toys"])
def test_the_split_adds_up_and_leaves_nobody_out(
    which: str, request: pytest.FixtureRequest
) -> None:
    """At every step: the holders' counts sum to the reference count, and all of them are somebody."""
    timeline: Timeline = request.getfixturevalue(which)
    for n in range(0, len(timeline), 83):
        moment = Moment.of(timeline, n)
        with moment.present():
            world = World.at(moment)
            wanted = cached_heads(subject.mapping_of(moment))
            wanted |= subject.local_heads(moment)
            for head in wanted.values():
                held = world.holders(head)
                assert sum(each.number for each in held) == head._refcount
                assert not {"nobody", "too few"} & {each.who for each in held}
                running = [each for each in held if each.who == "running code"]
                assert sum(each.number for each in running) <= 3, (n, held)


# ---- what a defect looks like -------------------------------------------------------------------------------


@replaces(memory.tlb_finish_mmu)
def forgets_to_put(tlb: MmuGather) -> None:
    swap.lru_add_drain()


def test_a_leaked_reference_has_nobody() -> None:
    def leak(machine: Machine) -> None:
        a = machine.processes["A"]
        fd = a.open("/lib/big.so")
        at_a = a.mmap(4 << 20, Prot.READ, MapFlags.PRIVATE, fd)
        a.touch(at_a)
        a.munmap(at_a, 4 << 20)

    variant = Variant("leaky", functions=[forgets_to_put])
    timeline = record(Scenario("leak", "", boot, (leak,), variant=variant)).timeline
    last = Moment.of(timeline, len(timeline) - 1)
    assert "           1  nobody  no holder in sight: leaked" in page_at(last)
