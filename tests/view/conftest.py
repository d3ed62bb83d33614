"""Recordings to look at: the path of one huge page, a world of small pages, a machine of toy size."""

from __future__ import annotations

import pytest

from thpkit.kernel.flags import Access, MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.scenario import Scenario, record
from thpkit.trace.stops import Stop
from thpkit.trace.timeline import Timeline

BIG = "/lib/big.so"
TEXT = Prot.READ | Prot.EXEC


def boot(machine: Machine) -> None:
    machine.create(BIG, size=4 << 20)
    machine.create("/lib/small.so", size=1 << 20, huge=False)
    machine.spawn("A", mmap_base=0x7F00005FF000)
    machine.spawn("B", mmap_base=0x7E55559FF000)


def huge(machine: Machine) -> None:
    """Two processes map and unmap one huge page; then the file is cut to nothing."""
    a, b = machine.processes["A"], machine.processes["B"]
    at_a = a.mmap(4 << 20, TEXT, MapFlags.PRIVATE, a.open(BIG))
    at_b = b.mmap(4 << 20, TEXT, MapFlags.PRIVATE, b.open(BIG))
    a.touch(at_a + 0x203ABC)
    b.touch(at_b + 0x203000)
    b.munmap(at_b, 4 << 20)
    a.munmap(at_a, 4 << 20)
    a.truncate(BIG, 0)


def small(machine: Machine) -> None:
    """Small pages, a private copy, a huge page mapped by small entries, anonymous memory, two exits."""
    a, b = machine.processes["A"], machine.processes["B"]
    fd = a.open("/lib/small.so")
    at = a.mmap(1 << 20, Prot.READ | Prot.WRITE, MapFlags.PRIVATE, fd)
    for page in range(18):
        a.touch(at + page * 4096)
    a.touch(at + 4096, Access.WRITE)
    at = b.mmap(4 << 20, TEXT, MapFlags.PRIVATE, b.open(BIG))
    b.touch(at + 5 * 4096)
    b.munmap(at + 4096, 8192)
    b.touch(at + 9 * 4096)
    at = b.mmap(1 << 16, Prot.READ | Prot.WRITE, MapFlags.PRIVATE | MapFlags.ANONYMOUS)
    b.touch(at, Access.WRITE)
    a.exit()
    b.exit()


STOPS = (
    Stop("huge_fault_new_page::return page@1", "Read", "All 512 sub-pages are here."),
    Stop("do_set_pmd::@return@1", "Mapped by A"),
    Stop("do_set_pmd::@return@2", "Mapped by B"),
    Stop("sys_truncate::@return@1", "Nothing is left"),
)


@pytest.fixture(scope="session")
def tour() -> Timeline:
    """The huge page, with four stops."""
    scenario = Scenario("huge", "One huge page", boot, (huge,), stops=STOPS)
    return record(scenario).timeline


@pytest.fixture(scope="session")
def pages() -> Timeline:
    """The world of small pages, without stops."""
    return record(Scenario("small", "Small pages", boot, (small,))).timeline


def toy_boot(machine: Machine) -> None:
    machine.create(BIG, size=16 * 4096)
    machine.spawn("A")


def toy(machine: Machine) -> None:
    a = machine.processes["A"]
    fd = a.open(BIG)
    at = a.mmap(16 * 4096, TEXT, MapFlags.PRIVATE, fd)
    a.touch(at + 9 * 4096)
    a.munmap(at, 16 * 4096)
    a.truncate(BIG, 0)


@pytest.fixture(scope="session")
def toys() -> Timeline:
    """A huge page of eight sub-pages in a tree of four-slot nodes."""
    config = Config(geometry=SMALL)
    return record(Scenario("toy", "Toy size", toy_boot, (toy,), config=config)).timeline
