"""The tour against the worked traces: every stop is compared with the rows of FACTS §12.3, §12.4 and §12.5.

The rows below are typed from there: what the page looks like, what the tree holds, and which counters changed since
the stop before. Counters are compared whole: what a row does not mention must not have moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from thpkit.checks import broken
from thpkit.kernel import flags, init, pgtable
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import VmFlags
from thpkit.kernel.mm_types import MmCounter, MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.kernel.xarray import XaNode, walk_nodes
from thpkit.scenario import Recording, load_file, record
from thpkit.trace.digest import digest
from thpkit.trace.sections import sections as sections_of

LESSON = Path(__file__).parents[2] / "lessons" / "00_tour"
A_ADDRESS = VirtAddr(0x7F0000203ABC)
B_ADDRESS = VirtAddr(0x7E5555603000)


class Row(NamedTuple):
    """One row of a worked trace."""

    title: str
    """Title of the stop."""
    ref: int | None = None
    """References; None while there is no page."""
    state: str = ""
    """locked / uptodate / LRU as in FACTS: ``1/0/0``."""
    maps: tuple[int, int] = (-1, -1)
    """compound_mapcount and the _mapcount of all 512 sub-pages."""
    tree: tuple[int, int] = (0, 0)
    """Nodes and entries in i_pages."""
    huge: str = ""
    """Processes whose PMD is huge."""
    changed: Mapping[str, int] = MappingProxyType({})
    """Counters that moved since the row before."""


FULL = (9, 512)  # §2.11 (e): nine nodes, 512 entries

ROWS = [
    Row("A place that agrees with the file"),
    Row("A touches 0x7f0000203abc: a page fault", changed={"PGFAULT": 1}),
    Row("The file system is asked for 2 MiB", changed={"pgtables(A)": 8192}),
    Row("All conditions hold, and the block is empty"),
    Row(
        "A huge page nobody knows yet",
        ref=1,
        state="1/0/0",
        changed={"PGALLOC": 512, "memcg": 512},
    ),
    # §2.11 (f): after create_range alone the nine nodes exist and hold nothing. The 512 references of the cache
    # are taken before the insertion (§4.4, step 2).
    Row("Room in the tree: nine nodes, no entry", ref=513, state="1/0/0", tree=(9, 0)),
    Row(
        "In the page cache",
        ref=513,
        state="1/0/0",
        tree=FULL,
        changed={
            "nrpages": 512,
            "NR_FILE_PAGES": 512,
            "NR_FILE_THPS": 1,
            "THP_FILE_ALLOC": 1,
            "nr_thps": 1,
        },
    ),
    Row(
        "On the LRU list, about to be read",
        ref=513,
        state="1/0/1",
        tree=FULL,
        changed={"NR_INACTIVE_FILE": 512, "PGMAJFAULT": 1},
    ),
    Row("Read and unlocked", ref=513, state="0/1/1", tree=FULL),
    Row("Locked again, and still ours", ref=513, state="1/1/1", tree=FULL),
    Row(
        "Mapped by one entry",
        ref=513,
        state="1/1/1",
        maps=(0, 0),
        tree=FULL,
        huge="A",
        changed={
            "MM_FILEPAGES(A)": 512,
            "NR_FILE_PMDMAPPED": 1,
            "NR_FILE_MAPPED": 512,
            "THP_FILE_MAPPED": 1,
        },
    ),
    Row(
        "A goes on: 513 = 512 + 1",
        ref=513,
        state="0/1/1",
        maps=(0, 0),
        tree=FULL,
        huge="A",
        changed={"maj_flt(A)": 1},
    ),
    Row(
        "B looks the block up and finds it",
        ref=514,
        state="0/1/1",
        maps=(0, 0),
        tree=FULL,
        huge="A",
        changed={"PGFAULT": 1, "pgtables(B)": 8192},
    ),
    Row(
        "B holds the page lock",
        ref=514,
        state="1/1/1",
        maps=(0, 0),
        tree=FULL,
        huge="A",
    ),
    Row(
        "Mapped a second time: two counters that stay",
        ref=514,
        state="1/1/1",
        maps=(1, 1),
        tree=FULL,
        huge="AB",
        changed={"MM_FILEPAGES(B)": 512, "THP_FILE_MAPPED": 1},
    ),
    Row(
        "514 = 512 + 2, and a minor fault",
        ref=514,
        state="0/1/1",
        maps=(1, 1),
        tree=FULL,
        huge="AB",
        changed={"min_flt(B)": 1},
    ),
    Row(
        "B unmaps",
        ref=513,
        state="0/1/1",
        maps=(0, 0),
        tree=FULL,
        huge="A",
        changed={"MM_FILEPAGES(B)": -512, "pgtables(B)": -8192},
    ),
    Row(
        "A unmaps: the last mapping",
        ref=512,
        state="0/1/1",
        tree=FULL,
        changed={
            "MM_FILEPAGES(A)": -512,
            "NR_FILE_PMDMAPPED": -1,
            "NR_FILE_MAPPED": -512,
            "pgtables(A)": -8192,
        },
    ),
    Row("Truncate looks up fifteen entries", ref=527, state="0/1/1", tree=FULL),
    Row("One lock for 512 pages", ref=527, state="1/1/1", tree=FULL),
    Row(
        "Out of the cache",
        ref=527,
        state="1/1/1",
        changed={
            "NR_FILE_PAGES": -512,
            "NR_FILE_THPS": -1,
            "nrpages": -512,
            "nr_thps": -1,
        },
    ),
    Row("The cache's 512 references go at once", ref=15, state="1/1/1"),
    Row(
        "The last reference",
        ref=0,
        state="0/1/0",
        changed={"NR_INACTIVE_FILE": -512, "memcg": -512, "PGFREE": 512},
    ),
    Row("Nothing is left", ref=0, state="0/1/0"),
]


@pytest.fixture(scope="module")
def tour() -> Recording:
    """The tour, recorded once."""
    return record(load_file(LESSON / "tour.py"))


def huge_page(recording: Recording) -> Page | None:
    """The one huge page of the tour, once it exists."""
    pages = recording.machine.kernel.zone.memmap
    return pages[min(pages)] if pages else None


def mm_of(recording: Recording, name: str) -> MmStruct | None:
    return recording.machine.processes[name].task.mm


def counters(recording: Recording) -> dict[str, int]:
    """Everything that counts, by name; zeroes left out."""
    machine = recording.machine
    mapping = machine.kernel.inodes["/lib/libbig.so"].i_mapping
    assert mapping is not None
    found = Counter(machine.counters())
    found["memcg"] = machine.kernel.memcg.charged
    found["nrpages"] = mapping.nrpages
    found["nr_thps"] = mapping.nr_thps
    for name, process in machine.processes.items():
        found[f"maj_flt({name})"] = process.task.maj_flt
        found[f"min_flt({name})"] = process.task.min_flt
        mm = process.task.mm
        if mm is not None:
            found[f"pgtables({name})"] = mm.pgtables_bytes
            for member in MmCounter:
                found[f"{member.name}({name})"] = mm.rss_stat[member]
    return {name: value for name, value in found.items() if value}


def tree_shape(recording: Recording) -> tuple[int, int]:
    """Nodes and page entries of the file's tree."""
    mapping = recording.machine.kernel.inodes["/lib/libbig.so"].i_mapping
    assert mapping is not None
    nodes = [node for node, _first in walk_nodes(mapping.i_pages)]
    return len(nodes), sum(
        isinstance(entry, Page) for node in nodes for entry in node.slots
    )


