"""Random system calls of two processes on two files, with failures and with other tasks' calls in between.

A hypothesis state machine: after every call all invariants hold; after exit, close and truncate every gauge is zero.
What happened on the way is tallied, so that a test can assert that the interesting things did happen.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from thpkit.checks import broken
from thpkit.kernel import filemap, locks, page_alloc, units, xarray
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.splat import Config
from thpkit.kernel.units import REAL, SMALL, Geometry
from thpkit.kernel.variant import REF, Variant
from thpkit.kernel.vmstat import NodeStat, VmEvent

TALLY: Final[Counter[str]] = Counter()
"""What happened in all runs of this process, by name."""

PATHS: Final = ("/huge", "/small")
BLOCKS: Final = 3
"""Huge pages in the larger file; its last one may be only half there."""

TROUBLES: Final = (
    None,
    None,
    "page",
    "xa_node",
    "xa_node",
    "pgtable",
    "memcg",
    "read",
    "read",
)
"""What may fail under a fault."""

POINTS: Final[tuple[Callable[..., object], ...]] = (
    page_alloc.alloc_pages,
    filemap.thp_add_to_page_cache,
    xarray.xas_nomem,
    locks.lock_page,
    filemap.find_get_entry,
)
"""Where another task may act in the middle of a fault."""


class Calls(RuleBasedStateMachine):
    """Two processes that call whatever they like."""

    geometry: Geometry = SMALL
    variant: Variant = REF

    @initialize(cut=st.integers(0, 3))
    def boot(self, cut: int) -> None:
        """Two files and two processes."""
        self.machine = Machine(
            variant=self.variant, config=Config(geometry=self.geometry)
        )
        with self.machine.installed():
            self.page = units.PAGE_SIZE
            self.block = units.HPAGE_PMD_SIZE
            self.nr = units.HPAGE_PMD_NR
        size = BLOCKS * self.block - (self.block // 2 if cut else 0)
        self.machine.create("/huge", size=size)
        self.machine.create("/small", size=self.block, huge=False)
        self.serial = 0
        self.maps: list[tuple[Process, int, int]] = []
        self.alive = [self._program(), self._program()]

    def _spawn(self) -> Process:
        self.serial += 1
        return self.machine.spawn(f"P{self.serial}")

    def _program(self) -> Process:
        """A process that has both files open and the larger one mapped, as a program would."""
        who = self._spawn()
        for path in PATHS:
            who.open(path)
        self._map(
            who, BLOCKS * self.block, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, 3, 0
        )
        return who

    def _map(
        self,
        who: Process,
        length: int,
        prot: Prot,
        kind: MapFlags,
        fd: int,
        offset: int,
    ) -> None:
        result = who.mmap(length, prot, kind, fd, offset)
        if self._note(result):
            self.maps.append((who, result, length))

    def _who(self, n: int) -> Process:
        return self.alive[n % len(self.alive)]

    # ---- system calls ---------------------------------------------------------------------------------

    @rule(
        n=st.integers(0, 1),
        path=st.sampled_from(PATHS),
        rw=st.sampled_from([0, 0, 0, 2, 2, 0o1002]),
    )
    def open(self, n: int, path: str, rw: int) -> None:
        """Open a file, mostly for reading."""
        self._note(self._who(n).open(path, OpenFlags(rw)))

    @rule(n=st.integers(0, 1), at=st.integers(0, 6))
    def close(self, n: int, at: int) -> None:
        """Close any descriptor."""
        self._note(self._who(n).close(3 + at))

    @rule(
        n=st.integers(0, 1),
        at=st.integers(0, 2),
        pages=st.integers(1, 24),
        whole=st.booleans(),
        offset=st.sampled_from([0, 0, 0, 1, 4, 8]),
        prot=st.sampled_from([1, 1, 5, 3, 3, 7]),
        kind=st.sampled_from([1, 2, 2, 2, 3, 4]),
    )
    def mmap(
        self,
        n: int,
        at: int,
        pages: int,
        whole: bool,
        offset: int,
        prot: int,
        kind: int,
    ) -> None:
        """Map part of a file."""
        who = self._who(n)
        length = BLOCKS * self.block if whole else self._scaled(pages) * self.page
        where = self._scaled(offset) * self.page
        self._map(who, length, Prot(prot), MapFlags(kind), 3 + at, where)

    @precondition(lambda self: self.maps)
    @rule(
        which=st.integers(0, 9),
        page=st.integers(0, 24),
        access=st.sampled_from([1, 1, 1, 2, 2, 4]),
    )
    def touch(self, which: int, page: int, access: int) -> None:
        """Access mapped memory, or memory that was mapped once."""
        who, start, length = self.maps[which % len(self.maps)]
        if who not in self.alive:
            return
        mapped = who.mm.map_count
        result = who.touch(
            start + self._scaled(page) * self.page % length, Access(access)
        )
        if isinstance(result, Signal):
            TALLY[result.name] += 1
        assert who.mm.map_count == mapped

    @precondition(lambda self: self.maps)
    @rule(which=st.integers(0, 9), page=st.integers(0, 24), pages=st.integers(0, 24))
    def munmap(self, which: int, page: int, pages: int) -> None:
        """Unmap part of a mapping, or all of it."""
        who, start, length = self.maps[which % len(self.maps)]
        if who in self.alive:
            first = self._scaled(page) * self.page % length
            self._note(
                who.munmap(start + first, (self._scaled(pages) * self.page) or length)
            )

    @precondition(lambda self: self.maps)
    @rule(
        which=st.integers(0, 9),
        page=st.integers(0, 24),
        pages=st.integers(1, 24),
        prot=st.integers(0, 7),
    )
    def mprotect(self, which: int, page: int, pages: int, prot: int) -> None:
        """Change rights."""
        who, start, length = self.maps[which % len(self.maps)]
        if who in self.alive:
            first = self._scaled(page) * self.page % length
            self._note(
                who.mprotect(start + first, self._scaled(pages) * self.page, Prot(prot))
            )

    @rule(
        n=st.integers(0, 1),
        path=st.sampled_from(PATHS),
        pages=st.sampled_from([0, 5, 8, 11, 16, 20, 24]),
    )
    def truncate(self, n: int, path: str, pages: int) -> None:
        """Make a file shorter or longer."""
        self._note(self._who(n).truncate(path, self._scaled(pages) * self.page))

    @rule(
        n=st.integers(0, 1),
        at=st.integers(0, 2),
        page=st.integers(0, 24),
        count=st.integers(1, 3),
    )
    def read(self, n: int, at: int, page: int, count: int) -> None:
        """Read through the cache."""
        result = self._who(n).read(3 + at, self._scaled(page), count)
        if isinstance(result, int):
            self._note(result)

    @rule(n=st.integers(0, 1), at=st.integers(0, 2), page=st.integers(0, 24))
    def write(self, n: int, at: int, page: int) -> None:
        """Write through the cache."""
        self._note(self._who(n).write(3 + at, self._scaled(page) % (BLOCKS * self.nr)))

    @rule(n=st.integers(0, 1))
    def load_text(self, n: int) -> None:
        """Map a file as exec does."""
        who = self._who(n)
        result = who.load_text(3, self.block * 2)
        if self._note(result):
            self.maps.append((who, result, self.block * 2))

    @rule(n=st.integers(0, 1))
    def exit(self, n: int) -> None:
        """End a process and start another."""
        who = self._who(n)
        who.exit()
        self.alive[self.alive.index(who)] = self._program()

    # ---- trouble --------------------------------------------------------------------------------------

    @rule(
        site=st.sampled_from(
            ["page", "xa_node", "xa_node", "pgtable", "memcg", "read"]
        ),
        skip=st.integers(0, 8),
        count=st.integers(1, 6),
    )
    def fail(self, site: str, skip: int, count: int) -> None:
        """Let something fail soon."""
        self.machine.fail(site, skip=skip, count=count)

    @rule(
        n=st.integers(0, 1),
        trouble=st.sampled_from(TROUBLES),
        skip=st.integers(0, 6),
        count=st.integers(1, 8),
        where=st.sampled_from([None, *POINTS]),
        visit=st.integers(1, 2),
        what=st.integers(0, 6),
        page=st.integers(0, 23),
        shape=st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
    )
    def press(
        self,
        n: int,
        trouble: str | None,
        skip: int,
        count: int,
        where: Callable[..., object] | None,
        visit: int,
        what: int,
        page: int,
        shape: int,
    ) -> None:
        """Fault in an empty file with trouble on the way: something fails, or another task acts.

        Shape 1: the last block is only half there. 2: no whole block lies inside the mapping. 3: the first page of
        the block is cached already.
        """
        who = self._who(n)
        full = BLOCKS * self.block
        size = full - self.block // 2 if shape == 1 else full
        if who.truncate("/huge", 0) or who.truncate("/huge", size):
            return
        fd = who.open("/huge")
        length, offset = (self.block, self.page) if shape == 2 else (full, 0)
        start = who.mmap(length, Prot.READ | Prot.WRITE, MapFlags.PRIVATE, fd, offset)
        if not self._note(start):
            return
        self.maps.append((who, start, length))
        place = self._scaled(page) * self.page % length
        if shape == 3:
            who.read(fd, place // self.block * self.nr)
        if trouble is not None:
            self.machine.fail(trouble, skip=skip, count=count)
        if where is not None:
            self.machine.interrupt(
                where, visit, lambda machine: self._elsewhere(machine, what, page)
            )
        self._access(who, start + place, Access.READ)
        if shape == 0:
            other = self._who(n + 1)
            at = other.mmap(full, Prot.READ, MapFlags.PRIVATE, other.open("/huge"))
            if self._note(at):
                self.maps.append((other, at, full))
                self._access(other, at + place, Access.READ)
        self._access(who, start + place, Access.WRITE)

    def _access(self, who: Process, address: int, access: Access) -> None:
        """Touch memory and tally the signal if that is what comes of it."""
        result = who.touch(address, access)
        if isinstance(result, Signal):
            TALLY[result.name] += 1

    def _elsewhere(self, machine: Machine, what: int, page: int) -> None:
        """One call of a process of its own, unless it would have to wait for the one that is interrupted."""
        if self._would_wait():
            return
        TALLY[f"interruption {what}"] += 1
        other = self._spawn()
        place = self._scaled(page)
        fd = other.open("/huge", OpenFlags.RDWR if what == 3 else OpenFlags.RDONLY)
        if fd < 0:
            return
        if what == 2:
            other.truncate("/huge", place * self.page)
        elif what == 4:
            other.read(fd, place)
        elif what != 3:
            start = other.mmap(BLOCKS * self.block, Prot.READ, MapFlags.PRIVATE, fd)
            if start >= 0:
                other.touch(start + place * self.page)
        if what == 6:
            other.truncate("/huge", self.block)
        other.exit()

    def _would_wait(self) -> bool:
        """Whether the interrupted task holds what another may need: not mmap_sem, nor a page not cached yet."""
        held = [
            each for task in self.machine.kernel.tasks.values() for each in task.holds()
        ]
        return any(
            each.cls not in ("mmap_sem", "page lock")
            or getattr(each.lock, "mapping", None) is not None
            for each in held
        )

    # ---- what must hold -------------------------------------------------------------------------------

    def _scaled(self, pages: int) -> int:
        """Pages of the small geometry as pages of this one, so that blocks stay blocks."""
        return pages * self.nr // 8

    def _note(self, result: int) -> bool:
        """Tally an errno; True if the call worked."""
        if result < 0:
            TALLY[errno.errorcode[-result]] += 1
        return result >= 0

    @invariant()
    def everything_adds_up(self) -> None:
        """All checks, after every call."""
        if hasattr(self, "machine"):
            assert broken(self.machine.kernel) == []

    def teardown(self) -> None:
        """After exit, close and truncate nothing is left."""
        if not hasattr(self, "machine"):
            return
        events = self.machine.kernel.vmstat.events
        for event in (
            VmEvent.THP_FILE_ALLOC,
            VmEvent.THP_FILE_MAPPED,
            VmEvent.THP_SPLIT_PMD,
        ):
            TALLY[event.name] += events[event]
        self.machine.kernel.fail_plans = type(self.machine.kernel.fail_plans)()
        for process in self.alive:
            process.exit()
        last = self._spawn()
        for path in PATHS:
            assert last.truncate(path, 0) == 0
        last.exit()
        self.machine.drain()
        kernel = self.machine.kernel
        assert {
            s.name: kernel.vmstat.node[s] for s in NodeStat if kernel.vmstat.node[s]
        } == {}
        assert (kernel.memcg.charged, kernel.xa_nodes, len(kernel.zone.tables)) == (
            0,
            0,
            0,
        )


class RealCalls(Calls):
    """The same on real sizes."""

    geometry = REAL
