"""Remarks about spelling: the two spellings agree on everything there is, which is tried out here.

Each function compares two forms on every case of a small world and returns how many cases that were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Final

from thpkit.kernel import (
    filemap,
    flags,
    fs,
    huge_memory,
    locks,
    page_alloc,
    rmap,
    units,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Gfp, MapFlags, VmFlags
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import Variant
from thpkit.patch.agreement import same
from thpkit.patch.repairs.table import repaired
from thpkit.patch.scene import PATH, RX, Setting, Stage
from thpkit.patch.versions import V3, V53
from thpkit.trace.digest import first_difference, state_of

# ---- K1: masks --------------------------------------------------------------------------------------------


def masks() -> int:
    """K1: cutting an address off by OFFSET, by MASK and by a division: each bit of an address, and all neighbours."""
    count = 0
    for size in (units.PMD_SIZE, units.PUD_SIZE):
        offset = size - 1
        for bit, delta in product(range(47), (-1, 0, 1)):
            address = max((1 << bit) + delta, 0)
            count += same(hex(address), address & ~offset, address // size * size)
            count += same(hex(address), address & offset, address % size)
    return count


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
    return sum(same(kind, old[kind], new[kind]) for kind in old)


def adding_a_mapping() -> int:
    """K24: with and without the assertion, on every kind of page for which it holds."""

    def act(page: Page) -> None:
        locks.set_page_locked_nonatomic(page)
        rmap.page_add_file_rmap(page, page_h.PageHead(page))

    old, new = _counters_after(V53, act), _counters_after(V3, act)
    return sum(same(kind, old[kind], new[kind]) for kind in old)


def removing_a_mapping() -> int:
    """K25: with and without the assertion, on every kind of page for which it holds."""

    def act(page: Page) -> None:
        locks.set_page_locked_nonatomic(page)
        rmap.page_add_file_rmap(page, page_h.PageHead(page))
        rmap.page_remove_file_rmap(page, page_h.PageHead(page))

    old, new = _counters_after(V53, act), _counters_after(V3, act)
    return sum(same(kind, old[kind], new[kind]) for kind in old)


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
            count += same((order, gfp), page_h.PageCompound(page), True)
    return count


DURING: Final = (
    (locks.spin_lock_irq, 2),
    (page_alloc.alloc_pages, 1),
    (huge_memory.prep_transhuge_page, 1),
    (fs.fill_page, 8),
    (locks.unlock_page, 1),
    (locks.wait_on_page_locked, 1),
    (locks.set_page_locked_nonatomic, 1),
)
"""Functions that the posted handler calls, and how often, without the i_pages lock: with it truncation would wait."""


def never_truncated() -> int:
    """K15: truncation at each moment of the fault: a page that nobody has seen is not cut, so no second is made.

    Truncation looks into the cache only if the file has pages: B has read one of another block, and D7 is repaired,
    so that the huge page would count as well.
    """
    count = 0
    counting = repaired(["D7"])
    for function, visits in DURING:
        for visit in range(1, visits + 1):
            machine = Setting().machine(counting, SMALL)
            on = Stage(machine)
            at = on.map(on.a)
            on.b.read(on.b.open(PATH), 0)
            fired: list[tuple[bool, str, bool]] = []
            machine.interrupt(function, visit, partial(_cut, on, fired))
            on.touch(on.a, at, on.nr + 3)
            case = (function.__name__, visit)
            same(case, fired, [(True, "0", True)])
            huge = sum(page_h.PageHead(page) for page in on.pages())
            count += same(case, huge, 1)
    return count


def _cut(on: Stage, fired: list[tuple[bool, str, bool]], _machine: Machine) -> None:
    """Truncate, and note that the file had pages, what came of it, and that it has none afterwards."""
    before = on.mapping.nrpages
    result = on.cut(on.b)
    fired.append((before == 1, result, on.mapping.nrpages == 0))


def no_charge_to_pass() -> int:
    """K16: NULL and vmf->memcg, in faults that succeed, misfit or run out of memory."""
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
        count += same((beyond, site), first_difference(*states), None)
    return count


def length_and_hint() -> int:
    """K21: the address with and without the tests of length and hint, for all lengths, offsets and kinds of hint."""
    return sum(same(case, *(at for at, _may in found)) for case, found in _placed())


def maywrite_differs() -> int:
    """K21: in how many of these cases the right to become writable is not the same: there K23 is needed beside it."""
    return sum(one != other for _case, ((_, one), (_, other)) in _placed())


def _placed() -> Iterator[tuple[object, list[tuple[int, bool]]]]:
    """Each length, offset and hint; for v3 and for v3+K21 the address and whether VM_MAYWRITE is set."""
    machines = [Setting().machine(each, SMALL) for each in (V3, repaired(["K21"]))]
    stages = [Stage(each) for each in machines]
    fds = [on.a.open(PATH) for on in stages]
    nr = stages[0].nr
    hints = (0, stages[0].place(stages[0].a), stages[0].place(stages[0].a, 3))
    for pages, offset, hint in product(range(1, 3 * nr), range(nr + 1), hints):
        found = []
        for on, fd in zip(stages, fds, strict=True):
            at = on.a.mmap(
                pages * on.page, RX, MapFlags.PRIVATE, fd, offset * on.page, hint
            )
            vma = on.a.mm.mmap
            assert vma is not None
            found.append((at, bool(vma.vm_flags & VmFlags.MAYWRITE)))
            on.a.munmap(at, pages * on.page)
        yield (pages, offset, hex(hint)), found
