"""Lesson 3 against FACTS and CORRECTIONS: what each stop, each picture and each sentence about v3 claims.

Paragraph signs are those of FACTS; A and B numbers those of CORRECTIONS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from thpkit.book.lesson import Lesson
from thpkit.book.measure import evaluate, step_of
from thpkit.book.runs import Runs
from thpkit.checks import broken
from thpkit.kernel.content import Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import PG_locked, PG_lru, PG_uptodate
from thpkit.scenario import build
from thpkit.trace.timeline import Timeline

LESSON = Path(__file__).parents[2] / "lessons" / "03_the_huge_fault"
MOST_STEPS = 110_000
"""A lesson is recorded while the reader waits."""
BLOCK = 512
"""§1.1: pages of a huge page."""


def kernel_of(run: Timeline) -> Any:
    """The kernel whose state the timeline shows; Any, because a timeline's root may be anything."""
    return run.root


# ---- the run ----------------------------------------------------------------------------------------------


def test_the_run_is_short_and_breaks_no_rule(run: Timeline) -> None:
    """REF ends by itself, without a report, and every invariant holds at its end."""
    assert run.ending is None
    assert len(run) < MOST_STEPS
    run.end()
    assert len(kernel_of(run).splats) == 0
    assert broken(kernel_of(run)) == []


def test_a_small_page_in_the_block_means_fallback(run: Timeline) -> None:
    """§12.6: a small page is cached in the block; the fault falls back, and no THP is made."""
    assert evaluate('cell("NR_FILE_PAGES", "FALLBACK is an answer")', run) == 2
    assert evaluate('cell("PGALLOC", "FALLBACK is an answer")', run) == 2
    assert evaluate('cell("THP_FILE_ALLOC", "FALLBACK is an answer")', run) == 0


def test_the_next_block_is_no_conflict(run: Timeline) -> None:
    """§12.6 and D1: index hindex + 512 is cached, and the block becomes huge all the same."""
    assert evaluate('visits("huge_block_in_use::return entry is not None")', run) == 3
    assert (
        evaluate('cell("THP_FILE_ALLOC", "B is done, and A has not noticed")', run) == 1
    )


def test_in_the_cache_before_it_is_read(run: Timeline) -> None:
    """§12.3, rows 5 and 6: 513 references, locked, on the LRU, not uptodate, 512 slots; charged, counted as major."""
    place = "In the cache, locked, not read"
    assert evaluate(f'cell("page#1@cpu1._refcount", "{place}")', run) == BLOCK + 1
    assert evaluate(f'cell("NR_INACTIVE_FILE", "{place}")', run) == BLOCK + 2
    assert evaluate(f'cell("NR_FILE_PAGES", "{place}")', run) == BLOCK + 2
    run.seek(step_of(run, place))
    head = page_named(run, "page#1@cpu1")
    assert [bit(head, each) for each in (PG_locked, PG_uptodate, PG_lru)] == [1, 0, 1]


def test_the_loser_of_the_race_gives_everything_back(run: Timeline) -> None:
    """§12.6, two threads race: −EEXIST, the page is freed, the winner's is found; final 512 + two mappings."""
    change = 'change("{}", "B is done, and A has not noticed", "A gives its page back")'
    assert evaluate(change.format("PGALLOC"), run) == BLOCK
    assert evaluate(change.format("PGFREE"), run) == BLOCK
    assert evaluate(change.format("NR_FILE_PAGES"), run) == 0
    assert evaluate('cell("page#3._refcount", "A gives its page back")', run) == 0
    after = "Two mappings, and no reference too many"
    assert evaluate(f'cell("page#1@cpu1._refcount", "{after}")', run) == BLOCK + 2
    assert evaluate(f'cell("THP_FILE_MAPPED", "{after}")', run) == 2
    assert evaluate(f'cell("A.min_flt", "{after}")', run) == 1


def test_the_second_mapping_moves_no_page_counter(run: Timeline) -> None:
    """§12.4, row 4: NR_FILE_MAPPED and NR_FILE_PMDMAPPED + 0."""
    places = (
        '"B is done, and A has not noticed", "Two mappings, and no reference too many"'
    )
    for name in ("NR_FILE_MAPPED", "NR_FILE_PMDMAPPED"):
        assert evaluate(f'change("{name}", {places})', run) == 0


def test_a_page_beyond_the_end_is_taken_out_by_who_put_it_in(run: Timeline) -> None:
    """A8: the inserted page is deleted before it is unlocked; SIGBUS; all gauges as before the fault."""
    before = "Two mappings, and no reference too many"
    assert evaluate('cell("NR_FILE_THPS", "The file ends before this page")', run) == 2
    for name in (
        "NR_FILE_PAGES",
        "NR_FILE_THPS",
        "NR_INACTIVE_FILE",
        "NR_FILE_MAPPED",
    ):
        assert evaluate(f'change("{name}", "{before}", "end")', run) == 0, name
    assert evaluate('cell("page#4._refcount", "end")', run) == 0


def test_c_gets_sigbus_and_in_v3_zeroes(lesson: Lesson, runs: Runs) -> None:
    """D18: the fault beyond the end succeeds in v3; REF answers SIGBUS."""
    assert last_answer(lesson, runs, "ref") is Signal.SIGBUS
    assert isinstance(last_answer(lesson, runs, "v3"), Zero)


