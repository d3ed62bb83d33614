"""Where the keys go, and that no key runs off the ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.trace import support, toy
from thpkit.kernel import splat
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import SMALL
from thpkit.trace import folds, moves, sections, stops
from thpkit.trace.policy import Follow
from thpkit.trace.recorder import record
from thpkit.trace.stops import Stop
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline

FORWARDS = [
    moves.into,
    moves.over,
    moves.to_return,
    moves.next_section,
    moves.next_stop,
    moves.past_fold,
    moves.next_splat,
    moves.end,
]
BACKWARDS = [
    moves.back,
    moves.back_over,
    moves.to_call,
    moves.previous_section,
    moves.previous_stop,
    moves.fold_start,
    moves.previous_splat,
    moves.home,
]


@pytest.mark.parametrize("move", FORWARDS, ids=lambda move: move.__name__)
@pytest.mark.parametrize("which", [support.story, support.machine])
def test_forward_moves_never_go_back_and_end_somewhere(
    move: Callable[[Timeline, int], int], which: Callable[[], Timeline]
) -> None:
    timeline = which()
    for n in range(len(timeline)):
        assert n <= move(timeline, n) < len(timeline)
    assert move(timeline, len(timeline) - 1) == len(timeline) - 1


@pytest.mark.parametrize("move", BACKWARDS, ids=lambda move: move.__name__)
@pytest.mark.parametrize("which", [support.story, support.machine])
def test_backward_moves_never_go_on_and_end_somewhere(
    move: Callable[[Timeline, int], int], which: Callable[[], Timeline]
) -> None:
    timeline = which()
    for n in range(len(timeline)):
        assert 0 <= move(timeline, n) <= n
    assert move(timeline, 0) == 0


def test_over_a_call_stays_in_the_frame() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "fill::insert(toy, index, frame)")
    after = moves.over(timeline, n)
    step = timeline.step(after)
    assert step.statement is not None
    assert step.statement.text == "done = done + 1"
    assert moves.into(timeline, n) == n + 1
    assert timeline.kind_at(n + 1) is Kind.CALL
    assert moves.back_over(timeline, after) == n
    assert moves.back(timeline, n + 1) == n


def test_over_from_a_return_goes_to_the_caller() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "leaf_of::@return")
    step = timeline.step(moves.over(timeline, n))
    assert step.frame.function.name == "insert"


def test_over_a_call_that_raises_stops_at_the_exception() -> None:
    timeline = support.story()
    visits = timeline.visits(support.statement(timeline, "raise FileExistsError"))
    call = timeline.frame_at(visits[0]).first_step - 1
    step = timeline.step(moves.over(timeline, call))
    assert (step.kind, step.frame.function.name) == (Kind.EXCEPTION, "try_insert")


def test_over_and_back_over_are_inverse_within_a_frame() -> None:
    timeline = support.story()
    for n in range(len(timeline)):
        m = moves.over(timeline, n)
        if m > n and timeline.tape.who[m] == timeline.tape.who[n]:
            assert moves.back_over(timeline, m) == n


def test_to_the_return_and_to_the_call() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "insert::leaf.count = leaf.count + 1")
    frame = timeline.frame_at(n)
    assert moves.to_return(timeline, n) == frame.last_step
    assert timeline.kind_at(frame.last_step) is Kind.RETURN
    outer = moves.to_return(timeline, frame.last_step)
    assert timeline.frame_at(outer) is frame.parent
    assert moves.to_call(timeline, n) == frame.first_step
    assert frame.parent is not None
    assert moves.to_call(timeline, frame.first_step) == frame.parent.first_step


def test_sections_one_after_the_other() -> None:
    timeline = support.machine()
    titles = [each.title for each in sections.sections(timeline)]
    assert titles[0] == "A: open('/lib', RDONLY)"
    assert titles[1] == "A: mmap(0, 0x20000, READ|EXEC, PRIVATE, 3, 0)"
    assert titles[2].startswith("A: page fault(0x")
    assert titles[2].endswith(", EXEC)")
    assert titles[4] == "A: exit()"
    n = 0
    for each in sections.sections(timeline):
        n = moves.next_section(timeline, n)
        assert n == each.first
        assert timeline.kind_at(n) is Kind.CALL
        assert timeline.kind_at(each.last) is Kind.RETURN
    assert moves.next_section(timeline, n) == n
    inside = sections.sections(timeline)[2].first + 3
    assert moves.previous_section(timeline, inside) == inside - 3
    first = sections.sections(timeline)[1].first
    assert moves.previous_section(timeline, inside - 3) == first
    assert sections.section_at(timeline, 0) is None


def test_stops_one_after_the_other() -> None:
    timeline = support.record_toy()
    wanted = [
        Stop("fill::return done", "filled"),
        Stop("insert::@call@2", "second"),
        Stop("down::return 0", "bottom"),
    ]
    attached = stops.attach(timeline, wanted)
    assert [each.stop.title for each in attached] == ["second", "filled", "bottom"]
    n = 0
    for each in attached:
        n = moves.next_stop(timeline, n)
        assert n == each.step
    assert moves.next_stop(timeline, n) == n
    assert moves.previous_stop(timeline, n) == attached[1].step
    assert moves.previous_stop(timeline, attached[0].step) == attached[0].step


def test_past_a_fold_and_to_its_start() -> None:
    timeline = support.story()
    fold = folds.folds(timeline)[0]
    assert moves.past_fold(timeline, fold.first) == fold.last + 1
    assert moves.past_fold(timeline, fold.first - 1) == fold.last + 1
    assert moves.past_fold(timeline, fold.loop_first) == fold.last + 1
    assert moves.fold_start(timeline, fold.last) == fold.first
    assert moves.fold_start(timeline, fold.last + 1) == fold.first
    assert moves.past_fold(timeline, 0) == 0


def test_changes_of_a_cell() -> None:
    timeline = support.story()
    cell = timeline.resolve("toy.counters[1]")
    assert cell is not None
    n = moves.next_change(timeline, 0, cell)
    assert (timeline.value_at(cell, n - 1), timeline.value_at(cell, n)) == (0, 1)
    assert moves.next_change(timeline, n, cell) == n
    assert moves.previous_change(timeline, len(timeline) - 1, cell) == n - 1
    assert moves.previous_change(timeline, n - 1, cell) == n - 1


def test_breakpoints() -> None:
    timeline = support.story()
    marked = [
        support.statement(timeline, "toy.last = frame"),
        support.statement(timeline, "return total"),
    ]
    n = moves.next_visit(timeline, 0, marked)
    assert timeline.statement_at(n) == marked[0]
    last = moves.previous_visit(timeline, len(timeline) - 1, marked)
    assert timeline.statement_at(last) == marked[1]
    assert moves.next_visit(timeline, last, marked) == last
    assert moves.next_visit(timeline, 0, []) == 0


def test_splats() -> None:
    machine = Machine(config=Config(geometry=SMALL, on_splat=OnSplat.LOG))

    def run() -> None:
        with machine.installed():
            splatter(3)

    timeline = record(
        run, root=machine.kernel, follow=Follow.of(extra_files=[__file__])
    )
    found = [n for n in range(len(timeline)) if moves.next_splat(timeline, n) == n + 1]
    assert len(found) == 3
    assert moves.previous_splat(timeline, len(timeline) - 1) == found[-1] + 1
    timeline.seek(found[0] + 1)
    assert len(machine.kernel.splats) == 1


def splatter(times: int) -> None:
    for number in range(times):
        splat.report("test", f"number {number}")


def test_moves_leave_the_position_alone() -> None:
    timeline = support.record_toy(toy.story)
    timeline.seek(9)
    for move in [*FORWARDS, *BACKWARDS]:
        move(timeline, 40)
        assert timeline.position == 9
