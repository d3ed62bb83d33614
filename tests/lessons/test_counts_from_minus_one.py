"""Lesson 4 against FACTS and CORRECTIONS: the counts of one huge page under PMDs, PTEs and both.

Paragraph signs are those of FACTS; A numbers those of CORRECTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import pytest

from thpkit.book.lesson import Lesson
from thpkit.book.measure import evaluate, step_of
from thpkit.book.runs import Runs
from thpkit.checks import broken
from thpkit.kernel import page as page_h
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.trace.sections import sections as sections_of
from thpkit.trace.timeline import Timeline

LESSON = Path(__file__).parents[2] / "lessons" / "04_counts_from_minus_one"
MOST_STEPS = 110_000
"""A lesson is recorded while the reader waits."""


class Row(NamedTuple):
    """The state at a stop, in the columns of the mixed example of §8.2, with fifteen PTEs as A11 has them."""

    title: str
    ref: int
    compound: int
    counts: tuple[int, int]
    """``_mapcount`` of the sub-pages 0 to 14, and of 15 to 511."""
    total: int
    """PMD mappings and PTE mappings together."""
    mapped: int
    """NR_FILE_MAPPED."""
    pmdmapped: int
    """NR_FILE_PMDMAPPED."""
    double: bool = True
    """Whether the page has the DoubleMap flag: from the first PTE on, and never taken back before it is freed."""


ROWS = [
    # §12.3: 512 of the cache and the fault's own; then −1 → 0 in all 513 counts.
    Row("513 counts, all −1", 513, -1, (-1, -1), 0, 0, 0, double=False),
    Row("The first mapping, 513 times", 513, 0, (0, 0), 1, 512, 1, double=False),
    # A11: fault-around from 511 on; sub-pages 0..14 get PTEs; ref 513 → 528; no page counter moves.
    Row("Fifteen PTEs beside the PMD", 528, 0, (1, 0), 16, 512, 1),
    # §8.2, "A unmaps": what the PTEs still cover stays mapped.
    Row("One huge page, and 15 of it are mapped", 527, -1, (0, -1), 15, 15, 0),
    # §8.2, "other order: then A": the first PMD raises NR_FILE_MAPPED by what was unmapped.
    Row("The first PMD, but not the first mapping", 528, 0, (1, 0), 16, 512, 1),
    # §12.6, 4 KiB unmapped in the middle: PMD none, ref −1, PMDMAPPED −1.
    Row("A hole of 4 KiB: the whole PMD goes", 527, -1, (0, -1), 15, 15, 0),
    # §12.5, row 3: cached and unmapped.
    Row("513 counts, all −1 again", 512, -1, (-1, -1), 0, 0, 0),
]


def kernel_of(run: Timeline) -> Any:
    """The kernel whose state the timeline shows; Any, because a timeline's root may be anything."""
    return run.root


def said(module: ModuleType, function: str) -> list[str]:
    """The lines of a ``run=`` fence."""
    return cast(Callable[[], list[str]], getattr(module, function))()


@pytest.mark.parametrize("row", ROWS, ids=[each.title for each in ROWS])
def test_a_stop_equals_its_row(run: Timeline, row: Row) -> None:
    """References, all 513 counts, the flag, and the two page counters."""
    run.seek(step_of(run, row.title))
    kernel = kernel_of(run)
    with run.running():
        head = next(iter(kernel.zone.memmap.values()))
        counts = [page_h.nth_page(head, i)._mapcount for i in range(512)]
        assert head._refcount == row.ref
        assert page_h.nth_page(head, 1).compound_mapcount == row.compound
        assert (set(counts[:15]), set(counts[15:])) == (
            {row.counts[0]},
            {row.counts[1]},
        )
        assert page_h.total_mapcount(head) == row.total
        assert page_h.PageDoubleMap(head) is row.double
    node = kernel.vmstat.node
    assert (node[NodeStat.NR_FILE_MAPPED], node[NodeStat.NR_FILE_PMDMAPPED]) == (
        row.mapped,
        row.pmdmapped,
    )


