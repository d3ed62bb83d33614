"""Searching for entries that carry a mark, by the bitmaps.

Models: lib/xarray.c, include/linux/xarray.h (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.xarray import entries, marks, nodes, state
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry
from thpkit.kernel.xarray.nodes import XA_FREE_MARK
from thpkit.kernel.xarray.state import XAS_BOUNDS, XAS_RESTART, XaState


def xas_find_marked(xas: XaState, max: int, mark: int) -> Entry:
    """The next entry up to index ``max`` that carries ``mark``. On a fresh cursor the search includes its
    index.

    A lockless reader checks the result with ``xas_retry``. Where free slots are tracked, mark 0 finds free
    slots: the result is None then, and the place tells what happened.

    Returns:
        The entry. None if there is none: XAS_RESTART if the search stopped at ``max``, XAS_BOUNDS if the
        tree ended before it.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_find_marked (v5.4). Left out: nothing.
    """
    advance = True
    if state.xas_error(xas):
        return None
    if xas.xa_index > max:
        xas.xa_node = XAS_RESTART
        return None

    if xas.xa_node is None:
        # The lone entry at index 0 has been returned before.
        xas.xa_index = 1
        return _tree_exhausted(xas, max)
    elif state.xas_top(xas.xa_node):
        advance = False
        entry = xas.xa.xa_head
        xas.xa_node = None
        if xas.xa_index > entries.max_index(entry):
            return _tree_exhausted(xas, max)
        if not entries.xa_is_node(entry):
            if nodes.xa_marked(xas.xa, mark):
                return entry
            xas.xa_index = 1
            return _tree_exhausted(xas, max)
        xas.xa_node = entry
        xas.xa_offset = xas.xa_index >> entry.shift

    while xas.xa_index <= max:
        node = state.node_of(xas)
        if xas.xa_offset == units.XA_CHUNK_SIZE:
            xas.xa_offset = node.offset + 1
            xas.xa_node = node.parent
            if xas.xa_node is None:
                break
            advance = False
            continue

        if not advance:
            entry = node.slots[xas.xa_offset]
            if entries.xa_is_sibling(entry):
                xas.xa_offset = entry.number
                state.xas_move_index(xas, xas.xa_offset)

        offset = marks.xas_find_chunk(xas, advance, mark)
        if offset > xas.xa_offset:
            advance = False
            state.xas_move_index(xas, offset)
            # Behind the highest index the index is 0 again, which is beyond every maximum.
            if (xas.xa_index - 1) & ULONG_MAX >= max:
                xas.xa_node = XAS_RESTART
                return None
            xas.xa_offset = offset
            if offset == units.XA_CHUNK_SIZE:
                continue

        entry = node.slots[xas.xa_offset]
        if entry is None and not (nodes.xa_track_free(xas.xa) and mark == XA_FREE_MARK):
            continue
        if not entries.xa_is_node(entry):
            return entry
        xas.xa_node = entry
        state.xas_set_offset(xas)

    return _tree_exhausted(xas, max)


def _tree_exhausted(xas: XaState, max: int) -> Entry:
    """The end of a marked search: XAS_RESTART if it went beyond ``max``, XAS_BOUNDS if the tree ended
    first.
    """
    if xas.xa_index > max:
        xas.xa_node = XAS_RESTART
    else:
        xas.xa_node = XAS_BOUNDS
    return None


def xas_next_marked(xas: XaState, max: int, mark: int) -> Entry:
    """The same as :func:`xas_find_marked`, with a short way through one leaf.

    One end state is another: beyond ``max`` inside a leaf the cursor stays in that leaf.

    Locks: entry i_pages or RCU; never sleeps.
    Models: include/linux/xarray.h: xas_next_marked (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.xas_not_node(node):
        return xas_find_marked(xas, max, mark)
    if node.shift != 0:
        return xas_find_marked(xas, max, mark)
    offset = marks.xas_find_chunk(xas, True, mark)
    xas.xa_offset = offset
    xas.xa_index = ((xas.xa_index & ~units.XA_CHUNK_MASK) + offset) & ULONG_MAX
    if xas.xa_index > max:
        return None
    if offset == units.XA_CHUNK_SIZE:
        return xas_find_marked(xas, max, mark)
    entry = node.slots[offset]
    if entry is None:
        return xas_find_marked(xas, max, mark)
    return entry
