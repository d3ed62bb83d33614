"""The book says what the code is: every quote stands in the source, and what is covered stays covered."""

from __future__ import annotations

import pytest

from thpkit import book
from thpkit.book.check import check
from thpkit.book.commentary import list_commentary
from thpkit.book.explanations import explanations
from thpkit.book.quotes import QuoteRole, statements
from thpkit.trace.statements import ROOT

COVERED = (
    "filemap.py::filemap_huge_fault",
    "filemap.py::find_get_entry",
    "filemap.py::page_cache_delete",
    "filemap.py::thp_add_to_page_cache",
    "filemap.py::thp_fill_block",
    "huge_memory.py::__thp_get_unmapped_area",
    "huge_memory.py::transhuge_vma_suitable",
    "memory.py::alloc_set_pte",
    "memory.py::do_set_pmd",
    "memory.py::finish_fault",
    "rmap.py::page_add_file_rmap",
    "rmap.py::page_remove_file_rmap",
)
"""Functions whose every statement has a bullet in the commentary. This list only grows."""


def test_there_are_lessons() -> None:
    assert book.lessons(), "lessons/ holds no lesson that can be loaded"


def test_the_book_is_true_to_the_source() -> None:
    problems = check(ROOT)
    assert not problems, "\n" + "\n".join(str(each) for each in problems)


@pytest.mark.parametrize("place", COVERED)
def test_every_statement_has_its_own_bullet(place: str) -> None:
    file, _, function = place.partition("::")
    wanted = set(statements(ROOT / "thpkit" / "kernel" / file, function).values())
    assert wanted, f"{place} has no statements: was it renamed?"
    explained = [
        each.statement
        for each in explanations(list_commentary(ROOT), ROOT)
        if each.role is QuoteRole.EXPLAIN and each.lead
    ]
    silent = [f"line {each.first}: {each.text}" for each in wanted - set(explained)]
    assert not silent, "\n".join([f"{place}: no bullet for", *sorted(silent)])


def test_every_lesson_has_a_scenario_of_its_name() -> None:
    for lesson in book.lessons():
        scenario = lesson.load_scenario()
        assert scenario.name == lesson.id
        assert scenario.stops, f"{lesson.id} has no stops"
