"""Lesson 2 against FACTS: §6.1 (what a mapping may), §6.6 (mprotect), §6.7 (ETXTBSY), §12.6 (write to a private
mapping), and D20, D21, D41, K20, K23 of §10 and CORRECTIONS C.

Expected answers and numbers are typed from there.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from types import ModuleType

import pytest

from thpkit.kernel import flags, pgtable
from thpkit.kernel.flags import VmFlags
from thpkit.kernel.mm_types import MmCounter, VmArea
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pfn, VirtAddr
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.patch.registry import variant_named
from thpkit.patch.scene import words
from thpkit.scenario import Recording, load_file, record
from thpkit.trace.sections import sections

FILE = (
    Path(__file__).parents[2]
    / "lessons"
    / "02_with_what_rights"
    / "with_what_rights.py"
)
MAY_ALL = VmFlags.MAYREAD | VmFlags.MAYWRITE | VmFlags.MAYEXEC
READ_EXEC = VmFlags.READ | VmFlags.EXEC

pytestmark = pytest.mark.real_size


@pytest.fixture(scope="module")
def lesson() -> ModuleType:
    """The scenario file as a module."""
    load_file(FILE)
    return sys.modules[f"thp_scenario_{FILE.stem}"]


@pytest.fixture(scope="module")
def recording(lesson: ModuleType) -> Recording:
    return record(lesson.SCENARIO)


def answers(recording: Recording, call: str) -> list[object]:
    """What each call of a system call returned, in order."""
    timeline = recording.timeline
    found = []
    for each in sections(timeline):
        if each.name == call:
            timeline.seek(each.last)
            found.append(timeline.locals_of(each.frame, each.last).get("<return>"))
    return found


def go(recording: Recording, title: str) -> None:
    """Let the machine stand at a stop."""
    found = [each.step for each in recording.stops if each.stop.title == title]
    assert len(found) == 1, title
    recording.timeline.seek(found[0])


def mappings(recording: Recording) -> list[VmArea]:
    """A's mappings by address."""
    found = []
    vma = recording.machine.processes["A"].mm.mmap
    while vma is not None:
        found.append(vma)
        vma = vma.vm_next
    return found


def huge_page(recording: Recording) -> Page:
    """The one huge page of the run."""
    pages = recording.machine.kernel.zone.memmap.values()
    return next(each for each in pages if each.index == 512 and each.pfn % 512 == 0)


# ---- the run --------------------------------------------------------------------------------------------


def test_it_is_short_enough_to_walk(recording: Recording) -> None:
    assert recording.timeline.ending is None
    assert len(recording.timeline) < 60_000
    assert 6 <= len(recording.stops) <= 12


def test_who_may_write(recording: Recording) -> None:
    """FACTS §6.6: memory without a file may; shared and opened for reading may not; private may (COW)."""
    assert answers(recording, "sys_mprotect") == [0, -errno.EACCES, 0]


def test_the_bits_of_the_mappings(recording: Recording) -> None:
    """FACTS §6.1, step 11: shared and not open for write loses MAYWRITE and SHARED; private keeps all."""
    go(recording, "One huge entry, to be read")
    private, shared = mappings(recording)
    assert private.vm_flags == READ_EXEC | MAY_ALL
    may = VmFlags.MAYREAD | VmFlags.MAYEXEC | VmFlags.MAYSHARE
    assert shared.vm_flags == READ_EXEC | may


def test_the_right_is_given_and_the_entry_refuses(recording: Recording) -> None:
    """FACTS §6.6: the VMA becomes writable; private writable memory starts read-only (copy on write)."""
    go(recording, "A writes, and the entry says no")
    private = mappings(recording)[0]
    assert private.vm_flags & VmFlags.WRITE
    with recording.machine.installed():
        word = pgtable.entry_val(
            pgtable.walk(private.vm_mm, VirtAddr(0x7FFFF7603000))[-1]
        )
    assert word & flags.PAGE_PSE
    assert not word & flags.PAGE_RW


def test_the_first_write(recording: Recording) -> None:
    """FACTS §12.6: private mprotect(READ|WRITE) then write."""
    vmstat = recording.machine.kernel.vmstat
    rss = recording.machine.processes["A"].mm.rss_stat
    go(recording, "A writes, and the entry says no")
    before = (
        vmstat.node[NodeStat.NR_FILE_MAPPED],
        vmstat.node[NodeStat.NR_FILE_PMDMAPPED],
    )
    assert before == (512, 1)
    assert (rss[MmCounter.MM_FILEPAGES], rss[MmCounter.MM_ANONPAGES]) == (512, 0)
    write = [each for each in sections(recording.timeline) if "WRITE" in each.title][-1]
    recording.timeline.seek(write.last)
    assert vmstat.node[NodeStat.NR_FILE_MAPPED] == 0
    assert vmstat.node[NodeStat.NR_FILE_PMDMAPPED] == 0
    assert vmstat.events[VmEvent.THP_SPLIT_PMD] == 1
    assert (rss[MmCounter.MM_FILEPAGES], rss[MmCounter.MM_ANONPAGES]) == (0, 1)
    assert huge_page(recording)._refcount == 512, (
        "the huge page is unchanged in the cache"
    )