def test_the_run_is_short_and_breaks_no_rule(run: Timeline) -> None:
    """REF ends by itself, without a report."""
    assert run.ending is None
    assert len(run) < MOST_STEPS
    run.end()
    assert len(kernel_of(run).splats) == 0


def test_every_quiet_point_satisfies_all_invariants(run: Timeline) -> None:
    """Between system calls and faults I1 to I14 hold: references, counts, counters, resident sets."""
    sections = sections_of(run)
    assert len(sections) > 8
    for section in sections:
        for step in (section.first, section.last + 1):
            run.seek(min(step, len(run)))
            assert broken(kernel_of(run)) == [], section.title


def test_the_events_only_grow(run: Timeline) -> None:
    """§5.3: two PMD mappings were made, and one entry was split; no shared memory was ever counted."""
    run.end()
    events, node = kernel_of(run).vmstat.events, kernel_of(run).vmstat.node
    assert events[VmEvent.THP_FILE_MAPPED] == 2
    assert events[VmEvent.THP_SPLIT_PMD] == 1
    assert events[VmEvent.THP_SPLIT_PAGE] == 0
    for stat in (NodeStat.NR_SHMEM, NodeStat.NR_SHMEM_THPS):
        assert node[stat] == 0


def test_the_surprise_is_what_v3_counts_after_munmap(scenario_file: ModuleType) -> None:
    """§10.7: NR_SHMEM 512, NR_SHMEM_THPS 1, NR_FILE_MAPPED 0; REF has one NR_FILE_THPS. §5.1: File… is 5.4's."""
    rows = {}
    for line in said(scenario_file, "surprise")[1:]:
        name, posted, ours = re.split(r"\s{2,}", line)
        rows[name] = posted, ours
    assert rows == {
        "Mapped": ("0 kB", "0 kB"),
        "Shmem": ("2048 kB", "0 kB"),
        "ShmemHugePages": ("2048 kB", "0 kB"),
        "FileHugePages": ("-", "2048 kB"),
        "FilePmdMapped": ("-", "0 kB"),
    }


def test_v3_loses_512_pages_of_shmem_with_each_huge_page(
    scenario_file: ModuleType,
) -> None:
    """D8: NR_SHMEM +512 a THP for ever; in kB 2048."""
    posted, ours = said(scenario_file, "shmem_for_ever")
    assert posted.split("repaired")[1].split()[:3] == ["2048", "4096", "6144"]
    assert ours.split("book's")[1].split()[:3] == ["0", "0", "0"]


def test_v3_counts_a_mapping_twice_and_takes_512_references(
    scenario_file: ModuleType,
) -> None:
    """D9: +2 a mapping; D10: 513 + 512. REF: 514 references (§12.4) and two events."""
    posted, ours = (
        line.split()[-2:] for line in said(scenario_file, "counted_by_two")[1:]
    )
    assert (posted, ours) == (["1025", "4"], ["514", "2"])


def test_the_assertion_of_v53_stops_a_debug_kernel(
    scenario_file: ModuleType, lesson: Lesson, runs: Runs
) -> None:
    """K24, §8.1: v5.3 asserts that a huge page mapped by a PMD is swap-backed."""
    assert said(scenario_file, "debug_kernel")[0].startswith("kernel BUG: VM_BUG_ON")
    asserting = runs.timeline(lesson, "asserts")
    assert "no shmem" in str(evaluate("ending()", asserting))


def test_assuming_512_leaves_fifteen_pages_mapped_for_ever(
    lesson: Lesson, runs: Runs
) -> None:
    """I3: NR_FILE_MAPPED is the number of pages with a mapping. C's PMD would add the fifteen a second time."""
    wrong = runs.timeline(lesson, "assumes_512")
    assert evaluate('cell("NR_FILE_MAPPED", "end")', wrong) == 15
    assert evaluate('holds("I3", "end")', wrong) is False


def test_every_remark_and_defect_of_the_lesson_is_named(lesson: Lesson) -> None:
    """What lesson.toml promises is in the text."""
    text = lesson.text_file.read_text(encoding="utf-8")
    for each in (*lesson.remarks, *lesson.defects):
        assert f"**{each}**" in text, each
