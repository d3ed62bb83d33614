"""Lesson 1 against FACTS: §6.4 (the padded search), §6.5 (suitability), CORRECTIONS A11 (small entries of a huge
page), and the descriptions of K11, K19, K22 and D22 to D25 in §10.

Expected numbers are typed from there, or computed here from the sizes alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from thpkit.kernel import flags, pgtable
from thpkit.kernel.machine import Machine
from thpkit.kernel.mm_types import MmCounter, VmArea
from thpkit.kernel.units import VirtAddr
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.patch.registry import variant_named
from thpkit.patch.scene import words
from thpkit.scenario import Recording, load_file, record
from thpkit.trace.stops import ResolvedStop

FILE = Path(__file__).parents[2] / "lessons" / "01_where_to_map" / "where_to_map.py"
MIB = 1 << 20
PAGE = 4096
BLOCK = 2 * MIB
PAGES = 512
WINDOW = 65536  # FACTS §1.1: fault_around_bytes

pytestmark = pytest.mark.real_size


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(load_file(FILE))


@pytest.fixture(scope="module")
def lesson() -> ModuleType:
    """The scenario file as a module."""
    load_file(FILE)
    return sys.modules[f"thp_scenario_{FILE.stem}"]


def stop(recording: Recording, title: str) -> ResolvedStop:
    found = [each for each in recording.stops if each.stop.title == title]
    assert len(found) == 1, title
    return found[0]


def go(recording: Recording, title: str) -> Machine:
    """The machine as it is at a stop."""
    recording.timeline.seek(stop(recording, title).step)
    return recording.machine


def mapping(machine: Machine, name: str) -> VmArea:
    found = machine.processes[name].mm.mmap
    assert found is not None
    return found


def congruent(vma: VmArea) -> bool:
    """FACTS §6.5: (vm_start >> 12) & 511 must equal vm_pgoff & 511."""
    return vma.vm_start // PAGE % PAGES == vma.vm_pgoff % PAGES


# ---- the run --------------------------------------------------------------------------------------------


def test_it_is_short_enough_to_walk(recording: Recording) -> None:
    assert recording.timeline.ending is None
    assert len(recording.timeline) < 60_000
    assert 6 <= len(recording.stops) <= 12


def test_the_padded_search(recording: Recording) -> None:
    """FACTS §6.4, second row of the table: offset 0x1000, 4 MiB: raw 0x7ffff79ff000, then 0x7ffff7a01000."""
    timeline = recording.timeline
    found = {}
    for title in ("Room to spare", "Congruent, and not aligned"):
        step = stop(recording, title).step
        found[title] = timeline.locals_of(timeline.frame_at(step), step)
    assert found["Room to spare"]["len_pad"] == 6 * MIB
    assert found["Room to spare"]["addr"] == 0x7FFFF79FF000
    assert found["Congruent, and not aligned"]["addr"] == 0x7FFFF7A01000


def test_one_entry_in_a_mapping_that_is_not_aligned(recording: Recording) -> None:
    """FACTS §6.4: "not 2 MiB aligned, yet suitable"; §12.3: what one huge mapping counts."""
    machine = go(recording, "One entry, in a mapping that is not aligned")
    vma = mapping(machine, "A")
    assert vma.vm_start % BLOCK == PAGE
    assert congruent(vma)
    with machine.installed():
        entry = pgtable.walk(vma.vm_mm, VirtAddr(0x7FFFF7C01000))[-1]
        word = pgtable.entry_val(entry)
        page = pgtable.entry_page(word)
    assert word & flags.PAGE_PSE
    assert (page.index, page._refcount) == (512, 513)
    assert machine.kernel.vmstat.events[VmEvent.THP_FILE_MAPPED] == 1


def test_sixteen_small_entries(recording: Recording) -> None:
    """CORRECTIONS A11, for a whole window: one reference and one resident page each, and NR_FILE_MAPPED + 0."""
    machine = go(recording, "One entry, in a mapping that is not aligned")
    mapped = machine.kernel.vmstat.node[NodeStat.NR_FILE_MAPPED]
    machine = go(recording, "The huge page, sixteen times small")
    vma = mapping(machine, "B")
    assert vma.vm_start % BLOCK == 0
    assert not congruent(vma)
    with machine.installed():
        word = pgtable.entry_val(pgtable.walk(vma.vm_mm, VirtAddr(0x7FFFF7200000))[-1])
        sub_page = pgtable.entry_page(word)
        huge = pgtable.entry_page(
            pgtable.entry_val(
                pgtable.walk(mapping(machine, "A").vm_mm, VirtAddr(0x7FFFF7C00000))[-1]
            )
        )
    assert not word & flags.PAGE_PSE
    assert words(sub_page.content) == "page 513"
    assert huge._refcount == 513 + 16
    assert vma.vm_mm.rss_stat[MmCounter.MM_FILEPAGES] == 16
    assert machine.kernel.vmstat.node[NodeStat.NR_FILE_MAPPED] == mapped == 512


# ---- what would happen otherwise --------------------------------------------------------------------------


def test_placed_at_a_round_address_nothing_is_huge(lesson: ModuleType) -> None:
    """FACTS §6.5: aligned to 2 MiB with pgoff 1 is not congruent, so no PMD."""
    run = record(lesson.SCENARIO, lesson.ALIGNED)
    end(run)
    assert run.machine.kernel.vmstat.events[VmEvent.THP_FILE_MAPPED] == 0


def end(run: Recording) -> None:
    """Let the machine stand at the end of its run."""
    run.timeline.seek(len(run.timeline) - 1)


def test_without_the_question_other_bytes_are_read(lesson: ModuleType) -> None:
    """K11: address and offset one page apart, so the page shown is the one before."""
    ref, unasked = lesson.without_the_question()
    assert "page 513, small" in ref
    assert "page 512, huge" in unasked


@pytest.mark.parametrize(
    ("variant", "at", "read"),
    [
        ("v3", 0x7FFFF7BFF000, "page 512"),
        ("v3+K11", 0x7FFFF7BFF000, "page 513"),
        ("v3+D23", 0x7FFFF7A01000, "page 513"),
    ],
)
def test_what_v3_does_with_the_second_page(
    lesson: ModuleType, variant: str, at: int, read: str
) -> None:
    """D23: the suitable address is thrown away, the plain search is used; D16 and D17: then page hindex is mapped."""
    machine = Machine(variant_named(variant), lesson.CONFIG)
    lesson.boot(machine)
    lesson.anywhere(machine)
    assert mapping(machine, "A").vm_start == at
    assert words(machine.processes["A"].touch(at + 512 * PAGE)) == read


# ---- the tables of the text -------------------------------------------------------------------------------


def expected_faults(page: int, at: int) -> tuple[int, int]:
    """Faults and huge entries for 4 MiB of a cached file: one for each whole congruent block, else one a window."""
    faults = huge = 0
    for block in range(at // BLOCK * BLOCK, at + 4 * MIB, BLOCK):
        first, last = max(block, at), min(block + BLOCK, at + 4 * MIB)
        if at // PAGE % PAGES == page and last - first == BLOCK:
            faults, huge = faults + 1, huge + 1
        else:
            faults += (last - 1) // WINDOW - first // WINDOW + 1
    return faults, huge


def test_the_surprise(lesson: ModuleType) -> None:
    """Four rows: first page, address, faults, huge entries."""
    rows = [each.split() for each in lesson.surprise()[1:]]
    assert len(rows) == 4
    for _from, _page, page, at, faults, huge in rows:
        assert (int(faults), int(huge)) == expected_faults(int(page), int(at, 16))


def place(lesson: ModuleType, words_: str, version: str) -> tuple[int, str]:
    """Address and kind of service of one request."""
    request = next(each for each in lesson.REQUESTS if each.words == words_)
    at, _, served = lesson._place(request, variant_named(version)).partition("  ")
    return int(at, 16), served


PLACES = [
    # FACTS §6.4, first row: offset 0 gives 0x7ffff7a00000. The plain search gives the top: 0x7ffff7fff000 - 4 MiB.
    ("text, from page 0", "ref", 0x7FFFF7A00000, "huge"),
    ("text, from page 0", "v3", 0x7FFFF7A00000, "huge"),
    ("text, from page 1", "ref", 0x7FFFF7A01000, "huge"),
    ("text, from page 1", "v3", 0x7FFFF7BFF000, "page 512!"),  # D23, D17
    ("from page 1, a round wish", "ref", 0x7FFFF7200000, "small"),
    ("from page 1, a round wish", "v3", 0x7FFFF7200000, "page 512!"),  # K11
    ("only to be read", "ref", 0x7FFFF7A00000, "huge"),  # K19
    ("only to be read", "v3", 0x7FFFF7BFF000, "small"),
    ("a file that we may write", "ref", 0x7FFFF7BFF000, "small"),  # K22, D29
    ("a file that we may write", "v3", 0x7FFFF7A00000, "huge"),
    ("an ordinary file", "ref", 0x7FFFF7BFF000, "small"),  # D25
    ("an ordinary file", "v3", 0x7FFFF7A00000, "small"),
    ("driver says 0x7ffff7202000", "ref", 0x7FFFF7202000, "small"),  # D22
    ("driver says 0x7ffff7202000", "v3", 0x7FFFF7A00000, "huge"),
    ("fixed at a round address", "ref", 0x7FFFF7200000, "huge"),  # D24: FIXED is
    ("fixed at a round address", "v3", 0x7FFFF7200000, "huge"),  # never moved
]


@pytest.mark.parametrize(("words_", "version", "at", "served"), PLACES)
def test_the_eight_requests(
    lesson: ModuleType, words_: str, version: str, at: int, served: str
) -> None:
    assert place(lesson, words_, version) == (at, served)


def test_the_table_has_every_request(lesson: ModuleType) -> None:
    """One line for each, and they fit a terminal of 80 columns beside its margin."""
    lines = lesson.places()
    assert len(lines) == 1 + len(lesson.REQUESTS)
    assert max(map(len, lines)) <= 76


@pytest.mark.parametrize(
    ("page", "length", "at", "blocks"),
    [
        # FACTS §6.4: 0x1ff000 and 2 MiB + 4 KiB: one leading small page, then one block; 2 MiB alone: no whole block.
        (511, 2 * MIB + PAGE, 0x7FFFF7BFF000, 1),
        (511, 2 * MIB, 0x7FFFF7DFF000, 0),
    ],
)
def test_the_exercise(
    lesson: ModuleType, page: int, length: int, at: int, blocks: int
) -> None:
    """The addresses that the exercise asks for; without a whole block the plain search: the top minus 2 MiB."""
    machine = Machine(config=lesson.CONFIG)
    lesson.boot(machine)
    a = machine.processes["A"]
    kind = lesson.MapFlags.PRIVATE
    got = a.mmap(length, lesson.TEXT, kind, a.open(lesson.LIBRARY), page * PAGE)
    assert got == at
    whole = (at + length) // BLOCK - -(-at // BLOCK)
    assert (whole if congruent(mapping(machine, "A")) else 0) == blocks
