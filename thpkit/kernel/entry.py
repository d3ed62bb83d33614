"""The way into the kernel: what happens around every system call and page fault.

Models: arch/x86/entry/common.c: the checks on return to user space.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Final, TypeVar

from thpkit.kernel import current, splat
from thpkit.kernel.sched import Task
from thpkit.kernel.variant import code_of

F = TypeVar("F", bound=Callable[..., object])

SYSTEM_CALLS: Final[dict[CodeType, str]] = {}
"""Code of every system call and of the page fault, with its name: where a recording begins a section."""


def system_call(function: F) -> F:
    """Declare a function as an entry from user space; recordings begin a section at each of its calls."""
    SYSTEM_CALLS[code_of(function)] = function.__name__
    return function


def return_to_user(task: Task) -> None:
    """Splat if ``task`` goes back to user space holding a lock, with irqs off, or inside an RCU section."""
    held = task.holds()
    if held:
        names = ", ".join(f"{each.lock} ({each.cls})" for each in held)
        splat.report(
            "lock held when returning to user space", f"{task} still holds {names}"
        )
    cpu = current.cpu()
    if cpu.irqs_disabled or cpu.preempt_count or cpu.rcu_depth:
        splat.report(
            "return to user space in atomic context",
            f"{task} returns with irqs {'off' if cpu.irqs_disabled else 'on'}, "
            f"preempt_count {cpu.preempt_count}, rcu depth {cpu.rcu_depth}",
        )
