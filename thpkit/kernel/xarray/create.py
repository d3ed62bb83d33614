"""Making the path to a slot: growing the tree upward, and filling in missing nodes downward.

Models: lib/xarray.c (v5.4).
"""

from __future__ import annotations

import errno

from thpkit.kernel import units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray import alloc, entries, marks, nodes, state, walk
from thpkit.kernel.xarray.entries import ZERO_ENTRY, Entry
from thpkit.kernel.xarray.nodes import (
    XA_FREE_MARK,
    XA_MAX_MARKS,
    XaNode,
)
from thpkit.kernel.xarray.state import XaState


@primitive
def marks_of_new_head(xas: XaState, node: XaNode) -> None:
    """Copy the array's mark flags to slot 0 of a node that is about to become the head.

    Where free slots are tracked every slot but the first is free for certain, so the array's flag is set too.
    """
    for mark in range(XA_MAX_MARKS):
        if nodes.xa_track_free(xas.xa) and mark == XA_FREE_MARK:
            marks.node_mark_all(node, XA_FREE_MARK)
            if not nodes.xa_marked(xas.xa, XA_FREE_MARK):
                marks.node_clear_mark(node, 0, XA_FREE_MARK)
                nodes.xa_mark_set(xas.xa, XA_FREE_MARK)
        elif nodes.xa_marked(xas.xa, mark):
            marks.node_set_mark(node, 0, mark)


def xas_expand(xas: XaState, head: Entry) -> int:
    """Grow the tree upward until it covers the cursor's range; ``head`` is what the head holds now.

    Returns:
        The shift *above* the topmost node, which for an empty array is the one still to be made; 0 if the
        entry fits into the head. -ENOMEM if a node could not be allocated (nodes made before stay). The
        cursor is left on the topmost node, or at None if none was added.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_expand (v5.4). Left out: nothing.
    """
    shift = 0
    highest = state.xas_max(xas)

    if head is None:
        if highest == 0:
            return 0
        while highest >> shift >= units.XA_CHUNK_SIZE:
            shift = shift + units.XA_CHUNK_SHIFT
        return shift + units.XA_CHUNK_SHIFT

    top: XaNode | None = None
    if entries.xa_is_node(head):
        top = head
        shift = head.shift + units.XA_CHUNK_SHIFT
    xas.xa_node = None

    while highest > entries.max_index(head):
        top = alloc.xas_alloc(xas, shift)
        if top is None:
            return -errno.ENOMEM
        top.count = 1
        if entries.xa_is_value(head):
            top.nr_values = 1
        top.slots[0] = head
        marks_of_new_head(xas, top)

        # Only a complete node may become visible to lockless readers, so the head is set last.
        if entries.xa_is_node(head):
            head.offset = 0
            head.parent = top
        head = top
        xas.xa.xa_head = top
        state.xas_update(xas, top)
        shift = shift + units.XA_CHUNK_SHIFT

    xas.xa_node = top
    return shift


def xas_create(xas: XaState, allow_root: bool) -> Entry:
    """Make the slot that the cursor addresses exist, put the cursor on it, and return what it holds.

    ``allow_root`` says whether the head itself may be that slot. The way down ends early at an entry that
    covers the index already. A failed allocation leaves the cursor in error -ENOMEM, and the nodes made so
    far in the tree.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_create (v5.4). Left out: nothing.
    """
    xa = xas.xa
    place = xas.xa_node
    node: XaNode | None

    if state.xas_top(place):
        entry = xa.xa_head
        xas.xa_node = None
        if entry is None and nodes.xa_zero_busy(xa):
            entry = ZERO_ENTRY
        shift = xas_expand(xas, entry)
        if shift < 0:
            return None
        if shift == 0 and not allow_root:
            shift = units.XA_CHUNK_SHIFT
        entry = xa.xa_head
        node = None
    elif state.xas_not_node(place):
        return None
    else:
        node = place
        shift = node.shift
        entry = node.slots[xas.xa_offset]

    while shift > xas.xa_shift:
        shift = shift - units.XA_CHUNK_SHIFT
        if entry is None:
            child = alloc.xas_alloc(xas, shift)
            if child is None:
                break
            if nodes.xa_track_free(xa):
                marks.node_mark_all(child, XA_FREE_MARK)
            nodes.slot_assign(xa, node, xas.xa_offset, child)
        elif entries.xa_is_node(entry):
            child = entry
        else:
            break
        node = child
        entry = walk.xas_descend(xas, node)

    return entry


def xas_create_range(xas: XaState) -> None:
    """Make single-index slots for the whole range of a multi-index cursor, storing nothing.

    Works from the leaf of the last index down to the leaf of the first. Afterwards the cursor addresses
    single indices and stands on the first slot, so that store and next can fill the range without allocating.
    The new leaves count nothing; if the caller stores nothing either, nobody removes them.

    On -ENOMEM the cursor is in error with its index and range as before; the leaves made so far stay.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_create_range (v5.4). Left out: nothing.
    """
    index = xas.xa_index
    shift = xas.xa_shift
    sibs = xas.xa_sibs

    xas.xa_index = xas.xa_index | (state.xas_size(xas) - 1)
    if state.xas_is_node(xas) and state.node_of(xas).shift == xas.xa_shift:
        xas.xa_offset = xas.xa_offset | sibs
    xas.xa_shift = 0
    xas.xa_sibs = 0

    while True:
        xas_create(xas, True)
        if state.xas_error(xas):
            xas.xa_shift = shift
            xas.xa_sibs = sibs
            xas.xa_index = index
            return
        if xas.xa_index <= index | units.XA_CHUNK_MASK:
            break
        xas.xa_index = xas.xa_index - units.XA_CHUNK_SIZE

        # One leaf to the left: climb until there is a slot before the one we came from.
        while True:
            node = state.node_of(xas)
            xas.xa_node = node.parent
            xas.xa_offset = node.offset - 1
            if node.offset != 0:
                break

    xas.xa_index = index
    if xas.xa_node is not None:
        state.xas_set_offset(xas)