def last_answer(lesson: Lesson, runs: Runs, version: str) -> object:
    """What C's access comes to, with B's truncation in its middle."""
    module = cast(Any, runs.module(lesson))
    machine = build(module.SCENARIO, runs.variant(lesson, version))
    touched: list[object] = []
    c = machine.processes["C"]
    touch = c.touch

    def remember(addr: int) -> object:
        touched.append(touch(addr))
        return touched[-1]

    c.touch = remember  # type: ignore[method-assign, assignment]
    module.four_faults(machine)
    return touched[-1]


# ---- what the text says of v3, v4 and v5 --------------------------------------------------------------------


def test_v3_falls_back_because_of_the_next_block(lesson: Lesson, runs: Runs) -> None:
    """D1: as posted, with index 512 cached, block 0 never becomes huge."""
    v3 = runs.timeline(lesson, "v3")
    assert evaluate('cell("THP_FILE_MAPPED", "do_user_addr_fault::@return@2")', v3) == 0


def test_v3_maps_a_page_that_is_in_no_slot(lesson: Lesson, runs: Runs) -> None:
    """K17, §10.7: at the moment of mapping one reference, locked, no charge, no list, no entry; I13 is broken."""
    v3 = runs.timeline(lesson, "v3+D1")
    place = "do_set_pmd::@return@1"
    assert evaluate(f'holds("I13", "{place}")', v3) is False
    v3.seek(step_of(v3, place))
    head = page_named(v3, "page#1@cpu1")
    assert (head._refcount, head.mem_cgroup) == (1, None)
    assert [bit(head, each) for each in (PG_locked, PG_lru)] == [1, 0]
    assert evaluate(f'cell("mapping#1.nrpages", "{place}")', v3) == 2


def test_v3_meets_the_other_huge_page_by_its_tail(lesson: Lesson, runs: Runs) -> None:
    """D3 (b): after making room the search begins at hindex + 1, and sees tail 1 of a huge page that came in."""
    v3 = runs.timeline(lesson, "v3+D1")
    place = "filemap_huge_check_pagecache_usable::if entry is None@5"
    assert evaluate(f'local("entry", "{place}")', v3) == "page#1@cpu1+1"


def test_v3_leaves_the_page_locked_for_ever(
    scenario_file: ModuleType, lesson: Lesson, runs: Runs
) -> None:
    """D5: the second process sleeps for ever; the surprise shows it, and so does the run with D1 repaired."""
    lines = said(scenario_file, "surprise")
    assert lines[1].split()[-4:] == ["page", "515", "page", "515"]
    assert lines[2].endswith("waits for ever  page 515")
    v3 = runs.timeline(lesson, "v3+D1")
    assert "waits for the page lock" in str(evaluate("ending()", v3))


def test_v3_recognises_a_cached_page_only_while_it_is_locked(
    scenario_file: ModuleType,
) -> None:
    """D2 hides the check; with D2 repaired it succeeds because of D5; with both repaired it never does (K9, K12)."""
    rows = [line.split()[-2:] for line in said(scenario_file, "recognised")[1:]]
    assert rows == [["yes", "no"], ["yes", "yes"], ["no", "no"], ["no", "yes"]]


def test_v5_takes_512_references_for_a_further_mapping(
    lesson: Lesson, runs: Runs
) -> None:
    """D10, live in v5's second check: 513 + 512."""
    v5 = runs.timeline(lesson, "v5")
    place = "Two mappings, and no reference too many"
    assert evaluate(f'cell("page#1@cpu1._refcount", "{place}")', v5) == BLOCK + 1 + 512


def test_without_the_removal_the_page_stays_behind_the_end(
    lesson: Lesson, runs: Runs
) -> None:
    """A8, its reason: a truncation that has finished does not come back."""
    left = runs.timeline(lesson, "leaves_it")
    assert evaluate('cell("NR_FILE_PAGES", "end")', left) == 2 * BLOCK + 2


def test_the_machine_of_the_lesson_is_a_production_kernel(lesson: Lesson) -> None:
    """v3 breaks lock rules in each fault; a kernel of 2019 without debugging says nothing and goes on."""
    assert not lesson.load_scenario().config.debug_vm


def test_every_remark_and_defect_of_the_lesson_is_named(lesson: Lesson) -> None:
    """What lesson.toml promises is in the text."""
    text = lesson.text_file.read_text(encoding="utf-8")
    for each in (*lesson.remarks, *lesson.defects):
        assert f"**{each}**" in text, each


# ---- looking ------------------------------------------------------------------------------------------------


def page_named(run: Timeline, name: str) -> Any:
    """The page of that name."""
    pages = kernel_of(run).zone.memmap.values()
    return next(each for each in pages if each.kname == name)


def bit(page: Any, number: int) -> int:
    """A bit of the page's flags."""
    return int(page.flags >> number & 1)


def said(module: ModuleType, function: str) -> list[str]:
    """The lines of a ``run=`` fence."""
    return cast(Callable[[], list[str]], getattr(module, function))()
