"""Why anybody wants huge pages for files: one program, run on both file systems, counted.

The file is in the page cache already, because somebody ran the program before; a second process now reads every
page of it once. That is what happens to a shared library all day long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from thpkit.kernel import units
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.vmstat import VmEvent

FILE_SIZE: Final = 4 << 20
"""Bytes of the file that is read: two huge pages."""


@dataclass(frozen=True)
class Cost:
    """What reading the whole file costs the second process."""

    faults: int
    """Times the CPU had to enter the kernel."""
    tables: int
    """Page-table pages built for the mapping, below the top level."""
    entries: int
    """Translations that the CPU's TLB would need to hold the whole file."""


@dataclass(frozen=True)
class Why:
    """The same program on the two file systems."""

    small: Cost
    huge: Cost

    def lines(self) -> list[str]:
        """A table of four lines, for any screen."""
        rows = [
            ("page faults", self.small.faults, self.huge.faults),
            ("page-table pages", self.small.tables, self.huge.tables),
            ("TLB entries for all of it", self.small.entries, self.huge.entries),
        ]
        head = (
            f"{'a second process reads a cached 4 MiB file':44}{'4 KiB':>8}{'huge':>8}"
        )
        return [head, *(f"{name:44}{small:>8}{huge:>8}" for name, small, huge in rows)]


MEASURED: Final = Why(
    small=Cost(faults=65, tables=5, entries=1024),
    huge=Cost(faults=2, tables=2, entries=2),
)
"""What :func:`why` finds; a test runs it and compares. Screens show this, so that they need not wait."""


def why() -> Why:
    """Run the program on both file systems and count."""
    return Why(small=_cost(huge=False), huge=_cost(huge=True))


def _cost(huge: bool) -> Cost:
    machine = Machine()
    machine.create("/lib/libbig.so", size=FILE_SIZE, huge=huge)
    _read_all(machine.spawn("A"))
    before = machine.kernel.vmstat.events[VmEvent.PGFAULT]
    second = machine.spawn("B")
    _read_all(second)
    return Cost(
        faults=machine.kernel.vmstat.events[VmEvent.PGFAULT] - before,
        tables=second.mm.pgtables_bytes // units.PAGE_SIZE,
        entries=FILE_SIZE // (units.HPAGE_PMD_SIZE if huge else units.PAGE_SIZE),
    )


def _read_all(process: Process) -> None:
    """Map the file and read one byte of each page."""
    fd = process.open("/lib/libbig.so")
    start = process.mmap(FILE_SIZE, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd)
    for offset in range(0, FILE_SIZE, units.PAGE_SIZE):
        process.touch(start + offset)
