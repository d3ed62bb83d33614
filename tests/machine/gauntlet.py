"""One fixed run through everything that can go wrong, with all invariants checked after each call."""

from __future__ import annotations

from collections.abc import Iterator

from thpkit.checks import broken
from thpkit.kernel import filemap, locks, units, xarray
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import Variant
from thpkit.kernel.vmstat import NodeStat


class Caught(AssertionError):
    """Something does not add up."""


def run(variant: Variant) -> None:
    """Play every scene on a machine of this variant.

    Raises:
        Caught: an invariant broke, or a result was wrong.
    """
    for scene in (
        two_processes,
        cut_and_written,
        small_pages,
        lost_races,
        out_of_memory,
        odd_mappings,
    ):
        machine = Machine(variant=variant, config=Config(geometry=SMALL))
        with machine.installed():
            block = units.HPAGE_PMD_SIZE
        machine.create("/huge", size=3 * block)
        for _call in scene(machine, block):
            found = broken(machine.kernel)
            if found:
                raise Caught(f"{scene.__name__}: {found[0].id}: {found[0].sentence}")
        _everything_goes(machine)


def _everything_goes(machine: Machine) -> None:
    """After exit and truncation nothing is left."""
    machine.kernel.fail_plans = type(machine.kernel.fail_plans)()
    for process in list(machine.processes.values()):
        if process.task.mm is not None:
            process.exit()
    last = machine.spawn("last")
    last.truncate("/huge", 0)
    last.exit()
    machine.drain()
    left = {stat.name: machine.kernel.vmstat.node[stat] for stat in NodeStat}
    if any(left.values()) or machine.kernel.memcg.charged or broken(machine.kernel):
        raise Caught(f"something is left: {left}")


def _expect(result: object, wanted: object) -> None:
    if result != wanted:
        raise Caught(f"got {result}, not {wanted}")


def _touch(process: Process, address: int) -> None:
    process.touch(address)


def two_processes(machine: Machine, block: int) -> Iterator[None]:
    """The tour."""
    a, b = machine.spawn("A"), machine.spawn("B")
    for each in (a, b):
        at = each.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, each.open("/huge"))
        for page in (11, 3, 12):
            token = each.touch(at + page * 4096)
            _expect(getattr(token, "pgoff", None), page)
            yield
    b.munmap(at, 3 * block)
    yield
    a.truncate("/huge", block)
    yield


def cut_and_written(machine: Machine, block: int) -> Iterator[None]:
    """Partial unmapping, private writes, partial truncation, a writer."""
    a = machine.spawn("A")
    fd = a.open("/huge")
    at = a.mmap(3 * block, Prot.READ | Prot.WRITE, MapFlags.PRIVATE, fd)
    for page in (1, 9, 17):
        a.touch(at + page * 4096)
    yield
    a.munmap(at + block + 4096, 4096)
    yield
    _expect(getattr(a.touch(at + block + 2 * 4096), "pgoff", None), 10)
    yield
    a.touch(at + 4096, Access.WRITE)
    yield
    a.mprotect(at, 2 * 4096, Prot.READ)
    yield
    a.truncate("/huge", 2 * block + 3 * 4096)
    yield
    a.open("/huge", OpenFlags.RDWR)
    yield


def small_pages(machine: Machine, block: int) -> Iterator[None]:
    """A page that is cached alone disables its block; fault-around maps what is there."""
    a, b = machine.spawn("A"), machine.spawn("B")
    fd = a.open("/huge")
    for page in range(6, 12):
        a.read(fd, page)
    yield
    for each in (a, b):
        at = each.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, each.open("/huge"))
        each.touch(at + 9 * 4096)
        yield
        each.touch(at + 20 * 4096)
        yield
    narrow = a.mmap(
        2 * 4096, Prot.READ, MapFlags.PRIVATE | MapFlags.FIXED, fd, 8 * 4096, 0x400000
    )
    a.touch(narrow)
    yield


