"""Which iterations are folded."""

from __future__ import annotations

from time import perf_counter

import pytest

from tests.trace import support, toy
from thpkit.kernel.kobject import KObject
from thpkit.trace import folds
from thpkit.trace.folds import Fold
from thpkit.trace.policy import Follow
from thpkit.trace.recorder import record
from thpkit.trace.timeline import Timeline


def loops(sizes: list[int]) -> None:
    """An inner loop of changing length in an outer one."""
    total = 0
    for size in sizes:
        for each in range(size):
            total = total + each
    forever(total)


def forever(rounds: int) -> int:
    """A loop that only a return ends."""
    left = 6
    while True:
        left = left - 1
        if left == 0:
            return rounds


def pick(number: int) -> str:
    """Two paths."""
    if number % 10 == 7:
        return "seven"
    return "other"


def mixed(count: int) -> None:
    """Iterations that differ in what they call."""
    for number in range(count):
        pick(number)


def recorded(run: object, *args: object) -> Timeline:
    assert callable(run)
    return record(
        lambda: run(*args),
        root=KObject("nothing"),
        follow=Follow.of(extra_files=[__file__, toy.__file__]),
    )


def by_header(timeline: Timeline) -> dict[str, list[Fold]]:
    found: dict[str, list[Fold]] = {}
    for fold in folds.folds(timeline):
        found.setdefault(fold.header.text, []).append(fold)
    return found


def test_first_new_and_last_iterations_stay() -> None:
    timeline = recorded(mixed, 20)
    (runs,) = by_header(timeline).values()
    assert [fold.alike for fold in runs] == [6, 11]
    assert [fold.iterations for fold in runs] == [20, 20]
    shown = [each for each in folds.shown(timeline) if isinstance(each, int)]
    numbers = [
        timeline.locals_of(timeline.frame_at(n), n)["number"]
        for n in shown
        if (each := timeline.statement_at(n)) is not None
        and "pick(number)" in each.text
    ]
    assert numbers == [0, 7, 19]


def test_the_shown_steps_and_the_folds_are_the_whole_recording() -> None:
    for timeline in (recorded(mixed, 20), support.story(), support.machine()):
        at = 0
        for each in folds.shown(timeline):
            if isinstance(each, Fold):
                assert each.first == at
                at = each.last + 1
            else:
                assert each == at
                at += 1
        assert at == len(timeline)


def test_a_hidden_step_knows_its_fold() -> None:
    timeline = recorded(mixed, 20)
    fold = folds.folds(timeline)[0]
    assert folds.fold_at(timeline, fold.first) == fold
    assert folds.fold_at(timeline, fold.last) == fold
    assert folds.fold_at(timeline, fold.first - 1) is None
    assert folds.fold_at(timeline, fold.last + 1) is None
    assert folds.is_hidden(timeline, fold.first)
    assert not folds.is_hidden(timeline, 0)
    assert fold.loop_first < fold.first < fold.last < fold.loop_last


def test_inner_loops_fold_first_so_that_outer_iterations_are_alike() -> None:
    timeline = recorded(loops, [5, 7, 9, 6, 8, 5])
    found = by_header(timeline)
    outer = found["for size in sizes:"]
    assert [fold.alike for fold in outer] == [4]
    inner = found["for each in range(size):"]
    assert [fold.alike for fold in inner] == [3, 5, 7, 4, 6, 3]
    hidden = [each for each in inner if folds.fold_at(timeline, each.first) != each]
    assert len(hidden) == 4


def test_each_run_of_a_loop_is_folded_by_itself() -> None:
    timeline = recorded(loops, [4, 1, 0])
    inner = by_header(timeline)["for each in range(size):"]
    assert [fold.iterations for fold in inner] == [4]


def test_a_loop_without_a_condition_folds() -> None:
    timeline = recorded(forever, 0)
    (fold,) = folds.folds(timeline)
    assert (fold.iterations, fold.alike) == (6, 4)
    assert fold.header.text == "while True:"


def test_short_loops_do_not_fold() -> None:
    assert folds.folds(recorded(mixed, 3)) == []
    assert folds.folds(recorded(mixed, 0)) == []


def test_an_unfinished_loop_folds_too() -> None:
    timeline = support.record_toy(lambda root: toy.fill(root, 0, 50), budget=300)
    assert timeline.ending is not None
    assert folds.folds(timeline)
    assert folds.fold_at(timeline, len(timeline) - 1) is None


@pytest.mark.parametrize("pages", [5300])
def test_a_long_recording_folds_fast(pages: int) -> None:
    timeline = support.record_toy(
        lambda root: toy.fill(root, 0, pages), budget=1_000_000
    )
    assert len(timeline) > 100_000
    start = perf_counter()
    found = folds.folds(timeline)
    assert perf_counter() - start < 1
    assert sum(fold.last - fold.first + 1 for fold in found) > 95_000
