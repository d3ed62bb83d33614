"""Page tables, mappings, counters, stack, locks, timeline: what a reader finds in them."""

from __future__ import annotations

from itertools import pairwise

from tests.view.conftest import boot
from tests.view.looking import at, shown, spans, text
from thpkit.kernel import fault, locks
from thpkit.kernel.flags import VmFault
from thpkit.kernel.machine import Machine
from thpkit.kernel.sched import Task
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.variant import Variant, replaces
from thpkit.scenario import Scenario, record
from thpkit.trace.timeline import Timeline
from thpkit.view import timeline_view
from thpkit.view.moment import Moment
from thpkit.view.rows import Role, text_of


def lines(moment: Moment, name: str, width: int = 100) -> list[str]:
    return text(moment, name, width).splitlines()


# ---- page tables --------------------------------------------------------------------------------------------


def test_the_walk_before_anything_is_mapped(tour: Timeline) -> None:
    assert lines(
        at(tour, "__handle_mm_fault::pgd = pgtable.pgd_offset@1"), "pagetable"
    )[:6] == [
        "  A  0x7f0000203000  PGD 254  PUD 0  PMD 1  PTE 3  in vma#1 r-xp",
        "  PGD  pgd A[254]  none",
        "  PUD  no table",
        "  PMD  no table",
        "  PTE  no table",
        "  an access faults: PGD none",
    ]


def test_one_entry_maps_two_mebibytes(tour: Timeline) -> None:
    found = lines(at(tour, "do_set_pmd::vmstat.count_vm_event@1"), "pagetable")
    assert found[3:6] == [
        "● PMD  pmd_table#1[1]  → huge page#1 (was none)  present user huge accessed",
        "  PTE  not needed: the PMD is huge",
        "  the CPU finds page#1+3  r-x  one entry maps 0x7f0000200000–0x7f0000400000",
    ]


def test_small_entries_in_runs(pages: Timeline) -> None:
    found = text(at(pages, "do_user_addr_fault::@return@10"), "pagetable")
    assert "10 of 512 entries in use" in found
    assert "page#1 … page#10  present user nx accessed" in found


# ---- mappings -----------------------------------------------------------------------------------------------


def test_mappings_say_whether_huge_pages_fit(tour: Timeline) -> None:
    found = lines(at(tour, "do_user_addr_fault::@return@1"), "vmas", 120)
    assert found[0].startswith(
        "  A  pid 1  mappings 1  total_vm 1024  MM_FILEPAGES 512"
    )
    assert found[2] == (
        "    vma#1  0x7f0000000000–0x7f0000400000  4 MiB  r-xp  may rwx  /lib/big.so"
        "  pgoff 0"
    )
    assert found[3].strip() == "congruent modulo 512, 2 huge blocks"


def test_a_mapping_that_does_not_fit(pages: Timeline) -> None:
    found = text(at(pages, "do_user_addr_fault::@return@1"), "vmas", 120)
    assert "not congruent:" in found


# ---- counters -----------------------------------------------------------------------------------------------


def test_a_counter_and_its_three_changes(tour: Timeline) -> None:
    moment = at(tour, "do_set_pmd::vmstat.count_vm_event@1+")
    shown_text = text(moment, "counters", 60)
    assert "pages                     now   step   stop   call" in shown_text
    assert "NR_FILE_MAPPED            512          +512   +512" in shown_text
    assert "● THP_FILE_MAPPED             1     +1     +1     +1" in shown_text


def test_two_columns_where_there_is_room(tour: Timeline) -> None:
    moment = at(tour, "do_user_addr_fault::@return@1")
    assert len(lines(moment, "counters", 120)) < len(lines(moment, "counters", 60))


def test_counters_that_never_move_are_named_once(tour: Timeline) -> None:
    found = text(at(tour, "do_user_addr_fault::@return@1"), "counters", 200)
    assert "always 0 in this run: NR_FILE_DIRTY" in found
    assert "min_flt of A" in found


def test_rising_and_falling_have_roles(tour: Timeline) -> None:
    rise = shown(at(tour, "handle_mm_fault::return@1"), "counters", 60)
    assert [span.text.strip() for span in spans(rise, Role.UP)] == ["+1"]
    fall = at(tour, "zap_huge_pmd::memory.add_mm_counter@2+")
    assert "−512" in [s.text.strip() for s in spans(shown(fall, "counters"), Role.DOWN)]


# ---- stack and locks ----------------------------------------------------------------------------------------


