"""The normal interface: single calls that need no cursor, take the lock themselves, and may sleep.

A failed operation returns an :class:`~thpkit.kernel.xarray.entries.XaError` where an entry is expected, or a
negative errno where a number is. Reserved slots (zero entries) are shown as None.

Every function that changes the array takes its lock with irqs off if the array's flags say so; the kernel
has separate ``_irq`` and ``_bh`` forms for that. With a gfp that allows sleeping, none may be called with a
spinlock held.

Models: lib/xarray.c, include/linux/xarray.h (v5.4).
"""

from __future__ import annotations

import errno

from thpkit.kernel import locks, splat
from thpkit.kernel.flags import Gfp
from thpkit.kernel.xarray import (
    alloc,
    create,
    entries,
    locking,
    marks,
    nodes,
    ranges,
    state,
    store,
    walk,
)
from thpkit.kernel.xarray.entries import ZERO_ENTRY, Entry, XaError
from thpkit.kernel.xarray.nodes import XA_FREE_MARK, XArray
from thpkit.kernel.xarray.state import XaState

NOT_STORABLE = "a sibling or retry entry may not be stored"


def xa_load(xa: XArray, index: int) -> Entry:
    """The entry at ``index``, or None.

    The caller must keep what it finds alive.

    Locks: takes RCU; never sleeps.
    Models: lib/xarray.c: xa_load (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    locks.rcu_read_lock()
    while True:
        entry = walk.xas_load(xas)
        if entries.xa_is_zero(entry):
            entry = None
        if not state.xas_retry(xas, entry):
            break
    locks.rcu_read_unlock()
    return entry


def xas_result(xas: XaState, curr: Entry) -> Entry:
    """What the normal interface says after an operation that found ``curr``: the error if there was one.

    Locks: none; never sleeps.
    Models: lib/xarray.c: xas_result (v5.4). Left out: nothing.
    """
    if entries.xa_is_zero(curr):
        return None
    if isinstance(xas.xa_node, XaError):
        return xas.xa_node
    return curr


# ---- storing --------------------------------------------------------------------------------------------


def xa_store(xa: XArray, index: int, entry: Entry, gfp: Gfp) -> Entry:
    """Store ``entry`` at ``index``; None erases, or reserves where free slots are tracked.

    Returns:
        What was there, or an error: -ENOMEM; -EINVAL for entries that only the XArray itself makes.

    Locks: takes i_pages; may sleep.
    Models: lib/xarray.c: xa_store, __xa_store (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    if splat.WARN_ON(entries.xa_is_advanced(entry), NOT_STORABLE):
        return XaError(errno.EINVAL)
    if nodes.xa_track_free(xa) and entry is None:
        entry = ZERO_ENTRY

    locking.xas_lock_type(xas)
    while True:
        curr = store.xas_store(xas, entry)
        if nodes.xa_track_free(xa):
            marks.xas_clear_mark(xas, XA_FREE_MARK)
        if not alloc.__xas_nomem(xas, gfp):
            break
    locking.xas_unlock_type(xas)
    return xas_result(xas, curr)


def xa_erase(xa: XArray, index: int) -> Entry:
    """Remove the entry at ``index``, over its whole width, and return it.

    Locks: takes i_pages; never sleeps.
    Models: lib/xarray.c: xa_erase, __xa_erase (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    locking.xas_lock_type(xas)
    curr = store.xas_store(xas, None)
    locking.xas_unlock_type(xas)
    return xas_result(xas, curr)


def xa_insert(xa: XArray, index: int, entry: Entry, gfp: Gfp) -> int:
    """Store ``entry`` at ``index`` if nothing is there; None reserves the slot.

    Returns:
        0, or -EBUSY (occupied, if only reserved), -ENOMEM, -EINVAL.

    Locks: takes i_pages; may sleep.
    Models: lib/xarray.c: __xa_insert (v5.4); include/linux/xarray.h: xa_insert (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    if splat.WARN_ON(entries.xa_is_advanced(entry), NOT_STORABLE):
        return -errno.EINVAL
    if entry is None:
        entry = ZERO_ENTRY

    locking.xas_lock_type(xas)
    while True:
        curr = walk.xas_load(xas)
        if curr is None:
            store.xas_store(xas, entry)
            if nodes.xa_track_free(xa):
                marks.xas_clear_mark(xas, XA_FREE_MARK)
        else:
            state.xas_set_err(xas, -errno.EBUSY)
        if not alloc.__xas_nomem(xas, gfp):
            break
    locking.xas_unlock_type(xas)
    return state.xas_error(xas)


def xa_cmpxchg(xa: XArray, index: int, old: Entry, entry: Entry, gfp: Gfp) -> Entry:
    """Store ``entry`` at ``index`` if ``old`` is what it holds.

    Returns:
        What was there (equal to ``old`` if the store happened), or an error: -ENOMEM, -EINVAL.

    Locks: takes i_pages; may sleep.
    Models: lib/xarray.c: __xa_cmpxchg (v5.4); include/linux/xarray.h: xa_cmpxchg (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    if splat.WARN_ON(entries.xa_is_advanced(entry), NOT_STORABLE):
        return XaError(errno.EINVAL)

    locking.xas_lock_type(xas)
    while True:
        curr = walk.xas_load(xas)
        if curr == old:
            store.xas_store(xas, entry)
            if nodes.xa_track_free(xa) and entry is not None:
                marks.xas_clear_mark(xas, XA_FREE_MARK)
        if not alloc.__xas_nomem(xas, gfp):
            break
    locking.xas_unlock_type(xas)
    return xas_result(xas, curr)


def xa_reserve(xa: XArray, index: int, gfp: Gfp) -> int:
    """Make sure that a later store at ``index`` needs no memory; an entry that is there stays.

    Returns:
        0 or -ENOMEM.

    Locks: takes i_pages; may sleep.
    Models: include/linux/xarray.h: xa_reserve (v5.4). Left out: nothing.
    """
    return entries.xa_err(xa_cmpxchg(xa, index, None, ZERO_ENTRY, gfp))


def xa_release(xa: XArray, index: int) -> None:
    """Give up a reservation that was not used; an entry that is there stays.

    Locks: takes i_pages; never sleeps.
    Models: include/linux/xarray.h: xa_release (v5.4). Left out: nothing.
    """
    xa_cmpxchg(xa, index, ZERO_ENTRY, None, Gfp.NONE)


def xa_store_range(xa: XArray, first: int, last: int, entry: Entry, gfp: Gfp) -> Entry:
    """Store one entry over the indices ``first`` to ``last``, inclusive, in as few wide pieces as possible.

    A piece that could not be stored for lack of memory is tried again; pieces stored before stay.

    Returns:
        None, or an error: -ENOMEM; -EINVAL for an internal entry or an empty range.

    Locks: takes i_pages; may sleep.
    Models: lib/xarray.c: xa_store_range (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, 0)
    if splat.WARN_ON(
        entries.xa_is_internal(entry),
        "an internal entry may not be stored over a range",
    ):
        return XaError(errno.EINVAL)
    if last < first:
        return XaError(errno.EINVAL)

    while True:
        locking.xas_lock_type(xas)
        if entry is not None:
            state.xas_set_order(xas, last, ranges.alignment_order(last + 1))
            create.xas_create(xas, True)
        while not state.xas_error(xas):
            ranges.xas_set_range(xas, first, last)
            store.xas_store(xas, entry)
            if state.xas_error(xas):
                break
            first = first + state.xas_size(xas)
            if first > last:
                break
        locking.xas_unlock_type(xas)
        if not alloc.xas_nomem(xas, gfp):
            break
    return xas_result(xas, None)


def xa_destroy(xa: XArray) -> None:
    """Empty the array and free its nodes. What the entries point to is the caller's business.

    Locks: takes i_pages; never sleeps.
    Models: lib/xarray.c: xa_destroy (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, 0)
    xas.xa_node = None
    irqs_were_disabled = locking.xas_lock_irqsave(xas)
    entry = xa.xa_head
    xa.xa_head = None
    marks.xas_init_marks(xas)
    if nodes.xa_zero_busy(xa):
        nodes.xa_mark_clear(xa, XA_FREE_MARK)
    if entries.xa_is_node(entry):
        store.xas_free_nodes(xas, entry)
    locking.xas_unlock_irqrestore(xas, irqs_were_disabled)


# ---- marks ----------------------------------------------------------------------------------------------


def xa_get_mark(xa: XArray, index: int, mark: int) -> bool:
    """Whether the entry at ``index`` carries ``mark``.

    Locks: takes RCU; never sleeps.
    Models: lib/xarray.c: xa_get_mark (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    found = False
    locks.rcu_read_lock()
    entry = walk.xas_start(xas)
    while marks.xas_get_mark(xas, mark):
        if not entries.xa_is_node(entry):
            found = True
            break
        entry = walk.xas_descend(xas, entry)
    locks.rcu_read_unlock()
    return found


def xa_set_mark(xa: XArray, index: int, mark: int) -> None:
    """Set ``mark`` on the entry at ``index``, if there is one.

    Locks: takes i_pages; never sleeps.
    Models: lib/xarray.c: xa_set_mark, __xa_set_mark (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    locking.xas_lock_type(xas)
    entry = walk.xas_load(xas)
    if entry is not None:
        marks.xas_set_mark(xas, mark)
    locking.xas_unlock_type(xas)


def xa_clear_mark(xa: XArray, index: int, mark: int) -> None:
    """Clear ``mark`` on the entry at ``index``, if there is one.

    Locks: takes i_pages; never sleeps.
    Models: lib/xarray.c: xa_clear_mark, __xa_clear_mark (v5.4). Left out: nothing.
    """
    xas = state.XA_STATE(xa, index)
    locking.xas_lock_type(xas)
    entry = walk.xas_load(xas)
    if entry is not None:
        marks.xas_clear_mark(xas, mark)
    locking.xas_unlock_type(xas)
