"""What the scenes of the defects are played on: a machine with one file and two processes, and words for results.

A scene is a function of a machine that returns an *observation*: a few named plain values. It runs on any version and
in both geometries; it counts in pages and blocks, never in numbers of its own.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from thpkit.kernel import (
    filemap,
    flags,
    fs,
    locks,
    pgtable,
    splat,
    units,
    xarray,
)
from thpkit.kernel.content import Block, Private, Stale, Zero
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import AddressSpace, Inode
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import REAL, Geometry, VirtAddr
from thpkit.kernel.variant import Variant

Value: TypeAlias = bool | int | str | tuple[str, ...] | None
Observation: TypeAlias = dict[str, Value]
"""What a scene saw, by name."""

Act: TypeAlias = Callable[[Machine], Observation]
"""A scene."""

PATH: Final = "/bin/app"
RX: Final = Prot.READ | Prot.EXEC
RW: Final = Prot.READ | Prot.WRITE
TOP: Final = 0x7FFFF7FFF000
"""Where the real-size processes place mappings, downwards: not a block boundary, as in life."""


@dataclass(frozen=True)
class Setting:
    """What a scene is played on."""

    blocks: int = 2
    """Length of the file, in huge pages."""
    huge: bool = True
    """Whether the file is on the file system that offers the huge fault."""
    fills: bool = True
    """Whether that file system's ->readpage fills the whole huge page; most fill 4 KiB."""
    debug: bool = False
    """Whether the kernel is built with CONFIG_DEBUG_VM."""

    def config(self, geometry: Geometry = REAL) -> Config:
        """How the machine is built: it notes broken rules and goes on, as a kernel does."""
        return Config(geometry=geometry, on_splat=OnSplat.LOG, debug_vm=self.debug)

    def boot(self, machine: Machine) -> None:
        """Make the file and the two processes."""
        real = machine.config.geometry is REAL
        with machine.installed():
            block = units.HPAGE_PMD_SIZE
        inode = machine.create(PATH, self.blocks * block, huge=self.huge)
        if not self.fills:
            mapping = fs.inode_mapping(inode)
            mapping.a_ops = fs.AddressSpaceOperations(
                "generic_aops", fs.simple_readpage
            )
            mapping.flags = 0
        machine.spawn("A", mmap_base=TOP if real else None)
        machine.spawn("B", mmap_base=TOP if real else None)

    def machine(self, variant: Variant, geometry: Geometry = REAL) -> Machine:
        """A booted machine of that version."""
        machine = Machine(variant, self.config(geometry))
        self.boot(machine)
        return machine


