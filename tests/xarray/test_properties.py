"""Random operations against a model that is a plain dictionary, in trees of 64-slot and of 4-slot nodes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thpkit.kernel import init, xarray
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KObject
from thpkit.kernel.splat import Config
from thpkit.kernel.units import REAL, SMALL, Geometry
from thpkit.kernel.xarray import XA_PRESENT, XArray
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry

THOROUGH = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

indices = st.one_of(
    st.integers(0, 40),
    st.integers(0, 600),
    st.integers(4000, 4200),
    st.sampled_from(
        [
            1 << 12,
            1 << 18,
            (1 << 24) + 7,
            1 << 63,
            ULONG_MAX - 70,
            ULONG_MAX - 1,
            ULONG_MAX,
        ]
    ),
)
orders = st.one_of(st.just(0), st.integers(0, 9))


@dataclass
class Placed:
    """One entry of the model."""

    first: int
    order: int
    entry: Entry
    marks: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        return self.first + (1 << self.order) - 1


class Model:
    """What the array must hold: the entries by their first index."""

    def __init__(self) -> None:
        self.placed: dict[int, Placed] = {}

    def overlapping(self, first: int, last: int) -> list[Placed]:
        return [
            each
            for each in self.in_order()
            if each.first <= last and each.last >= first
        ]

    def in_order(self) -> list[Placed]:
        return [self.placed[first] for first in sorted(self.placed)]

    def at(self, index: int) -> Placed | None:
        return next(iter(self.overlapping(index, index)), None)

    def store(self, index: int, order: int, entry: Entry) -> bool:
        """Place an entry as the array does; False if the array's behaviour is not defined for this store."""
        last = index + (1 << order) - 1
        over = self.overlapping(index, last)
        if any(each.first < index or each.last > last for each in over):
            # The one defined case: a single index inside a wider entry of the same kind renews that entry.
            wider = over[0]
            if order != 0 or xarray.xa_is_value(wider.entry) != xarray.xa_is_value(
                entry
            ):
                return False
            wider.entry = entry
            return True
        marks = {mark for each in over for mark in each.marks}
        for each in over:
            del self.placed[each.first]
        self.placed[index] = Placed(index, order, entry, marks)
        return True


@dataclass
class Pair:
    """An array and its model, under the same operations."""

    xa: XArray
    model: Model = field(default_factory=Model)
    failures: bool = False
    """Whether an allocation has failed: empty nodes may be left."""

    def store(self, index: int, order: int, entry: Entry, gfp: Gfp) -> None:
        index = index >> order << order
        before = {
            first: Placed(p.first, p.order, p.entry, p.marks)
            for first, p in self.model.placed.items()
        }
        if not self.model.store(index, order, entry):
            return
        xas = xarray.XA_STATE_ORDER(self.xa, index, order)
        while True:
            xarray.xas_lock_irq(xas)
            xarray.xas_store(xas, entry)
            xarray.xas_unlock_irq(xas)
            if not xarray.xas_nomem(xas, gfp):
                break
        if xarray.xas_error(xas):
            self.failures = True
            self.model.placed = before

    def erase(self, index: int) -> None:
        placed = self.model.at(index)
        assert xarray.xa_erase(self.xa, index) == (
            None if placed is None else placed.entry
        )
        if placed is not None:
            del self.model.placed[placed.first]

    def mark(self, index: int, mark: int, on: bool) -> None:
        if on:
            xarray.xa_set_mark(self.xa, index, mark)
        else:
            xarray.xa_clear_mark(self.xa, index, mark)
        placed = self.model.at(index)
        if placed is not None:
            (placed.marks.add if on else placed.marks.discard)(mark)

    def check_all(self) -> None:
        """The tree is sound and says what the model says."""
        assert xarray.check(self.xa, allow_empty_nodes=self.failures) is None
        expected = [(each.first, each.entry) for each in self.model.in_order()]
        assert [*xarray.xa_for_each(self.xa)] == expected
        for mark in range(xarray.XA_MAX_MARKS):
            marked = [
                (each.first, each.entry)
                for each in self.model.in_order()
                if mark in each.marks
            ]
            # Not xa_for_each: on marked entries of several slots it never ends, as in the kernel.
            xas = xarray.XA_STATE(self.xa, 0)
            found = xarray.xas_for_each_marked(xas, ULONG_MAX, mark)
            assert [(xas.xa_index, entry) for entry in found] == marked
            assert xarray.xa_marked(self.xa, mark) == bool(marked)

    def check_at(self, index: int) -> None:
        """Loads and searches at one index say what the model says."""
        placed = self.model.at(index)
        assert xarray.xa_load(self.xa, index) == (
            None if placed is None else placed.entry
        )
        for mark in range(xarray.XA_MAX_MARKS):
            expected = placed is not None and mark in placed.marks
            assert xarray.xa_get_mark(self.xa, index, mark) == expected
        behind = next(
            (each for each in self.model.in_order() if each.first > index), None
        )
        found, entry = xarray.xa_find_after(self.xa, index, ULONG_MAX, XA_PRESENT)
        assert (found, entry) == (
            (index, None) if behind is None else (behind.first, behind.entry)
        )
        found, entry = xarray.xa_find(self.xa, index, ULONG_MAX, XA_PRESENT)
        if placed is not None:
            assert (found, entry) == (index, placed.entry)
        else:
            assert (found, entry) == (
                (index, None) if behind is None else (behind.first, behind.entry)
            )

    def check_conflict(self, index: int, order: int) -> None:
        """A conflict is found in a range exactly if an entry overlaps it."""
        index = index >> order << order
        over = self.model.overlapping(index, index + (1 << order) - 1)
        conflict = xarray.xas_find_conflict(
            xarray.XA_STATE_ORDER(self.xa, index, order)
        )
        assert (conflict is not None) == bool(over)
        assert conflict is None or conflict in [each.entry for each in over]


