"""Measuring: expressions are worth what the run says, and a mistake in one is told with what comes nearest.

The run is small: a huge page has eight sub-pages, A maps it, B maps it, both unmap. So the facts are known without
looking: 8 references of the cache and one for each mapping, and page counters that move once only.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.running import SCENARIO, small, small_run, write_lesson
from thpkit.book.measure import MeasureError, evaluate, measure, places, step_of
from thpkit.book.runs import RunError, Runs

NR = 8
"""Sub-pages of a huge page here."""


# ---- places ---------------------------------------------------------------------------------------------


def test_a_place_is_a_title_a_piece_of_code_or_an_end() -> None:
    timeline = small_run()
    titled = {each.stop.title: each.step for each in timeline.stops}
    assert step_of(timeline, "Mapped") == titled["Mapped"]
    assert step_of(timeline, "do_set_pmd::@return@1") == titled["Mapped"]
    assert step_of(timeline, "start") == 0
    assert step_of(timeline, "end") == len(timeline) - 1


def test_a_place_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(MeasureError, match=r"'Maped'.*nearest is 'Mapped'"):
        step_of(small_run(), "Maped")
    with pytest.raises(MeasureError, match="do_set_pmd"):
        step_of(small_run(), "do_set_pdm::@return")


def test_a_place_that_a_run_did_not_reach_says_why_the_run_ended(
    tmp_path: Path,
) -> None:
    stops_early = SCENARIO.replace(
        "    for name in READERS:\n        machine.processes",
        "    for name in ():\n        machine.processes",
    ).replace("    at = {}", '    at = {}\n    raise RuntimeError("enough")')
    timeline = Runs().timeline(write_lesson(tmp_path, stops_early))
    with pytest.raises(MeasureError, match=r"ends early: RuntimeError.*enough"):
        step_of(timeline, "Unmapped")


# ---- what can be measured -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('cell("page#1._refcount", "Mapped")', NR + 1),
        ('cell("page#1._refcount", "Mapped by all")', NR + 2),
        ('cell("page#1._refcount", "Unmapped")', NR),
        ('cell("NR_FILE_MAPPED", "A fault")', 0),
        ('cell("vmstat.node[NR_FILE_MAPPED]", "Mapped by all")', NR),
        ('change("NR_FILE_MAPPED", "Mapped", "Mapped by all")', 0),
        ('change("NR_FILE_MAPPED", "Mapped by all", "end")', -NR),
        ('change("NR_FILE_PMDMAPPED", "start", "Mapped") == 1', True),
        ('cell("page#1.mapping", "Mapped") == cell("page#1.mapping", "end")', True),
        ('writes("NR_FILE_PMDMAPPED")', 2),
        ('writer("NR_FILE_PMDMAPPED", "end")', "page_remove_file_rmap"),
        ('writer("NR_FILE_PMDMAPPED", "Unmapped")', "page_remove_file_rmap"),
        ('writer("NR_FILE_PMDMAPPED", "Mapped by all")', "page_add_file_rmap"),
        ('calls("do_set_pmd")', 2),
        ('calls("memory.do_set_pmd")', 2),
        ('calls("sys_truncate")', 0),
        ('visits("do_set_pmd::rmap.page_add_file_rmap(page, True)")', 2),
        ('visits("memory.do_set_pmd::rmap.page_add_file_rmap(page, True)")', 2),
        ('visits("sys_truncate::inode = path_lookup(path)")', 0),
        ('holds("I4", "Mapped")', True),
        ('splats("end")', 0),
        ("ending()", ""),
        ('local("compound", "rmap.page_add_file_rmap::if not page_h.atomic_inc_and_test_compound")', True),
        ("HPAGE_PMD_NR", NR),
        ("HPAGE_PMD_SIZE // PAGE_SIZE", NR),
        ("2 * 2 * 2 - HPAGE_PMD_NR", 0),
        ("0x7f0000003abc & HPAGE_PMD_MASK", 0x7F0000000000),
        ("HPAGE_PMD_SIZE % PAGE_SIZE == 0 and not 1 > 2", True),
        ("0 < HPAGE_PMD_ORDER <= 3", True),
        ('1 > 2 or "a" != "b"', True),
        ("-3 + 1", -2),
    ],
)  # fmt: skip
def test_an_expression_is_worth_what_the_run_says(
    expression: str, value: int | str
) -> None:
    found = evaluate(expression, small_run())
    assert found == value
    assert type(found) is type(value)


def test_measuring_leaves_the_position_alone() -> None:
    timeline = small_run()
    timeline.seek(17)
    evaluate('cell("NR_FILE_PAGES", "end") + writes("NR_FILE_PAGES")', timeline)
    with pytest.raises(MeasureError):
        evaluate('cell("NR_FILE_PAGES", "end") + cell("nothing", "end")', timeline)
    assert timeline.position == 17


def test_what_was_looked_at_can_be_told() -> None:
    timeline = small_run()
    step = step_of(timeline, "Mapped")
    fact = measure('cell("page#1._refcount", "Mapped") == 9', timeline).facts[0]
    assert fact.sentence == f"page#1._refcount is 9 at step {step}"
    assert fact.step == step


def test_the_places_of_an_expression() -> None:
    expression = 'change("NR_FILE_PAGES", "start", "Mapped") + visits("f::return")'
    assert set(places(expression)) == {"start", "Mapped", "f::return"}


# ---- what cannot ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ('cell("NR_FILE_PAGE", "end")', "no cell 'NR_FILE_PAGE'.*NR_FILE_PAGES"),
        ('cell("page#1._refcnt", "end")', "page#1 has .*_refcount"),
        ('cell("pag#1._refcount", "end")', "nearest is page#1"),
        ('cell("NR_FILE_PAGES", "Maped")', "nearest is 'Mapped'"),
        ('cel("NR_FILE_PAGES", "end")', "no function cel; did you mean cell"),
        ('cell("NR_FILE_PAGES")', r"write cell\(NAME, PLACE\)"),
        ("cell(NR_FILE_PAGES, 'end')", "NR_FILE_PAGES; names of cells.*quotes"),
        ("cell('NR_FILE_PAGES', place='end')", "each of them in quotes"),
        ("HPAGE_PMD_NUM", "did you mean HPAGE_PMD_NR"),
        ('calls("do_set_pdm")', "no function do_set_pdm; did you mean do_set_pmd"),
        ('visits("do_set_pmd::page_add_file_rmap(page, tru")', "nearest is 'rmap.page_add"),
        ('visits("do_set_pmd")', "write function::statement"),
        ('visits("do_set_pmd::page")', "statements fit"),
        ('holds("I44", "end")', "no invariant 'I44'; the nearest is I4"),
        ('local("pgae", "do_set_pmd::@return")', "no variable 'pgae'.*page"),
        ('writer("NR_FILE_MAPPED", "A fault")', "nothing wrote NR_FILE_MAPPED before.*first write is at step"),
        ('"a" + 1', "'a', which is no number"),
        ('"a" < 1', "'a', which is no number"),
        ('change("page#1.kname", "start", "end")', "which is no number"),
        ("1 // 0", "divides by zero"),
        ("1 +", "is no expression"),
        ("1 / 2", "not allowed"),
        ("2 ** 70", "not allowed"),
        ("1 in (1, 2)", "compare with"),
        ("[1, 2]", "not allowed"),
        ("(1).real", "not allowed"),
        ("(lambda: 1)()", "no function"),
        ("__import__('os')", "no function __import__"),
        ("1.5", "not allowed"),
        ("None", "not allowed"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_what_comes_nearest(expression: str, told: str) -> None:
    with pytest.raises(MeasureError, match=f"(?s){told}"):
        evaluate(expression, small_run())


# ---- runs -----------------------------------------------------------------------------------------------


def test_a_lesson_is_recorded_once() -> None:
    lesson, runs = small()
    assert runs.timeline(lesson) is runs.timeline(lesson)
    assert runs.timeline(lesson, "counts-twice") is not runs.timeline(lesson)


@pytest.mark.parametrize("name", ["counts-twice", "COUNTS_TWICE"])
def test_a_variant_of_the_scenario_file_runs(name: str) -> None:
    expression = 'cell("NR_FILE_MAPPED", "Mapped by all")'
    assert evaluate(expression, small_run()) == NR
    assert evaluate(expression, small_run(name)) == 4 * NR


def test_a_posted_version_runs() -> None:
    timeline = small_run("v3")
    assert evaluate('cell("NR_FILE_THPS", "Mapped")', small_run()) == 1
    assert evaluate('writes("NR_FILE_THPS")', timeline) == 0


def test_a_statement_that_only_the_reference_has_counts_as_never_run() -> None:
    statement = 'visits("filemap_huge_fault::vmf.page = page_h.nth_page")'
    assert evaluate(statement, small_run()) == 2
    assert evaluate(statement, small_run("v3")) == 0


def test_an_unknown_variant_is_told_with_what_there_is() -> None:
    with pytest.raises(RunError, match=r"no variant 'counts-twize'.*v3.*did you mean"):
        small_run("counts-twize")


def test_a_scenario_that_cannot_run_is_one_sentence(tmp_path: Path) -> None:
    lesson = write_lesson(tmp_path, "1 / 0")
    with pytest.raises(RunError, match=r"small.py:1: ZeroDivisionError"):
        Runs().timeline(lesson)
    with pytest.raises(RunError, match="defines no SCENARIO"):
        Runs().timeline(write_lesson(tmp_path, "x = 1"))
    wrong = SCENARIO.replace("do_set_pmd::@return@1", "do_set_pdm::@return@1")
    with pytest.raises(RunError, match=r"01_small: .*do_set_pdm"):
        Runs().timeline(write_lesson(tmp_path, wrong))


def test_a_recording_that_exists_is_taken() -> None:
    lesson, _ = small()
    timeline = small_run()
    runs = Runs()
    runs.keep(lesson, timeline)
    assert runs.timeline(lesson) is timeline
