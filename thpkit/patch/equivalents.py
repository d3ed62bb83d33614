"""Remarks about spelling: the two spellings agree on everything there is, which is tried out here.

Each function compares two forms on every case of a small world and returns how many cases that were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, NamedTuple

from thpkit.kernel import (
    filemap,
    flags,
    fs,
    huge_memory,
    locks,
    memory,
    page_alloc,
    rmap,
    swap,
    units,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp, MapFlags
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import SMALL, Pgoff
from thpkit.kernel.variant import Variant
from thpkit.patch.repairs.table import repaired
from thpkit.patch.scene import PATH, RX, Setting, Stage
from thpkit.patch.v3.filemap import huge_entry_is_unusable
from thpkit.patch.versions import V3, V53
from thpkit.trace.digest import first_difference, state_of


class Disagree(AssertionError):
    """Two spellings gave different results."""


def _same(case: object, one: object, other: object) -> int:
    if one != other:
        raise Disagree(f"{case}: {one!r} in one spelling, {other!r} in the other")
    return 1


# ---- K1: masks --------------------------------------------------------------------------------------------


def masks() -> int:
    """K1: cutting an address off by OFFSET, by MASK and by a division: each bit of an address, and all neighbours."""
    count = 0
    for size in (units.PMD_SIZE, units.PUD_SIZE):
        offset = size - 1
        for bit, delta in product(range(47), (-1, 0, 1)):
            address = max((1 << bit) + delta, 0)
            count += _same(hex(address), address & ~offset, address // size * size)
            count += _same(hex(address), address & offset, address % size)
    return count


# ---- K4, K5, K7, K8, K10: the condition -----------------------------------------------------------------


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
        _same(
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

    The posted search goes one index too far (D1); there the term does say something, as the unreal cases show.
    """
    return _agree(lambda case: _split(case, index=False), only_real=True)


def one_test_a_line() -> int:
    """K10: the one condition of ten terms, and one test a line."""
    return _agree(_split, only_real=False)


