"""Where to map: a place that agrees with the file, one that only looks aligned, and files that gain nothing.

A maps a library from its second page on and lets the kernel choose the place: one huge entry serves it. B maps the
same pages at an address of its own choice, a multiple of 2 MiB: no huge entry can. C asks in three other ways.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.kernel import fs, huge_memory, mmap, units
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import File
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.mm_types import VmArea
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import REF, Variant, replaces
from thpkit.patch.scene import words
from thpkit.patch.versions import V3
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop

LIBRARY: Final = "/lib/libbig.so"
UPDATE: Final = "/lib/libnew.so"
NOTES: Final = "/home/notes"
MIB: Final = 1 << 20
SIZE: Final = 4 * MIB
"""What is mapped each time."""
TOP: Final = 0x7FFFF7FFF000
"""Below this address the kernel chooses; not a multiple of 2 MiB, as in life."""
WISH: Final = 0x7FFFF7000000
"""B's own choice, a multiple of 2 MiB."""
PAGE: Final = 4096
TEXT: Final = Prot.READ | Prot.EXEC
CONFIG: Final = Config(on_splat=OnSplat.LOG, debug_vm=False)
"""A production kernel: it notes broken rules and goes on. The correct version breaks none."""


# ---- the run --------------------------------------------------------------------------------------------


def boot(machine: Machine) -> None:
    """A library and a newer one on the huge-page file system, notes on the ordinary one, three processes."""
    machine.create(LIBRARY, size=8 * MIB)
    machine.create(UPDATE, size=8 * MIB)
    machine.create(NOTES, size=8 * MIB, huge=False)
    for name in "ABC":
        machine.spawn(name, mmap_base=TOP)


def anywhere(machine: Machine) -> None:
    """A maps 4 MiB of the library from its second page on, anywhere, and reads page 513 of the file."""
    a = machine.processes["A"]
    fd = a.open(LIBRARY)
    at = a.mmap(SIZE, TEXT, MapFlags.PRIVATE, fd, PAGE)
    a.touch(at + 512 * PAGE)


def at_a_round_address(machine: Machine) -> None:
    """B maps the same pages where it wants, at a multiple of 2 MiB, and reads the same page."""
    b = machine.processes["B"]
    fd = b.open(LIBRARY)
    at = b.mmap(SIZE, TEXT, MapFlags.PRIVATE, fd, PAGE, WISH)
    b.touch(at + 512 * PAGE)


def in_other_ways(machine: Machine) -> None:
    """C maps data that nobody executes, a library that it may write, and an ordinary file."""
    c = machine.processes["C"]
    data = c.open(LIBRARY)
    at = c.mmap(SIZE, Prot.READ, MapFlags.PRIVATE, data)
    c.munmap(at, SIZE)

    update = c.open(UPDATE, OpenFlags.RDWR)
    at = c.mmap(SIZE, TEXT, MapFlags.PRIVATE, update)
    c.munmap(at, SIZE)

    notes = c.open(NOTES)
    at = c.mmap(SIZE, TEXT, MapFlags.PRIVATE, notes)
    c.munmap(at, SIZE)


