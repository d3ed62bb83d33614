"""Waiting for locks, and what may be held on the way back to user space: DESIGN §3, I11 of FACTS §12.1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kernel.support import PATH, Scene
from thpkit.kernel import entry, locks, memory, page_alloc, rmap
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp, VmFault
from thpkit.kernel.locks import RwSem, SpinLock
from thpkit.kernel.machine import Machine
from thpkit.kernel.mm_types import VmFaultInfo
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Deadlock, SplatError
from thpkit.kernel.variant import Variant, replaces


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


# ---- waiting --------------------------------------------------------------------------------------------


def test_waiting_for_oneself(machine: Machine) -> None:
    """Deadlock sentences name the task and the lock."""
    page, sem = new_page(), RwSem("some sem", cls="mmap_sem")
    lock = SpinLock("some ptl", cls="ptl")
    locks.down_write(sem)
    with pytest.raises(Deadlock, match="A takes some sem, which it holds already"):
        locks.down_read(sem)
    locks.lock_page(page)
    with pytest.raises(Deadlock, match=r"A takes page#\d+, which it holds already"):
        locks.lock_page(page)
    locks.spin_lock(lock)
    with pytest.raises(Deadlock, match="A takes some ptl, which it holds already"):
        locks.spin_lock(lock)


def test_waiting_for_another() -> None:
    """DESIGN §3: an interruption that would have to wait is a deadlock with a sentence."""
    scene = Scene()
    start = scene.map(scene.a)
    scene.meanwhile(memory.finish_fault, lambda: scene.b.truncate(PATH, 0))
    with pytest.raises(Deadlock, match=r"B waits for the page lock of page#1, which A"):
        scene.touch(scene.a, start, 0)


def test_readers_share_and_writers_do_not() -> None:
    """Two readers of a semaphore get in; a writer waits for both."""
    scene = Scene()
    sem = RwSem("some sem", cls="mmap_sem")
    third = scene.machine.spawn("C")
    kernel = scene.machine.kernel
    with scene.machine.installed():
        for who in (scene.a, scene.b):
            kernel.cpu.task = who.task
            locks.down_read(sem)
        kernel.cpu.task = third.task
        with pytest.raises(Deadlock, match="C waits for some sem, which A, B holds"):
            locks.down_write(sem)


# ---- back to user space ---------------------------------------------------------------------------------


@replaces(memory.finish_fault)
def finish_fault(vmf: VmFaultInfo) -> VmFault:
    """Forgets to release the PTE lock (D16)."""
    assert vmf.page is not None
    return memory.alloc_set_pte(vmf, vmf.memcg, vmf.page)


def test_a_lock_held_at_return() -> None:
    """I11: locks held at return = locks held at entry."""
    scene = Scene(huge=False, variant=Variant("D16", functions=[finish_fault]))
    start = scene.map(scene.a)
    with pytest.raises(SplatError, match=r"lock held .*A still holds pte_table.*ptl"):
        scene.touch(scene.a, start, 0)


def test_irqs_off_or_rcu_at_return(machine: Machine) -> None:
    """I11: irqs restored, no RCU section left open."""
    cpu = machine.kernel.cpu
    entry.return_to_user(cpu.task)
    locks.rcu_read_lock()
    with pytest.raises(SplatError, match="rcu depth 1"):
        entry.return_to_user(cpu.task)
    locks.rcu_read_unlock()
    cpu.irqs_disabled = True
    with pytest.raises(SplatError, match="irqs off"):
        entry.return_to_user(cpu.task)


def test_pte_rmap_of_an_unlocked_page_warns(machine: Machine) -> None:
    """FACTS §8.1: mapping a sub-page of a cached huge page by a PTE wants the page lock."""
    page = page_alloc.alloc_pages(Gfp.KERNEL | Gfp.COMP, 9)
    assert page is not None
    machine.create(PATH, 2 << 20)
    page.mapping = machine.kernel.inodes[PATH].i_mapping
    with pytest.raises(SplatError, match="without its page lock"):
        rmap.page_add_file_rmap(page_h.nth_page(page, 3), False)
