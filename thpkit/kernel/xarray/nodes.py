"""The array, its nodes, and how nodes come and go.

An array is a tree of nodes with 64 slots each (``units.XA_CHUNK_SIZE``). A node with shift 0 is a leaf: each
slot is one index. One level up each slot spans 64 indices (shift 6), and so on. A single entry at index 0
needs no node at all: it is the head.

Models: include/linux/xarray.h: struct xarray, struct xa_node; lib/xarray.c: xa_node_free (v5.4).
Left out: the union of parent and release links, ``private_list`` (the kernel's shadow-node list), and the RCU
grace period: a freed node keeps its content for ever, so a reader on it sees what a real one may see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from thpkit.kernel import units
from thpkit.kernel.kobject import KArray, KObject, kstruct, primitive
from thpkit.kernel.locks import SpinLock

if TYPE_CHECKING:
    from thpkit.kernel.xarray.entries import Entry

XA_FLAGS_LOCK_IRQ: Final = 0x01
"""The lock is also taken by interrupts: it is only held with irqs off."""
XA_FLAGS_LOCK_BH: Final = 0x02
"""The lock is also taken by soft interrupts. Not modelled beyond its bit."""
XA_FLAGS_TRACK_FREE: Final = 0x04
"""Mark 0 says which slots are free, for allocating identifiers."""
XA_FLAGS_ZERO_BUSY: Final = 0x08
"""Identifier 0 counts as taken."""
XA_FLAGS_ALLOC_WRAPPED: Final = 0x10
"""The cyclic search for identifiers has passed 2^32."""
XA_FLAGS_ACCOUNT: Final = 0x20
"""Nodes are charged to the memory control group. Left out: the charge itself."""
XA_FLAGS_MARK_SHIFT: Final = 23
"""Bit of ``xa_flags`` that says "some entry carries mark 0"; marks 1 and 2 have the next two.

Differs from the kernel, where the number follows from the allocation flags of the configuration.
"""
XA_FLAGS_ALLOC: Final = XA_FLAGS_TRACK_FREE | 1 << XA_FLAGS_MARK_SHIFT
"""An array that hands out identifiers from 0."""
XA_FLAGS_ALLOC1: Final = XA_FLAGS_TRACK_FREE | XA_FLAGS_ZERO_BUSY
"""An array that hands out identifiers from 1."""

XA_MARK_0: Final = 0
XA_MARK_1: Final = 1
XA_MARK_2: Final = 2
XA_MAX_MARKS: Final = 3
XA_PRESENT: Final = 8
"""The filter "any entry that is present", where a mark may stand as well."""
XA_FREE_MARK: Final = XA_MARK_0
"""The mark that says "free" in arrays that track free slots."""


@kstruct
class XArray(KObject):
    """An array of entries by 64-bit index (struct xarray)."""

    xa_lock: SpinLock
    """Held by everybody who changes the tree."""
    xa_flags: int = 0
    """``XA_FLAGS_*``, and for each mark whether some entry carries it."""
    xa_head: Entry = None
    """NULL, the lone entry of index 0, or the topmost node."""


@kstruct
class XaNode(KObject):
    """One node of the tree (struct xa_node)."""

    shift: int = 0
    """How far an index is shifted right before its low bits select the slot: 0 in a leaf."""
    offset: int = 0
    """The slot of the parent that links here."""
    count: int = 0
    """Slots that are not NULL; siblings and child nodes count."""
    nr_values: int = 0
    """Slots that hold a value, or a sibling of one."""
    parent: XaNode | None = None
    """The node above; None at the top."""
    array: XArray | None = None
    """The array this node is in; XA_RCU_FREE once it has been freed, None before its first use."""
    slots: KArray[Entry]
    marks: KArray[int]
    """For each mark a bitmap: bit k belongs to slot k."""


XA_RCU_FREE: Final = XArray(
    "XA_RCU_FREE", xa_lock=SpinLock("XA_RCU_FREE.xa_lock", cls="i_pages")
)
"""What ``array`` of a freed node says."""


# ---- making arrays --------------------------------------------------------------------------------------


@primitive
def xa_init_flags(kname: str, xa_flags: int) -> XArray:
    """A new empty array called ``kname``. Its lock has the class of the page cache's arrays.

    Models: include/linux/xarray.h: xa_init_flags (v5.4); there the caller provides the memory.
    """
    lock = SpinLock(f"{kname}.xa_lock", cls="i_pages")
    return XArray(kname, xa_lock=lock, xa_flags=xa_flags)


@primitive
def page_cache_xarray(kname: str) -> XArray:
    """A new empty array with the flags of a page cache: lock taken with irqs off, nodes accounted.

    Models: fs/inode.c: __address_space_init_once (v5.4).
    """
    return xa_init_flags(kname, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT)


# ---- flags of an array ----------------------------------------------------------------------------------


@primitive
def xa_track_free(xa: XArray) -> bool:
    """Whether mark 0 tracks free slots. Models: lib/xarray.c: xa_track_free (v5.4)."""
    return xa.xa_flags & XA_FLAGS_TRACK_FREE != 0


@primitive
def xa_zero_busy(xa: XArray) -> bool:
    """Whether identifier 0 counts as taken. Models: lib/xarray.c: xa_zero_busy (v5.4)."""
    return xa.xa_flags & XA_FLAGS_ZERO_BUSY != 0


@primitive
def xa_empty(xa: XArray) -> bool:
    """Whether nothing at all is stored, not even a reserved slot or an empty node.

    Models: include/linux/xarray.h: xa_empty (v5.4).
    """
    return xa.xa_head is None


@primitive
def xa_marked(xa: XArray, mark: int) -> bool:
    """Whether some entry of the array carries ``mark``. Models: include/linux/xarray.h: xa_marked (v5.4)."""
    return xa.xa_flags >> XA_FLAGS_MARK_SHIFT + mark & 1 == 1


@primitive
def xa_mark_set(xa: XArray, mark: int) -> None:
    """Note that some entry carries ``mark``. Models: lib/xarray.c: xa_mark_set (v5.4)."""
    xa.xa_flags = xa.xa_flags | 1 << XA_FLAGS_MARK_SHIFT + mark


@primitive
def xa_mark_clear(xa: XArray, mark: int) -> None:
    """Note that no entry carries ``mark``. Models: lib/xarray.c: xa_mark_clear (v5.4)."""
    xa.xa_flags = xa.xa_flags & ~(1 << XA_FLAGS_MARK_SHIFT + mark)


# ---- slots ----------------------------------------------------------------------------


@primitive
def get_offset(index: int, node: XaNode) -> int:
    """The slot of ``node`` that ``index`` belongs to. Models: lib/xarray.c: get_offset (v5.4)."""
    return index >> node.shift & units.XA_CHUNK_MASK


@primitive
def slot_assign(xa: XArray, node: XaNode | None, offset: int, entry: Entry) -> None:
    """Store ``entry`` in slot ``offset`` of ``node``, or as the head of ``xa`` if ``node`` is None.

    Models: rcu_assign_pointer on the slot pointer that lib/xarray.c carries about (v5.4).
    """
    if node is None:
        xa.xa_head = entry
    else:
        node.slots[offset] = entry
