"""How a range of indices is cut into pieces that one store can take.

Models: lib/xarray.c: xas_set_range and the first lines of xa_store_range (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray import state
from thpkit.kernel.xarray.entries import ULONG_MAX
from thpkit.kernel.xarray.state import BITS_PER_LONG, XaState


@primitive
def alignment_order(number: int) -> int:
    """The largest order whose blocks end just before index ``number``: its trailing zero bits; 64 for 0 and
    2^64.

    Models: __ffs in lib/xarray.c: xa_store_range (v5.4).
    """
    number = number & ULONG_MAX
    if number == 0:
        return BITS_PER_LONG
    return (number & -number).bit_length() - 1


def xas_set_range(xas: XaState, first: int, last: int) -> None:
    """Place the cursor over the largest piece at ``first`` that one store can fill without passing ``last``.

    The piece is a run of slots of one node, which need not be a power of two in number.

    Locks: none; never sleeps.
    Models: lib/xarray.c: xas_set_range (v5.4). Left out: nothing.
    """
    shift = 0
    sibs = last - first
    offset = units.XA_CHUNK_MASK
    state.xas_set(xas, first)

    while first & units.XA_CHUNK_MASK == 0:
        if sibs < units.XA_CHUNK_MASK:
            break
        if sibs == units.XA_CHUNK_MASK and offset < units.XA_CHUNK_MASK:
            break
        shift = shift + units.XA_CHUNK_SHIFT
        if offset == units.XA_CHUNK_MASK:
            offset = sibs & units.XA_CHUNK_MASK
        sibs = sibs >> units.XA_CHUNK_SHIFT
        first = first >> units.XA_CHUNK_SHIFT

    offset = first & units.XA_CHUNK_MASK
    if offset + sibs > units.XA_CHUNK_MASK:
        sibs = units.XA_CHUNK_MASK - offset
    if (first + sibs + 1 << shift) - 1 > last:
        sibs = sibs - 1

    xas.xa_shift = shift
    xas.xa_sibs = sibs