def test_the_file_is_what_it_was(recording: Recording) -> None:
    """FACTS §6.1: writes of a private mapping go to private copies."""
    go(recording, "The file is what it was")
    inode = recording.machine.kernel.inodes["/bin/app"]
    assert not dict(inode.versions.items())
    memmap = recording.machine.kernel.zone.memmap
    assert words(memmap[Pfn(huge_page(recording).pfn + 3)].content) == "page 515"


def test_a_running_program_cannot_be_opened_for_writing(recording: Recording) -> None:
    """FACTS §6.7: a VM_DENYWRITE mapping makes i_writecount negative; get_write_access then says ETXTBSY."""
    assert answers(recording, "sys_open")[-1] == -errno.ETXTBSY
    go(recording, "A file that nobody may write now")
    assert recording.machine.kernel.inodes["/bin/app"].i_writecount == -1


# ---- other versions -------------------------------------------------------------------------------------


def test_v3_refuses_everything(lesson: ModuleType) -> None:
    """D21 and K23: no MAYWRITE for memory without a file, nor for the private mapping."""
    run = record(lesson.SCENARIO, variant_named("v3"))
    assert answers(run, "sys_mprotect")[:3] == [-errno.EACCES] * 3


def test_with_k23_repaired_a_write_faults_for_ever(lesson: ModuleType) -> None:
    """D20: a write fault is answered FALLBACK, and v5.3 does not split when there is a huge_fault operation."""
    run = record(lesson.SCENARIO, variant_named("v3+K23"))
    assert answers(run, "sys_mprotect") == [0, -errno.EACCES, 0]
    assert run.timeline.ending is not None
    assert "for ever" in run.timeline.ending


def test_the_exercise(lesson: ModuleType) -> None:
    """The run ends early until D20, D5 (the page stays locked) and D30 (tails in generic code) are repaired."""
    for done in ("v3+K23", "v3+K23+D20", "v3+K23+D20+D5"):
        assert record(lesson.SCENARIO, variant_named(done)).timeline.ending, done
    last = record(lesson.SCENARIO, variant_named("v3+K23+D20+D5+D30"))
    assert last.timeline.ending is None


def test_without_a_copy_the_file_is_written(lesson: ModuleType) -> None:
    """Were the entries of private memory writable, a write would reach the page cache, which all processes share."""
    run = record(lesson.SCENARIO, lesson.NO_COPY)
    run.timeline.seek(len(run.timeline) - 1)
    versions = run.machine.kernel.inodes["/bin/app"].versions
    assert dict(versions.items()) == {515: 1}


# ---- the tables of the text -------------------------------------------------------------------------------

WISHES = [
    # What mprotect says and what a write does then, in the correct version and in v3.
    ("no file", ("0", "private copy"), ("EACCES", "SIGSEGV")),  # D21
    ("private", ("0", "private copy"), ("EACCES", "SIGSEGV")),  # K23
    ("private, fixed", ("0", "private copy"), ("0", "faults for ever")),  # K20, D20
    ("shared", ("EACCES", "SIGSEGV"), ("EACCES", "SIGSEGV")),  # §6.6
    ("shared, file opened to write", ("0", "page 515 v1"), ("0", "page 515 v1")),
    (
        "the same by SHARED_VALIDATE",
        ("0", "page 515 v1"),
        ("EACCES", "SIGSEGV"),
    ),  # D41
]


@pytest.mark.parametrize(("name", "correct", "posted"), WISHES)
def test_the_six_wishes(
    lesson: ModuleType, name: str, correct: tuple[str, str], posted: tuple[str, str]
) -> None:
    wish = next(each for each in lesson.WISHES if each.words == name)
    assert lesson._wish(wish, variant_named("ref")) == correct
    assert lesson._wish(wish, variant_named("v3")) == posted


def test_the_tables_have_every_row(lesson: ModuleType) -> None:
    """One line for each, and they fit a terminal of 80 columns beside its margin."""
    assert len(lesson.wishes()) == 1 + len(WISHES) == 1 + len(lesson.WISHES)
    assert max(map(len, [*lesson.wishes(), *lesson.surprise()])) <= 76


def test_the_surprise(lesson: ModuleType) -> None:
    """FACTS §10.4: READ and EXEC, not WRITE, at least 2 MiB: only then is the bit taken away (D21)."""
    answers_ = [each.split()[-2:] for each in lesson.surprise()[1:]]
    assert answers_ == [["EACCES", "SIGSEGV"], ["private", "copy"], ["private", "copy"]]


def test_a_writer_drops_the_huge_pages(lesson: ModuleType) -> None:
    """FACTS §12.6, last row: opened for writing while cached, the file's whole cache is dropped; then R3 refuses."""
    ends = [
        each.partition("cached: ")[2].split(maxsplit=1) for each in lesson.a_writer()
    ]
    assert [int(count) for count, _ in ends] == [1, 0, 0]
    kinds = ["A has a huge entry", "A has no entry", "A has small entries"]
    assert [kind for _, kind in ends] == kinds
