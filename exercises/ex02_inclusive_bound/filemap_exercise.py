"""Exercise ex02: a program reads its file from back to front, and the front never gets a huge page.

This is the function that asks whether a huge page still fits into a block of the page cache. It stands in for the
kit's function of the same name, in thpkit/kernel/filemap.py; everything else of the kernel is the kit's and correct.
The README beside this file tells the story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import filemap, locks, units, xarray
from thpkit.kernel.units import Pgoff
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace


@replaces(filemap.huge_block_in_use)
def huge_block_in_use(mapping: AddressSpace, hindex: Pgoff) -> bool:
    """Whether anything at all stands at the 512 indices from ``hindex``.

    Locks: takes i_pages; never sleeps.
    Models: mm/filemap.c: filemap_huge_check_pagecache_usable (v5.3 with the patch), by xas_find_conflict.
    Left out: nothing.
    """
    xas = xarray.XA_STATE(mapping.i_pages, hindex)
    locks.spin_lock_irq(mapping.i_pages.xa_lock)
    entry = xarray.xas_find(xas, hindex + units.HPAGE_PMD_NR)
    locks.spin_unlock_irq(mapping.i_pages.xa_lock)
    return entry is not None