class Stage:
    """A booted machine, with short ways to act on it and to look at it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.a = machine.processes["A"]
        self.b = machine.processes["B"]
        self.inode: Inode = machine.kernel.inodes[PATH]
        with machine.installed():
            self.nr = units.HPAGE_PMD_NR
            self.page = units.PAGE_SIZE
            self.block = units.HPAGE_PMD_SIZE

    # ---- acting -----------------------------------------------------------------------------------------

    def map(
        self,
        who: Process,
        prot: Prot = RX,
        *,
        kind: MapFlags = MapFlags.PRIVATE,
        mode: OpenFlags = OpenFlags.RDONLY,
        blocks: int | None = None,
        offset: int = 0,
        addr: int = 0,
    ) -> int:
        """Open the file and map it; ``blocks`` is the length, ``offset`` is in pages. The address or an errno."""
        fd = who.open(PATH, mode)
        length = (self.inode.i_size if blocks is None else blocks * self.block) or 1
        return who.mmap(length, prot, kind, fd, offset * self.page, addr)

    def place(self, who: Process, beyond: int = 0) -> int:
        """An address with room below everything else: a block boundary, or ``beyond`` pages above one."""
        top = who.mm.mmap_base // self.block * self.block
        return top - 4 * self.block - self.inode.i_size + beyond * self.page

    def fixed(self, who: Process, prot: Prot = RX, beyond: int = 0) -> int:
        """Map the whole file at a place of our own choosing; see :meth:`place`."""
        kind = MapFlags.PRIVATE | MapFlags.FIXED
        return self.map(who, prot, kind=kind, addr=self.place(who, beyond))

    def touch(
        self, who: Process, start: int, index: int, access: Access = Access.READ
    ) -> str:
        """Access a page of a mapping that starts at ``start``; what came of it, in words."""
        return outcome(lambda: who.touch(start + index * self.page, access))

    def unmap(self, who: Process, start: int) -> str:
        """Unmap the whole file; what came of it, in words."""
        return outcome(lambda: who.munmap(start, self.inode.i_size))

    def cut(self, who: Process, length: int = 0) -> str:
        """Truncate the file; what came of it, in words."""
        return outcome(lambda: who.truncate(PATH, length))

    def during_read(self, call: Callable[[], object]) -> None:
        """Let others act once the file system has read the huge page, before the fault goes on."""
        self._at_one_of((locks.wait_on_page_locked, locks.lock_page), call)

    def before_entering(self, call: Callable[[], object]) -> None:
        """Let others act when the huge page exists and the cache has not been looked at for the last time."""
        self._at_one_of(
            (locks.wait_on_page_locked, filemap.thp_add_to_page_cache), call
        )

    def _at_one_of(
        self, functions: tuple[Callable[..., object], ...], call: Callable[[], object]
    ) -> None:
        """Let others act before the first call of whichever of these functions comes first: versions differ."""
        done: list[bool] = []

        def once(_machine: Machine) -> None:
            if not done:
                done.append(True)
                call()

        for function in functions:
            self.machine.interrupt(function, 1, once)

    # ---- looking ----------------------------------------------------------------------------------------

    @property
    def mapping(self) -> AddressSpace:
        """The file's page cache."""
        return fs.inode_mapping(self.inode)

    def gauge(self, name: str) -> int:
        """A counter of the machine."""
        return self.machine.counters().get(name, 0)

    def cached(self, index: int) -> Page | None:
        """The page at an index of the file's cache."""
        with self.machine.installed():
            entry = xarray.xa_load(self.mapping.i_pages, index)
        return entry if isinstance(entry, Page) else None

    def pages(self) -> list[Page]:
        """Heads and small pages that were ever allocated, in order."""
        memmap = self.machine.kernel.zone.memmap.values()
        return [page for page in memmap if not page.kname.partition("+")[2]]

    def huge_at(self, who: Process, addr: int) -> bool:
        """Whether one huge entry maps the address."""
        with self.machine.installed():
            word = pgtable.entry_val(pgtable.walk(who.mm, VirtAddr(addr))[-1])
        return bool(word & flags.PAGE_PSE)

    def writable_at(self, who: Process, addr: int) -> bool:
        """Whether the entry that maps the address lets the CPU write."""
        with self.machine.installed():
            word = pgtable.entry_val(pgtable.walk(who.mm, VirtAddr(addr))[-1])
        return bool(word & flags.PAGE_RW)

    def nodes(self) -> int:
        """XArray nodes that are allocated."""
        return self.machine.kernel.xa_nodes

    def rules(self, *wanted: str) -> tuple[str, ...]:
        """Rules that were broken so far, each once, in order; only the ``wanted`` ones if any are named."""
        found: dict[str, None] = {}
        for each in self.machine.kernel.splats.values():
            if not wanted or each.rule in wanted:
                found[each.rule] = None
        return tuple(found)

    def reports(self, rule: str) -> list[str]:
        """The sentences of one rule."""
        splats = self.machine.kernel.splats.values()
        return [each.sentence for each in splats if each.rule == rule]


def outcome(call: Callable[[], object]) -> str:
    """What a call came to, in words: a content, a signal, an errno, or what became of the machine."""
    try:
        return words(call())
    except splat.EndlessRefault:
        return "faults for ever"
    except splat.Deadlock:
        return "waits for ever"
    except splat.KernelBug:
        return "kernel bug"


def words(result: object) -> str:
    """A result in words."""
    if isinstance(result, Block):
        return f"page {result.pgoff}" + (f" v{result.version}" * bool(result.version))
    if isinstance(result, Zero):
        return "zeroes"
    if isinstance(result, Stale):
        return "stale memory"
    if isinstance(result, Private):
        return "private copy"
    if isinstance(result, Signal):
        return result.name
    if isinstance(result, int) and not isinstance(result, bool):
        return errno.errorcode[-result] if result < 0 else str(result)
    return str(result)
