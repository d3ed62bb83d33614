"""The comparisons of spellings can fail: each is fed a spelling that is really different."""

from __future__ import annotations

import pytest

from thpkit.kernel import units
from thpkit.kernel.page import Page
from thpkit.kernel.variant import Variant
from thpkit.patch import Kind, catalogue, equivalents, variant_named
from thpkit.patch import equivalent_conditions as conditions
from thpkit.patch.agreement import Disagree
from thpkit.patch.equivalent_conditions import Case
from thpkit.patch.repairs import lookup
from thpkit.patch.scene import Setting, Stage


@pytest.mark.parametrize(
    "each",
    [each for each in catalogue() if each.kind is Kind.EQUIVALENT],
    ids=lambda each: str(each.id),
)
def test_spellings_agree(each: object) -> None:
    agree = getattr(each, "agree", None)
    assert agree is not None and agree() >= 3


def test_cases_hold_every_kind_of_entry() -> None:
    """A value, a node, small pages, heads and tails, in all states of two flags."""
    kinds: set[tuple[object, bool, int]] = set()
    for case in conditions._cases():
        if isinstance(case.entry, Page):
            tail = case.entry.compound_head is not None
            head = bool(case.entry.flags >> 16 & 1)
            kinds.add((head, tail, case.entry.flags & 5))
        else:
            kinds.add((type(case.entry).__name__, False, 0))
    assert len(kinds) == 2 + 4 + 4 + 1


def test_the_index_term_does_say_something_beyond_the_block() -> None:
    """K8 agrees because of D1 only inside the block: one index further the term is needed."""
    with pytest.raises(Disagree):
        conditions._agree(
            lambda case: conditions._split(case, index=False), only_real=False
        )


def test_the_order_term_does_say_something_about_what_cannot_be() -> None:
    with pytest.raises(Disagree):
        conditions._agree(
            lambda case: conditions._split(case, order=False), only_real=False
        )


def test_a_condition_without_a_real_term_disagrees() -> None:
    def without_uptodate(case: Case) -> bool:
        page = case.entry
        if not isinstance(page, Page) or page.compound_head is not None:
            return True
        return not page.flags & 1 or page.flags >> 16 & 1 == 0

    with pytest.raises(Disagree):
        conditions._agree(without_uptodate, only_real=True)


def test_without_the_index_term_the_next_block_is_read() -> None:
    """K8: at real sizes, as posted, page 3 of block 0 would show page 515; with D1 repaired nothing changes."""
    for base, shown in (("v3", "page 515"), ("v3+D1", "page 3")):
        variant = Variant(
            f"{base} for K8",
            functions=(lookup.k8_unusable,),
            base=variant_named(base),
        )
        on = Stage(Setting().machine(variant))
        at = on.map(on.a)
        on.touch(on.a, at, 515)
        assert on.touch(on.a, at, 3) == shown


def test_k21_moves_nothing_but_the_right_to_become_writable() -> None:
    """The address is the same in all 621 cases; VM_MAYWRITE is not in 72, so K21 needs K23 beside it."""
    assert equivalents.length_and_hint() == 621
    assert equivalents.maywrite_differs() == 72


def test_k15_counts_only_what_fires() -> None:
    assert equivalents.never_truncated() == 15


def test_comparisons_leave_no_machine_behind() -> None:
    equivalents.length_and_hint()
    assert units.HPAGE_PMD_NR == 512
