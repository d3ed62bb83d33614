"""Forecasts are what the run then does; answers are understood leniently and judged exactly."""

from __future__ import annotations

import pytest

from tests.tui.small import timeline
from thpkit.kernel.init import Kernel
from thpkit.kernel.vmstat import NodeStat
from thpkit.trace import moves, stops
from thpkit.trace.timeline import Timeline
from thpkit.view.prediction import Forecast, PredictionError, differences, forecast

NODE = {each.name for each in NodeStat}
FAULT = Forecast(
    0,
    1,
    "finish_fault(vmf)",
    {"NR_FILE_PMDMAPPED": 1, "NR_FILE_MAPPED": 512, "MM_FILEPAGES of A": 512},
)


@pytest.fixture
def run() -> Timeline:
    """The small story."""
    return timeline()


def test_a_forecast_is_what_happens(run: Timeline) -> None:
    """For every statement of one fault: each counter, before and after, read from the kernel itself."""
    kernel = run.root
    assert isinstance(kernel, Kernel)
    moving = 0
    for n in range(0, len(run), 7):
        made = forecast(run, n)
        if made is None:
            continue
        run.seek(n)
        before = list(kernel.vmstat.node)
        run.seek(made.after)
        after = list(kernel.vmstat.node)
        moved = [change for name, change in made.moved.items() if name in NODE]
        assert sorted(moved) == sorted(
            new - old for old, new in zip(before, after, strict=True) if new != old
        )
        moving += bool(moved)
    assert moving > 3


def test_the_statement_that_maps_moves_its_counters(run: Timeline) -> None:
    """One huge page of 8 sub-pages: one page mapped by a PMD, eight file pages mapped."""
    n = stops.step_of(run, "do_set_pmd::rmap.page_add_file_rmap@1")
    made = forecast(run, n)
    assert made is not None
    assert dict(made.moved) == {"NR_FILE_PMDMAPPED": 1, "NR_FILE_MAPPED": 8}
    assert made.after == moves.over(run, n)


def test_there_is_none_where_nothing_is_about_to_run(run: Timeline) -> None:
    """At a call, at a return, and at the last step."""
    assert forecast(run, stops.step_of(run, "do_set_pmd::@call@1")) is None
    assert forecast(run, stops.step_of(run, "do_set_pmd::@return@1")) is None
    assert forecast(run, len(run) - 1) is None


@pytest.mark.parametrize(
    "answer",
    [
        "NR_FILE_PMDMAPPED +1, NR_FILE_MAPPED +512, MM_FILEPAGES of A +512",
        "mm_filepages 512, pmdmapped, nr_file_mapped 512",
        "NR_FILE_MAPPED +512; NR_FILE_PMDMAPPED 1 and MM_FILEPAGES of A 512",
    ],
)
def test_right_answers(answer: str) -> None:
    """Any order, any case, shortened names, 1 if no number is given."""
    assert differences(FAULT, answer) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("none", "it does move something"),
        ("pmdmapped", "you left out NR_FILE_MAPPED +512"),
        (
            "pmdmapped 2, nr_file_mapped 512, mm_file 512",
            "NR_FILE_PMDMAPPED +1, not +2",
        ),
        (
            "PGFAULT, pmdmapped, nr_file_mapped 512, mm_file 512",
            "PGFAULT does not move",
        ),
        ("pmdmapped -1, nr_file_mapped 512, mm_file 512", "not -1"),
    ],
)
def test_wrong_answers_say_what_is_wrong(answer: str, said: str) -> None:
    """Counter by counter."""
    assert said in "; ".join(differences(FAULT, answer))


@pytest.mark.parametrize("answer", ["?", "", ", ,", "512"])
def test_what_is_no_answer(answer: str) -> None:
    """It is asked for again."""
    with pytest.raises(PredictionError):
        differences(FAULT, answer)