STOPS = (
    Stop(
        "get_unmapped_area::result = get_area@1",
        "A asks for a place, and the file answers",
        "A wants 4 MiB of the library, from the second page of the file on, anywhere. The file has a search of its "
        "own, so that one is asked. Whatever it answers is tested below: size, page boundary, lowest address.",
        pane="stack",
    ),
    Stop(
        "thp_get_unmapped_area::chosen = __thp_get_unmapped_area@1",
        "Three questions before anything is aligned",
        "No wish of A's own, no fixed address, and a file that A cannot write through: only then can a huge page be "
        "meant. Nobody asks whether the memory will be executed.",
        pane="stack",
    ),
    Stop(
        "__thp_get_unmapped_area::addr = addr + (@1",
        "Room to spare",
        "The mapping is 4 MiB long, but the search was for more. It found the highest such hole, and `addr` is where "
        "the hole begins: mmap_base minus all that was asked for.",
        pane="stack",
    ),
    Stop(
        "__thp_get_unmapped_area::addr = addr + (@1+",
        "Congruent, and not aligned",
        "The start has moved up inside the hole until address and file offset agree modulo 2 MiB. Page 1 of the "
        "file is one page above a block of the file; the address is one page above a multiple of 2 MiB.",
        pane="stack",
    ),
    Stop(
        "transhuge_vma_suitable::@call@1",
        "A reads page 513: does the mapping suit?",
        "The fault is at 0x7ffff7c01000, so one entry would have to show 0x7ffff7c00000 and 2 MiB more. Are those "
        "2 MiB one block of the file? And are they all inside the mapping?",
        pane="vmas",
    ),
    Stop(
        "do_user_addr_fault::@return@1",
        "One entry, in a mapping that is not aligned",
        "The mapping begins at 0x7ffff7a01000, and yet one PMD shows 512 of its pages. What lies below the first "
        "boundary, 511 pages, and above the last, one page, will be mapped small if it is ever read.",
        pane="pagetable",
    ),
    Stop(
        "arch_get_unmapped_area_topdown::if units.TASK_SIZE - length >= addr@1+",
        "B has a wish, and gets it",
        "B maps the same pages at 0x7ffff7000000, a multiple of 2 MiB. A wish switches the file's own search off: "
        "the plain one finds the place free, and that is all it asks.",
        pane="stack",
    ),
    Stop(
        "transhuge_vma_suitable::if (first_page &@3+",
        "A round address, and no huge page fits",
        "B reads the same page 513. `first_page` ends in nine zero bits, the file index of the mapping is 1. The 2 "
        "MiB around B's address would have to show pages 513 to 1024 of the file: parts of two blocks.",
        pane="stack",
    ),
    Stop(
        "do_user_addr_fault::@return@2",
        "The huge page, sixteen times small",
        "B was served with 4 KiB entries, of the very huge page that A maps with one: the page that was read and its "
        "neighbours in a window of sixteen. The bytes are right; the price is a table, and a fault for each window.",
        pane="pagetable",
    ),
    Stop(
        "thp_get_unmapped_area::return chosen@2",
        "Data is as good as text",
        "C maps the library to be read, not executed, from its beginning. It is placed with the same care as text: "
        "now the offset is a multiple of 2 MiB, so the address is one too.",
        pane="stack",
    ),
    Stop(
        "thp_get_unmapped_area::return mmap.arch@2",
        "A file that C may write",
        "C has opened a newer library for reading and writing. Huge pages are for files that nobody writes, so the "
        "plain search is made and C gets the highest hole of 4 MiB: one page off a boundary.",
        pane="stack",
    ),
    Stop(
        "get_unmapped_area::result = arch_get_unmapped_area_topdown@1+",
        "An ordinary file is left alone",
        "The notes are on a file system without huge pages, and it has no search of its own. Nothing is aligned, "
        "no random bit of the address is lost.",
        pane="stack",
    ),
)

SCENARIO = Scenario(
    name="01_where_to_map",
    title="Where to map: the same pages at a good place and at a round one",
    boot=boot,
    tasks=(anywhere, at_a_round_address, in_other_ways),
    config=CONFIG,
    stops=STOPS,
)


# ---- what would happen otherwise --------------------------------------------------------------------------


@replaces(huge_memory.__thp_get_unmapped_area)
def __thp_get_unmapped_area(
    filp: File, length: int, off: int, flags: MapFlags, size: int
) -> int:
    """The padded search, but it moves up to a multiple of ``size``, whatever the offset is."""
    off_end = off + length
    off_align = units.round_up(off, size)
    if off_end <= off_align or off_end - off_align < size:
        return 0
    len_pad = length + size
    addr = mmap.arch_get_unmapped_area_topdown(
        filp, VirtAddr(0), len_pad, Pgoff(off >> units.PAGE_SHIFT), flags
    )
    if mmap.IS_ERR_VALUE(addr):
        return 0
    addr = addr + (-addr & (size - 1))
    return addr


@replaces(huge_memory.transhuge_vma_suitable)
def transhuge_vma_suitable(vma: VmArea, haddr: VirtAddr) -> bool:
    """Whether the 2 MiB lie inside the mapping; whether they are one block of the file is not asked."""
    return vma.vm_start <= haddr and haddr + units.HPAGE_PMD_SIZE <= vma.vm_end


ALIGNED = Variant(
    "aligned",
    functions=[__thp_get_unmapped_area],
    about="the correct version, but a mapping is placed at a multiple of 2 MiB and not where the file wants it",
)
UNASKED = Variant(
    "unasked",
    functions=[transhuge_vma_suitable],
    about="the correct version, but nobody asks whether address and file agree",
)


# ---- tables for the text ----------------------------------------------------------------------------------


