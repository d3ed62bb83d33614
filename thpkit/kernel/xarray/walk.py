"""Reading: from the head down to a slot, and from one index to its neighbour.

Models: lib/xarray.c, include/linux/xarray.h (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.xarray import entries, nodes, state
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry
from thpkit.kernel.xarray.nodes import XaNode
from thpkit.kernel.xarray.state import XAS_BOUNDS, XaState


def xas_reload(xas: XaState) -> Entry:
    """Read again what the cursor stands on: its slot, or the head. Never walks.

    Serves a lockless reader that has pinned what it found and asks whether it is still there. The cursor
    must be valid (on a slot or on the head).

    Locks: entry i_pages or RCU; never sleeps.
    Models: include/linux/xarray.h: xas_reload (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if node is None:
        return xas.xa.xa_head
    return state.node_of(xas).slots[xas.xa_offset]


def xas_start(xas: XaState) -> Entry:
    """The entry a walk begins with: what a valid cursor stands on, else the head.

    Returns:
        None for a cursor in error, and if the tree does not reach the index (the place is then XAS_BOUNDS).

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_start (v5.4). Left out: nothing.
    """
    if state.xas_valid(xas):
        return xas_reload(xas)
    if state.xas_error(xas):
        return None
    entry = xas.xa.xa_head
    if not entries.xa_is_node(entry):
        if xas.xa_index != 0:
            xas.xa_node = XAS_BOUNDS
            return None
    elif xas.xa_index >> entry.shift > units.XA_CHUNK_MASK:
        xas.xa_node = XAS_BOUNDS
        return None
    xas.xa_node = None
    return entry


def xas_descend(xas: XaState, node: XaNode) -> Entry:
    """Step into ``node``, to the slot of the cursor's index, and return what is there.

    A sibling leads to the slot it names. The index stays, so offset and index may then disagree.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_descend (v5.4). Left out: nothing.
    """
    offset = xas.xa_index >> node.shift & units.XA_CHUNK_MASK
    entry = node.slots[offset]
    xas.xa_node = node
    if entries.xa_is_sibling(entry):
        offset = entry.number
        entry = node.slots[offset]
    xas.xa_offset = offset
    return entry


def xas_load(xas: XaState) -> Entry:
    """Walk to the cursor's index and return the entry there.

    A lockless reader checks the result with ``xas_retry``. The walk does not go below the level that the
    cursor addresses: with a multi-index cursor over separate small entries the result is the *link to a
    node*, not an entry.

    Returns:
        The entry; None if there is none. A cursor that cannot get there is at XAS_BOUNDS afterwards.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_load (v5.4). Left out: nothing.
    """
    entry = xas_start(xas)
    while entries.xa_is_node(entry):
        node = entry
        if xas.xa_shift > node.shift:
            break
        entry = xas_descend(xas, node)
        if node.shift == 0:
            break
    return entry


# ---- to the next and the previous index -----------------------------------------------------------------


def xas_next(xas: XaState) -> Entry:
    """Move to the next index and return what is there, whatever it is. On a fresh cursor: load, no move.

    Past the last slot of the tree the place is XAS_BOUNDS and the result None.

    Locks: entry i_pages or RCU; never sleeps.
    Models: include/linux/xarray.h: xas_next (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.xas_not_node(node):
        return __xas_next(xas)
    if node.shift != 0 or xas.xa_offset == units.XA_CHUNK_MASK:
        return __xas_next(xas)
    xas.xa_index = (xas.xa_index + 1) & ULONG_MAX
    xas.xa_offset = xas.xa_offset + 1
    return node.slots[xas.xa_offset]


def __xas_next(xas: XaState) -> Entry:
    """The general case of :func:`xas_next`: out of a node at its end, and down again.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: __xas_next (v5.4). Left out: nothing.
    Differs from v5.3: from the head (a lone entry) it leaves the tree; v5.3 returned that entry again and again.
    """
    if not state.xas_frozen(xas.xa_node):
        xas.xa_index = (xas.xa_index + 1) & ULONG_MAX
    if xas.xa_node is None:
        xas.xa_node = XAS_BOUNDS
        return None
    if state.xas_not_node(xas.xa_node):
        return xas_load(xas)

    # A cursor on a multi-index entry may be in the right slot already: its index moved, not its slot.
    if xas.xa_offset != nodes.get_offset(xas.xa_index, xas.xa_node):
        xas.xa_offset = xas.xa_offset + 1

    while xas.xa_offset == units.XA_CHUNK_SIZE:
        node = state.node_of(xas)
        xas.xa_offset = node.offset + 1
        xas.xa_node = node.parent
        if xas.xa_node is None:
            xas.xa_node = XAS_BOUNDS
            return None
    return _down_to_entry(xas)


def xas_prev(xas: XaState) -> Entry:
    """Move to the previous index and return what is there, whatever it is. On a fresh cursor: load, no move.

    Before the first slot of the tree the place is XAS_BOUNDS and the result None.

    Locks: entry i_pages or RCU; never sleeps.
    Models: include/linux/xarray.h: xas_prev (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.xas_not_node(node):
        return __xas_prev(xas)
    if node.shift != 0 or xas.xa_offset == 0:
        return __xas_prev(xas)
    xas.xa_index = (xas.xa_index - 1) & ULONG_MAX
    xas.xa_offset = xas.xa_offset - 1
    return node.slots[xas.xa_offset]


def __xas_prev(xas: XaState) -> Entry:
    """The general case of :func:`xas_prev`: out of a node at its beginning, and down again.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: __xas_prev (v5.4). Left out: nothing.
    Differs from v5.3: from the head (a lone entry) it leaves the tree; v5.3 returned that entry again and again.
    """
    if not state.xas_frozen(xas.xa_node):
        xas.xa_index = (xas.xa_index - 1) & ULONG_MAX
    if xas.xa_node is None:
        xas.xa_node = XAS_BOUNDS
        return None
    if state.xas_not_node(xas.xa_node):
        return xas_load(xas)

    if xas.xa_offset != nodes.get_offset(xas.xa_index, xas.xa_node):
        xas.xa_offset = xas.xa_offset - 1

    while xas.xa_offset == -1:
        node = state.node_of(xas)
        xas.xa_offset = node.offset - 1
        xas.xa_node = node.parent
        if xas.xa_node is None:
            xas.xa_node = XAS_BOUNDS
            return None
    return _down_to_entry(xas)


def _down_to_entry(xas: XaState) -> Entry:
    """From the present slot down through child nodes, each time at the slot of the index, to an entry.

    Models: the last loop of lib/xarray.c: __xas_next and __xas_prev (v5.4). Siblings are not followed.
    """
    entry = state.node_of(xas).slots[xas.xa_offset]
    while entries.xa_is_node(entry):
        xas.xa_node = entry
        xas.xa_offset = nodes.get_offset(xas.xa_index, entry)
        entry = entry.slots[xas.xa_offset]
    return entry
