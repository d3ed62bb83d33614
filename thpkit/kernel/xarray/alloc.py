"""Where nodes come from and where they go: the allocator, the node held in advance, and "try again".

A store happens under a spinlock, so it allocates without sleeping, and may fail. Then the caller drops the
lock, lets :func:`xas_nomem` allocate one node at leisure, and repeats the whole operation.

Models: lib/xarray.c (v5.4). Left out: the charge to the memory control group.
"""

from __future__ import annotations

import errno
from typing import Final

from thpkit.kernel import current, fault_inject, locks, units
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KArray, primitive
from thpkit.kernel.xarray import locking, state
from thpkit.kernel.xarray.nodes import (
    XA_FLAGS_ACCOUNT,
    XA_MAX_MARKS,
    XA_RCU_FREE,
    XaNode,
)
from thpkit.kernel.xarray.state import XAS_RESTART, XaState

NOWAIT_SITE: Final = "xa_node_nowait"
"""Key in ``kernel.fail_plans`` of a plan that strikes only node allocations that may not sleep. While it
makes one fail, the plan for ``xa_node`` is not asked."""


# ---- nodes ----------------------------------------------------------------------------


@primitive
def kmem_cache_alloc_node(gfp: Gfp) -> XaNode | None:
    """Allocate an empty node that is in no array yet; None if that fails.

    Sleeps if ``gfp`` allows reclaim. Counts as an attempt at the fault-injection site ``xa_node``, unless
    it may not sleep and the plan :data:`NOWAIT_SITE` makes it fail.

    Models: kmem_cache_alloc on radix_tree_node_cachep, as lib/xarray.c uses it (v5.4).
    """
    if gfp & Gfp.RECLAIM:
        locks.might_sleep("kmem_cache_alloc")
    elif fault_inject.should_fail(NOWAIT_SITE):
        return None
    if fault_inject.should_fail("xa_node"):
        return None
    current.kernel.xa_nodes = current.kernel.xa_nodes + 1
    return XaNode(
        current.new_name("xa_node"),
        slots=KArray.filled(units.XA_CHUNK_SIZE, None),
        marks=KArray.filled(XA_MAX_MARKS, 0),
    )


@primitive
def kmem_cache_free_node(node: XaNode) -> None:
    """Give back a node that never was in a tree. Models: kmem_cache_free, as lib/xarray.c uses it (v5.4)."""
    node.array = XA_RCU_FREE
    current.kernel.xa_nodes = current.kernel.xa_nodes - 1


@primitive
def xa_node_free(node: XaNode) -> None:
    """Free a node that was taken out of its tree. Readers that stand on it may go on reading it.

    Models: lib/xarray.c: xa_node_free (v5.4).
    """
    node.array = XA_RCU_FREE
    current.kernel.xa_nodes = current.kernel.xa_nodes - 1


# ---- nodes for a cursor ---------------------------------------------------------------


@primitive
def node_init(node: XaNode, xas: XaState, shift: int, parent: XaNode | None) -> None:
    """Make ``node`` an empty node of level ``shift`` below ``parent``: the last lines of ``xas_alloc``."""
    node.shift = shift
    node.count = 0
    node.nr_values = 0
    node.parent = parent
    node.array = xas.xa


def xas_alloc(xas: XaState, shift: int) -> XaNode | None:
    """A fresh node of level ``shift`` for the slot the cursor stands on (for the head: xa_node is None).

    Takes the node allocated ahead if there is one, else allocates without sleeping. The parent counts the new
    child at once; linking it into the slot is left to the caller.

    Returns:
        None if there is no memory (the cursor is then in error -ENOMEM), or if the cursor is nowhere.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_alloc (v5.4). Left out: the charge to the memory control group.
    """
    parent = xas.xa_node
    if state.nowhere(parent):
        return None
    node = xas.xa_alloc
    if node is not None:
        xas.xa_alloc = None
    else:
        gfp = Gfp.NOWAIT | Gfp.NOWARN
        if xas.xa.xa_flags & XA_FLAGS_ACCOUNT:
            gfp = gfp | Gfp.ACCOUNT
        node = kmem_cache_alloc_node(gfp)
        if node is None:
            state.xas_set_err(xas, -errno.ENOMEM)
            return None
    if parent is not None:
        node.offset = xas.xa_offset
        parent.count = parent.count + 1
        state.xas_update(xas, parent)
    node_init(node, xas, shift, parent)
    return node


def xas_destroy(xas: XaState) -> None:
    """Give back the node allocated ahead, if there is one.

    Locks: none; never sleeps.
    Models: lib/xarray.c: xas_destroy (v5.4). Left out: nothing.
    """
    node = xas.xa_alloc
    if node is None:
        return
    kmem_cache_free_node(node)
    xas.xa_alloc = None


def xas_nomem(xas: XaState, gfp: Gfp) -> bool:
    """After an operation, without the lock: if it ran out of memory, allocate a node and say "try again".

    Call it in a loop around lock, operation, unlock; the last call, which finds no error, gives back a node
    that was not used.

    Returns:
        True if the operation should be repeated; the cursor is reset and holds a node. False if it had
        another result than -ENOMEM, or if this allocation failed too (the cursor stays in error).

    Locks: none (the array's is dropped); may sleep.
    Models: lib/xarray.c: xas_nomem (v5.4). Left out: nothing.
    """
    if state.xas_error(xas) != -errno.ENOMEM:
        xas_destroy(xas)
        return False
    if xas.xa.xa_flags & XA_FLAGS_ACCOUNT:
        gfp = gfp | Gfp.ACCOUNT
    xas.xa_alloc = kmem_cache_alloc_node(gfp)
    if xas.xa_alloc is None:
        return False
    xas.xa_node = XAS_RESTART
    return True


def __xas_nomem(xas: XaState, gfp: Gfp) -> bool:
    """The same as ``xas_nomem``, for a caller that holds the lock: it is dropped while the allocation may sleep.

    Locks: entry i_pages; takes i_pages (again, after sleeping); may sleep.
    Models: lib/xarray.c: __xas_nomem (v5.4). Left out: nothing.
    """
    if state.xas_error(xas) != -errno.ENOMEM:
        xas_destroy(xas)
        return False
    if xas.xa.xa_flags & XA_FLAGS_ACCOUNT:
        gfp = gfp | Gfp.ACCOUNT
    if gfp & Gfp.RECLAIM:
        locking.xas_unlock_type(xas)
        xas.xa_alloc = kmem_cache_alloc_node(gfp)
        locking.xas_lock_type(xas)
    else:
        xas.xa_alloc = kmem_cache_alloc_node(gfp)
    if xas.xa_alloc is None:
        return False
    xas.xa_node = XAS_RESTART
    return True