def _agree(spelling: Callable[[Case], bool], only_real: bool) -> int:
    return sum(
        _same(case, huge_entry_is_unusable(case.entry, case.hindex), spelling(case))
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


# ---- K3, K24, K25: what was compiled out ------------------------------------------------------------------


def _kinds(machine: Machine) -> Iterator[tuple[str, Page]]:
    """The kinds of page that v5.3 can have in a cache: small or huge, and if huge, shmem's."""
    for name, order, shmem in (
        ("file", 0, 0),
        ("shmem", 0, 1),
        ("huge shmem", None, 1),
    ):
        page = page_alloc.alloc_pages(
            Gfp.COMP, units.HPAGE_PMD_ORDER if order is None else order
        )
        assert page is not None
        page.flags |= shmem << flags.PG_swapbacked
        page.mapping = Stage(machine).mapping
        yield name, page


def _counters_after(variant: Variant, act: Callable[[Page], None]) -> dict[str, object]:
    """The counters after ``act`` on one page of each kind, on a debug kernel."""
    found: dict[str, object] = {}
    machine = Setting(debug=True).machine(variant, SMALL)
    with machine.installed():
        for name, page in _kinds(machine):
            act(page)
            found[name] = (machine.counters(), page._mapcount)
    return found


def unaccounting() -> int:
    """K3: the old and the new form of unaccounting, on every kind of page that the old one allows."""

    def act(page: Page) -> None:
        mapping = page_h.page_mapping(page)
        assert mapping is not None
        filemap.unaccount_page_cache_page(mapping, page)

    old, new = _counters_after(V53, act), _counters_after(V3, act)
    return sum(_same(kind, old[kind], new[kind]) for kind in old)


def adding_a_mapping() -> int:
    """K24: with and without the assertion, on every kind of page for which it holds."""

    def act(page: Page) -> None:
        locks.set_page_locked_nonatomic(page)
        rmap.page_add_file_rmap(page, page_h.PageHead(page))

    old, new = _counters_after(V53, act), _counters_after(V3, act)
    return sum(_same(kind, old[kind], new[kind]) for kind in old)


def removing_a_mapping() -> int:
    """K25: with and without the assertion, on every kind of page for which it holds."""

    def act(page: Page) -> None:
        locks.set_page_locked_nonatomic(page)
        rmap.page_add_file_rmap(page, page_h.PageHead(page))
        rmap.page_remove_file_rmap(page, page_h.PageHead(page))

    old, new = _counters_after(V53, act), _counters_after(V3, act)
    return sum(_same(kind, old[kind], new[kind]) for kind in old)


# ---- K13, K15, K16, K21: the handler and mmap ---------------------------------------------------------------


def always_compound() -> int:
    """K13: an allocation of more than one page with COMP is compound, whatever else is asked."""
    count = 0
    machine = Machine(V3, Config(geometry=SMALL))
    with machine.installed():
        others = (Gfp.NONE, Gfp.NOWARN, Gfp.NORETRY, Gfp.HIGHUSER_MOVABLE, Gfp.ZERO)
        for order, gfp in product(range(1, units.HPAGE_PMD_ORDER + 1), others):
            page = page_alloc.alloc_pages(gfp | Gfp.COMP, order)
            assert page is not None
            count += _same((order, gfp), page_h.PageCompound(page), True)
    return count


DURING: Final = (
    (locks.spin_lock_irq, 3),
    (locks.spin_unlock_irq, 3),
    (page_alloc.alloc_pages, 1),
    (huge_memory.prep_transhuge_page, 1),
    (fs.fill_page, 8),
    (locks.unlock_page, 1),
    (locks.wait_on_page_locked, 1),
    (xarray.xas_create_range, 1),
    (xarray.xas_find, 2),
    (locks.set_page_locked_nonatomic, 2),
    (memory.alloc_set_pte, 1),
    (swap.put_page, 1),
)
"""Functions that the posted handler calls, and how often."""


def never_truncated() -> int:
    """K15: truncation at each moment of the fault: a page that nobody has seen is not cut, so no second is made."""
    count = 0
    for function, visits in DURING:
        for visit in range(1, visits + 1):
            machine = Setting().machine(V3, SMALL)
            on = Stage(machine)
            at = on.map(on.a)
            machine.interrupt(function, visit, _cut)
            on.touch(on.a, at, on.nr + 3)
            huge = sum(page_h.PageHead(page) for page in on.pages())
            count += _same((function.__name__, visit), huge, 1)
    return count


def _cut(machine: Machine) -> None:
    machine.processes["B"].truncate(PATH, 0)


def no_charge_to_pass() -> int:
    """K16: NULL and vmf->memcg, in faults that succeed, find the page cached, misfit or run out of memory."""
    count = 0
    other = repaired(["K16"])
    for beyond, site in product((0, 1), (None, "page", "xa_node", "pgtable", "read")):
        states = []
        for variant in (V3, other):
            machine = Setting().machine(variant, SMALL)
            on = Stage(machine)
            at = on.fixed(on.a, beyond=beyond)
            if site is not None:
                machine.fail(site)
            on.touch(on.a, at, on.nr + 3)
            on.touch(on.b, on.map(on.b), on.nr + 3)
            states.append(state_of(machine.kernel))
        count += _same((beyond, site), first_difference(*states), None)
    return count


def length_and_hint() -> int:
    """K21: the address with and without the tests of length and hint, for all lengths, offsets and kinds of hint."""
    machines = [Setting().machine(each, SMALL) for each in (V3, repaired(["K21"]))]
    stages = [Stage(each) for each in machines]
    fds = [on.a.open(PATH) for on in stages]
    nr = stages[0].nr
    hints = (0, stages[0].place(stages[0].a), stages[0].place(stages[0].a, 3))
    count = 0
    for pages, offset, hint in product(range(1, 3 * nr), range(nr + 1), hints):
        found = []
        for on, fd in zip(stages, fds, strict=True):
            at = on.a.mmap(
                pages * on.page, RX, MapFlags.PRIVATE, fd, offset * on.page, hint
            )
            on.a.munmap(at, pages * on.page)
            found.append(at)
        count += _same((pages, offset, hex(hint)), *found)
    return count
