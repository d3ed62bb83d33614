"""Marks: three bits beside every entry, gathered upward so that a search can skip whole nodes.

A bit in a leaf says "this entry carries the mark"; the same bit of the link in the parent says "somebody
below does"; the array has a flag for each mark. In arrays that track free slots, mark 0 means "free".

Models: lib/xarray.c (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray import nodes, state
from thpkit.kernel.xarray.nodes import XA_FREE_MARK, XA_MAX_MARKS, XaNode
from thpkit.kernel.xarray.state import XaState

# ---- the bitmaps of one node ----------------------------------------------------------------------------


@primitive
def node_get_mark(node: XaNode, offset: int, mark: int) -> bool:
    """Whether slot ``offset`` carries ``mark``. Models: lib/xarray.c: node_get_mark (v5.4)."""
    return node.marks[mark] >> offset & 1 == 1


@primitive
def node_set_mark(node: XaNode, offset: int, mark: int) -> bool:
    """Set ``mark`` on slot ``offset``; return whether it was set already.

    Models: lib/xarray.c: node_set_mark (v5.4).
    """
    before = node.marks[mark]
    if before >> offset & 1:
        return True
    node.marks[mark] = before | 1 << offset
    return False


@primitive
def node_clear_mark(node: XaNode, offset: int, mark: int) -> bool:
    """Clear ``mark`` on slot ``offset``; return whether it was set.

    Models: lib/xarray.c: node_clear_mark (v5.4).
    """
    before = node.marks[mark]
    if not before >> offset & 1:
        return False
    node.marks[mark] = before & ~(1 << offset)
    return True


@primitive
def node_any_mark(node: XaNode, mark: int) -> bool:
    """Whether any slot carries ``mark``. Models: lib/xarray.c: node_any_mark (v5.4)."""
    return node.marks[mark] != 0


@primitive
def node_mark_all(node: XaNode, mark: int) -> None:
    """Set ``mark`` on every slot. Models: lib/xarray.c: node_mark_all (v5.4)."""
    node.marks[mark] = (1 << units.XA_CHUNK_SIZE) - 1


@primitive
def xas_find_chunk(xas: XaState, advance: bool, mark: int) -> int:
    """The first slot of the present node that carries ``mark``, from the present one on or, with ``advance``,
    from the one after it; ``units.XA_CHUNK_SIZE`` if there is none.

    Models: include/linux/xarray.h: xas_find_chunk (v5.4).
    """
    offset = xas.xa_offset + 1 if advance else xas.xa_offset
    rest = state.node_of(xas).marks[mark] >> offset << offset
    if rest == 0:
        return units.XA_CHUNK_SIZE
    return (rest & -rest).bit_length() - 1


@primitive
def xas_squash_marks(xas: XaState) -> None:
    """Move each mark found on the further slots of the cursor's range to its first slot.

    Models: lib/xarray.c: xas_squash_marks (v5.4).
    """
    node = state.node_of(xas)
    siblings = ((1 << xas.xa_sibs) - 1) << xas.xa_offset + 1
    for mark in range(XA_MAX_MARKS):
        before = node.marks[mark]
        if before & siblings:
            node.marks[mark] = before & ~siblings | 1 << xas.xa_offset


# ---- marks at a cursor ----------------------------------------------------------------------------------


def xas_get_mark(xas: XaState, mark: int) -> bool:
    """Whether the entry at the cursor carries ``mark``; False for a cursor that is nowhere.

    On the head it is the array's flag that counts.

    Locks: entry i_pages or RCU; never sleeps.
    Models: lib/xarray.c: xas_get_mark (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.nowhere(node):
        return False
    if node is None:
        return nodes.xa_marked(xas.xa, mark)
    return node_get_mark(node, xas.xa_offset, mark)


def xas_set_mark(xas: XaState, mark: int) -> None:
    """Set ``mark`` on the entry at the cursor and on every link above it. Nothing for a cursor that is
    nowhere.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_set_mark (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.nowhere(node):
        return
    offset = xas.xa_offset
    while node is not None:
        if node_set_mark(node, offset, mark):
            return
        offset = node.offset
        node = node.parent
    if not nodes.xa_marked(xas.xa, mark):
        nodes.xa_mark_set(xas.xa, mark)


def xas_clear_mark(xas: XaState, mark: int) -> None:
    """Clear ``mark`` on the entry at the cursor, and on each link above that leads to no other such entry.

    Nothing for a cursor that is nowhere.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_clear_mark (v5.4). Left out: nothing.
    """
    node = xas.xa_node
    if state.nowhere(node):
        return
    offset = xas.xa_offset
    while node is not None:
        if not node_clear_mark(node, offset, mark):
            return
        if node_any_mark(node, mark):
            return
        offset = node.offset
        node = node.parent
    if nodes.xa_marked(xas.xa, mark):
        nodes.xa_mark_clear(xas.xa, mark)


def xas_init_marks(xas: XaState) -> None:
    """Give the entry at the cursor the marks of a fresh one: none, or "free" where free slots are tracked.

    Nothing for a cursor that is nowhere, as after a store that emptied the tree.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_init_marks (v5.4). Left out: nothing.
    """
    for mark in range(XA_MAX_MARKS):
        if nodes.xa_track_free(xas.xa) and mark == XA_FREE_MARK:
            xas_set_mark(xas, mark)
        else:
            xas_clear_mark(xas, mark)
