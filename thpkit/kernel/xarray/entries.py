"""What a slot can hold: pointers, values, and the internal entries that only the XArray itself makes.

In the kernel an entry is one machine word and its two lowest bits say what it is. Here it is a Python object:
None is NULL, an :class:`~thpkit.kernel.xarray.nodes.XaNode` is the link to a child node, the classes below
are the rest, and any other structure stands for a pointer. :func:`machine_word` gives the kernel's encoding
for display.

Models: include/linux/xarray.h (v5.4), CONFIG_XARRAY_MULTI=y, 64 bit.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from thpkit.kernel import units
from thpkit.kernel.kobject import KObject, primitive
from thpkit.kernel.xarray.nodes import XaNode

if TYPE_CHECKING:
    from typing_extensions import TypeIs

ULONG_MAX: Final = (1 << 64) - 1
"""Highest index there is. Index arithmetic is modulo 2^64, as in a 64-bit register."""

XA_ZERO_NUMBER: Final = 257
"""Internal number of the zero entry; the retry entry has the one below."""


@dataclass(frozen=True, slots=True)
class XaValue:
    """A number from 0 to 2^63 - 1 stored in place of a pointer, such as the shadow of an evicted page."""

    number: int

    def __repr__(self) -> str:
        return f"value({self.number})"


@dataclass(frozen=True, slots=True)
class XaInternal:
    """An entry that only the XArray itself makes: a sibling, the retry entry or the zero entry."""

    number: int
    """What the kernel stores above the two tag bits."""

    def __repr__(self) -> str:
        return {XA_ZERO_NUMBER - 1: "retry", XA_ZERO_NUMBER: "zero"}.get(
            self.number, f"internal({self.number})"
        )


@dataclass(frozen=True, slots=True)
class Sibling(XaInternal):
    """Says: the entry of this slot is in slot ``number`` of the same node. Made by :func:`xa_mk_sibling`."""

    def __repr__(self) -> str:
        return f"sibling({self.number})"


@dataclass(frozen=True, slots=True)
class XaError:
    """A failure in place of an entry, or in place of a cursor's node; ``errno`` is positive."""

    errno: int

    def __repr__(self) -> str:
        return f"error(-{errno.errorcode.get(self.errno, str(self.errno))})"


Entry: TypeAlias = KObject | XaValue | XaInternal | XaError | None
"""Anything a slot, or the head of an array, can hold; errors occur only as results."""

RETRY_ENTRY: Final = XaInternal(XA_ZERO_NUMBER - 1)
"""Stands in slots of freed nodes: a reader that meets it must start again from the head (XA_RETRY_ENTRY)."""

ZERO_ENTRY: Final = XaInternal(XA_ZERO_NUMBER)
"""A reserved slot: occupied, but shown as NULL by the normal API (XA_ZERO_ENTRY)."""

_SIBLINGS: Final = tuple(Sibling(offset) for offset in range(63))
"""The sibling entries, one object each, so that equality is identity."""


# ---- making entries -------------------------------------------------------------------------------------


@primitive
def xa_mk_value(number: int) -> XaValue:
    """The value entry that holds ``number`` (0 to 2^63 - 1).

    Raises:
        ValueError: the number does not fit.

    Models: include/linux/xarray.h: xa_mk_value (v5.4); there a number too large only warns.
    """
    if not 0 <= number < 1 << 63:
        raise ValueError(f"a value entry holds 0 to 2^63 - 1, not {number}")
    return XaValue(number)


@primitive
def xa_mk_sibling(offset: int) -> Sibling:
    """The entry that refers a slot to slot ``offset`` of its node.

    Models: include/linux/xarray.h: xa_mk_sibling (v5.4).
    """
    return _SIBLINGS[offset]


@primitive
def xa_mk_error(err: int) -> XaError:
    """The entry for a negative errno, such as ``-errno.ENOMEM``.

    Models: include/linux/xarray.h: XA_ERROR (v5.4).
    """
    return XaError(-err)


# ---- looking at entries ---------------------------------------------------------------------------------


@primitive
def xa_is_value(entry: Entry) -> TypeIs[XaValue]:
    """Whether ``entry`` is a value. Models: include/linux/xarray.h: xa_is_value (v5.4)."""
    return isinstance(entry, XaValue)


