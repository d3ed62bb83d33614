"""What runs while the *Locks* sentences are watched: together these reach nearly every stepped function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.machine import gauntlet
from thpkit.kernel import fs, huge_memory, locks, swap, truncate, units, xarray
from thpkit.kernel.content import Private
from thpkit.kernel.flags import Access, Gfp, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, code_of
from thpkit.scenario import load_file
from thpkit.scenario.run import build
from thpkit.trace.statements import ROOT

RW: Final = Prot.READ | Prot.WRITE
ANONYMOUS: Final = MapFlags.PRIVATE | MapFlags.ANONYMOUS
PAGE: Final = units.PAGE_SIZE


def tour() -> None:
    """The lesson's own run, at real size."""
    scenario = load_file(ROOT / "lessons" / "00_tour" / "tour.py")
    machine = build(scenario)
    for task in scenario.tasks:
        task(machine)


def everything_that_goes_wrong() -> None:
    """The scenes of the mutation tests."""
    gauntlet.run(REF)


def _machine(path: str, *, huge: bool) -> tuple[Machine, Process, int]:
    """A small machine, a process A, and the length of a file of three blocks."""
    machine = Machine(config=Config(geometry=SMALL))
    with machine.installed():
        length = 3 * units.HPAGE_PMD_SIZE
    machine.create(path, length, huge=huge)
    return machine, machine.spawn("A"), length


def small_pages() -> None:
    """Small pages: read, copied on write, shared, reused; mprotect; read and write; a program's text."""
    machine, a, length = _machine("/f", huge=False)
    fd = a.open("/f")
    at = a.mmap(length, RW, MapFlags.PRIVATE, fd)
    a.touch(at + 3 * PAGE)
    for page in (3, 4, 5, 20):
        assert a.touch(at + page * PAGE, Access.WRITE) == Private("A", 1)
    machine.fail("read")
    a.touch(at + 22 * PAGE, Access.WRITE)
    a.mprotect(at, 5 * PAGE, Prot.READ)
    a.mprotect(at, length, RW)
    assert a.touch(at + 4 * PAGE, Access.WRITE) == Private("A", 2)
    assert isinstance(a.mincore(at, length), list)
    writer = a.open("/f", OpenFlags.RDWR)
    shared = a.mmap(length, RW, MapFlags.SHARED, writer)
    a.touch(shared + 10 * PAGE)
    for page in (6, 7, 8, 9, 10):
        a.touch(shared + page * PAGE, Access.WRITE)
    assert a.write(writer, 14, 2) == 2
    assert isinstance(a.read(fd, 13, 4), list)
    assert a.ftruncate(writer, 12 * PAGE) == 0
    a.close(writer)
    a.munmap(shared, length)
    assert a.load_text(fd, length) > 0
    a.exit()
    last = machine.spawn("last")
    last.close(last.open("/f", OpenFlags.RDWR | OpenFlags.TRUNC))
    last.exit()


def anonymous_pages() -> None:
    """Anonymous memory, more of it than a batch holds, and a process without room below its base."""
    machine, a, length = _machine("/f", huge=True)
    at = a.mmap(length, RW, ANONYMOUS)
    for page in range(6):
        a.touch(at + page * PAGE, Access.WRITE)
    fd = a.open("/f")
    own = a.mmap(length, RW, MapFlags.PRIVATE, fd)
    for page in range(9, 15):
        a.touch(own + page * PAGE)
        a.touch(own + page * PAGE, Access.WRITE)
    a.munmap(at, length)
    a.exit()
    low = machine.spawn("low", mmap_base=units.MMAP_MIN_ADDR + PAGE)
    assert low.mmap(length, RW, ANONYMOUS) > units.MMAP_MIN_ADDR
    low.exit()


