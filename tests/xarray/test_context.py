"""Memory and locks: where a call may sleep, which lock it takes, and what a failed allocation does."""

from __future__ import annotations

import errno

import pytest

from tests.xarray.shapes import (
    fail_allocation,
    fail_without_sleeping,
    new_array,
    pointer,
)
from thpkit.kernel import xarray
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.flags import Gfp
from thpkit.kernel.init import Kernel
from thpkit.kernel.locks import SpinLock
from thpkit.kernel.splat import SplatError


def starved_cursor(kernel: Kernel) -> xarray.XaState:
    """A cursor whose last operation ran out of memory."""
    fail_allocation(kernel, 1)
    xas = xarray.XA_STATE_ORDER(new_array(), 512, 9)
    xarray.xas_create_range(xas)
    assert xarray.xas_error(xas) == -errno.ENOMEM
    return xas


def test_sleeping_allocation_under_the_lock_splats(kernel: Kernel) -> None:
    xas = starved_cursor(kernel)
    xarray.xas_lock_irq(xas)
    with pytest.raises(SplatError, match="may sleep in kmem_cache_alloc"):
        xarray.xas_nomem(xas, Gfp.KERNEL)


def test_waiting_allocation_is_not_needed_under_the_lock(kernel: Kernel) -> None:
    xas = starved_cursor(kernel)
    xarray.xas_lock_irq(xas)
    assert xarray.xas_nomem(xas, Gfp.NOWAIT)
    xarray.xas_unlock_irq(xas)


def test_nomem_without_an_error_never_sleeps(kernel: Kernel) -> None:
    xas = xarray.XA_STATE(new_array(), 5)
    xarray.xas_lock_irq(xas)
    assert not xarray.xas_nomem(xas, Gfp.KERNEL)
    xarray.xas_unlock_irq(xas)


def test_failed_allocation_leaves_the_error(kernel: Kernel) -> None:
    xas = starved_cursor(kernel)
    fail_allocation(kernel, 1)
    assert not xarray.xas_nomem(xas, Gfp.KERNEL)
    assert xarray.xas_error(xas) == -errno.ENOMEM


def test_normal_store_drops_the_lock_to_allocate(kernel: Kernel) -> None:
    xa = new_array()
    fail_without_sleeping(kernel)
    page = pointer(700)
    assert xarray.xa_store(xa, 700, page, Gfp.KERNEL) is None
    assert xarray.xa_load(xa, 700) is page
    assert xa.xa_lock.owner is None
    assert not kernel.cpu.irqs_disabled
    result = xarray.xa_store(xa, 5000, page, Gfp.NOWAIT)
    assert xarray.xa_is_err(result)
    assert xarray.xa_err(result) == -errno.ENOMEM


def test_failures_of_the_two_plans_are_counted_apart(kernel: Kernel) -> None:
    fail_without_sleeping(kernel)
    kernel.fail_plans["xa_node"] = FailPlan("fail:xa_node", skip=0, count=1)
    result = xarray.xa_store(new_array(), 700, pointer(700), Gfp.NOWAIT)
    assert xarray.xa_err(result) == -errno.ENOMEM
    assert kernel.fail_plans["xa_node"].failed == 0
    assert kernel.fail_plans[xarray.NOWAIT_SITE].failed == 2


def test_array_whose_lock_ignores_interrupts(kernel: Kernel) -> None:
    lock = SpinLock("plain.xa_lock", cls="ptl")
    xa = xarray.XArray("plain", xa_lock=lock)
    page = pointer(9)
    xarray.xa_store(xa, 9, page, Gfp.KERNEL)
    xarray.xa_lock(xa)
    assert not kernel.cpu.irqs_disabled
    xarray.xa_unlock(xa)
    assert xarray.xa_erase(xa, 9) is page


def test_irqsave_restores_what_was(kernel: Kernel) -> None:
    xa = new_array()
    kernel.cpu.irqs_disabled = True
    before = xarray.xa_lock_irqsave(xa)
    xarray.xa_unlock_irqrestore(xa, before)
    assert kernel.cpu.irqs_disabled
    kernel.cpu.irqs_disabled = False
    xarray.xa_destroy(xa)
    assert not kernel.cpu.irqs_disabled


def test_entries_of_the_array_itself_are_refused(kernel: Kernel) -> None:
    with pytest.raises(SplatError, match="may not be stored"):
        xarray.xa_store(new_array(), 1, xarray.RETRY_ENTRY, Gfp.KERNEL)


def test_names_follow_the_order_of_creation(kernel: Kernel) -> None:
    xa = new_array()
    xarray.xa_store(xa, 700, pointer(700), Gfp.KERNEL)
    assert [node.kname for node, _first in xarray.walk_nodes(xa)] == [
        "xa_node#1",
        "xa_node#2",
    ]
    assert kernel.xa_nodes == 2


def test_value_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="value entry holds"):
        xarray.xa_mk_value(1 << 63)
