"""Searching: the next entry that is present, the next one inside a range, and how a search is paused.

``max`` is always the last index that may be found, inclusive.

Models: lib/xarray.c, include/linux/xarray.h (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray import entries, state, walk
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry
from thpkit.kernel.xarray.state import XAS_BOUNDS, XAS_RESTART, XaState


@primitive
def xas_advance(xas: XaState) -> None:
    """Move to the following slot of the present node; the index becomes the first one of that slot.

    Models: lib/xarray.c: xas_advance (v5.4).
    """
    xas.xa_offset = xas.xa_offset + 1
    state.xas_move_index(xas, xas.xa_offset)


def xas_find(xas: XaState, max: int) -> Entry:
    """The next entry that is present, at an index up to ``max``.

    On a fresh cursor the search includes its index. A cursor that stands on a slot regards it as done and
    goes on behind it. Siblings are skipped, zero and retry entries are not. The first step of a fresh cursor
    is a load, so a multi-index cursor over small entries finds the *link to a node*.

    A lockless reader checks the result with ``xas_retry``.

    Returns:
        The entry; the cursor's index is then its first index, or the index asked for if that lies inside
        it. None if there is none: XAS_BOUNDS at the end of the tree and beyond ``max``; still in a node if
        ``max`` came first.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_find (v5.4). Left out: nothing.
    Differs from v5.3: at XAS_BOUNDS, and with an index beyond ``max``, the result is None at once.
    """
    if state.xas_error(xas) or xas.xa_node is XAS_BOUNDS:
        return None
    if xas.xa_index > max:
        xas.xa_node = XAS_BOUNDS
        return None

    if xas.xa_node is None:
        # The lone entry at index 0 has been returned before.
        xas.xa_index = 1
        xas.xa_node = XAS_BOUNDS
        return None
    elif xas.xa_node is XAS_RESTART:
        entry = walk.xas_load(xas)
        if entry is not None or not state.xas_is_node(xas):
            return entry
    elif (
        state.node_of(xas).shift == 0
        and xas.xa_offset != xas.xa_index & units.XA_CHUNK_MASK
    ):
        # The index was moved inside a multi-slot entry: go on behind the index, not behind the slot.
        xas.xa_offset = ((xas.xa_index - 1) & units.XA_CHUNK_MASK) + 1

    xas_advance(xas)
    while xas.xa_node is not None and xas.xa_index <= max:
        node = state.node_of(xas)
        if xas.xa_offset == units.XA_CHUNK_SIZE:
            xas.xa_offset = node.offset + 1
            xas.xa_node = node.parent
            continue
        entry = node.slots[xas.xa_offset]
        if entries.xa_is_node(entry):
            xas.xa_node = entry
            xas.xa_offset = 0
            continue
        if entry is not None and not entries.xa_is_sibling(entry):
            return entry
        xas_advance(xas)

    if xas.xa_node is None:
        xas.xa_node = XAS_BOUNDS
    return None


def xas_next_entry(xas: XaState, max: int) -> Entry:
    """The same as :func:`xas_find`, with a short way through the slots of one leaf.

    Locks: entry i_pages or RCU; never sleeps.
    Models: include/linux/xarray.h: xas_next_entry (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.xas_not_node(node):
        return xas_find(xas, max)
    if node.shift != 0 or xas.xa_offset != xas.xa_index & units.XA_CHUNK_MASK:
        return xas_find(xas, max)

    while True:
        if xas.xa_index >= max:
            return xas_find(xas, max)
        if xas.xa_offset == units.XA_CHUNK_MASK:
            return xas_find(xas, max)
        entry = node.slots[xas.xa_offset + 1]
        if entries.xa_is_internal(entry):
            return xas_find(xas, max)
        xas.xa_offset = xas.xa_offset + 1
        xas.xa_index = xas.xa_index + 1
        if entry is not None:
            return entry


def xas_find_conflict(xas: XaState) -> Entry:
    """The next entry that is present anywhere in the cursor's range; call again for the one after it.

    Unlike :func:`xas_find` this goes down to the leaves however wide the cursor is. A result may be wider
    than the range and reach beyond it.

    Returns:
        The entry; None once the range holds no further one. The cursor is then on the first slot of the
        range if its node exists; on the head if the range is larger than the tree; XAS_BOUNDS if the tree
        does not reach the index.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_find_conflict (v5.4). Left out: nothing.
    """
    if state.xas_error(xas):
        return None
    if xas.xa_node is None:
        return None

    if state.xas_top(xas.xa_node):
        entry = walk.xas_start(xas)
        if entry is None:
            return None
        while entries.xa_is_node(entry):
            entry = walk.xas_descend(xas, entry)
        if entry is not None:
            return entry

    if state.node_of(xas).shift > xas.xa_shift:
        return None

    while True:
        node = state.node_of(xas)
        if node.shift == xas.xa_shift:
            if xas.xa_offset & xas.xa_sibs == xas.xa_sibs:
                break
        elif xas.xa_offset == units.XA_CHUNK_MASK:
            xas.xa_offset = node.offset
            xas.xa_node = node.parent
            # The whole tree is smaller than the range, and there is nothing to its right.
            if xas.xa_node is None:
                break
            continue
        xas.xa_offset = xas.xa_offset + 1
        entry = node.slots[xas.xa_offset]
        if entries.xa_is_sibling(entry):
            continue
        while entries.xa_is_node(entry):
            xas.xa_node = entry
            xas.xa_offset = 0
            entry = entry.slots[0]
        if entry is not None:
            return entry

    xas.xa_offset = xas.xa_offset - xas.xa_sibs
    return None


def xas_pause(xas: XaState) -> None:
    """Prepare the cursor for changes of the tree.

    Its next search starts at the head, behind the present entry. To be called before the lock or RCU section
    of the iteration is left. Nothing for a cursor that is nowhere.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_pause (v5.4). Left out: nothing.
    Differs from v5.3: behind the highest index the place becomes XAS_BOUNDS; v5.3 started again at index 0.
    """
    node = xas.xa_node
    if state.nowhere(node):
        return
    if node is None:
        xas.xa_index = xas.xa_index + 1
        xas.xa_node = XAS_RESTART
        return

    xas.xa_node = XAS_RESTART
    offset = xas.xa_offset + 1
    while offset < units.XA_CHUNK_SIZE:
        if not entries.xa_is_sibling(node.slots[offset]):
            break
        offset = offset + 1
    xas.xa_index = (xas.xa_index + (offset - xas.xa_offset << node.shift)) & ULONG_MAX
    if xas.xa_index == 0:
        xas.xa_node = XAS_BOUNDS
