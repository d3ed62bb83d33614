"""The cursor: which index an operation is about, how many slots it covers, and where in the tree it stands.

A cursor belongs to one caller and lives in its frame. Between two calls it remembers the node and the slot it
has reached, so that the next call need not walk from the head again.

Models: include/linux/xarray.h: struct xa_state and the functions on it (v5.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from thpkit.kernel import units
from thpkit.kernel.kobject import KObject, kstruct, primitive
from thpkit.kernel.xarray import entries, nodes
from thpkit.kernel.xarray.entries import (
    RETRY_ENTRY,
    ULONG_MAX,
    ZERO_ENTRY,
    Entry,
    XaError,
)
from thpkit.kernel.xarray.nodes import XaNode, XArray

if TYPE_CHECKING:
    from typing_extensions import TypeIs

BITS_PER_LONG: Final = 64


@dataclass(frozen=True, slots=True)
class XasPlace:
    """A place of a cursor that is no node. The two objects below are the only ones."""

    name: str

    def __repr__(self) -> str:
        return self.name


XAS_BOUNDS: Final = XasPlace("XAS_BOUNDS")
"""The cursor has walked off the end of the tree."""
XAS_RESTART: Final = XasPlace("XAS_RESTART")
"""The cursor has not walked yet, or must start again: its next operation begins at the head."""

Place: TypeAlias = XaNode | XasPlace | XaError | None
"""Where a cursor is: on a slot of a node, on the head (None), nowhere yet, past the end, or in error."""


@kstruct
class XaState(KObject):
    """A cursor into one array (struct xa_state)."""

    xa: XArray
    xa_index: int
    """The index it is at, 0 to 2^64 - 1."""
    xa_shift: int = 0
    """Shift of the nodes whose slots the operation addresses."""
    xa_sibs: int = 0
    """Slots it covers besides the first one."""
    xa_offset: int = 0
    """The slot of ``xa_node`` it is on. -1 and 64 stand just outside; the kernel's byte wraps -1 to 255."""
    xa_node: Place = XAS_RESTART
    xa_alloc: XaNode | None = None
    """A node that :func:`xas_nomem` has allocated ahead."""
    xa_update: Callable[[XaNode], None] | None = None
    """Called with each node whose counts this cursor changes."""


# ---- making and placing cursors -------------------------------------------------------------------------


@primitive
def XA_STATE(xa: XArray, index: int) -> XaState:
    """A new cursor at ``index`` for single-index operations.

    Models: include/linux/xarray.h: XA_STATE (v5.4).
    """
    return XaState("xas", xa=xa, xa_index=index)


@primitive
def XA_STATE_ORDER(xa: XArray, index: int, order: int) -> XaState:
    """A new cursor over the aligned block of 2^``order`` indices that holds ``index``.

    Models: include/linux/xarray.h: XA_STATE_ORDER (v5.4); the macro rounds the index down as well.
    """
    xas = XaState("xas", xa=xa, xa_index=0)
    xas_set_order(xas, index, order)
    return xas


@primitive
def xas_set(xas: XaState, index: int) -> None:
    """Move to ``index`` and forget the place. The number of slots covered stays as it is.

    Models: include/linux/xarray.h: xas_set (v5.4).
    """
    xas.xa_index = index
    xas.xa_node = XAS_RESTART


@primitive
def xas_set_order(xas: XaState, index: int, order: int) -> None:
    """Cover the aligned block of 2^``order`` indices that holds ``index``, and forget the place.

    Models: include/linux/xarray.h: xas_set_order (v5.4).
    """
    xas.xa_index = (index >> order) << order if order < BITS_PER_LONG else 0
    xas.xa_shift = order - order % units.XA_CHUNK_SHIFT
    xas.xa_sibs = (1 << order % units.XA_CHUNK_SHIFT) - 1
    xas.xa_node = XAS_RESTART


@primitive
def xas_reset(xas: XaState) -> None:
    """Forget the place, and any error: the next operation starts at the head.

    To be called after the lock was dropped, since the tree may have changed.

    Models: include/linux/xarray.h: xas_reset (v5.4).
    """
    xas.xa_node = XAS_RESTART


@primitive
def xas_set_err(xas: XaState, err: int) -> None:
    """Put the cursor in error; ``err`` is a negative errno. Operations do nothing until it is reset.

    Models: include/linux/xarray.h: xas_set_err (v5.4).
    """
    xas.xa_node = entries.xa_mk_error(err)


@primitive
def xas_set_update(xas: XaState, update: Callable[[XaNode], None] | None) -> None:
    """From now on call ``update`` with each node whose counts this cursor changes; None stops that.

    Models: include/linux/xarray.h: xas_set_update (v5.4).
    """
    xas.xa_update = update