def huge_pages() -> None:
    """Rights of huge mappings; a thread that is faster; a mapping that replaces another."""
    _machine_, a, length = _machine("/f", huge=True)
    fd = a.open("/f")
    at = a.mmap(length, Prot.READ, MapFlags.PRIVATE, fd)
    for page in (0, 8, 16):
        a.touch(at + page * PAGE)
    a.mprotect(at, length // 3 + PAGE, Prot.READ | Prot.EXEC)
    b = _machine_.thread("B", a)
    a.munmap(at, length)
    at = a.mmap(length, Prot.READ, MapFlags.PRIVATE, fd)

    def faster(_machine: Machine) -> None:
        b.touch(at)

    _machine_.interrupt(huge_memory.transparent_hugepage_enabled, 1, faster)
    a.touch(at)
    fixed = MapFlags.PRIVATE | MapFlags.FIXED
    assert a.mmap(length, Prot.READ, fixed, fd, 0, at) == at
    b.exit()
    a.exit()


def nameless() -> None:
    """The last reference of an unlinked file goes: with its name, a descriptor, a mapping, a process."""
    for way in range(5):
        machine, a, length = _machine("/f", huge=bool(way % 2))
        fd = a.open("/f")
        at = a.mmap(length, Prot.READ, MapFlags.PRIVATE, fd)
        a.touch(at)
        if way < 2:
            a.munmap(at, length)
        if way == 0:
            a.close(fd)
        a.unlink("/f")
        if way > 0:
            a.close(fd)
        if way == 2:
            a.munmap(at, length)
        elif way == 3:
            a.mmap(length, RW, ANONYMOUS | MapFlags.FIXED, addr=at)
        a.exit()
        assert machine.kernel.vmstat.node[6] == 0


def late_guests() -> None:
    """Somebody opens the file for writing; a page is mapped before his first pass, and one before the second."""
    machine, a, length = _machine("/f", huge=True)
    guest = machine.spawn("guest")
    at = guest.mmap(length, Prot.READ, MapFlags.PRIVATE, guest.open("/f"))
    guest.touch(at)

    def touch(_machine: Machine) -> None:
        guest.touch(at)

    machine.interrupt(truncate.truncate_without_waiting, 1, touch)
    machine.interrupt(truncate.truncate_waiting, 1, touch)
    a.open("/f", OpenFlags.RDWR)
    a.exit()
    guest.exit()


def too_late() -> None:
    """The file becomes shorter while a huge page is read; somebody has mapped that page already."""
    machine, a, length = _machine("/f", huge=True)
    inode = machine.kernel.inodes["/f"]
    b = machine.spawn("B")
    at = a.mmap(length, Prot.READ, MapFlags.PRIVATE, a.open("/f"))
    other = b.mmap(length, Prot.READ, MapFlags.PRIVATE, b.open("/f"))

    def half_of_a_truncation(_machine: Machine) -> None:
        b.touch(other)
        fs.cut_blocks(inode, PAGE)

    machine.interrupt(locks.lock_page, 1, half_of_a_truncation)
    a.touch(at)
    b.truncate("/f", PAGE)
    a.exit()
    b.exit()


def last_references() -> None:
    """A look-up has pinned a page when the page leaves the cache: letting go of it frees it."""
    for huge in (False, True):
        for look_up in (_read, _touch, _open_for_writing):
            machine, a, length = _machine("/f", huge=huge)
            cutter = machine.spawn("cutter")
            fd = a.open("/f")
            at = a.mmap(length, Prot.READ, MapFlags.PRIVATE, fd)
            if look_up is _open_for_writing:
                _touch(a, fd, at)
            else:
                _read(a, fd, at)
            machine.drain()

            def cut(
                _machine: Machine, cutter: Process = cutter, length: int = length
            ) -> None:
                cutter.truncate("/f", 0)
                cutter.truncate("/f", length)

            machine.interrupt(xarray.xas_reload, 1, cut)
            look_up(a, fd, at)
            a.exit()
            cutter.exit()


def _read(process: Process, fd: int, _at: int) -> None:
    process.read(fd, 1)


def _touch(process: Process, _fd: int, at: int) -> None:
    process.touch(at + PAGE)


def _open_for_writing(process: Process, _fd: int, _at: int) -> None:
    process.open("/f", OpenFlags.RDWR)


def xarray_calls(machine: Machine) -> None:
    """The normal interface of the XArray, with and without memory."""
    xa = xarray.page_cache_xarray("story")
    ids = xarray.xa_init_flags("ids", xarray.XA_FLAGS_ALLOC1 | xarray.XA_FLAGS_LOCK_IRQ)
    value = xarray.xa_mk_value
    for fails in (1, 0):
        for call in range(6):
            machine.fail("xa_node", count=fails)
            _store(xa, ids, call)
    xarray.xa_set_mark(xa, 3, xarray.XA_MARK_1)
    assert xarray.xa_get_mark(xa, 3, xarray.XA_MARK_1)
    assert xarray.xa_find(xa, 0, 99, xarray.XA_MARK_1) == (3, value(3))
    assert xarray.xa_find_after(xa, 0, 99, xarray.XA_PRESENT)[0] == 3
    assert xarray.xa_extract(xa, 0, 99, 9, xarray.XA_MARK_1) == [value(3)]
    assert xarray.xa_load(xa, 3) == value(3)
    xarray.xa_clear_mark(xa, 3, xarray.XA_MARK_1)
    xarray.xa_release(xa, 40)
    assert xarray.machine_word(xarray.xa_erase(xa, 3)) == "value(3) = 0x7"
    _walk(xa)
    xarray.xa_destroy(xa)
    xarray.xa_destroy(ids)


def _store(xa: xarray.XArray, ids: xarray.XArray, call: int) -> None:
    """Something that needs a node."""
    entry = xarray.xa_mk_value(3)
    limit = xarray.XaLimit(max=1000)
    if call == 0:
        xarray.xa_store(xa, 3, entry, Gfp.KERNEL)
    elif call == 1:
        xarray.xa_insert(xa, 3000, entry, Gfp.KERNEL)
    elif call == 2:
        xarray.xa_reserve(xa, 40, Gfp.KERNEL)
    elif call == 3:
        xarray.xa_store_range(xa, 64, 90, entry, Gfp.KERNEL)
    elif call == 4:
        xarray.xa_alloc(ids, entry, limit, Gfp.KERNEL)
    else:
        xarray.xa_alloc_cyclic(ids, entry, limit, 30, Gfp.KERNEL)


def _walk(xa: xarray.XArray) -> None:
    """Cursor steps that the kernel of this book does not use."""
    xas = xarray.XA_STATE(xa, 200)
    xarray.xas_lock_irq(xas)
    while xarray.xas_prev(xas) is None and xas.xa_index > 60:
        pass
    xarray.xas_pause(xas)
    xarray.xas_get_mark(xas, xarray.XA_MARK_0)
    xarray.xas_unlock_irq(xas)


def arrays() -> None:
    """:func:`xarray_calls` on a machine of its own."""
    machine, a, _length = _machine("/f", huge=False)
    with machine.installed():
        machine.kernel.cpu.task = a.task
        xarray_calls(machine)


DOORS: Final = frozenset(
    code_of(each)
    for each in (xarray_calls, fs.new_inode, fs.vm_operations, swap.new_lruvec)
)
"""Entries into the kernel besides system calls: a story of our own, and what boot calls."""

STORIES: Final[tuple[Callable[[], None], ...]] = (
    tour,
    everything_that_goes_wrong,
    small_pages,
    anonymous_pages,
    huge_pages,
    nameless,
    late_guests,
    too_late,
    last_references,
    arrays,
)
