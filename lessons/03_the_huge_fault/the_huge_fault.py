"""The huge fault: four faults on one file, and what others do to its cache in the middle of two of them.

Page 512 of a 6 MiB file is cached by itself, because B has read it. A faults beside it, in block 1, and gets 4 KiB.
Then A faults in block 0; while it has no page yet, B faults in the same block and is faster. Last, C faults in block
2; while it has no page yet, B cuts that block off the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from thpkit.kernel import memory, page_alloc, truncate
from thpkit.kernel.content import Block
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Interruption, Machine, Process
from thpkit.kernel.page import Page, PageLocked
from thpkit.kernel.splat import Config, Deadlock, OnSplat
from thpkit.kernel.variant import Variant, replaces
from thpkit.patch.registry import variant_named
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace

PATH = "/lib/libbig.so"
SIZE = 6 << 20
CUT = 4 << 20
RX = Prot.READ | Prot.EXEC
AS_IN_PRODUCTION = Config(on_splat=OnSplat.LOG, debug_vm=False)
"""Broken rules are noted and the kernel goes on, as the machines of 2019 did: v3 breaks some in each fault."""


def boot(machine: Machine) -> None:
    """A file of three huge pages, and three processes whose layouts differ."""
    machine.create(PATH, size=SIZE)
    machine.spawn("A", mmap_base=0x7F00007FF000)
    machine.spawn("B", mmap_base=0x7E5555BFF000)
    machine.spawn("C", mmap_base=0x7DAAAABFF000)


def map_file(process: Process) -> int:
    """Open the file and map all of it as program text; the address."""
    fd = process.open(PATH)
    return process.mmap(SIZE, RX, MapFlags.PRIVATE, fd)


def four_faults(machine: Machine) -> None:
    """What the three programs do; B acts twice more, in the middle of the others' faults."""
    a = machine.processes["A"]
    b = machine.processes["B"]
    c = machine.processes["C"]

    fd_b = b.open(PATH)
    b.read(fd_b, 512)

    at_a = map_file(a)
    a.touch(at_a + 0x203ABC)
    a.touch(at_a + 0x3ABC)

    at_c = map_file(c)
    c.touch(at_c + 0x403ABC)


def faster(machine: Machine) -> None:
    """B faults in the block in which A is faulting, and nobody interrupts B."""
    b = machine.processes["B"]
    at_b = map_file(b)
    b.touch(at_b + 0x7000)


def shorter(machine: Machine) -> None:
    """B cuts the file to two blocks."""
    b = machine.processes["B"]
    b.truncate(PATH, CUT)


STOPS = (
    Stop(
        "filemap_huge_fault::if page_h.compound_order(page) != units.HPAGE_PMD_ORDER@1",
        "Block 1: something is there",
        "A wants page 515. The look-up of index 512 has found a page, and taken a reference on it: but it is a "
        "small one, which B has read. In a block that is partly in use no huge page can stand.",
        pane="xarray",
    ),
    Stop(
        "do_user_addr_fault::@return@1",
        "FALLBACK is an answer",
        "The handler has put its reference back and said FALLBACK; the walk went on and mapped 4 KiB. Nothing is "
        "wrong. The block stays small as long as one small page of it is cached.",
        pane="pagetable",
    ),
    Stop(
        "huge_block_in_use::locks.spin_unlock_irq(mapping.i_pages.xa_lock)@1",
        "Block 0: what is searched",
        "A wants page 3. Nothing stands at 0, so all of the block is searched, from 0 to 511. Page 512 is cached, "
        "and it is none of this block's business.",
        pane="xarray",
    ),
    Stop(
        "huge_fault_new_page::mapping.a_ops.readpage@1",
        "In the cache, locked, not read",
        "A stands still, and B runs on a second CPU: it faulted in the same block. Its page, page#1@cpu1, stands "
        "in all 512 slots and can be found by anybody. It is locked and not uptodate, so whoever finds it sleeps "
        "until it is.",
        pane="pages",
    ),
    Stop(
        "do_user_addr_fault::@return@3",
        "B is done, and A has not noticed",
        "B's page is read, mapped and unlocked. A goes on where it stood, about to ask for 512 frames: what it "
        "knows, that the block is empty, was true once.",
        pane="pages",
    ),
    Stop(
        "thp_add_to_page_cache::xarray.xas_set_err(xas, -errno.EEXIST)@1",
        "The same question again, under the lock",
        "A has allocated, charged and locked a page of its own. Before a single node is made the block is "
        "searched once more, with the lock held that the stores need: this time the answer cannot grow old.",
        pane="xarray",
    ),
    Stop(
        "huge_fault_new_page::return error@1",
        "A gives its page back",
        "The charge is cancelled, the page unlocked, the last reference dropped. The allocator checked 512 frames "
        "and had nothing to complain about.",
        pane="pages",
    ),
    Stop(
        "filemap_huge_fault::if page.mapping is mapping@2",
        "Locked: and still the file's?",
        "A looked again, found B's page and locked it. Finding took a reference, which keeps the memory; only the "
        "lock keeps the page in its file. So what was found is looked at again, under the lock.",
        pane="pages",
    ),
    Stop(
        "do_user_addr_fault::@return@2",
        "Two mappings, and no reference too many",
        "514: 512 of the cache and one of each PMD. A's fault is minor, for B did the reading. The lock was "
        "dropped; the reference of the look-up was not: it is the mapping's now.",
        pane="pages",
    ),
    Stop(
        "filemap_huge_fault::if hindex + units.HPAGE_PMD_NR > end@-1",
        "The file ends before this page",
        "C wanted page 1027. While it had no page yet, B cut the file to 1024 pages, looked for what stands "
        "behind that and found nothing. Then C put 512 pages there. No truncation will come back for them.",
        pane="xarray",
    ),
    Stop(
        "filemap_huge_fault::return VmFault.SIGBUS if vmf.pgoff >= end@1",
        "Who puts it in takes it out",
        "So C has removed its own page, under the page lock, and dropped the last reference: the 512 frames are "
        "free again. Block 2 is as empty as the truncation left it.",
        pane="xarray",
    ),
    Stop(
        "four_faults::c.touch@1+",
        "SIGBUS is an answer too",
        "There is no page 1027 any more, so there is nothing that C could be shown. Gauges and references are "
        "what they were before C came; only events remember.",
        pane="counters",
    ),
)