@primitive
def xas_set_offset(xas: XaState) -> None:
    """Go to the slot of the present node that the index belongs to.

    Models: lib/xarray.c: xas_set_offset (v5.4).
    """
    xas.xa_offset = nodes.get_offset(xas.xa_index, node_of(xas))


@primitive
def xas_move_index(xas: XaState, offset: int) -> None:
    """Set the index to the first one of slot ``offset`` of the present node. Modulo 2^64.

    Models: lib/xarray.c: xas_move_index (v5.4).
    """
    shift = node_of(xas).shift
    above = xas.xa_index & (~units.XA_CHUNK_MASK << shift)
    xas.xa_index = (above + (offset << shift)) & ULONG_MAX


# ---- asking cursors -------------------------------------------------------------------------------------


@primitive
def node_of(xas: XaState) -> XaNode:
    """The node the cursor is on, where the algorithm knows that it is on one."""
    node = xas.xa_node
    assert isinstance(node, XaNode), f"the cursor is at {node!r}, not on a node"
    return node


@primitive
def xas_error(xas: XaState) -> int:
    """The negative errno of a cursor in error, else 0. Models: include/linux/xarray.h: xas_error (v5.4)."""
    return -xas.xa_node.errno if isinstance(xas.xa_node, XaError) else 0


@primitive
def xas_invalid(xas: XaState) -> bool:
    """Whether the cursor stands neither on a slot nor on the head.

    Models: include/linux/xarray.h: xas_invalid (v5.4).
    """
    return not isinstance(xas.xa_node, XaNode) and xas.xa_node is not None


@primitive
def nowhere(place: Place) -> TypeIs[XasPlace | XaError]:
    """The same test as :func:`xas_invalid` on a cursor's ``xa_node``: neither a node nor the head."""
    return not isinstance(place, XaNode) and place is not None


@primitive
def xas_valid(xas: XaState) -> bool:
    """Whether the cursor stands on a slot or on the head.

    Models: include/linux/xarray.h: xas_valid (v5.4).
    """
    return isinstance(xas.xa_node, XaNode) or xas.xa_node is None


@primitive
def xas_is_node(xas: XaState) -> bool:
    """Whether the cursor stands on a slot of a node. Models: include/linux/xarray.h: xas_is_node (v5.4)."""
    return isinstance(xas.xa_node, XaNode)


@primitive
def xas_not_node(place: Place) -> TypeIs[XasPlace | XaError | None]:
    """Whether a cursor's ``xa_node`` is no node. Models: include/linux/xarray.h: xas_not_node (v5.4)."""
    return not isinstance(place, XaNode)


@primitive
def xas_frozen(place: Place) -> bool:
    """Whether a step must not move the index: the cursor has not walked yet or is in error.

    Models: include/linux/xarray.h: xas_frozen (v5.4).
    """
    return place is XAS_RESTART or isinstance(place, XaError)


@primitive
def xas_top(place: Place) -> TypeIs[XasPlace | None]:
    """Whether a walk must begin at the head: on the head itself, past the end, or not walked yet.

    Models: include/linux/xarray.h: xas_top (v5.4).
    """
    return place is None or isinstance(place, XasPlace)


@primitive
def xas_size(xas: XaState) -> int:
    """How many indices the cursor covers. Models: lib/xarray.c: xas_size (v5.4)."""
    return (xas.xa_sibs + 1) << xas.xa_shift


@primitive
def xas_max(xas: XaState) -> int:
    """The highest index the tree must cover before a store.

    One more than the range if a multi-index range starts at 0, so that such an entry always gets a node.

    Models: lib/xarray.c: xas_max (v5.4).
    """
    highest = xas.xa_index
    if xas.xa_shift or xas.xa_sibs:
        mask = (xas_size(xas) - 1) & ULONG_MAX
        highest = highest | mask
        if mask == highest:
            highest = (highest + 1) & ULONG_MAX
    return highest


def xas_retry(xas: XaState, entry: Entry) -> bool:
    """Whether a lockless reader must not use ``entry``: skip it and take the next.

    A zero entry is skipped; at a retry entry the cursor is reset as well, because its node was freed.

    Locks: none; never sleeps.
    Models: include/linux/xarray.h: xas_retry (v5.4). Left out: nothing.
    """
    if entry is ZERO_ENTRY:
        return True
    if entry is not RETRY_ENTRY:
        return False
    xas_reset(xas)
    return True


def xas_update(xas: XaState, node: XaNode) -> None:
    """Tell the cursor's owner, if it asked, that the counts of ``node`` have changed.

    Locks: entry i_pages; never sleeps.
    Models: lib/xarray.c: xas_update (v5.4). Left out: nothing.
    """
    if xas.xa_update is not None:
        xas.xa_update(node)
