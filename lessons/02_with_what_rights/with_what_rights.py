"""With what rights: what a mapping may do now, what it may ever do, and what becomes of a write.

A asks for memory without a file, as a compiler at run time does, and changes its rights. Then it maps a program that
it opened for reading, shared and private, and asks for the right to write both. At last B runs the program, and A
tries to open it for writing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.kernel import flags, pgtable
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot, VmFlags
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.variant import REF, Variant, replaces
from thpkit.patch.scene import outcome
from thpkit.patch.versions import V3
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop

PROGRAM: Final = "/bin/app"
MIB: Final = 1 << 20
SIZE: Final = 4 * MIB
TOP: Final = 0x7FFFF7FFF000
"""Below this address the kernel chooses; not a multiple of 2 MiB, as in life."""
PAGE: Final = 4096
READ_EXEC: Final = Prot.READ | Prot.EXEC
READ_WRITE: Final = Prot.READ | Prot.WRITE
ANONYMOUS: Final = MapFlags.PRIVATE | MapFlags.ANONYMOUS
CONFIG: Final = Config(on_splat=OnSplat.LOG, debug_vm=False)
"""A production kernel: it notes broken rules and goes on. The correct version breaks none."""


def boot(machine: Machine) -> None:
    """A program of two huge pages, and two processes."""
    machine.create(PROGRAM, size=SIZE)
    machine.spawn("A", mmap_base=TOP)
    machine.spawn("B", mmap_base=TOP)


def without_a_file(machine: Machine) -> None:
    """A asks for memory to execute, decides to write it first, and does so."""
    a = machine.processes["A"]
    at = a.mmap(SIZE, READ_EXEC, ANONYMOUS)
    a.mprotect(at, SIZE, READ_WRITE)
    a.touch(at, Access.WRITE)
    a.munmap(at, SIZE)


def of_a_file(machine: Machine) -> None:
    """A maps the program shared and private, and wants to write both; it reads, writes and reads page 515."""
    a = machine.processes["A"]
    fd = a.open(PROGRAM)
    shared = a.mmap(SIZE, READ_EXEC, MapFlags.SHARED, fd)
    a.mprotect(shared, SIZE, READ_WRITE)

    private = a.mmap(SIZE, READ_EXEC, MapFlags.PRIVATE, fd)
    a.touch(private + 515 * PAGE)
    a.mprotect(private, SIZE, READ_WRITE)
    a.touch(private + 515 * PAGE, Access.WRITE)

    a.touch(shared + 515 * PAGE)


def while_it_runs(machine: Machine) -> None:
    """B loads the program as exec does, and A tries to open it for writing meanwhile."""
    a = machine.processes["A"]
    b = machine.processes["B"]
    fd = b.open(PROGRAM)
    at = b.load_text(fd, SIZE)
    a.open(PROGRAM, OpenFlags.RDWR)
    b.munmap(at, SIZE)


STOPS = (
    Stop(
        "do_mmap::vm_flags = vm_flags | VmFlags.MAYREAD@1+",
        "Rights for now, and rights for later",
        "A asks for 4 MiB of memory without a file, to be read and executed. The low bits of `vm_flags` say what it "
        "may do now. Four places up stand the MAY bits: what mprotect may ever turn on. Without a file that is all.",
        pane="stack",
    ),
    Stop(
        "do_mprotect::upto = @1",
        "Nothing of mine is forbidden to me",
        "A wants to write its memory. `newflags` has WRITE, and MAYWRITE four places above it: that is no more than "
        "the mapping may, so there is no EACCES.",
        pane="stack",
    ),
    Stop(
        "do_mmap::vm_flags = vm_flags & ~@1+",
        "Shared, and opened for reading",
        "What is written to a shared mapping goes into the file, and A opened the file for reading only. So MAYWRITE "
        "is taken away, and SHARED with it: this mapping can never change the file. MAYSHARE tells how it was made.",
        pane="stack",
    ),
    Stop(
        "do_mprotect::return -errno.EACCES@1",
        "Refused, for a good reason",
        "A wants to write the shared mapping. WRITE is asked for, MAYWRITE is not there. The file is not asked "
        "again: the one bit says what it allows.",
        pane="stack",
    ),
    Stop(
        "do_mmap::return mmap_region(file, addr@2",
        "Private: every right is kept",
        "The same file, opened for reading, mapped private. MAYWRITE stays, because what A may write one day is "
        "not the file but a copy of its own.",
        pane="stack",
    ),
    Stop(
        "do_user_addr_fault::@return@2",
        "One huge entry, to be read",
        "A has read page 515. One PMD shows 2 MiB of the page cache to A, for reading and executing.",
        pane="pagetable",
    ),
    Stop(
        "change_pmd::pgtable.set_entry(pmd@1+",
        "Allowed to write, and nothing to write through",
        "mprotect has given the private mapping WRITE. The huge entry was rewritten: it may not be executed any "
        "more, and the CPU still cannot write through it. The first write must be seen.",
        pane="pagetable",
    ),
    Stop(
        "wp_huge_pmd::return huge_fault@1",
        "A writes, and the entry says no",
        "The mapping allows it, the entry does not: a page fault. There is a handler for huge faults, so it is "
        "asked. This kernel splits the entry by itself only where there is no handler.",
        pane="pagetable",
    ),
    Stop(
        "filemap_huge_fault::huge_memory.split_huge_pmd@1+",
        "The entry goes, the page stays",
        "The handler will not copy 2 MiB for one byte. It takes the huge entry away and answers FALLBACK. The huge "
        "page stays in the cache, untouched: 512 references, the cache's.",
        pane="pages",
    ),
    Stop(
        "do_cow_fault::copy_user_page@1+",
        "A copy of one page",
        "The small path finds page 515 in the cache, and copies it into a page that belongs to A alone. A's write "
        "will go there.",
        pane="pages",
    ),
    Stop(
        "do_user_addr_fault::@return@4",
        "The file is what it was",
        "A has read page 515 once more, through the shared mapping. It is mapped huge there, and it is the file's "
        "own page: nothing of what A wrote can be seen.",
        pane="pagetable",
    ),
    Stop(
        "sys_open::return opened@1",
        "A file that nobody may write now",
        "B runs the program: exec maps it with DENYWRITE, which makes i_writecount negative. A's open for writing is "
        'refused with ETXTBSY, "text file busy".',
        pane="stack",
    ),
)

SCENARIO = Scenario(
    name="02_with_what_rights",
    title="With what rights: three mappings that want to be written",
    boot=boot,
    tasks=(without_a_file, of_a_file, while_it_runs),
    config=CONFIG,
    stops=STOPS,
)


# ---- what would happen otherwise --------------------------------------------------------------------------


@replaces(pgtable.vm_get_page_prot)
def vm_get_page_prot(vm_flags: VmFlags) -> int:
    """Entry bits for a mapping with these rights; private memory may be written at once, without a copy."""
    prot = flags.PAGE_PRESENT | flags.PAGE_USER | flags.PAGE_ACCESSED
    if not vm_flags & (VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC):
        return flags.PAGE_PROTNONE | flags.PAGE_ACCESSED
    if vm_flags & VmFlags.WRITE:
        prot |= flags.PAGE_RW
    if not vm_flags & VmFlags.EXEC:
        prot |= flags.PAGE_NX
    return prot


NO_COPY = Variant(
    "no_copy",
    functions=[vm_get_page_prot],
    about="the correct version, but the entries of private memory let the CPU write at once",
)


# ---- tables for the text ----------------------------------------------------------------------------------


class Wish(NamedTuple):
    """A mapping that is read first, made writable, and written."""

    words: str
    prot: Prot = READ_EXEC
    flags: MapFlags = MapFlags.PRIVATE
    mode: OpenFlags | None = OpenFlags.RDONLY
    """How the file is opened; None: there is none."""
    length: int = SIZE
    addr: int = 0


OWN: Final = (
    Wish("4 MiB, read and execute", flags=ANONYMOUS, mode=None),
    Wish("1 MiB, read and execute", flags=ANONYMOUS, mode=None, length=MIB),
    Wish("4 MiB, read and write", READ_WRITE, ANONYMOUS, mode=None),
)
WISHES: Final = (
    Wish("no file", flags=ANONYMOUS, mode=None),
    Wish("private"),
    Wish(
        "private, fixed", flags=MapFlags.PRIVATE | MapFlags.FIXED, addr=0x7FFFF7200000
    ),
    Wish("shared", flags=MapFlags.SHARED),
    Wish("shared, file opened to write", flags=MapFlags.SHARED, mode=OpenFlags.RDWR),
    Wish(
        "the same by SHARED_VALIDATE",
        flags=MapFlags.SHARED_VALIDATE,
        mode=OpenFlags.RDWR,
    ),
)


def surprise() -> list[str]:
    """Memory without a file on v3: what mprotect says when the program wants to write it, and what a write does."""
    lines = [f"{'mmap without a file':28}{'mprotect to write':20}a write then"]
    for each in OWN:
        answer, then = _wish(each, V3)
        lines.append(f"{each.words:28}{answer:20}{then}")
    return lines


def wishes() -> list[str]:
    """Each wish on a fresh machine of the correct version and of v3: what mprotect says, and what a write does."""
    lines = [f"{'':30}{'correct version':24}v3"]
    for each in WISHES:
        correct, posted = (": ".join(_wish(each, version)) for version in (REF, V3))
        lines.append(f"{each.words:30}{correct:24}{posted}")
    return lines


def _wish(wish: Wish, version: Variant) -> tuple[str, str]:
    """What mprotect says, and what a write does then."""
    machine = Machine(version, CONFIG)
    boot(machine)
    a = machine.processes["A"]
    fd = -1 if wish.mode is None else a.open(PROGRAM, wish.mode)
    at = a.mmap(wish.length, wish.prot, wish.flags, fd, addr=wish.addr)
    where = at + 515 * PAGE if wish.length == SIZE else at
    outcome(lambda: a.touch(where))
    said = outcome(lambda: a.mprotect(at, wish.length, READ_WRITE))
    then = outcome(lambda: a.touch(where, Access.WRITE))
    return said, then


def a_writer() -> list[str]:
    """The correct version: B opens the program for writing while A has it mapped huge; how A sees it meanwhile."""
    machine = Machine(config=CONFIG)
    boot(machine)
    a = machine.processes["A"]
    at = a.mmap(SIZE, READ_EXEC, MapFlags.PRIVATE, a.open(PROGRAM))
    a.touch(at + 515 * PAGE)
    lines = [_seen_by_a("A has read the program", machine)]
    machine.processes["B"].open(PROGRAM, OpenFlags.RDWR)
    lines.append(_seen_by_a("B opens it for writing", machine))
    a.touch(at + 515 * PAGE)
    lines.append(_seen_by_a("A reads page 515 again", machine))
    return lines


def _seen_by_a(when: str, machine: Machine) -> str:
    """Huge pages that are cached, and what A has resident by which kind of entry."""
    cached = machine.counters().get("NR_FILE_THPS", 0)
    seen = machine.processes["A"].smaps()[0]
    kind = "a huge entry" if seen.file_pmd_mapped else "small entries"
    mapped = kind if seen.rss else "no entry"
    return f"{when:26}huge pages cached: {cached}   A has {mapped}"
