"""The comparisons of spellings can fail: each is fed a spelling that is really different."""

from __future__ import annotations

import pytest

from thpkit.kernel import units
from thpkit.kernel.page import Page
from thpkit.patch import Kind, catalogue, equivalents
from thpkit.patch import equivalent_conditions as conditions
from thpkit.patch.agreement import Disagree
from thpkit.patch.equivalent_conditions import Case


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


def test_comparisons_leave_no_machine_behind() -> None:
    equivalents.length_and_hint()
    assert units.HPAGE_PMD_NR == 512
