"""Small helpers with which tests build trees and look at them."""

from __future__ import annotations

from thpkit.kernel import xarray
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.flags import Gfp
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import KObject
from thpkit.kernel.xarray import XaNode, XArray, XaState
from thpkit.kernel.xarray.entries import Entry


def new_array() -> XArray:
    """An empty page-cache array."""
    return xarray.page_cache_xarray("i_pages#1")


def pointer(index: int) -> KObject:
    """Something to store: named after the index it is meant for."""
    return KObject(f"page@{index}")


def store_singly(xa: XArray, *indices: int) -> dict[int, KObject]:
    """Store one entry at each of the indices; return them by index."""
    stored = {index: pointer(index) for index in indices}
    for index, page in stored.items():
        assert xarray.xa_store(xa, index, page, Gfp.KERNEL) is None
    return stored


def store_block(xa: XArray, first: int, number: int = 512) -> dict[int, KObject]:
    """Store ``number`` separate entries from ``first`` on; return them by index."""
    return store_singly(xa, *range(first, first + number))


def store_wide(xa: XArray, index: int, order: int, entry: Entry) -> XaState:
    """One multi-index store; returns the cursor."""
    xas = xarray.XA_STATE_ORDER(xa, index, order)
    while True:
        xarray.xas_lock_irq(xas)
        xarray.xas_store(xas, entry)
        xarray.xas_unlock_irq(xas)
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            return xas


def create_range(xa: XArray, index: int, order: int = 9) -> XaState:
    """``xas_create_range`` once, without a second trip; returns the cursor."""
    xas = xarray.XA_STATE_ORDER(xa, index, order)
    xarray.xas_lock_irq(xas)
    xarray.xas_create_range(xas)
    xarray.xas_unlock_irq(xas)
    return xas


def fail_allocation(kernel: Kernel, number: int, count: int = 1) -> None:
    """Let the ``number``-th node allocation from now on fail, and ``count - 1`` after it."""
    kernel.fail_plans["xa_node"] = FailPlan(
        "fail:xa_node", skip=number - 1, count=count
    )


def fail_without_sleeping(kernel: Kernel, succeed: int = 0) -> None:
    """Let node allocations that may not sleep fail from now on, after ``succeed`` more."""
    site = xarray.NOWAIT_SITE
    kernel.fail_plans[site] = FailPlan("fail:nowait", skip=succeed, count=1 << 62)


def top(xa: XArray) -> XaNode:
    """The head, which must be a node."""
    return xarray.xa_to_node(xa.xa_head)


def child(node: XaNode, slot: int) -> XaNode:
    """What slot ``slot`` links to."""
    return xarray.xa_to_node(node.slots[slot])


def count_nodes(xa: XArray) -> int:
    """How many nodes the tree has."""
    return sum(1 for _ in xarray.walk_nodes(xa))


def used(node: XaNode) -> list[int]:
    """The slots of a node that are not NULL."""
    return [slot for slot, content in enumerate(node.slots) if content is not None]


def cursor(xas: XaState) -> tuple[int, int, int, object, int]:
    """Index, shift, sibs, node and offset of a cursor."""
    return xas.xa_index, xas.xa_shift, xas.xa_sibs, xas.xa_node, xas.xa_offset


def loads(xa: XArray, *indices: int) -> list[Entry]:
    """What a load of each index gives."""
    return [xarray.xa_load(xa, index) for index in indices]
