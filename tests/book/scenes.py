"""Short scenes in which a missing statement shows. Each is played on a machine of small geometry with a file
``/huge`` of three blocks (eight pages each), and returns what is to be compared.
"""

from __future__ import annotations

from itertools import islice

from thpkit.checks import broken
from thpkit.kernel import current, filemap, memory, units, xarray
from thpkit.kernel.filemap import Fgp
from thpkit.kernel.flags import Access, Gfp, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.units import Pgoff
from thpkit.kernel.xarray import find_marked, marks

PAGE = 4096


def block(machine: Machine) -> int:
    """Bytes of a huge page of this machine."""
    with machine.installed():
        return units.HPAGE_PMD_SIZE


def ill(machine: Machine) -> list[str]:
    """Names of the invariants that do not hold."""
    return [each.id for each in broken(machine.kernel)]


def _mapped(machine: Machine, name: str, path: str = "/huge") -> tuple[Process, int]:
    """A process that has mapped a file, readable, writable and private, and where."""
    process = machine.spawn(name)
    length = 3 * block(machine)
    rights = Prot.READ | Prot.WRITE
    fd = process.open(path)
    return process, process.mmap(length, rights, MapFlags.PRIVATE, fd)


def truncated(machine: Machine) -> object:
    """NR_FILE_PAGES after three pages were read and the file was emptied."""
    a = machine.spawn("A")
    a.read(a.open("/huge"), 5, 3)
    a.truncate("/huge", 0)
    return machine.counters().get("NR_FILE_PAGES", 0)


def written_and_read_without_storage(machine: Machine) -> object:
    """What is read of a page that was just written, when storage cannot be read."""
    a = machine.spawn("A")
    fd = a.open("/huge", OpenFlags.RDWR)
    a.write(fd, 2)
    machine.fail("read", count=9)
    return a.read(fd, 2)


def two_copies_of_one_page(machine: Machine) -> object:
    """Invariants after two threads wrote to one page at once, and one copy was for nothing."""
    machine.create("/small", size=2 * PAGE, huge=False)
    a, at = _mapped(machine, "A", "/small")
    b = machine.thread("B", a)
    a.touch(at)
    machine.interrupt(memory.copy_user_page, 1, lambda _m: b.touch(at, Access.WRITE))
    a.touch(at, Access.WRITE)
    machine.drain()
    return ill(machine)


def huge_fault_in_block_1(machine: Machine) -> object:
    """Invariants after the first fault in the second block."""
    a, at = _mapped(machine, "A")
    a.touch(at + block(machine))
    return ill(machine)


def small_fault(machine: Machine) -> object:
    """Invariants after a fault in a file of small pages."""
    machine.create("/small", size=4 * PAGE, huge=False)
    a, at = _mapped(machine, "A", "/small")
    a.touch(at)
    machine.drain()
    return ill(machine)


def page_3_written_and_touched(machine: Machine) -> object:
    """Invariants after page 3 came into the cache by read(2) and was then mapped."""
    machine.create("/small", size=4 * PAGE, huge=False)
    a, at = _mapped(machine, "A", "/small")
    a.touch(at + 3 * PAGE)
    machine.drain()
    return ill(machine)


def writer_in_the_middle(machine: Machine) -> object:
    """Invariants after somebody opened the file for writing while a huge page was made."""
    a, at = _mapped(machine, "A")
    b = machine.spawn("B")

    def write(_machine: Machine) -> None:
        b.open("/huge", OpenFlags.RDWR)

    machine.interrupt(filemap.thp_add_to_page_cache, 1, write)
    a.touch(at)
    machine.drain()
    return ill(machine)


def unmapped(machine: Machine) -> object:
    """NR_FILE_MAPPED and invariants after a huge page was mapped and the mapping removed."""
    a, at = _mapped(machine, "A")
    a.touch(at)
    a.munmap(at, 3 * block(machine))
    return machine.counters().get("NR_FILE_MAPPED", 0), ill(machine)


def no_memory_for_the_last_table(machine: Machine) -> object:
    """What becomes of a fault in anonymous memory when there is no PTE table to be had."""
    a = machine.spawn("A")
    at = a.mmap(PAGE, Prot.READ | Prot.WRITE, MapFlags.PRIVATE | MapFlags.ANONYMOUS)
    machine.fail("pgtable", skip=2, count=9)
    return a.touch(at)


def no_memory_for_the_second_table(machine: Machine) -> object:
    """The same when there is no PMD table."""
    a = machine.spawn("A")
    at = a.mmap(PAGE, Prot.READ | Prot.WRITE, MapFlags.PRIVATE | MapFlags.ANONYMOUS)
    machine.fail("pgtable", skip=1, count=9)
    return a.touch(at)


def cut_in_the_middle(machine: Machine) -> object:
    """What becomes of a huge fault when the file is cut before its address meanwhile."""
    a, at = _mapped(machine, "A")
    b = machine.spawn("B")

    def cut(_machine: Machine) -> None:
        b.truncate("/huge", PAGE)

    machine.interrupt(filemap.thp_add_to_page_cache, 1, cut)
    return a.touch(at + 3 * PAGE)


def look_without_making(machine: Machine) -> object:
    """What a look-up that must not make anything finds in an empty cache."""
    mapping = machine.kernel.inodes["/huge"].i_mapping
    assert mapping is not None
    a = machine.spawn("A")
    with machine.installed():
        current.kernel.cpu.task = a.task
        return filemap.pagecache_get_page(
            mapping, Pgoff(0), Fgp.NONE, Gfp.HIGHUSER_MOVABLE
        )


def _marked(machine: Machine) -> xarray.XArray:
    """An array that holds value k at index k for k = 0, 1, 2 and 9; the first three carry mark 1."""
    array = xarray.page_cache_xarray("numbers")
    for index in (0, 1, 2, 9):
        xas = xarray.XA_STATE(array, index)
        xarray.xas_store(xas, xarray.xa_mk_value(index))
        if index < 9:
            marks.xas_set_mark(xas, 1)
    return array


def marked_entries(machine: Machine) -> object:
    """The marked entries of an array, five at most."""
    with machine.installed():
        xas = xarray.XA_STATE(_marked(machine), 0)
        found = xarray.xas_for_each_marked(xas, xarray.ULONG_MAX, 1)
        return [xarray.xa_to_value(each) for each in islice(found, 5)]


def load_after_a_search(machine: Machine) -> object:
    """What a cursor loads after a search by mark that found nothing up to the end of the tree."""
    with machine.installed():
        xas = xarray.XA_STATE(_marked(machine), 3)
        assert find_marked.xas_find_marked(xas, xarray.ULONG_MAX, 1) is None
        return xarray.xas_load(xas)
