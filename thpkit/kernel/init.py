"""Boot: the root of all kernel state, and making one kernel the running one.

Models: init/main.c, mm/mm_init.c, as far as a machine without devices needs them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, Final

from thpkit.kernel import current, swap, units
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.kobject import KArray, KDict, KObject, Namer, kstruct
from thpkit.kernel.locks import OneCpu, Scheduling
from thpkit.kernel.memcg import MemCgroup
from thpkit.kernel.page_alloc import Zone
from thpkit.kernel.sched import Cpu, Task
from thpkit.kernel.splat import Config, Splat
from thpkit.kernel.swap import Lruvec
from thpkit.kernel.vmstat import NodeStat, VmEvent, VmStat

if TYPE_CHECKING:
    from thpkit.kernel.fs import Inode
    from thpkit.kernel.mm_types import VmOperations

IDLE_PID: Final = 0


@kstruct
class Kernel(KObject):
    """Everything the kernel reaches through global variables: the root of a machine's state."""

    config: Config
    namer: Namer
    scheduling: Scheduling
    cpu: Cpu
    """The CPU that runs now."""
    tasks: KDict[int, Task] = field(default_factory=KDict)
    """Every task by pid; a task stays here after it has exited."""
    vmstat: VmStat
    memcg: MemCgroup
    zone: Zone
    lruvec: Lruvec
    inodes: KDict[str, Inode] = field(default_factory=KDict)
    """Files by path."""
    splats: KDict[int, Splat] = field(default_factory=KDict)
    """Reports of broken rules, in order, from 1."""
    fail_plans: KDict[str, FailPlan] = field(default_factory=KDict)
    """What is to fail, by site."""
    vm_operations: KDict[str, VmOperations] = field(default_factory=KDict)
    """Operation tables for file mappings, by kind of file system."""
    xa_nodes: int = 0
    """Live nodes of all XArrays."""


def start_kernel(config: Config) -> Kernel:
    """Build the state of a machine that has just booted: no process, no file, every counter zero."""
    with units.geometry(config.geometry):
        swapper = Task("swapper", pid=IDLE_PID)
        kernel = Kernel(
            "kernel",
            config=config,
            namer=Namer(),
            scheduling=OneCpu(),
            cpu=Cpu("cpu0", task=swapper),
            vmstat=VmStat(
                "vmstat",
                node=KArray.filled(len(NodeStat), 0),
                events=KArray.filled(len(VmEvent), 0),
            ),
            memcg=MemCgroup("memcg", limit=config.memcg_limit),
            zone=Zone("zone"),
            lruvec=swap.new_lruvec(),
        )
        kernel.tasks[IDLE_PID] = swapper
        return kernel


@contextmanager
def running(kernel: Kernel) -> Iterator[None]:
    """Make ``kernel`` the one that :mod:`~thpkit.kernel.current` names, with its geometry, for the block.

    Checks and views that call kernel functions on a machine, or on a reopened recording, stand in this block.
    """
    before = getattr(current, "kernel", None)
    if before is kernel:
        yield
        return
    with units.geometry(kernel.config.geometry):
        current.kernel = kernel
        try:
            yield
        finally:
            if before is None:
                del current.kernel
            else:
                current.kernel = before
