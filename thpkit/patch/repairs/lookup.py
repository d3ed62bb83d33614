"""Repairs of the two searches for something that is in the way, and of what a failed attempt leaves behind.

Models: no kernel; each function is one of the patch's with one thing mended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import filemap, locks, swap, units, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces
from thpkit.patch.v3 import filemap as v3_filemap
from thpkit.patch.v3 import huge_fault

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.page import Page
    from thpkit.kernel.xarray import Entry


@replaces(huge_fault.last_index)
def d1_last_index(hindex: Pgoff) -> Pgoff:
    """D1: the search includes its bound, so the bound is the last index of the block."""
    return Pgoff(hindex + units.HPAGE_PMD_NR - 1)


@replaces(v3_filemap.filemap_huge_check_pagecache_usable)
def d2_check(
    xas: xarray.XaState, hindex: Pgoff, hindex_max: Pgoff
) -> tuple[bool, Page | None]:
    """D2: the first look uses a cursor for one index, which goes down to the page itself.

    The wide cursor is needed again for making room, so it is left alone. The second look comes with the cursor that
    making room has narrowed, and stays as posted.
    """
    look = xas
    if xas.xa_sibs:
        look = xarray.XA_STATE(xas.xa, hindex)
    while True:
        entry = xarray.xas_find(look, hindex_max)
        if not xarray.xas_retry(look, entry):
            break
        xarray.xas_set(look, hindex)
    if entry is not None and v3_filemap.huge_entry_is_unusable(entry, hindex):
        return False, None
    xarray.xas_set(xas, hindex)
    return True, entry if filemap.is_page(entry) else None


@replaces(v3_filemap.filemap_huge_check_pagecache_usable)
def d3_check(
    xas: xarray.XaState, hindex: Pgoff, hindex_max: Pgoff
) -> tuple[bool, Page | None]:
    """D3: each look begins at the first index, wherever the cursor stands."""
    while True:
        xarray.xas_set(xas, hindex)
        entry = xarray.xas_find(xas, hindex_max)
        if not xarray.xas_retry(xas, entry):
            break
    if entry is not None and v3_filemap.huge_entry_is_unusable(entry, hindex):
        return False, None
    xarray.xas_set(xas, hindex)
    return True, entry if filemap.is_page(entry) else None


@replaces(v3_filemap.filemap_huge_check_pagecache_usable)
def d2_d3_check(
    xas: xarray.XaState, hindex: Pgoff, hindex_max: Pgoff
) -> tuple[bool, Page | None]:
    """D2 and D3: each look has a cursor of its own, for one index, from the first one on."""
    look = xarray.XA_STATE(xas.xa, hindex)
    while True:
        entry = xarray.xas_find(look, hindex_max)
        if not xarray.xas_retry(look, entry):
            break
        xarray.xas_set(look, hindex)
    if entry is not None and v3_filemap.huge_entry_is_unusable(entry, hindex):
        return False, None
    xarray.xas_set(xas, hindex)
    return True, entry if filemap.is_page(entry) else None


@replaces(v3_filemap.huge_entry_is_unusable)
def k8_unusable(entry: Entry, hindex: Pgoff) -> bool:
    """K8: the posted condition without the term for the index. Right only beside D1, so it is no repair by itself."""
    return (
        not filemap.is_page(entry)
        or not page_h.PageCompound(entry)
        or page_h.PageHuge(entry)
        or not page_h.PageTransCompound(entry)
        or entry is not page_h.compound_head(entry)
        or page_h.compound_order(entry) != units.HPAGE_PMD_ORDER
        or not page_h.PageUptodate(entry)
        or not page_h.PageLocked(entry)
    )


@replaces(v3_filemap.huge_entry_is_unusable)
def k9_unusable(entry: Entry, hindex: Pgoff) -> bool:
    """K9, K12: a page need not be locked to be usable. Nobody locks it afterwards either."""
    return (
        not filemap.is_page(entry)
        or not page_h.PageCompound(entry)
        or entry is not page_h.compound_head(entry)
        or page_h.compound_order(entry) != units.HPAGE_PMD_ORDER
        or entry.index != hindex
        or not page_h.PageUptodate(entry)
    )


@replaces(huge_fault.give_up)
def d4_give_up(mapping: AddressSpace, hindex: Pgoff, page: Page) -> None:
    """D4: what was made for nothing goes away again: each leaf of the block that holds no entry."""
    xas = xarray.XA_STATE(mapping.i_pages, hindex)
    for chunk in range(hindex, hindex + units.HPAGE_PMD_NR, units.XA_CHUNK_SIZE):
        filemap.clear_empty_chunk(xas, chunk)
    huge_fault.discard(page)


@replaces(huge_fault.make_room)
def d11_make_room(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> bool:
    """D11: allocate after the lock is released. The node kept ahead can still be left over (D37)."""
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        xarray.xas_set(xas, hindex)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            return True
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            page.mapping = None
            swap.put_page(page)
            return False


@replaces(huge_fault.make_room)
def d37_make_room(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> bool:
    """D37: once there is room, a node that was kept ahead and not needed is given back."""
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        xarray.xas_set(xas, hindex)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            xarray.xas_nomem(xas, Gfp.KERNEL)
            return True
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            huge_fault.discard(page)
            huge_fault.leave(mapping, None)
            return False
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)


@replaces(huge_fault.make_room)
def d11_d37_make_room(
    mapping: AddressSpace, xas: xarray.XaState, hindex: Pgoff, page: Page
) -> bool:
    """D11 and D37 together, and the leaves that were made so far go if memory runs out for good."""
    while True:
        locks.spin_lock_irq(mapping.i_pages.xa_lock)
        xarray.xas_set(xas, hindex)
        xarray.xas_create_range(xas)
        if not xarray.xas_error(xas):
            xarray.xas_nomem(xas, Gfp.KERNEL)
            return True
        locks.spin_unlock_irq(mapping.i_pages.xa_lock)
        if not xarray.xas_nomem(xas, Gfp.KERNEL):
            filemap.forget_empty_nodes(mapping, hindex, units.HPAGE_PMD_ORDER)
            huge_fault.discard(page)
            return False
