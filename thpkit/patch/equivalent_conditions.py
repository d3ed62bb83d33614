"""Remarks about the condition of hunk H6: single terms, and its spelling, tried on everything that can be asked.

Each function compares two forms on every case of a small world and returns how many cases that were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

from thpkit.kernel import flags, page_alloc, units, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import SMALL, Pgoff
from thpkit.kernel.variant import Variant
from thpkit.patch.agreement import same
from thpkit.patch.repairs import lookup
from thpkit.patch.repairs.table import repaired
from thpkit.patch.scene import Setting, Stage
from thpkit.patch.v3.filemap import huge_entry_is_unusable
from thpkit.patch.versions import V3


class Case(NamedTuple):
    """Something that can stand in the page cache, or be imagined there, and where it was found."""

    entry: xarray.Entry
    hindex: Pgoff
    real: bool
    """Whether a kernel could have it there; the others only tell whether a term says anything at all."""


def _cases() -> Iterator[Case]:
    """Values, nodes, small pages, heads and tails in every state of their flags, at every place of the block."""
    machine = Machine(V3, Config(geometry=SMALL, on_splat=OnSplat.LOG, debug_vm=False))
    with machine.installed():
        block = Pgoff(units.HPAGE_PMD_NR)
        yield Case(xarray.xa_mk_value(7), block, True)
        yield Case(_a_node(), block, True)
        for order, locked, uptodate in product(
            (0, 1, units.HPAGE_PMD_ORDER), (0, 1), (0, 1)
        ):
            head = page_alloc.alloc_pages(Gfp.COMP, order)
            assert head is not None
            head.flags |= locked << flags.PG_locked | uptodate << flags.PG_uptodate
            whole = order == units.HPAGE_PMD_ORDER
            indices = (block,) if whole else range(block, 2 * block)
            for index in indices:
                head.index = Pgoff(index)
                for i in range(1 << order):
                    yield Case(page_h.nth_page(head, i), block, order != 1)
            head.index = Pgoff(2 * block)
            yield Case(head, block, False)


def _a_node() -> xarray.Entry:
    array = xarray.page_cache_xarray("example")
    xarray.xa_store(array, 1, xarray.xa_mk_value(1), Gfp.KERNEL)
    return array.xa_head


def compound_twice() -> int:
    """K4: PageCompound and PageTransCompound, asked of every page."""
    return sum(
        same(
            case, page_h.PageCompound(case.entry), page_h.PageTransCompound(case.entry)
        )
        for case in _cases()
        if isinstance(case.entry, Page)
    )


def no_hugetlb() -> int:
    """K5: the condition with and without the question for hugetlb pages."""
    return _agree(lambda case: _split(case, hugetlb=False), only_real=False)


def no_order() -> int:
    """K7: the condition with and without the question for the order, on what a kernel can have in its cache."""
    return _agree(lambda case: _split(case, order=False), only_real=True)


def no_index() -> int:
    """K8: the condition with and without the question for the index, on what the block itself can hold.

    The posted search goes one index too far (D1). There the term carries weight: without it A gets the next block.
    """
    count = _agree(lambda case: _split(case, index=False), only_real=True)
    nr = 1 << SMALL.table_shift
    count += same("v3", _reads_first_block(V3), "page 3")
    count += same(
        "v3 without the term",
        _reads_first_block(V3, lookup.k8_unusable),
        f"page {nr + 3}",
    )
    narrow = repaired(["D1"])
    count += same("v3+D1", _reads_first_block(narrow), "page 3")
    count += same(
        "v3+D1 without the term",
        _reads_first_block(narrow, lookup.k8_unusable),
        "page 3",
    )
    return count


def _reads_first_block(base: Variant, *functions: Callable[..., object]) -> str:
    """A reads in the second block of the file, then page 3 of the first: what it is shown."""
    variant = Variant(f"{base.name} for K8", functions=functions, base=base)
    on = Stage(Setting().machine(variant, SMALL))
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    return on.touch(on.a, at, 3)


def one_test_a_line() -> int:
    """K10: the one condition of ten terms, and one test a line."""
    return _agree(_split, only_real=False)


def _agree(spelling: Callable[[Case], bool], only_real: bool) -> int:
    return sum(
        same(case, huge_entry_is_unusable(case.entry, case.hindex), spelling(case))
        for case in _cases()
        if case.real or not only_real
    )


def _split(
    case: Case, hugetlb: bool = True, order: bool = True, index: bool = True
) -> bool:
    """The condition, one test a line; single tests can be left out."""
    page = case.entry
    if not isinstance(page, Page):
        return True
    if not page_h.PageCompound(page):
        return True
    if hugetlb and page_h.PageHuge(page):
        return True
    if page is not page_h.compound_head(page):
        return True
    if order and page_h.compound_order(page) != units.HPAGE_PMD_ORDER:
        return True
    if index and page.index != case.hindex:
        return True
    if not page_h.PageUptodate(page):
        return True
    return not page_h.PageLocked(page)