@primitive
def xa_to_value(entry: Entry) -> int:
    """The number a value entry holds. Models: include/linux/xarray.h: xa_to_value (v5.4)."""
    assert isinstance(entry, XaValue), f"{entry!r} is not a value entry"
    return entry.number


@primitive
def xa_is_internal(entry: Entry) -> TypeIs[XaNode | XaInternal | XaError]:
    """Whether ``entry`` was made by the XArray itself: a node link, sibling, retry, zero or an error.

    Models: include/linux/xarray.h: xa_is_internal (v5.4).
    """
    return isinstance(entry, (XaNode, XaInternal, XaError))


@primitive
def xa_is_node(entry: Entry) -> TypeIs[XaNode]:
    """Whether ``entry`` is the link to a child node.

    Models: include/linux/xarray.h: xa_is_node (v5.4).
    """
    return isinstance(entry, XaNode)


@primitive
def xa_to_node(entry: Entry) -> XaNode:
    """The node that a node entry links to. Models: include/linux/xarray.h: xa_to_node (v5.4)."""
    assert isinstance(entry, XaNode), f"{entry!r} is not a node entry"
    return entry


@primitive
def xa_is_sibling(entry: Entry) -> TypeIs[Sibling]:
    """Whether ``entry`` only refers to another slot of its node.

    Models: include/linux/xarray.h: xa_is_sibling (v5.4).
    """
    return isinstance(entry, Sibling)


@primitive
def xa_to_sibling(entry: Entry) -> int:
    """The slot a sibling entry refers to. Models: include/linux/xarray.h: xa_to_sibling (v5.4)."""
    assert isinstance(entry, Sibling), f"{entry!r} is not a sibling entry"
    return entry.number


@primitive
def xa_is_retry(entry: Entry) -> bool:
    """Whether ``entry`` tells a reader to start again. Models: include/linux/xarray.h: xa_is_retry (v5.4)."""
    return entry is RETRY_ENTRY


@primitive
def xa_is_zero(entry: Entry) -> bool:
    """Whether ``entry`` is the mark of a reserved slot.

    Models: include/linux/xarray.h: xa_is_zero (v5.4).
    """
    return entry is ZERO_ENTRY


@primitive
def xa_is_err(entry: Entry) -> TypeIs[XaError]:
    """Whether a result of the normal API is a failure. Models: include/linux/xarray.h: xa_is_err (v5.4)."""
    return isinstance(entry, XaError)


@primitive
def xa_err(entry: Entry) -> int:
    """The negative errno in a result of the normal API, or 0.

    Models: include/linux/xarray.h: xa_err (v5.4).
    """
    return -entry.errno if isinstance(entry, XaError) else 0


@primitive
def xa_is_advanced(entry: Entry) -> bool:
    """Whether the normal API refuses to store ``entry``: siblings and retry entries, but not zero entries.

    Models: include/linux/xarray.h: xa_is_advanced (v5.4).
    """
    return isinstance(entry, Sibling) or entry is RETRY_ENTRY


# ---- display --------------------------------------------------------------------------------------------


def machine_word(entry: Entry) -> str:
    """How ``entry`` looks as a machine word in the kernel, for display: ``sibling(8) = 0x22``.

    Addresses do not exist in this model, so a pointer and a node link show only what their low bits add:
    nothing for a pointer, 2 for a link.

    Locks: none; never sleeps.
    Models: no kernel function (v5.4 has only the encoding, in include/linux/xarray.h). Left out: nothing.
    """
    if entry is None:
        return "NULL = 0x0"
    if isinstance(entry, XaValue):
        return f"{entry!r} = {entry.number << 1 | 1:#x}"
    if isinstance(entry, XaInternal):
        return f"{entry!r} = {entry.number << 2 | 2:#x}"
    if isinstance(entry, XaError):
        return f"{entry!r} = {(-entry.errno << 2 | 2) & ULONG_MAX:#x}"
    if isinstance(entry, XaNode):
        return f"node({entry.kname}) = &{entry.kname} + 2"
    return f"{entry.kname} = &{entry.kname}"


@primitive
def max_index(entry: Entry) -> int:
    """The highest index a tree with this head covers: 0 unless the head is a node.

    Models: lib/xarray.c: max_index (v5.4).
    """
    if not isinstance(entry, XaNode):
        return 0
    return ((units.XA_CHUNK_SIZE << entry.shift) - 1) & ULONG_MAX