def max_order(geometry: Geometry) -> int:
    """Widest entries worth trying: blocks of a huge page."""
    return geometry.table_shift


@pytest.mark.parametrize("geometry", [REAL, SMALL], ids=lambda geometry: geometry.name)
@given(data=st.data())
@THOROUGH
def test_stores_and_erasures(geometry: Geometry, data: st.DataObject) -> None:
    kernel = init.start_kernel(Config(geometry=geometry))
    with init.running(kernel):
        pair = Pair(xarray.page_cache_xarray("random"))
        for number in range(data.draw(st.integers(1, 25), label="operations")):
            act = data.draw(
                st.sampled_from(["store", "store", "store", "erase", "mark", "unmark"])
            )
            index = data.draw(indices, label="index")
            if act == "store":
                value = data.draw(st.booleans(), label="value")
                entry: Entry = (
                    xarray.xa_mk_value(number) if value else KObject(f"p{number}")
                )
                order = min(data.draw(orders, label="order"), max_order(geometry))
                pair.store(index, order, entry, Gfp.KERNEL)
                pair.check_conflict(index, order)
            elif act == "erase":
                pair.erase(index)
            else:
                pair.mark(
                    index, data.draw(st.integers(0, 2), label="mark"), act == "mark"
                )
            pair.check_all()
            pair.check_at(index)
        for placed in pair.model.in_order():
            pair.erase(placed.last)
            assert xarray.check(pair.xa) is None
        assert pair.xa.xa_head is None
        assert kernel.xa_nodes == 0


@pytest.mark.parametrize("geometry", [REAL, SMALL], ids=lambda geometry: geometry.name)
@given(data=st.data())
@THOROUGH
def test_failing_allocations_lose_nothing(
    geometry: Geometry, data: st.DataObject
) -> None:
    kernel = init.start_kernel(Config(geometry=geometry))
    with init.running(kernel):
        pair = Pair(xarray.page_cache_xarray("random"))
        for number in range(data.draw(st.integers(1, 15), label="operations")):
            skip, count = data.draw(
                st.tuples(st.integers(0, 4), st.integers(0, 3)), label="failures"
            )
            kernel.fail_plans["xa_node"] = FailPlan(
                "fail:xa_node", skip=skip, count=count
            )
            index = data.draw(indices, label="index")
            order = min(data.draw(orders, label="order"), max_order(geometry))
            if data.draw(st.booleans(), label="create a range first"):
                xas = xarray.XA_STATE_ORDER(pair.xa, index, order)
                if not pair.model.overlapping(
                    xas.xa_index, xas.xa_index + (1 << order) - 1
                ):
                    pair.failures = True
                    xarray.xas_create_range(xas)
                    xarray.xas_nomem(xas, Gfp.NOWAIT)
                    # Give up; the second call gives back a node that the first has allocated.
                    xarray.xas_reset(xas)
                    xarray.xas_nomem(xas, Gfp.NOWAIT)
            pair.store(index, order, KObject(f"p{number}"), Gfp.NOWAIT)
            pair.check_all()
            pair.check_at(index)
        xarray.xa_destroy(pair.xa)
        assert kernel.xa_nodes == 0
        assert pair.xa.xa_head is None


@pytest.mark.parametrize("geometry", [REAL, SMALL], ids=lambda geometry: geometry.name)
@given(first=indices, length=st.integers(1, 700), probe=st.integers(-3, 703))
@THOROUGH
def test_store_range_covers_exactly_the_range(
    geometry: Geometry, first: int, length: int, probe: int
) -> None:
    kernel = init.start_kernel(Config(geometry=geometry))
    with init.running(kernel):
        xa = xarray.page_cache_xarray("range")
        last = min(first + length - 1, ULONG_MAX - 1)
        if last < first:
            return
        page = KObject("page")
        assert xarray.xa_store_range(xa, first, last, page, Gfp.KERNEL) is None
        assert xarray.check(xa, allow_any_width=True) is None
        for index in (first - 1, first, first + probe, last, last + 1):
            if 0 <= index <= ULONG_MAX:
                expected = page if first <= index <= last else None
                assert xarray.xa_load(xa, index) is expected


@pytest.mark.parametrize("geometry", [REAL, SMALL], ids=lambda geometry: geometry.name)
@given(acts=st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=60))
@THOROUGH
def test_identifiers_are_the_lowest_free_ones(
    geometry: Geometry, acts: list[tuple[bool, int]]
) -> None:
    kernel = init.start_kernel(Config(geometry=geometry))
    with init.running(kernel):
        xa = xarray.xa_init_flags(
            "ids", xarray.XA_FLAGS_LOCK_IRQ | xarray.XA_FLAGS_ALLOC1
        )
        taken: set[int] = set()
        for allocate, number in acts:
            if allocate:
                lowest = next(index for index in range(1, 100) if index not in taken)
                answer = xarray.xa_alloc(
                    xa, KObject("owner"), xarray.XaLimit(), Gfp.KERNEL
                )
                assert answer == (0, lowest)
                taken.add(lowest)
            else:
                assert (xarray.xa_erase(xa, number) is not None) == (number in taken)
                taken.discard(number)
            assert xarray.check(xa) is None
        assert [index for index, _entry in xarray.xa_for_each(xa)] == sorted(taken)
