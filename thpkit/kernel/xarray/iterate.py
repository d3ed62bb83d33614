"""The normal interface's searches, and loops over entries.

Models: lib/xarray.c, include/linux/xarray.h (v5.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from thpkit.kernel import locks, units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray import find, find_marked, state
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry
from thpkit.kernel.xarray.nodes import XA_MAX_MARKS, XA_PRESENT, XaNode, XArray
from thpkit.kernel.xarray.state import XaState


def _find_filtered(xas: XaState, max: int, filter: int) -> Entry:
    """The next entry up to ``max`` that carries the mark ``filter``, or that is present at all."""
    if filter < XA_MAX_MARKS:
        return find_marked.xas_find_marked(xas, max, filter)
    return find.xas_find(xas, max)


def xa_find(xa: XArray, index: int, max: int, filter: int) -> tuple[int, Entry]:
    """The first entry at an index from ``index`` to ``max``, inclusive, that matches ``filter``.

    ``filter`` is a mark or XA_PRESENT.

    Returns:
        Its index and the entry. ``index`` itself if that lies inside a wide entry. (``index``, None) if
        there is none.

    Locks: takes RCU; never sleeps.
    Models: lib/xarray.c: xa_find (v5.4). Left out: nothing. Differs: the kernel updates the index through a pointer.
    """
    xas = state.XA_STATE(xa, index)
    locks.rcu_read_lock()
    while True:
        entry = _find_filtered(xas, max, filter)
        if not state.xas_retry(xas, entry):
            break
    locks.rcu_read_unlock()
    if entry is None:
        return index, None
    return xas.xa_index, entry


@primitive
def xas_sibling(xas: XaState) -> bool:
    """Whether the cursor's index lies behind the first index of its slot: inside an entry that began before.

    Models: lib/xarray.c: xas_sibling (v5.4).
    """
    node = xas.xa_node
    if not isinstance(node, XaNode):
        return False
    inside_node = (units.XA_CHUNK_SIZE << node.shift) - 1
    return xas.xa_index & inside_node > xas.xa_offset << node.shift


def xa_find_after(xa: XArray, index: int, max: int, filter: int) -> tuple[int, Entry]:
    """The first match behind ``index``, not counting the wide entry that ``index`` lies in.

    Returns:
        As :func:`xa_find`.

    With a mark as filter, a marked entry that is several slots wide can be found again from inside: the
    marked search steps back to its first slot. The kernel of this time does the same.

    Locks: takes RCU; never sleeps.
    Models: lib/xarray.c: xa_find_after (v5.4). Left out: nothing.
    Differs from v5.3: entries that begin before ``index`` + 1 are recognised at every level of the tree, and the
    highest index ends the search.
    """
    xas = state.XA_STATE(xa, (index + 1) & ULONG_MAX)
    if xas.xa_index == 0:
        return index, None
    locks.rcu_read_lock()
    while True:
        entry = _find_filtered(xas, max, filter)
        if state.xas_invalid(xas):
            break
        if xas_sibling(xas):
            continue
        if not state.xas_retry(xas, entry):
            break
    locks.rcu_read_unlock()
    if entry is None:
        return index, None
    return xas.xa_index, entry


def xa_extract(xa: XArray, start: int, max: int, n: int, filter: int) -> list[Entry]:
    """Up to ``n`` entries that match ``filter``, from index ``start`` to ``max``, by rising index.

    Locks: takes RCU; never sleeps.
    Models: lib/xarray.c: xa_extract (v5.4). Left out: nothing.
    Differs: the kernel fills an array of the caller and returns the number.
    """
    found: list[Entry] = []
    if n == 0:
        return found
    xas = state.XA_STATE(xa, start)
    locks.rcu_read_lock()
    entry = _find_filtered(xas, max, filter)
    while entry is not None:
        if not state.xas_retry(xas, entry):
            found.append(entry)
            if len(found) == n:
                break
        if filter < XA_MAX_MARKS:
            entry = find_marked.xas_next_marked(xas, max, filter)
        else:
            entry = find.xas_next_entry(xas, max)
    locks.rcu_read_unlock()
    return found


# ---- loops for code that is not stepped -----------------------------------------------------------------


@primitive
def xa_for_each(
    xa: XArray, start: int = 0, filter: int = XA_PRESENT
) -> Iterator[tuple[int, Entry]]:
    """Index and entry of every match from ``start`` on, for checks, views and tests.

    The array may change between two results. With a mark as filter this does not end at a marked entry that
    is several slots of a leaf wide (see :func:`xa_find_after`): use :func:`xas_for_each_marked` there.

    Models: include/linux/xarray.h: xa_for_each_start, xa_for_each_marked (v5.4).
    """
    index, entry = xa_find(xa, start, ULONG_MAX, filter)
    while entry is not None:
        yield index, entry
        index, entry = xa_find_after(xa, index, ULONG_MAX, filter)


@primitive
def xas_for_each(xas: XaState, max: int) -> Iterator[Entry]:
    """Every entry from the cursor to ``max``, for checks, views and tests; stepped code writes the loop out.

    Models: include/linux/xarray.h: xas_for_each (v5.4).
    """
    entry = find.xas_find(xas, max)
    while entry is not None:
        yield entry
        entry = find.xas_next_entry(xas, max)


@primitive
def xas_for_each_marked(xas: XaState, max: int, mark: int) -> Iterator[Entry]:
    """Every entry from the cursor to ``max`` that carries ``mark``, for checks, views and tests.

    Models: include/linux/xarray.h: xas_for_each_marked (v5.4).
    """
    entry = find_marked.xas_find_marked(xas, max, mark)
    while entry is not None:
        yield entry
        entry = find_marked.xas_next_marked(xas, max, mark)
