"""Tasks and CPUs: who runs, what it holds, and whether it may sleep.

Models: include/linux/sched.h, include/linux/preempt.h, kernel/locking/lockdep.c (v5.3).
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from thpkit.kernel.kobject import KArray, KDict, KObject, kstruct

if TYPE_CHECKING:
    from thpkit.kernel.fs import File
    from thpkit.kernel.mm_types import MmStruct

MAX_LOCK_DEPTH: Final = 48
"""Locks one task may hold at a time (the kernel's own limit)."""


class Held(NamedTuple):
    """One lock that a task holds."""

    lock: KObject
    """The spinlock, rwsem or page."""
    cls: str
    """Name of its class in :data:`~thpkit.kernel.locks.LOCK_ORDER`."""
    mode: str
    """``write`` or ``read``."""


@kstruct
class Task(KObject):
    """A thread of execution (struct task_struct).

    Left out: scheduling classes, priorities, credentials, signals other than the one that ends an access.
    """

    pid: int
    mm: MmStruct | None = None
    """Address space; None after exit and for the idle task."""
    files: KDict[int, File] | None = None
    """Open files by descriptor; None after exit."""
    maj_flt: int = 0
    """Faults that had to read from storage."""
    min_flt: int = 0
    """Faults that did not."""
    lockdep_depth: int = 0
    """How many entries of ``held_locks`` are in use."""
    held_locks: KArray[Held | None] = field(
        default_factory=lambda: KArray.filled(MAX_LOCK_DEPTH, None)
    )
    """What the task holds, in the order in which it was taken."""

    def holds(self) -> list[Held]:
        """The locks held now, outermost first."""
        return [
            held for held in self.held_locks[: self.lockdep_depth] if held is not None
        ]


@kstruct
class Cpu(KObject):
    """One CPU and its per-CPU words."""

    task: Task
    """The task that runs here: ``current``."""
    irqs_disabled: bool = False
    preempt_count: int = 0
    """Spinlocks held plus explicit preempt_disable calls; sleeping needs zero."""
    rcu_depth: int = 0
    """Nesting of rcu_read_lock."""
