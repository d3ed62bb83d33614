"""Scenes about mmap: where a mapping is placed, and what it may become."""

from __future__ import annotations

from thpkit.kernel import fs, units
from thpkit.kernel.flags import MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import File
from thpkit.kernel.machine import Machine
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.patch.scene import RW, RX, Observation, Stage, outcome


def only_readable(machine: Machine) -> Observation:
    """A maps the file readable, not executable: data that nobody writes."""
    on = Stage(machine)
    return {"aligned": on.map(on.a, Prot.READ) % on.block == 0}


def open_for_writing(machine: Machine) -> Observation:
    """A opens the file for reading and writing and maps it like text."""
    on = Stage(machine)
    return {"aligned": on.map(on.a, mode=OpenFlags.RDWR) % on.block == 0}


def never_writable_again(machine: Machine) -> Observation:
    """A maps the file like text, private, and asks for write access later: its own copy would be written."""
    on = Stage(machine)
    at = on.map(on.a)
    return {"mprotect": outcome(lambda: on.a.mprotect(at, on.block, RW))}


def memory_without_a_file(machine: Machine) -> Observation:
    """A asks for anonymous memory, readable and executable, as a compiler at run time does, and makes it writable."""
    on = Stage(machine)
    kind = MapFlags.PRIVATE | MapFlags.ANONYMOUS
    at = on.a.mmap(2 * on.block, RX, kind)
    return {"mprotect": outcome(lambda: on.a.mprotect(at, on.block, RW))}


def file_that_chooses(machine: Machine) -> Observation:
    """The file comes from a driver that has its own idea of where it must be mapped."""
    on = Stage(machine)
    place = on.place(on.a, beyond=2)

    def drivers_area(
        file: File, addr: VirtAddr, length: int, pgoff: Pgoff, flags: MapFlags
    ) -> int:
        return place

    on.inode.i_fop = fs.FileOperations(
        "driver_operations", fs.huge_file_mmap, drivers_area
    )
    return {"where the driver said": on.map(on.a) == place}


def congruent_not_aligned(machine: Machine) -> Observation:
    """A maps two blocks of the file from its second page on: the right address is one page above a boundary."""
    on = Stage(machine)
    at = on.map(on.a, blocks=2, offset=1)
    fits = ((at >> units.PAGE_SHIFT) - 1) % on.nr == 0
    return {"address": hex(at), "a huge page can lie there": fits}


def fixed_and_chosen(machine: Machine) -> Observation:
    """A maps the file twice like text: where the kernel wants, and at a fixed place that is aligned as well."""
    on = Stage(machine)
    chosen, fixed = on.map(on.a), on.fixed(on.a)
    first = outcome(lambda: on.a.mprotect(chosen, on.block, RW))
    second = outcome(lambda: on.a.mprotect(fixed, on.block, RW))
    return {"treated alike": first == second}


def ordinary_file(machine: Machine) -> Observation:
    """The file is on an ordinary file system, which has no huge pages at all. A maps it like text."""
    on = Stage(machine)
    at = on.map(on.a)
    allowed = outcome(lambda: on.a.mprotect(at, on.block, RW))
    return {"aligned": at % on.block == 0, "mprotect": allowed}


def shared_taken_for_private(machine: Machine) -> Observation:
    """A maps a file that it may write as *shared*, by the newer number for that, readable and executable."""
    on = Stage(machine)
    kind = MapFlags.SHARED_VALIDATE
    at = on.map(on.a, kind=kind, mode=OpenFlags.RDWR)
    return {"mprotect": outcome(lambda: on.a.mprotect(at, on.block, RW))}