def lost_races(machine: Machine, block: int) -> Iterator[None]:
    """Another task maps, cuts, writes or reads in the middle of a fault."""

    def fault(name: str) -> None:
        process = machine.spawn(name)
        at = process.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, process.open("/huge"))
        process.touch(at)
        process.exit()

    machine.interrupt(filemap.thp_add_to_page_cache, 1, lambda _m: fault("racer"))
    fault("loser")
    yield
    cutter = machine.spawn("cutter")

    def cut(length: int) -> None:
        cutter.truncate("/huge", length)

    cut(0)
    cut(3 * block)
    machine.interrupt(filemap.thp_add_to_page_cache, 1, lambda _m: cut(4096))
    fault("late")
    yield
    cut(0)
    cut(3 * block)
    one = machine.spawn("one")
    at = one.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, one.open("/huge"))
    two = machine.thread("two", one)
    machine.interrupt(locks.lock_page, 1, lambda _m: _touch(two, at))
    _touch(one, at)
    yield
    two.exit()
    one.exit()
    cut(0)
    cut(3 * block)

    def write(_machine: Machine) -> None:
        cutter.open("/huge", OpenFlags.RDWR)

    machine.interrupt(filemap.thp_add_to_page_cache, 1, write)
    fault("polite")
    yield


def out_of_memory(machine: Machine, block: int) -> Iterator[None]:
    """Nodes, pages, tables, charges and reads fail; pages of others appear while memory is sought."""
    a = machine.spawn("A")
    fd = a.open("/huge")
    for site in ("xa_node", "page", "memcg", "pgtable", "read"):
        for skip in range(4):
            at = a.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, fd)
            machine.fail(site, skip=skip, count=9)
            a.touch(at + 9 * 4096)
            yield
            machine.fail(site, count=0)
            a.touch(at + 9 * 4096)
            yield
            a.munmap(at, 3 * block)
            a.truncate("/huge", 0)
            a.truncate("/huge", 3 * block)
            yield
    helper = machine.spawn("helper")
    other = helper.open("/huge")
    machine.fail("xa_node", skip=2, count=1)

    def meanwhile(_machine: Machine) -> None:
        machine.fail("xa_node", count=0)
        helper.read(other, 9)
        machine.fail("xa_node", count=99)

    machine.interrupt(xarray.xas_nomem, 1, meanwhile)
    at = a.mmap(3 * block, Prot.READ, MapFlags.PRIVATE, fd)
    a.touch(at + 9 * 4096)
    machine.fail("xa_node", count=0)
    yield


def odd_mappings(machine: Machine, block: int) -> Iterator[None]:
    """Mappings that a huge page does not fit, or fits although neither address nor offset is a multiple of it."""
    a = machine.spawn("A")
    fd = a.open("/huge")
    odd = a.mmap(2 * block, Prot.READ, MapFlags.PRIVATE, fd, 4096)
    for page in (0, 4, 9):
        a.touch(odd + page * 4096)
        yield
    high = a.mmap(
        2 * block, Prot.READ, MapFlags.PRIVATE | MapFlags.FIXED, fd, 0, 0x100000 + 4096
    )
    for page in (0, 8, 15):
        a.touch(high + page * 4096)
        yield
    wrong = a.mmap(
        2 * block, Prot.READ, MapFlags.PRIVATE | MapFlags.FIXED, fd, 4096, 0x300000
    )
    _expect(getattr(a.touch(wrong + 15 * 4096), "pgoff", None), 16)
    yield
    lone = a.mmap(
        block,
        Prot.READ,
        MapFlags.PRIVATE | MapFlags.FIXED,
        fd,
        block // 2,
        0x200000 + block // 2,
    )
    a.touch(lone + 4 * 4096)
    yield
    machine.fail("read", count=1)
    machine.interrupt(locks.lock_page, 1, lambda _m: None)
    a.touch(odd)
    yield
