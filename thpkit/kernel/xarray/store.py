"""Storing and erasing: what is written to the slots, and how emptied nodes leave the tree.

Models: lib/xarray.c (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.xarray import alloc, create, entries, marks, nodes, state, walk
from thpkit.kernel.xarray.entries import RETRY_ENTRY, Entry
from thpkit.kernel.xarray.nodes import XA_FREE_MARK, XaNode
from thpkit.kernel.xarray.state import XAS_BOUNDS, XaState


def xas_store(xas: XaState, entry: Entry) -> Entry:
    """Store ``entry`` at the cursor, over the whole range that the cursor covers; None erases.

    A failed node allocation leaves the cursor in error -ENOMEM (see ``xas_nomem``). Where a wider entry lies
    already, that entry is replaced as it is. Subtrees in the way are freed.

    Returns:
        What was there before; for a range it is the last entry replaced, which may be a node link and says
        nothing.

    Locks: entry i_pages; never sleeps.
    References: unchanged, on what is stored and on what was there.
    Models: lib/xarray.c: xas_store (v5.4). Left out: nothing.
    """
    value = entries.xa_is_value(entry)
    if entry is not None:
        allow_root = not entries.xa_is_node(entry) and not entries.xa_is_zero(entry)
        first = create.xas_create(xas, allow_root)
    else:
        first = walk.xas_load(xas)

    node = xas.xa_node
    if state.nowhere(node):
        return first
    if node is not None and xas.xa_shift < node.shift:
        xas.xa_sibs = 0
    if first == entry and xas.xa_sibs == 0:
        return first

    replaced = first
    offset = xas.xa_offset
    last = xas.xa_offset + xas.xa_sibs
    count = 0
    values = 0
    if node is not None and xas.xa_sibs != 0:
        marks.xas_squash_marks(xas)
    if entry is None:
        marks.xas_init_marks(xas)

    while True:
        nodes.slot_assign(xas.xa, node, offset, entry)
        # In a leaf a node link cannot occur; in the head it can, at any level.
        if entries.xa_is_node(replaced) and (node is None or node.shift != 0):
            xas_free_nodes(xas, replaced)
        if node is None:
            break
        # A truth value counts as 1: plus one if the slot became full, minus one if it became empty.
        count = count + (replaced is None) - (entry is None)
        values = values + value - entries.xa_is_value(first)
        if entry is not None:
            if offset == last:
                break
            if not entries.xa_is_sibling(entry):
                entry = entries.xa_mk_sibling(xas.xa_offset)
        elif offset == units.XA_CHUNK_MASK:
            break
        offset = offset + 1
        replaced = node.slots[offset]
        if not entries.xa_is_sibling(replaced):
            if entry is None and offset > last:
                break
            first = replaced

    update_node(xas, node, count, values)
    return first


def update_node(xas: XaState, node: XaNode | None, count: int, values: int) -> None:
    """Add ``count`` and ``values`` to the counters of ``node``; if it got emptier, see whether it can go.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: update_node (v5.4). Left out: nothing.
    """
    if node is None:
        return
    if count == 0 and values == 0:
        return
    node.count = node.count + count
    node.nr_values = node.nr_values + values
    state.xas_update(xas, node)
    if count < 0:
        xas_delete_node(xas)


def xas_free_nodes(xas: XaState, top: XaNode) -> None:
    """Free the subtree of ``top``, which was taken out of the tree, children before parents.

    Every entry in it becomes the retry entry, so that lockless readers inside start again. Links to child
    nodes stay.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_free_nodes (v5.4). Left out: nothing.
    """
    offset = 0
    node = top
    while True:
        entry = node.slots[offset]
        if node.shift != 0 and entries.xa_is_node(entry):
            node = entry
            offset = 0
            continue
        if entry is not None:
            node.slots[offset] = RETRY_ENTRY
        offset = offset + 1
        while offset == units.XA_CHUNK_SIZE:
            parent = node.parent
            offset = node.offset + 1
            node.count = 0
            node.nr_values = 0
            state.xas_update(xas, node)
            alloc.xa_node_free(node)
            if node is top:
                return
            assert parent is not None, f"{node} below {top} has no parent"
            node = parent


def xas_delete_node(xas: XaState) -> None:
    """Remove the node the cursor is on if it is empty, and upward every ancestor that this empties.

    The cursor ends on the slot of the nearest node that stays, or at XAS_BOUNDS if the array became empty. If
    that node is the topmost one the tree may shrink.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_delete_node (v5.4). Left out: nothing.
    """
    node = state.node_of(xas)
    while node.count == 0:
        parent = node.parent
        xas.xa_node = parent
        xas.xa_offset = node.offset
        alloc.xa_node_free(node)
        if parent is None:
            xas.xa.xa_head = None
            xas.xa_node = XAS_BOUNDS
            return
        parent.slots[xas.xa_offset] = None
        parent.count = parent.count - 1
        node = parent
        state.xas_update(xas, node)

    if node.parent is None:
        xas_shrink(xas)


def xas_shrink(xas: XaState) -> None:
    """Remove topmost nodes that hold nothing but slot 0: what is there becomes the head.

    A plain entry moves up only out of a leaf: in a higher node it covers more than index 0. The cursor,
    which is on the topmost node, ends at XAS_BOUNDS if anything was removed.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_shrink (v5.4). Left out: nothing.
    """
    xa = xas.xa
    node = state.node_of(xas)
    while node.count == 1:
        entry = node.slots[0]
        if entry is None:
            break
        if not entries.xa_is_node(entry) and node.shift != 0:
            break
        if entries.xa_is_zero(entry) and nodes.xa_zero_busy(xa):
            entry = None
        xas.xa_node = XAS_BOUNDS

        xa.xa_head = entry
        if nodes.xa_track_free(xa) and not marks.node_get_mark(node, 0, XA_FREE_MARK):
            nodes.xa_mark_clear(xa, XA_FREE_MARK)

        # A reader still on this node must not take the moved entry for one at slot 0.
        node.count = 0
        node.nr_values = 0
        if not entries.xa_is_node(entry):
            node.slots[0] = RETRY_ENTRY
        state.xas_update(xas, node)
        alloc.xa_node_free(node)
        if not entries.xa_is_node(entry):
            break
        node = entry
        node.parent = None