def surprise() -> list[str]:
    """One program, four times: it reads 4 MiB of a cached file, page by page."""
    lines = ["4 MiB of one file    mapped at         page faults    huge entries"]
    for page in (0, 1):
        for at in (0x7FFFF7A00000, 0x7FFFF7A01000):
            faults, huge = _read_all(page, at)
            lines.append(f"from page {page}          {at:#x}{faults:>13}{huge:>16}")
    return lines


def _read_all(page: int, at: int) -> tuple[int, int]:
    """Faults and huge entries of a process that maps the cached file from ``page`` on at ``at`` and reads all."""
    machine = Machine(config=CONFIG)
    machine.create(LIBRARY, size=8 * MIB)
    first = machine.spawn("first")
    start = first.mmap(8 * MIB, TEXT, MapFlags.PRIVATE, first.open(LIBRARY))
    for block in range(start, start + 8 * MIB, 2 * MIB):
        first.touch(block)
    reader = machine.spawn("reader")
    fd = reader.open(LIBRARY)
    before = machine.counters()["PGFAULT"]
    reader.mmap(SIZE, TEXT, MapFlags.PRIVATE, fd, page * PAGE, at)
    for address in range(at, at + SIZE, PAGE):
        reader.touch(address)
    faults = machine.counters()["PGFAULT"] - before
    return faults, reader.smaps()[0].file_pmd_mapped // 2048


class Request(NamedTuple):
    """One way to ask for 4 MiB."""

    words: str
    prot: Prot = TEXT
    flags: MapFlags = MapFlags.PRIVATE
    mode: OpenFlags = OpenFlags.RDONLY
    page: int = 0
    """First page of the file."""
    addr: int = 0
    ordinary: bool = False
    """Whether the file is on the ordinary file system."""
    driver: bool = False
    """Whether the file has a search of its own, which answers :data:`DRIVERS_PLACE`."""


DRIVERS_PLACE: Final = 0x7FFFF7202000
ROUND: Final = 0x7FFFF7200000
REQUESTS: Final = (
    Request("text, from page 0"),
    Request("text, from page 1", page=1),
    Request("from page 1, a round wish", page=1, addr=ROUND),
    Request("only to be read", prot=Prot.READ),
    Request("a file that we may write", mode=OpenFlags.RDWR),
    Request("an ordinary file", ordinary=True),
    Request("driver says 0x7ffff7202000", driver=True),
    Request(
        "fixed at a round address", flags=MapFlags.PRIVATE | MapFlags.FIXED, addr=ROUND
    ),
)


def places() -> list[str]:
    """Each request on a fresh machine of the correct version and of v3: the address, and how page 513 is served."""
    lines = [f"{'':28}{'correct version':23}v3"]
    for each in REQUESTS:
        correct, posted = _place(each, REF), _place(each, V3)
        lines.append(f"{each.words:28}{correct:23}{posted}")
    return lines


def _place(request: Request, variant: Variant) -> str:
    """The address, and what came of reading page 513 of the file there."""
    machine = Machine(variant, CONFIG)
    inode = machine.create(LIBRARY, size=8 * MIB, huge=not request.ordinary)
    if request.driver:
        inode.i_fop = fs.FileOperations("driver", fs.huge_file_mmap, _drivers_place)
    a = machine.spawn("A", mmap_base=TOP)
    fd = a.open(LIBRARY, request.mode)
    at = a.mmap(
        SIZE, request.prot, request.flags, fd, request.page * PAGE, request.addr
    )
    served = _served(a, at + (513 - request.page) * PAGE)
    return f"{at:#x}  {served}"


def _drivers_place(
    _file: File, _addr: VirtAddr, _length: int, _pgoff: Pgoff, _flags: MapFlags
) -> int:
    return DRIVERS_PLACE


def _served(a: Process, address: int) -> str:
    """How the read of page 513 was served, or which page was read instead."""
    read = words(a.touch(address))
    if read != "page 513":
        return f"{read}!"
    return "huge" if a.smaps()[0].file_pmd_mapped else "small"


def without_the_question() -> list[str]:
    """What B reads when it asks for page 513, with and without the test of K11."""
    return [f"{each.name:10}{_read_by_b(each)}" for each in (REF, UNASKED)]


def _read_by_b(variant: Variant) -> str:
    """The run, with the library read by A before; what B reads, and by which kind of entry."""
    machine = Machine(variant, CONFIG)
    boot(machine)
    anywhere(machine)
    at_a_round_address(machine)
    b = machine.processes["B"]
    entry = "huge" if b.smaps()[0].file_pmd_mapped else "small"
    read = words(b.touch(WISH + 512 * PAGE))
    return f"{read}, {entry} entry"
