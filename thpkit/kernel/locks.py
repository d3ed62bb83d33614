"""Locks, their documented order, and the rules about what may happen under them.

Every function here is a primitive: one indivisible act, never stepped into. Each checks the rules of its
context first: no sleeping under a spinlock, with irqs off or inside an RCU section; locks in the documented
order; nothing released that is not held.

Models: include/linux/spinlock.h, rwsem.h, rcupdate.h, pagemap.h, the lock-order comments at the head of
mm/filemap.c and mm/rmap.c, kernel/locking/lockdep.c (v5.3).
Left out: contention, fairness, lock splitting, RCU grace periods (readers see freed nodes, as real ones may).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Final, Protocol

from thpkit.kernel import current, splat
from thpkit.kernel.flags import PG_locked
from thpkit.kernel.kobject import KDict, KObject, kstruct, primitive
from thpkit.kernel.sched import Held, Task

if TYPE_CHECKING:
    from thpkit.kernel.page import Page

LOCK_ORDER: Final = {
    "i_rwsem": 10,
    "mmap_sem": 20,
    "page lock": 30,
    "i_mmap_rwsem": 40,
    "ptl": 50,
    "lru_lock": 60,
    "i_pages": 70,
    "split_queue_lock": 80,
}
"""Rank of each lock class: a lock may only be taken while every held one ranks lower. The i_pages lock is
the innermost of the mm locks of this era; only leaf locks go inside it."""

IRQ_SAFE: Final = frozenset({"i_pages", "lru_lock", "split_queue_lock"})
"""Classes that interrupts take as well: holding one needs irqs off."""


class Scheduling(Protocol):
    """How a task waits. One CPU has nobody to wait for; simulated CPUs hand over to another task."""

    def wait_until(self, condition: Callable[[], bool], what: str, holder: str) -> None:
        """Return once ``condition`` holds.

        Raises:
            Deadlock: nobody can make it hold.
        """

    def point(self, operation: str, target: KObject) -> None:
        """Called before each lock operation: a place where CPUs may switch."""

    def relax(self, what: str) -> None:
        """A lockless loop is about to try again, because of ``what``; somebody else must change it first.

        Raises:
            Deadlock: nobody else can.
        """


class OneCpu:
    """The default scheduling: a wait that is not satisfied at once can never be."""

    def wait_until(self, condition: Callable[[], bool], what: str, holder: str) -> None:
        """Return if ``condition`` holds already; otherwise nobody else runs who could make it hold."""
        if not condition():
            raise splat.Deadlock(
                f"{current.task()} waits for {what}, {holder}; on this one CPU nobody else can run, "
                "so it waits for ever"
            )

    def point(self, operation: str, target: KObject) -> None:
        """Nothing to switch to."""

    def relax(self, what: str) -> None:
        """The loop would see the same again, for ever."""
        raise splat.Deadlock(
            f"{current.task()} tries again and again: {what}; on this one CPU nothing changes it"
        )


@kstruct
class SpinLock(KObject):
    """A lock whose holder must not sleep. ``cls`` names its class in :data:`LOCK_ORDER`."""

    cls: str
    owner: Task | None = None


@kstruct
class RwSem(KObject):
    """A sleeping lock: many readers or one writer."""

    cls: str
    writer: Task | None = None
    readers: KDict[int, Task] = field(default_factory=KDict)
    """Reading tasks by pid."""


# ---- the lock-order validator ---------------------------------------------------------------------------


def _held_by(lock: KObject) -> Task | None:
    """The task that holds ``lock``, or None."""
    for task in current.kernel.tasks.values():
        if any(held.lock is lock for held in task.holds()):
            return task
    return None


def _acquired(lock: KObject, cls: str, mode: str) -> None:
    """Note that the running task now holds ``lock``."""
    task = current.task()
    task.held_locks[task.lockdep_depth] = Held(lock, cls, mode)
    task.lockdep_depth = task.lockdep_depth + 1


def _released(lock: KObject, mode: str = "write") -> bool:
    """Forget that the running task holds ``lock`` in this mode; False, with a splat, if it does not."""
    task = current.task()
    wanted = [held.lock is lock and held.mode == mode for held in task.holds()]
    if not any(wanted):
        splat.report(
            "unlock of a lock not held",
            f"{task} releases {lock}, which it does not hold for {'reading' if mode == 'read' else 'writing'}",
        )
        return False
    last = task.lockdep_depth - 1
    for at in range(last - wanted[::-1].index(True), last):
        task.held_locks[at] = task.held_locks[at + 1]
    task.held_locks[last] = None
    task.lockdep_depth = last
    return True


def _check_order(lock: KObject, cls: str) -> None:
    """Splat if taking ``lock`` now breaks the documented order, or the rule about irqs."""
    cpu = current.kernel.cpu
    task = cpu.task
    if task.lockdep_depth == 0 and cls in IRQ_SAFE and cpu.irqs_disabled:
        return
    for held in task.holds():
        if held.lock is lock:
            raise splat.Deadlock(
                f"{task} takes {lock}, which it holds already: it waits for itself for ever"
            )
        if LOCK_ORDER[held.cls] >= LOCK_ORDER[cls]:
            splat.report(
                "lock order",
                f"{task} takes {lock} ({cls}) while holding {held.lock} ({held.cls}); "
                f"the documented order takes {cls} first",
            )
    if cls in IRQ_SAFE and not current.cpu().irqs_disabled:
        splat.report(
            "irq-safe lock with irqs on",
            f"{task} takes {lock} ({cls}) with irqs enabled; an interrupt that takes it would wait for ever",
        )
    if cls not in IRQ_SAFE and current.cpu().irqs_disabled:
        inner = next((held for held in task.holds() if held.cls in IRQ_SAFE), None)
        if inner is not None:
            splat.report(
                "irq lock inversion",
                f"{task} takes {lock} ({cls}), elsewhere held with irqs on, inside {inner.lock} ({inner.cls})",
            )


@primitive
def might_sleep(what: str) -> None:
    """Splat unless this context may sleep: no spinlock, irqs on, outside RCU."""
    cpu = current.cpu()
    if cpu.preempt_count == 0 and not cpu.irqs_disabled and cpu.rcu_depth == 0:
        return
    held = ", ".join(held.lock.kname for held in cpu.task.holds()) or "nothing"
    splat.report(
        "sleeping function called from invalid context",
        f"{cpu.task} may sleep in {what} with preempt_count {cpu.preempt_count}, "
        f"irqs {'off' if cpu.irqs_disabled else 'on'}, rcu depth {cpu.rcu_depth}, holding {held}",
    )


@primitive
def cpu_relax(what: str) -> None:
    """Before a lockless loop tries again: let somebody else run who can change ``what``."""
    current.kernel.scheduling.relax(what)


# ---- spinlocks ------------------------------------------------------------------------------------------


@primitive
def spin_lock(lock: SpinLock) -> None:
    """Take ``lock``; preemption is off until it is released."""
    kernel = current.kernel
    kernel.scheduling.point("spin_lock", lock)
    _check_order(lock, lock.cls)
    if lock.owner is not None:
        holder = f"which {lock.owner} holds"
        kernel.scheduling.wait_until(lambda: lock.owner is None, str(lock), holder)
    cpu = kernel.cpu
    cpu.preempt_count = cpu.preempt_count + 1
    lock.owner = cpu.task
    _acquired(lock, lock.cls, "write")


@primitive
def spin_unlock(lock: SpinLock) -> None:
    """Release ``lock``."""
    current.kernel.scheduling.point("spin_unlock", lock)
    if _released(lock):
        lock.owner = None
        current.cpu().preempt_count = current.cpu().preempt_count - 1


@primitive
def spin_lock_irq(lock: SpinLock) -> None:
    """Turn irqs off and take ``lock``. Expects irqs on: the release turns them on again."""
    current.cpu().irqs_disabled = True
    spin_lock(lock)


@primitive
def spin_unlock_irq(lock: SpinLock) -> None:
    """Release ``lock`` and turn irqs on."""
    spin_unlock(lock)
    current.cpu().irqs_disabled = False


@primitive
def spin_lock_irqsave(lock: SpinLock) -> bool:
    """Turn irqs off and take ``lock``; return whether irqs were off before."""
    before = current.cpu().irqs_disabled
    current.cpu().irqs_disabled = True
    spin_lock(lock)
    return before


@primitive
def spin_unlock_irqrestore(lock: SpinLock, irqs_were_disabled: bool) -> None:
    """Release ``lock`` and put the irq state back to what :func:`spin_lock_irqsave` returned."""
    spin_unlock(lock)
    current.cpu().irqs_disabled = irqs_were_disabled


# ---- read-copy-update, reduced to its context rule --------------------------------------------------------


@primitive
def rcu_read_lock() -> None:
    """Enter a section in which freed nodes stay readable and sleeping is forbidden."""
    cpu = current.kernel.cpu
    cpu.rcu_depth = cpu.rcu_depth + 1


@primitive
def rcu_read_unlock() -> None:
    """Leave the section."""
    cpu = current.kernel.cpu
    if cpu.rcu_depth == 0:
        splat.report(
            "unlock of a lock not held",
            f"{current.task()} leaves an RCU section it is not in",
        )
        return
    cpu.rcu_depth = cpu.rcu_depth - 1


# ---- sleeping locks -------------------------------------------------------------------------------------


@primitive
def down_read(sem: RwSem) -> None:
    """Take ``sem`` for reading. May sleep."""
    current.kernel.scheduling.point("down_read", sem)
    might_sleep(f"down_read({sem})")
    _check_order(sem, sem.cls)
    holder = f"which {sem.writer} holds for writing"
    current.kernel.scheduling.wait_until(lambda: sem.writer is None, str(sem), holder)
    sem.readers[current.task().pid] = current.task()
    _acquired(sem, sem.cls, "read")


@primitive
def up_read(sem: RwSem) -> None:
    """Release a read hold of ``sem``."""
    current.kernel.scheduling.point("up_read", sem)
    if _released(sem, "read"):
        del sem.readers[current.task().pid]


@primitive
def down_write(sem: RwSem) -> None:
    """Take ``sem`` for writing. May sleep."""
    current.kernel.scheduling.point("down_write", sem)
    might_sleep(f"down_write({sem})")
    _check_order(sem, sem.cls)
    holders = ", ".join(
        str(task) for task in ([sem.writer] if sem.writer else sem.readers.values())
    )
    current.kernel.scheduling.wait_until(
        lambda: sem.writer is None and not sem.readers,
        str(sem),
        f"which {holders} holds",
    )
    sem.writer = current.task()
    _acquired(sem, sem.cls, "write")


@primitive
def up_write(sem: RwSem) -> None:
    """Release a write hold of ``sem``."""
    current.kernel.scheduling.point("up_write", sem)
    if _released(sem):
        sem.writer = None


# ---- the page lock: bit PG_locked of the head ------------------------------------------------------------


def _lock_word(page: Page) -> Page:
    """The page whose flag word holds the lock bit: the head, for every sub-page of a compound page."""
    return page if page.compound_head is None else page.compound_head


def _wait_for_page(word: Page) -> None:
    """Wait until the lock bit is clear."""
    if not word.flags >> PG_locked & 1:
        return
    owner = _held_by(word)
    holder = (
        f"which {owner} holds"
        if owner
        else "whose lock bit was set by somebody who is gone"
    )
    current.kernel.scheduling.wait_until(
        lambda: not word.flags >> PG_locked & 1, f"the page lock of {word}", holder
    )


@primitive
def trylock_page(page: Page) -> bool:
    """Take the page lock if it is free; never sleeps. A tail stands for its head."""
    word = _lock_word(page)
    current.kernel.scheduling.point("trylock_page", word)
    if word.flags >> PG_locked & 1:
        return False
    word.flags = word.flags | 1 << PG_locked
    _acquired(word, "page lock", "write")
    return True


@primitive
def lock_page(page: Page) -> None:
    """Take the page lock, sleeping until it is free. A tail stands for its head."""
    word = _lock_word(page)
    current.kernel.scheduling.point("lock_page", word)
    might_sleep(f"lock_page({word})")
    _check_order(word, "page lock")
    _wait_for_page(word)
    word.flags = word.flags | 1 << PG_locked
    _acquired(word, "page lock", "write")


@primitive
def unlock_page(page: Page) -> None:
    """Clear PG_locked and wake the waiters. Who took the lock does not matter: an I/O completion may do this.

    Splats if the page is not locked.
    """
    word = _lock_word(page)
    current.kernel.scheduling.point("unlock_page", word)
    if not word.flags >> PG_locked & 1:
        splat.report(
            "unlock of a page not locked",
            f"{current.task()} unlocks {word}, which is not locked",
        )
        return
    word.flags = word.flags & ~(1 << PG_locked)
    if any(held.lock is word for held in current.task().holds()):
        _released(word)
        return
    owner = _held_by(word)
    if owner is not None:
        _forget_for(owner, word)


def _forget_for(owner: Task, lock: KObject) -> None:
    """Drop ``lock`` from another task's list: its I/O completed here."""
    kept = [held for held in owner.holds() if held.lock is not lock]
    for at, held in enumerate(kept):
        owner.held_locks[at] = held
    for at in range(len(kept), owner.lockdep_depth):
        owner.held_locks[at] = None
    owner.lockdep_depth = len(kept)


@primitive
def set_page_locked_nonatomic(page: Page) -> None:
    """__SetPageLocked: a plain write of the flag word, legal only while nobody else can see the page."""
    page.flags = page.flags | 1 << PG_locked
    if not any(held.lock is page for held in current.task().holds()):
        _acquired(page, "page lock", "write")


@primitive
def clear_page_locked_nonatomic(page: Page) -> None:
    """__ClearPageLocked: undo of :func:`set_page_locked_nonatomic` on a page nobody has seen."""
    page.flags = page.flags & ~(1 << PG_locked)
    if _held_by(page) is current.task():
        _released(page)


@primitive
def wait_on_page_locked(page: Page) -> None:
    """Sleep until nobody holds the page lock; does not take it."""
    word = _lock_word(page)
    might_sleep(f"wait_on_page_locked({word})")
    _wait_for_page(word)
