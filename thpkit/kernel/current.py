"""The kernel that is running: what C code reaches through globals and per-CPU variables.

:meth:`Machine.installed <thpkit.kernel.machine.Machine.installed>` sets ``kernel`` for the time of a call,
so that several machines can live side by side in one process. Kernel code reads ``current.kernel`` and never
stores it.

Models: arch/x86/include/asm/current.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel.kobject import primitive

if TYPE_CHECKING:
    from thpkit.kernel.init import Kernel
    from thpkit.kernel.mm_types import MmStruct
    from thpkit.kernel.sched import Cpu, Task

kernel: Kernel
"""Root of all state of the installed machine. Unset while no machine is installed."""


@primitive
def cpu() -> Cpu:
    """The CPU this code runs on."""
    return kernel.cpu


@primitive
def task() -> Task:
    """The task that runs on this CPU: the kernel's ``current``."""
    return kernel.cpu.task


@primitive
def mm() -> MmStruct:
    """The address space of the running task."""
    mm = kernel.cpu.task.mm
    assert mm is not None, (
        "the running task has no address space: it has exited, or it is the idle task"
    )
    return mm


@primitive
def new_name(kind: str) -> str:
    """A stable name for an object about to be created, for example ``xa_node#12``."""
    return kernel.namer.name(kind)