def page_state(page: Page) -> str:
    bits = (flags.PG_locked, flags.PG_uptodate, flags.PG_lru)
    return "/".join(str(page.flags >> bit & 1) for bit in bits)


def huge_pmds(recording: Recording) -> str:
    """Names of the processes whose PMD for the block is huge and maps the head, read and execute, for users."""
    found = ""
    for name, address in (("A", A_ADDRESS), ("B", B_ADDRESS)):
        mm = mm_of(recording, name)
        ptr = pgtable.walk(mm, address)[-1] if mm is not None else None
        word = pgtable.entry_val(ptr) if ptr is not None else 0
        if word & flags.PAGE_PSE:
            assert pgtable.entry_page(word) is huge_page(recording)
            assert word & flags.PAGE_USER
            assert not word & (flags.PAGE_NX | flags.PAGE_RW)
            found += name
    return found


def test_the_tour_has_a_row_for_every_stop(tour: Recording) -> None:
    """No stop goes unchecked."""
    assert [each.stop.title for each in tour.stops] == [row.title for row in ROWS]
    assert tour.timeline.ending is None


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row.title for row in ROWS])
def test_a_stop_equals_its_row(tour: Recording, number: int) -> None:
    """References, flags, map counts, tree, PMDs and every counter."""
    row = ROWS[number]
    tour.timeline.seek(tour.stops[number].step)
    with init.running(tour.machine.kernel):
        page = huge_page(tour)
        if row.ref is None:
            assert page is None
        else:
            assert page is not None
            assert (page._refcount, page_state(page)) == (row.ref, row.state)
            assert page_h.nth_page(page, 1).compound_mapcount == row.maps[0]
            assert {page_h.nth_page(page, i)._mapcount for i in range(512)} == {
                row.maps[1]
            }
        assert tree_shape(tour) == row.tree
        assert huge_pmds(tour) == row.huge
    expected: Counter[str] = Counter()
    for each in ROWS[: number + 1]:
        expected.update(each.changed)
    assert counters(tour) == {name: value for name, value in expected.items() if value}


