"""Counts that start at −1: one huge page, mapped by a PMD, by fifteen PTEs, by both, and by nothing.

A maps a file where huge pages fit, and one PMD shows the huge page. B maps the same file one page beside such a
place, so it gets PTEs. A goes, C comes with a PMD of its own and cuts 4 KiB out of the middle of it. B goes last.
"""

from __future__ import annotations

from collections.abc import Callable

from thpkit.kernel import page as page_h
from thpkit.kernel import rmap, units, vmstat
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, KernelBug, OnSplat
from thpkit.kernel.variant import Variant, replaces
from thpkit.patch.registry import variant_named
from thpkit.patch.v53 import rmap as v53_rmap
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop

PATH = "/lib/libbig.so"
SIZE = 4 << 20
RX = Prot.READ | Prot.EXEC
BESIDE = 0x7E5555401000
"""Where B maps the file: one page above a place for huge pages."""
DEBUG = Config(on_splat=OnSplat.LOG, debug_vm=True)
"""A debug kernel: an assertion stops it. Other broken rules are noted, and it goes on."""
IN_PRODUCTION = Config(on_splat=OnSplat.LOG, debug_vm=False)


def boot(machine: Machine) -> None:
    """A file of two huge pages, and three processes."""
    machine.create(PATH, size=SIZE)
    machine.spawn("A", mmap_base=0x7F00005FF000)
    machine.spawn("B", mmap_base=0x7E55559FF000)
    machine.spawn("C", mmap_base=0x7DAAAA9FF000)


def map_file(process: Process, addr: int = 0) -> int:
    """Open the file and map all of it as program text, at ``addr`` if that is not 0; the address."""
    fd = process.open(PATH)
    kind = MapFlags.PRIVATE | MapFlags.FIXED if addr else MapFlags.PRIVATE
    return process.mmap(SIZE, RX, kind, fd, addr=addr)


def three_mappers(machine: Machine) -> None:
    """Who maps the page, and in which order they go."""
    a = machine.processes["A"]
    b = machine.processes["B"]
    c = machine.processes["C"]

    at_a = map_file(a)
    a.touch(at_a + 0x203000)

    at_b = map_file(b, BESIDE)
    b.touch(at_b + 0x203000)

    a.munmap(at_a, SIZE)

    at_c = map_file(c)
    c.touch(at_c + 0x203000)
    c.munmap(at_c + 0x264000, 0x1000)

    b.munmap(at_b, SIZE)


STOPS = (
    Stop(
        "page_add_file_rmap::nr = 1@1",
        "513 counts, all −1",
        "A's fault has found, read and locked its page, and is about to map it with one PMD. Nobody has mapped "
        "the page yet, and each of the 512 sub-pages says so by −1. So does the 513th count, of PMDs alone.",
        pane="pages",
    ),
    Stop(
        "page_add_file_rmap::@return@1",
        "The first mapping, 513 times",
        "Every count has gone from −1 to 0, and each step to 0 was a first: 512 pages are mapped now that were "
        "not, and one huge page is mapped by a PMD.",
        pane="counters",
    ),
    Stop(
        "page_add_file_rmap::page_h.SetPageDoubleMap(page_h.compound_head(page))@1",
        "B maps beside, so B gets a PTE",
        "In B's mapping addresses and file do not agree modulo 2 MiB, so no PMD can show this page there. B's "
        "fault maps what is cached around its address, 4 KiB at a time. The flag about to be set says: there may "
        "be PTEs as well.",
        pane="pages",
    ),
    Stop(
        "do_user_addr_fault::@return@2",
        "Fifteen PTEs beside the PMD",
        "The window of sixteen pages begins at 511, which is not cached: sub-pages 0 to 14 have got a PTE each. "
        "Their counts are 1. All of them were mapped before, so NR_FILE_MAPPED still says 512.",
        pane="pages",
    ),
    Stop(
        "page_remove_file_rmap::if not page_h.atomic_add_negative_compound_mapcount(page)@1",
        "A unmaps: for which pages was it the last?",
        "All 512 counts went down by one. 497 are negative now, and 15 are 0, because B's PTEs are still there. "
        "No other number in the machine could have told the two kinds apart.",
        pane="pages",
    ),
    Stop(
        "sys_munmap::@return@1",
        "One huge page, and 15 of it are mapped",
        "It is still one page, with one lock and one reference count. It is mapped by no PMD any more, and by "
        "fifteen PTEs.",
        pane="pages",
    ),
    Stop(
        "page_add_file_rmap::@return@-1",
        "The first PMD, but not the first mapping",
        "C maps the whole page. For the count of PMDs this is a first, for 497 sub-pages too; the other 15 go "
        "from 0 to 1, and no counter moves for them.",
        pane="counters",
    ),
    Stop(
        "__split_huge_pmd::@return@1",
        "A hole of 4 KiB: the whole PMD goes",
        "C unmaps one page in the middle. A PMD cannot have a hole, so it is cleared, whole; the page stays in "
        "one piece. 497 sub-pages were mapped by it alone. What C touches next comes back by PTEs.",
        pane="pages",
    ),
    Stop(
        "sys_munmap::@return@3",
        "513 counts, all −1 again",
        "B was the last to map fifteen sub-pages, and each of its PTEs took 1. What went up has come down: both "
        "page counters are 0. The page stays in the cache; only the flag remembers that there were PTEs once.",
        pane="pages",
    ),
)