SCENARIO = Scenario(
    name="03_the_huge_fault",
    title="Four faults on one file, with others in between",
    boot=boot,
    tasks=(four_faults,),
    stops=STOPS,
    config=AS_IN_PRODUCTION,
    interruptions=(
        Interruption(page_alloc.alloc_pages, 3, faster),
        Interruption(page_alloc.alloc_pages, 5, shorter),
    ),
)


# ---- a version of our own -----------------------------------------------------------------------------------


@replaces(truncate.truncate_inode_page)
def truncate_inode_page(mapping: AddressSpace, page: Page) -> bool:
    """Leave the page where it is: what a fault put behind the end of the file stays there.

    Models: no kernel function. Left out: everything.
    """
    return False


LEAVES_IT = Variant(
    "leaves_it",
    functions=[truncate_inode_page],
    about="the correct version, but a fault does not take its own page out again",
)


# ---- outputs for the text: each runs machines of its own ------------------------------------------------------


def surprise() -> list[str]:
    """Two processes map one file and read the same page, in v3 and in the version of this book."""
    posted, ours = _two_readers("v3"), _two_readers("ref")
    head = f"{'':40}{'v3, as posted':16}this book's"
    names = ("A maps the file and reads page 515", "B maps the file and reads page 515")
    rows = zip(names, posted, ours, strict=True)
    return [head, *(f"{name:40}{old:16}{new}" for name, old, new in rows)]


def _two_readers(version: str) -> list[str]:
    machine = _booted(version)
    readers = (machine.processes["A"], machine.processes["B"])
    return [_outcome(each) for each in readers]


def _outcome(process: Process) -> str:
    """What reading page 515 comes to, in words."""
    try:
        found = process.touch(map_file(process) + 0x203ABC)
    except Deadlock:
        return "waits for ever"
    return f"page {found.pgoff}" if isinstance(found, Block) else str(found)


def recognised() -> list[str]:
    """Which versions recognise a cached huge page: A reads page 515, then B reads page 768."""
    lines = [f"{'version':26}{'A leaves it locked':20}the huge fault serves B"]
    for version, name in (
        ("v3", "v3, as posted"),
        ("v3+D2", "v3, D2 repaired"),
        ("v3+D2+D5", "v3, D2 and D5 repaired"),
        ("ref", "this book's"),
    ):
        locked, served = _second_fault(version)
        lines.append(f"{name:26}{_word(locked):20}{_word(served)}")
    return lines


def _second_fault(version: str) -> tuple[bool, bool]:
    """Whether A leaves its page locked, and whether B's fault ends in the huge handler."""
    machine = _booted(version)
    a, b = machine.processes["A"], machine.processes["B"]
    a.touch(map_file(a) + 0x203000)
    locked = _page_is_locked(machine)
    small: list[bool] = []
    machine.interrupt(memory.handle_pte_fault, 1, lambda _machine: small.append(True))
    at_b = map_file(b)
    try:
        b.touch(at_b + 0x300000)
    except Deadlock:
        return locked, False
    return locked, not small


def _page_is_locked(machine: Machine) -> bool:
    with machine.installed():
        return any(PageLocked(each) for each in machine.kernel.zone.memmap.values())


def _booted(version: str) -> Machine:
    machine = Machine(variant_named(version), AS_IN_PRODUCTION)
    boot(machine)
    return machine


def _word(answer: bool) -> str:
    return "yes" if answer else "no"


LISTED: tuple[Callable[[], list[str]], ...] = (surprise, recognised)
"""What the text shows with ``run=``."""