def test_the_setting_is_that_of_the_facts(tour: Recording) -> None:
    """§12.2 and §12.4: addresses, rights, and where the two accesses fall in the page tables."""
    tour.timeline.seek(tour.stops[15].step)
    a, b = (mm_of(tour, name) for name in "AB")
    assert a is not None and a.mmap is not None and b is not None and b.mmap is not None
    assert (a.mmap.vm_start, b.mmap.vm_start) == (0x7F0000000000, 0x7E5555400000)
    rights = (
        VmFlags.READ
        | VmFlags.EXEC
        | VmFlags.MAYREAD
        | VmFlags.MAYWRITE
        | VmFlags.MAYEXEC
    )
    assert a.mmap.vm_flags == b.mmap.vm_flags == rights
    with init.running(tour.machine.kernel):
        assert [ptr.slot for ptr in pgtable.walk(a, A_ADDRESS)] == [254, 0, 1]
        assert [ptr.slot for ptr in pgtable.walk(b, B_ADDRESS)] == [252, 341, 171]


def test_the_tree_is_the_worked_one(tour: Recording) -> None:
    """§2.11 (e): a top node of shift 6, full leaves in slots 8 to 15; (f): leaves are made from 15 down to 8."""
    tour.timeline.seek(tour.stops[6].step)
    mapping = tour.machine.kernel.inodes["/lib/libbig.so"].i_mapping
    assert mapping is not None
    top = mapping.i_pages.xa_head
    assert isinstance(top, XaNode)
    assert (top.shift, top.offset, top.count) == (6, 0, 8)
    assert [slot for slot, entry in enumerate(top.slots) if entry is not None] == list(
        range(8, 16)
    )
    leaves = [entry for entry in top.slots if isinstance(entry, XaNode)]
    assert [(leaf.shift, leaf.offset, leaf.count) for leaf in leaves] == [
        (0, n, 64) for n in range(8, 16)
    ]
    births = [int(leaf.kname.split("#")[1]) for leaf in leaves]
    assert births == sorted(births, reverse=True)
    page = huge_page(tour)
    assert page is not None
    with init.running(tour.machine.kernel):
        for index in (512, 575, 576, 1023):
            leaf = leaves[(index >> 6) - 8]
            assert leaf.slots[index & 63] is page_h.nth_page(page, index - 512)
    assert page.index == Pgoff(512)


def test_at_the_end_only_events_remain(tour: Recording) -> None:
    """§12.5: all gauges 0; the events that only grow."""
    tour.timeline.end()
    kernel = tour.machine.kernel
    assert not any(kernel.vmstat.node[stat] for stat in NodeStat)
    events = {
        event.name: kernel.vmstat.events[event]
        for event in VmEvent
        if kernel.vmstat.events[event]
    }
    assert events == {
        "PGFAULT": 2,
        "PGMAJFAULT": 1,
        "THP_FILE_ALLOC": 1,
        "THP_FILE_MAPPED": 2,
        "PGALLOC": 512,
        "PGFREE": 512,
    }
    assert (kernel.memcg.charged, kernel.xa_nodes, len(kernel.splats)) == (0, 0, 0)


def test_walking_back_and_forth_gives_the_same_states(tour: Recording) -> None:
    """The whole recording backwards and forwards again, compared at every stop by a digest of all state."""
    kernel = tour.machine.kernel
    steps = [each.step for each in tour.stops]

    def digest_at(step: int) -> str:
        tour.timeline.seek(step)
        return digest(kernel)

    tour.timeline.end()
    backwards = [digest_at(step) for step in reversed(steps)]
    tour.timeline.start()
    forwards = [digest_at(step) for step in steps]
    assert forwards == backwards[::-1]
    # Two stops stand in the middle of pure questions, so their states are equal; all others differ.
    assert len(set(forwards)) >= len(forwards) - 2


def test_every_quiet_point_satisfies_all_invariants(tour: Recording) -> None:
    """Between system calls, so at the beginning and the end of every section, I1 to I14 and the others hold."""
    sections = sections_of(tour.timeline)
    assert len(sections) >= 12
    for section in sections:
        for step in (section.first, section.last + 1):
            tour.timeline.seek(min(step, len(tour.timeline)))
            assert broken(tour.machine.kernel) == [], section.title


def test_thp_events_equal_what_ran(tour: Recording) -> None:
    """I10 exactly: THP_FILE_MAPPED counts the successful do_set_pmd, THP_FILE_ALLOC the insertions."""
    ran: dict[str, Any] = Counter()
    for frame in tour.timeline.tape.frames:
        ran[frame.function.qualname] += 1
    tour.timeline.end()
    counted = tour.machine.counters()
    assert counted["THP_FILE_MAPPED"] == ran["do_set_pmd"]
    assert counted["THP_FILE_ALLOC"] == ran["thp_fill_block"]
