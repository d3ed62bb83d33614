"""Races of small pages, and what files and views say about mappings that do not begin at the file's beginning."""

from __future__ import annotations

from thpkit.checks import broken
from thpkit.kernel import filemap
from thpkit.kernel.content import Block
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process

SIZE = 1 << 20


def reader(machine: Machine, name: str) -> tuple[Process, int]:
    """A process that has the small file mapped."""
    process = machine.spawn(name)
    fd = process.open("/small")
    return process, process.mmap(SIZE, Prot.READ, MapFlags.PRIVATE, fd)


def test_the_loser_of_a_small_insertion_uses_the_winners_page() -> None:
    """FACTS §4.5: −EEXIST from the insertion means: look again. One page, two mappings, nothing lost."""
    machine = Machine()
    machine.create("/small", size=SIZE, huge=False)
    a, at_a = reader(machine, "A")
    b, at_b = reader(machine, "B")
    machine.interrupt(
        filemap.add_to_page_cache_lru, 1, lambda _machine: b.touch(at_b + 5 * 4096)
    )
    assert a.touch(at_a + 5 * 4096) == Block(1, 5, 0)
    machine.drain()
    counted = machine.counters()
    assert (counted["NR_FILE_PAGES"], counted["NR_FILE_MAPPED"]) == (1, 1)
    assert (counted["PGALLOC"], counted["PGFREE"]) == (2, 1)
    assert broken(machine.kernel) == []


def test_smaps_gives_the_offset_in_bytes() -> None:
    """/proc/PID/smaps: page 3 of the file is offset 0x3000."""
    machine = Machine()
    machine.create("/small", size=SIZE, huge=False)
    process = machine.spawn("A")
    fd = process.open("/small")
    process.mmap(4096, Prot.READ, MapFlags.PRIVATE, fd, 3 * 4096)
    assert [each.offset for each in process.smaps()] == [0x3000]


def test_only_shared_writable_mappings_count_as_such() -> None:
    """FACTS §6.1: a shared mapping of a file opened for reading loses VM_SHARED, so it is not counted."""
    machine = Machine()
    inode = machine.create("/small", size=SIZE, huge=False)
    process = machine.spawn("A")
    assert inode.i_mapping is not None
    reading, writing = process.open("/small"), process.open("/small", OpenFlags.RDWR)
    for fd, kind, count in (
        (reading, MapFlags.PRIVATE, 0),
        (reading, MapFlags.SHARED, 0),
        (writing, MapFlags.PRIVATE, 0),
        (writing, MapFlags.SHARED, 1),
    ):
        at = process.mmap(4096, Prot.READ, kind, fd)
        assert inode.i_mapping.i_mmap_writable == count
        process.munmap(at, 4096)
        assert inode.i_mapping.i_mmap_writable == 0
