"""Lock order, contexts and waiting: FACTS §9 with CORRECTIONS A9."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.kernel.support import Scene
from thpkit.kernel import locks, page_alloc, pgtable, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp
from thpkit.kernel.locks import RwSem, SpinLock
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, OnSplat, SplatError

DOCUMENTED = [
    # FACTS §9.1 with A9: outer to inner. lru_lock is *outside* i_pages in this era; the split queue is a leaf.
    "i_rwsem",
    "mmap_sem",
    "page lock",
    "i_mmap_rwsem",
    "ptl",
    "lru_lock",
    "i_pages",
    "split_queue_lock",
]
SLEEPING = ("i_rwsem", "mmap_sem", "page lock", "i_mmap_rwsem")
IRQS_OFF = ("lru_lock", "i_pages", "split_queue_lock")


@pytest.fixture
def machine() -> Iterator[Machine]:
    """An installed machine on which splats stop, with a task that may hold locks."""
    machine = Machine()
    process = machine.spawn("A")
    with machine.installed():
        machine.kernel.cpu.task = process.task
        yield machine


def new_page() -> Page:
    page = page_alloc.alloc_pages(Gfp.KERNEL, 0)
    assert page is not None
    return page


def taker(cls: str) -> Callable[[], object]:
    """A function that takes a fresh lock of a class the way it is taken in the kernel."""
    if cls == "page lock":
        page = new_page()
        return lambda: locks.lock_page(page)
    if cls in SLEEPING:
        sem = RwSem(f"some {cls}", cls=cls)
        return lambda: locks.down_write(sem)
    lock = SpinLock(f"some {cls}", cls=cls)
    if cls in IRQS_OFF:
        return lambda: locks.spin_lock_irqsave(lock)
    return lambda: locks.spin_lock(lock)


# ---- order ----------------------------------------------------------------------------------------------


def test_the_order_is_the_documented_one() -> None:
    """FACTS §9.1, A9."""
    order = locks.LOCK_ORDER
    assert sorted(order, key=lambda cls: order[cls]) == DOCUMENTED


@pytest.mark.parametrize(
    ("outer", "inner"), list(itertools.combinations(DOCUMENTED, 2))
)
def test_pairs(machine: Machine, outer: str, inner: str) -> None:
    """Each pair in the documented order is accepted, in the other order refused."""
    first, second = taker(outer), taker(inner)
    first()
    second()
    assert not machine.kernel.splats
    machine.kernel.cpu.task.lockdep_depth = 0
    machine.kernel.cpu.preempt_count = 0
    machine.kernel.cpu.irqs_disabled = False
    third, fourth = taker(inner), taker(outer)
    third()
    with pytest.raises(SplatError, match=r"lock order|sleeping function"):
        fourth()


def test_a9_no_lru_lock_inside_i_pages(machine: Machine) -> None:
    """A9: a lock-order test built on the uncorrected text would accept this inversion."""
    taker("i_pages")()
    with pytest.raises(SplatError, match="lock order"):
        taker("lru_lock")()


def test_a9_split_takes_all_three(machine: Machine) -> None:
    """A9: split_huge_page takes lru_lock, then i_pages, then the split-queue lock."""
    for cls in ("lru_lock", "i_pages", "split_queue_lock"):
        taker(cls)()
    assert not machine.kernel.splats


def test_trylock_may_take_pages_in_any_number(machine: Machine) -> None:
    """FACTS §4.7: truncation holds up to 15 page locks, all by trylock; lock_page on a second one is an inversion."""
    first, second, third = new_page(), new_page(), new_page()
    assert locks.trylock_page(first) and locks.trylock_page(second)
    with pytest.raises(SplatError, match="lock order"):
        locks.lock_page(third)


# ---- context --------------------------------------------------------------------------------------------


def in_spinlock() -> None:
    locks.spin_lock(SpinLock("some ptl", cls="ptl"))


def in_irqs_off() -> None:
    locks.spin_lock_irq(SpinLock("some i_pages", cls="i_pages"))


@pytest.mark.parametrize("enter", [in_spinlock, in_irqs_off, locks.rcu_read_lock])
def test_no_sleeping_in_atomic_context(
    machine: Machine, enter: Callable[[], None]
) -> None:
    """FACTS §9.2: under a ptl, under i_pages, inside RCU: no page lock, no semaphore, no allocation that reclaims."""
    page, sem = new_page(), RwSem("some sem", cls="i_mmap_rwsem")
    enter()
    sleepers: list[Callable[[], object]] = [
        lambda: locks.lock_page(page),
        lambda: locks.wait_on_page_locked(page),
        lambda: locks.down_read(sem),
        lambda: locks.down_write(sem),
        lambda: page_alloc.alloc_pages(Gfp.KERNEL, 0),
        lambda: pgtable.alloc_table(pgtable.Level.PTE),
    ]
    for sleeper in sleepers:
        with pytest.raises(SplatError, match="sleeping function"):
            sleeper()
    assert locks.trylock_page(page), "trylock does not sleep"
    assert page_alloc.alloc_pages(Gfp.NOWAIT, 0) is not None


def test_xas_nomem_must_be_called_without_the_lock(machine: Machine) -> None:
    """FACTS §2.9: xas_nomem may sleep; calling it under the i_pages lock is D11."""
    xas = xarray.XA_STATE(xarray.page_cache_xarray("array"), 0)
    xarray.xas_set_err(xas, -12)
    locks.spin_lock_irq(xas.xa.xa_lock)
    with pytest.raises(SplatError, match="sleeping function"):
        xarray.xas_nomem(xas, Gfp.KERNEL)


def test_i_pages_wants_irqs_off(machine: Machine) -> None:
    """FACTS §9.1: taken from interrupt context too, hence irqs must be off while it is held."""
    with pytest.raises(SplatError, match="irq-safe lock with irqs on"):
        locks.spin_lock(SpinLock("some i_pages", cls="i_pages"))


def test_irqs_come_back(machine: Machine) -> None:
    """irqsave restores what it found; the irq form turns them on whatever was before."""
    cpu = machine.kernel.cpu
    outer, inner = SpinLock("lru", cls="lru_lock"), SpinLock("x", cls="i_pages")
    before = locks.spin_lock_irqsave(outer)
    nested = locks.spin_lock_irqsave(inner)
    assert (before, nested, cpu.preempt_count) == (False, True, 2)
    locks.spin_unlock_irqrestore(inner, nested)
    assert cpu.irqs_disabled
    locks.spin_unlock_irqrestore(outer, before)
    assert (cpu.irqs_disabled, cpu.preempt_count) == (False, 0)


def test_no_ptl_inside_i_pages(machine: Machine) -> None:
    """FACTS §9.1: no lock that is elsewhere held with irqs on may be taken inside i_pages (D12)."""
    logging = Machine(config=Config(on_splat=OnSplat.LOG))
    process = logging.spawn("A")
    with logging.installed():
        logging.kernel.cpu.task = process.task
        taker("i_pages")()
        taker("ptl")()
    rules = {splat.rule for splat in logging.kernel.splats.values()}
    assert rules == {"lock order", "irq lock inversion"}


# ---- releasing ------------------------------------------------------------------------------------------


def test_unlock_of_what_is_not_held(machine: Machine) -> None:
    """DESIGN §3 rule 6."""
    page, sem = new_page(), RwSem("some sem", cls="mmap_sem")
    with pytest.raises(SplatError, match="unlock of a page not locked"):
        locks.unlock_page(page)
    releases: list[Callable[[], None]] = [
        lambda: locks.spin_unlock(SpinLock("some ptl", cls="ptl")),
        lambda: locks.up_read(sem),
        lambda: locks.up_write(sem),
        locks.rcu_read_unlock,
    ]
    for release in releases:
        with pytest.raises(SplatError, match="unlock of a lock not held"):
            release()


@pytest.mark.parametrize("write", [True, False], ids=["write", "read"])
def test_the_mode_of_a_semaphore_counts(machine: Machine, write: bool) -> None:
    """up_read of a write hold, and the reverse, are unlocks of what is not held."""
    sem = RwSem("some sem", cls="mmap_sem")
    take, wrong = (
        (locks.down_write, locks.up_read)
        if write
        else (locks.down_read, locks.up_write)
    )
    take(sem)
    with pytest.raises(SplatError, match="unlock of a lock not held"):
        wrong(sem)


def test_somebody_else_may_unlock_a_page() -> None:
    """FACTS §9.2: the I/O completion unlocks what the submitter locked."""
    scene = Scene()
    kernel = scene.machine.kernel
    with scene.machine.installed():
        kernel.cpu.task = scene.a.task
        page = new_page()
        locks.lock_page(page)
        kernel.cpu.task = scene.b.task
        locks.unlock_page(page)
        assert not page_h.PageLocked(page)
    assert scene.a.task.holds() == []


def test_a_tail_is_locked_by_its_head(machine: Machine) -> None:
    """FACTS §3.2: trylock, lock and unlock redirect to the head."""
    page = page_alloc.alloc_pages(Gfp.KERNEL | Gfp.COMP, 9)
    assert page is not None
    assert locks.trylock_page(page_h.nth_page(page, 3))
    assert page_h.PageLocked(page)
    assert not locks.trylock_page(page_h.nth_page(page, 4))
    locks.unlock_page(page_h.nth_page(page, 5))
    assert not page_h.PageLocked(page)