def test_the_stack_with_what_waits(tour: Timeline) -> None:
    found = lines(at(tour, "do_set_pmd::ptl = pgtable.pmd_lockptr@1"), "stack", 100)
    assert found[0].startswith("  ▶ do_set_pmd  memory.py:")
    assert found[0].endswith("  ptl = pgtable.pmd_lockptr(pmd)")
    assert "●   pmd   pmd_table#1[1]" in found
    assert [line.split()[1] for line in found if "▷" in line] == [
        "alloc_set_pte",
        "finish_fault",
        "filemap_huge_fault",
        "create_huge_pmd",
        "__handle_mm_fault",
        "handle_mm_fault",
        "do_user_addr_fault",
        "huge",
    ]


def test_local_variables_by_name_and_meaning(tour: Timeline) -> None:
    found = text(at(tour, "filemap_huge_fault::if size != @2"), "stack", 120)
    assert "hindex  512" in found
    assert "haddr   0x7f0000200000" in found
    assert "vmf     vmf#1  address 0x7f0000203000  pgoff 515" in found
    assert "size    PMD" in found


def test_locks_in_order_and_what_they_forbid(tour: Timeline) -> None:
    assert lines(at(tour, "thp_fill_block::@call@1"), "locks") == [
        "  cpu0 runs A  irqs off  preempt_count 1  rcu_depth 0"
        "  must not sleep: irqs off, spinlock held",
        "",
        "  A holds 3 locks",
        "    1  mm A.mmap_sem  mmap_sem, for reading",
        "    2  page#1  page lock",
        "    3  i_pages#1.xa_lock  i_pages, for writing",
        "  B holds nothing",
        "",
        "  no rule broken so far",
    ]


@replaces(fault.account_fault)
def sleeps_where_it_must_not(task: Task, fault: VmFault) -> None:
    locks.rcu_read_lock()
    locks.might_sleep("a careless function")
    locks.rcu_read_unlock()


def test_broken_rules_are_kept_in_sight() -> None:
    def run(machine: Machine) -> None:
        a = machine.processes["A"]
        a.touch(a.mmap(1 << 20, fd=a.open("/lib/small.so")))

    variant = Variant("sleepy", functions=[sleeps_where_it_must_not])
    config = Config(on_splat=OnSplat.LOG)
    scenario = Scenario("x", "", boot, (run,), variant=variant, config=config)
    timeline = record(scenario).timeline
    moment = Moment.of(timeline, len(timeline) - 1)
    found = " ".join(text(moment, "locks", 90).split())
    assert "1 sleeping function called from invalid context: A may sleep in" in found
    assert "!" in text_of(timeline_view.bar(moment, 60))


# ---- timeline -----------------------------------------------------------------------------------------------


def test_the_bar_has_the_width_and_the_place(tour: Timeline) -> None:
    for n in range(0, len(tour), 4999):
        moment = Moment.of(tour, n)
        row = text_of(timeline_view.bar(moment, 60))
        assert len(row) == 60
        assert row.count("▼") == 1


def test_stops_ahead_and_behind(tour: Timeline) -> None:
    first, *_others, last = tour.stops
    start = text_of(timeline_view.bar(Moment.of(tour, 0), 80))
    assert start.count("○") == 4
    assert start.startswith("▼")
    end = text_of(timeline_view.bar(Moment.of(tour, last.step), 80))
    assert (end.count("○"), end.count("●")) == (0, 3)
    assert first.step < last.step


def test_the_bar_is_monotonous_and_can_be_clicked(tour: Timeline) -> None:
    scale = timeline_view.scale(Moment.of(tour, 0), 80)
    columns = [scale.column_of(n) for n in range(0, len(tour), 97)]
    assert all(a <= b for a, b in pairwise(columns))
    assert scale.column_of(0) == 0
    assert scale.column_of(len(tour) - 1) == 79
    for column in range(80):
        assert scale.column_of(scale.step_at(column)) >= column


def test_sections_have_names(tour: Timeline) -> None:
    names = text_of(timeline_view.names(Moment.of(tour, 0), 120))
    assert "A fault" in names
    assert "B munmap" in names


def test_the_status_says_where_one_is(tour: Timeline) -> None:
    moment = Moment.of(tour, tour.stops[1].step)
    status = text_of(timeline_view.status(moment, 140))
    assert status.startswith("● stop 2 of 4 Mapped by A  A: page fault(0x7f0000203abc")
    assert "A on cpu0  just ran" in status
    assert status.endswith(f"step {moment.n} of {len(tour) - 1}")
    assert len(text_of(timeline_view.status(moment, 20))) <= 20


def test_what_the_status_leaves_out_first(tour: Timeline) -> None:
    """Who runs, then the call; never whether the statement has run, and a title only where it belongs."""
    stop = tour.stops[1].step
    narrow = text_of(timeline_view.status(Moment.of(tour, stop), 60))
    assert "Mapped by A  just ran" in narrow and "fault" not in narrow
    beside = text_of(timeline_view.status(Moment.of(tour, stop + 1), 140))
    assert "after stop 2 of 4" in beside and "Mapped by A" not in beside
