"""Handing out identifiers: the lowest free index of a range. Arrays must have been made with XA_FLAGS_ALLOC.

Models: lib/xarray.c: __xa_alloc, __xa_alloc_cyclic; include/linux/xarray.h: xa_alloc (v5.4).
"""

from __future__ import annotations

import errno
from typing import NamedTuple

from thpkit.kernel import splat
from thpkit.kernel.flags import Gfp
from thpkit.kernel.xarray import (
    alloc,
    api,
    entries,
    find_marked,
    locking,
    marks,
    nodes,
    state,
    store,
)
from thpkit.kernel.xarray.entries import ZERO_ENTRY, Entry
from thpkit.kernel.xarray.nodes import XA_FLAGS_ALLOC_WRAPPED, XA_FREE_MARK, XArray
from thpkit.kernel.xarray.state import XAS_RESTART, XaState


class XaLimit(NamedTuple):
    """The identifiers that may be handed out, both ends included; at most 32 bits (struct xa_limit)."""

    max: int = (1 << 32) - 1
    min: int = 0


def xa_alloc(xa: XArray, entry: Entry, limit: XaLimit, gfp: Gfp) -> tuple[int, int]:
    """Find the lowest free index within ``limit`` and store ``entry`` there; None reserves it.

    Returns:
        0 and the index; or a negative errno and 0: -EBUSY (none is free), -ENOMEM, -EINVAL (not an
        allocating array).

    Locks: takes i_pages; may sleep.
    Models: include/linux/xarray.h: xa_alloc (v5.4). Left out: nothing.
    Differs: the kernel stores the index through a pointer.
    """
    xas = state.XA_STATE(xa, 0)
    locking.xas_lock_type(xas)
    answer = __xa_alloc(xas, entry, limit, gfp)
    locking.xas_unlock_type(xas)
    return answer


def __xa_alloc(xas: XaState, entry: Entry, limit: XaLimit, gfp: Gfp) -> tuple[int, int]:
    """The same as :func:`xa_alloc`, for a caller that holds the lock; it may be dropped meanwhile.

    Locks: entry i_pages; takes i_pages (again, after sleeping); may sleep.
    Models: lib/xarray.c: __xa_alloc (v5.4). Left out: nothing.
    Differs: the kernel makes the cursor itself; here it serves the lock functions of the caller too.
    """
    if splat.WARN_ON(entries.xa_is_advanced(entry), api.NOT_STORABLE):
        return -errno.EINVAL, 0
    if splat.WARN_ON(
        not nodes.xa_track_free(xas.xa),
        "identifiers need an array that tracks free slots",
    ):
        return -errno.EINVAL, 0
    if entry is None:
        entry = ZERO_ENTRY

    found = 0
    state.xas_reset(xas)
    while True:
        xas.xa_index = limit.min
        find_marked.xas_find_marked(xas, limit.max, XA_FREE_MARK)
        if xas.xa_node is XAS_RESTART:
            state.xas_set_err(xas, -errno.EBUSY)
        else:
            found = xas.xa_index
        store.xas_store(xas, entry)
        marks.xas_clear_mark(xas, XA_FREE_MARK)
        if not alloc.__xas_nomem(xas, gfp):
            break
    error = state.xas_error(xas)
    if error:
        return error, 0
    return 0, found


def xa_alloc_cyclic(
    xa: XArray, entry: Entry, limit: XaLimit, next: int, gfp: Gfp
) -> tuple[int, int, int]:
    """As :func:`xa_alloc`, but search from ``next`` on first and only then from the beginning of ``limit``.

    Returns:
        0, or 1 if the search has wrapped; the index; and the ``next`` for the following call. Or a negative
        errno, 0, and ``next`` as it was.

    Locks: takes i_pages; may sleep.
    Models: lib/xarray.c: __xa_alloc_cyclic (v5.4); include/linux/xarray.h: xa_alloc_cyclic (v5.4). Left out: nothing.
    Differs: the kernel stores both through pointers.
    """
    xas = state.XA_STATE(xa, 0)
    start = XaLimit(limit.max, max(limit.min, next))
    locking.xas_lock_type(xas)
    error, found = __xa_alloc(xas, entry, start, gfp)
    wrapped = 0
    if error == 0 and xa.xa_flags & XA_FLAGS_ALLOC_WRAPPED:
        xa.xa_flags = xa.xa_flags & ~XA_FLAGS_ALLOC_WRAPPED
        wrapped = 1
    if error < 0 and start.min > limit.min:
        error, found = __xa_alloc(xas, entry, limit, gfp)
        wrapped = 1
    if error == 0:
        next = (found + 1) & 0xFFFF_FFFF
        if next == 0:
            xa.xa_flags = xa.xa_flags | XA_FLAGS_ALLOC_WRAPPED
    locking.xas_unlock_type(xas)
    if error < 0:
        return error, 0, next
    return wrapped, found, next
