"""Scenes about mapping the page: which faults are served, under which locks, and with what."""

from __future__ import annotations

from thpkit.checks import broken
from thpkit.kernel import memory, vmstat
from thpkit.kernel.flags import Access, MapFlags, OpenFlags
from thpkit.kernel.machine import Machine
from thpkit.patch.scene import RW, Observation, Stage

MOST_COUNTS = 8
"""So many events are counted during one fault, at most."""


def misplaced_is_served(machine: Machine) -> Observation:
    """A maps the file one page above a block boundary, where no huge page can lie, and reads."""
    on = Stage(machine)
    at = on.fixed(on.a, beyond=1)
    small: list[bool] = []
    machine.interrupt(memory.handle_pte_fault, 1, lambda _machine: small.append(True))
    on.touch(on.a, at, on.nr + 3)
    return {"the huge path takes the fault": not small}


def _outrun(machine: Machine) -> tuple[Stage, str]:
    """A maps the file where huge pages fit and reads; meanwhile another thread maps the block's first page, small."""
    on = Stage(machine)
    at = on.map(on.a)
    other = machine.thread("A2", on.a)

    def map_small() -> None:
        machine.fail("page", count=1)
        other.touch(at + on.nr * on.page)

    on.before_entering(map_small)
    return on, on.touch(on.a, at, on.nr + 3)


def wrong_bytes(machine: Machine) -> Observation:
    """A reads page 3 of the block. Before it is mapped, another thread of A maps the first page of it, small."""
    _on, read = _outrun(machine)
    return {"A reads": read}


def then_the_next(machine: Machine) -> Observation:
    """A maps the file one page above a block boundary, reads page 3 of the second block, and the page after that."""
    on = Stage(machine)
    at = on.fixed(on.a, beyond=1)
    first = on.touch(on.a, at, on.nr + 3)
    return {"A reads": first, "then": on.touch(on.a, at, on.nr + 4)}


def lock_kept(machine: Machine) -> Observation:
    """A reads, and another thread maps a small page of the block. Which page-table locks does A hold afterwards?"""
    on, _read = _outrun(machine)
    held = sum(each.cls == "ptl" for each in on.a.task.holds())
    return {"page-table locks held": held}


def lock_inversion(machine: Machine) -> Observation:
    """A reads one page; the lock-order validator watches."""
    on = Stage(machine)
    read = on.touch(on.a, on.map(on.a), on.nr + 3)
    rules = ("lock order", "irq lock inversion")
    reports = [each for each in machine.kernel.splats.values() if each.rule in rules]
    return {
        "A reads": read,
        "rules broken": on.rules(*rules),
        "a production kernel says so": any(not each.silent for each in reports),
    }


def mapped_by_nobody(machine: Machine) -> Observation:
    """While A's huge page is read, another thread of A maps the block's first page, small. A faults just there."""
    on = Stage(machine)
    at = on.map(on.a)
    other = machine.thread("A2", on.a)

    def map_small() -> None:
        machine.fail("page", count=1)
        other.touch(at + on.nr * on.page)

    on.before_entering(map_small)
    on.touch(on.a, at, on.nr)
    page = on.pages()[0]
    return {
        "references of the huge page": page._refcount,
        "its mappings": page._mapcount + 1,
    }


def beyond_the_end(machine: Machine) -> Observation:
    """A maps one block more than the file has, and reads there."""
    on = Stage(machine)
    at = on.map(on.a, blocks=3)
    return {"A": on.touch(on.a, at, 2 * on.nr + 3)}


def endless_write(machine: Machine) -> Observation:
    """A maps the file private, readable and writable, at a block boundary. It reads a page, then writes it."""
    on = Stage(machine)
    at = on.fixed(on.a, RW)
    on.touch(on.a, at, on.nr + 3)
    return {"A writes": on.touch(on.a, at, on.nr + 3, Access.WRITE)}


def assertion_first(machine: Machine) -> Observation:
    """A maps the file where no huge page fits, on a debug kernel, and no page table can be had."""
    on = Stage(machine)
    at = on.fixed(on.a, beyond=1)
    machine.fail("pgtable", skip=2, count=9)
    return {"A": on.touch(on.a, at, on.nr + 3)}


def shared_and_writable(machine: Machine) -> Observation:
    """A maps the file shared and writable and reads a page of it."""
    on = Stage(machine)
    kind = MapFlags.SHARED | MapFlags.FIXED
    at = on.map(on.a, RW, kind=kind, mode=OpenFlags.RDWR, addr=on.place(on.a))
    on.touch(on.a, at, on.nr + 3)
    huge = on.huge_at(on.a, at + on.block)
    writable = on.writable_at(on.a, at + on.block)
    return {"one huge entry that can be written through": huge and writable}


def mapped_before_findable(machine: Machine) -> Observation:
    """A reads one page. At the moment when its entry is set, another task looks for the page in the cache."""
    on = Stage(machine)
    at = on.map(on.a)
    seen: list[tuple[bool, bool]] = []

    def look(_machine: Machine) -> None:
        if not seen and on.huge_at(on.a, at + on.block):
            found = on.cached(on.nr) is not None
            rules = [each.id for each in broken(machine.kernel)]
            seen.append((found, "I13" not in rules))

    for visit in range(1, MOST_COUNTS):
        machine.interrupt(vmstat.count_vm_event, visit, look)
    on.touch(on.a, at, on.nr + 3)
    return {"the mapped page is found": seen[0][0], "I13 holds": seen[0][1]}


def text_made_writable(machine: Machine) -> Observation:
    """A's text stands at a fixed address. A reads it, makes it writable, as text relocation does, and writes."""
    on = Stage(machine)
    at = on.fixed(on.a)
    on.touch(on.a, at, on.nr + 3)
    allowed = on.a.mprotect(at, on.inode.i_size, RW)
    return {
        "mprotect": allowed,
        "A writes": on.touch(on.a, at, on.nr + 3, Access.WRITE),
    }