SCENARIO = Scenario(
    name="04_counts_from_minus_one",
    title="One huge page, mapped by a PMD, by PTEs, and by both",
    boot=boot,
    tasks=(three_mappers,),
    stops=STOPS,
    config=DEBUG,
)


# ---- versions of our own ------------------------------------------------------------------------------------


@replaces(rmap.page_add_file_rmap)
def page_add_file_rmap(page: Page, compound: bool) -> None:
    """Count one more mapping, and take for granted that under a new PMD all 512 sub-pages become mapped.

    Models: no kernel function. Left out: the question which of them were mapped before.
    """
    nr = 1
    if compound and page_h.PageTransHuge(page):
        for i in range(units.HPAGE_PMD_NR):
            page_h.atomic_inc_and_test_mapcount(page_h.nth_page(page, i))
        nr = units.HPAGE_PMD_NR
        if not page_h.atomic_inc_and_test_compound_mapcount(page):
            return
        vmstat.inc_node_page_state(vmstat.NR_FILE_PMDMAPPED)
    else:
        if not page_h.atomic_inc_and_test_mapcount(page):
            return
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, nr)


ASSUMES_512 = Variant(
    "assumes_512",
    functions=[page_add_file_rmap],
    about="a PMD is taken to map 512 pages that nobody had mapped",
)

ASSERTS = Variant(
    "asserts",
    functions=[v53_rmap.page_add_file_rmap, v53_rmap.page_remove_file_rmap],
    about="the correct version with the assertions of v5.3: a mapped huge page is shmem",
)


# ---- outputs for the text: each runs machines of its own ------------------------------------------------------

LINES = ("Mapped", "Shmem", "ShmemHugePages", "FileHugePages", "FilePmdMapped")


def surprise() -> list[str]:
    """/proc/meminfo after a program has run and ended, in v3 and in the version of this book."""
    posted, ours = (_after_one_program(each) for each in ("v3", "ref"))
    head = (
        f"{'/proc/meminfo, nothing is mapped':36}{'v3, as posted':>16}{'this book':>12}"
    )
    rows = [f"{each:33}{_in_v53(each, posted):>16}{ours[each]:9} kB" for each in LINES]
    return [head, *(f"{row}" for row in rows)]


def _in_v53(line: str, meminfo: dict[str, int]) -> str:
    """The number of a line; a dash for the lines that 5.4 brought, which v5.3 does not print."""
    return "-   " if line.startswith("File") else f"{meminfo[line]} kB"


def _after_one_program(version: str) -> dict[str, int]:
    machine = Machine(variant_named(version), IN_PRODUCTION)
    boot(machine)
    a = machine.processes["A"]
    a.touch(map_file(a) + 0x203000)
    a.exit()
    return machine.meminfo()


def shmem_for_ever() -> list[str]:
    """Shmem after each of three libraries was used and then emptied, where truncation works (D5, D7 repaired)."""
    lines = []
    for version, name in (
        ("v3+D5+D7", "v3, D5 and D7 repaired"),
        ("ref", "this book's"),
    ):
        values = "".join(f"{each:8}" for each in _three_libraries(version))
        lines.append(f"{name:26}{values}  kB of Shmem")
    return lines


def _three_libraries(version: str) -> list[int]:
    machine = Machine(variant_named(version), IN_PRODUCTION)
    found = []
    for number in range(1, 4):
        path = f"/lib/lib{number}.so"
        machine.create(path, size=SIZE)
        a = machine.spawn(f"A{number}", mmap_base=0x7F00005FF000)
        at = a.mmap(SIZE, RX, MapFlags.PRIVATE, a.open(path))
        a.touch(at + 0x203000)
        a.munmap(at, SIZE)
        a.truncate(path, 0)
        found.append(machine.meminfo()["Shmem"])
    return found


def counted_by_two() -> list[str]:
    """What v3 counts when one page is mapped twice; D2 repaired, so that the second mapper finds the page."""
    lines = [f"{'':26}{'references':>12}{'THP_FILE_MAPPED':>18}"]
    for version, name in (("v3+D2", "v3, D2 repaired"), ("ref", "this book's")):
        machine = Machine(variant_named(version), IN_PRODUCTION)
        boot(machine)
        for process in (machine.processes["A"], machine.processes["C"]):
            process.touch(map_file(process) + 0x203000)
        head = next(iter(machine.kernel.zone.memmap.values()))
        events = machine.counters()["THP_FILE_MAPPED"]
        lines.append(f"{name:26}{head._refcount:12}{events:18}")
    return lines


def debug_kernel() -> list[str]:
    """What a debug kernel of v5.3 says when a huge page of an ordinary file is mapped."""
    machine = Machine(ASSERTS, DEBUG)
    boot(machine)
    a = machine.processes["A"]
    try:
        a.touch(map_file(a) + 0x203000)
    except KernelBug as bug:
        return [f"kernel BUG: {bug}"]
    return ["nothing"]


LISTED: tuple[Callable[[], list[str]], ...] = (
    surprise,
    shmem_for_ever,
    counted_by_two,
    debug_kernel,
)
"""What the text shows with ``run=``."""
