"""What happens when a rule is broken: splats, assertions and the conditions that stop a run.

A *splat* is a report: lockdep, a sleeping call in atomic context, bad page state. It is recorded as machine
state; ``Config.on_splat`` says whether the run then stops (``RAISE``: tests, the correct version) or goes on
as a production kernel would (``LOG``: the patch as posted). A *stop* ends the run always: BUG, deadlock, a
fault that changes nothing for ever, the step budget. Mistakes of a user program are neither: they get an errno
or a signal.

Models: lib/bug.c, kernel/locking/lockdep.c (reports only), include/linux/mmdebug.h (v5.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from thpkit.kernel import current
from thpkit.kernel.kobject import KObject, primitive
from thpkit.kernel.units import REAL, Geometry


class OnSplat(Enum):
    """What a broken rule does to the run."""

    RAISE = "raise"
    LOG = "log"


@dataclass(frozen=True)
class Splat:
    """One report of a broken rule, as it is kept in ``kernel.splats``."""

    rule: str
    """Short name of the rule: ``lock order``, ``sleep in atomic context``, ``bad page state`` …"""
    sentence: str
    """What happened, with the names and numbers."""
    silent: bool
    """True if a production kernel without debugging options would have said nothing."""


class ThpPolicy(Enum):
    """/sys/kernel/mm/transparent_hugepage/enabled."""

    ALWAYS = "always"
    MADVISE = "madvise"
    NEVER = "never"


@dataclass(frozen=True)
class Config:
    """How a machine is built and how strict it is."""

    geometry: Geometry = REAL
    """Sizes: real ones, or the small toy for property tests."""
    on_splat: OnSplat = OnSplat.RAISE
    debug_vm: bool = True
    """CONFIG_DEBUG_VM: whether VM_BUG_ON is checked."""
    thp: ThpPolicy = ThpPolicy.ALWAYS
    memcg_limit: int = 1 << 20
    """Pages the one control group may have charged (4 GiB)."""


class KernelStop(Exception):
    """The simulated kernel cannot go on. The message is a sentence for the reader."""


class KernelBug(KernelStop):
    """A BUG or an assertion that is fatal."""


class SplatError(KernelStop):
    """A splat, on a machine configured to stop at the first one."""


class Deadlock(KernelStop):
    """Somebody waits for what nobody can release."""


class EndlessRefault(KernelStop):
    """A fault handler returned, changed nothing, and the instruction would fault again for ever."""


class StepBudget(KernelStop):
    """The run took more steps than it was allowed."""


@primitive
def report(rule: str, sentence: str, *, silent: bool = True) -> None:
    """Record a splat; on a machine with ``OnSplat.RAISE`` stop the run.

    Raises:
        SplatError: the machine stops at splats.
    """
    splats = current.kernel.splats
    splats[len(splats) + 1] = Splat(rule, sentence, silent)
    if current.kernel.config.on_splat is OnSplat.RAISE:
        raise SplatError(f"{rule}: {sentence}")


@primitive
def BUG_ON(condition: bool, sentence: str) -> None:
    """Stop the run if ``condition`` holds.

    Raises:
        KernelBug: it held.
    """
    if condition:
        raise KernelBug(sentence)


@primitive
def VM_BUG_ON(condition: bool, sentence: str) -> None:
    """An assertion that only kernels with CONFIG_DEBUG_VM check (``Config.debug_vm``).

    Raises:
        KernelBug: it held and the machine has ``debug_vm``.
    """
    if condition and current.kernel.config.debug_vm:
        raise KernelBug(f"VM_BUG_ON: {sentence}")


@primitive
def VM_BUG_ON_PAGE(condition: bool, page: KObject, sentence: str) -> None:
    """:func:`VM_BUG_ON` about one page, which the message names."""
    if condition and current.kernel.config.debug_vm:
        raise KernelBug(f"VM_BUG_ON_PAGE({page}): {sentence}")


@primitive
def WARN_ON(condition: bool, sentence: str) -> bool:
    """Report if ``condition`` holds; return it, so that it can stand in an ``if``."""
    if condition:
        report("warning", sentence, silent=False)
    return condition
