"""How recordings end, and that recording leaves no trace of itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.trace import support, toy
from thpkit.kernel import kobject, page, splat
from thpkit.kernel.kobject import KArray, KDict, KObject
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.trace import digest, sections
from thpkit.trace.policy import Follow
from thpkit.trace.recorder import record
from thpkit.trace.tape import Kind


def test_a_run_that_finishes_has_no_ending() -> None:
    timeline = support.story()
    assert timeline.ending is None
    assert not timeline.crashed
    assert timeline.title == "toy"
    assert timeline.kind_at(len(timeline) - 1) is Kind.RETURN


def test_a_kernel_stop_ends_the_recording_with_its_sentence() -> None:
    timeline = support.record_toy(toy.broken)
    assert timeline.ending == "toy is broken"
    assert not timeline.crashed
    last = timeline.step(len(timeline) - 1)
    assert last.kind is Kind.EXCEPTION
    assert timeline.locals_of(last.frame, last.number)["<exception>"] == (
        "KernelBug: toy is broken"
    )


def test_a_mistake_of_the_scenario_ends_it_with_a_sentence() -> None:
    timeline = support.record_toy(lambda root: toy.fail(1))
    assert timeline.ending is not None
    assert timeline.ending.startswith("ValueError in fail, tests/trace/toy.py line ")
    assert timeline.ending.endswith(": no 1")
    assert not timeline.crashed


def test_a_mistake_inside_the_kernel_is_a_crash() -> None:
    timeline = support.record_toy(lambda root: page.get_page(None))  # type: ignore[arg-type]
    assert timeline.crashed
    assert "AttributeError" in (timeline.ending or "")


def test_sys_exit_ends_the_recording() -> None:
    timeline = support.record_toy(lambda root: sys.exit(3))
    assert timeline.ending == "the scenario ended itself with sys.exit"


def test_the_user_can_interrupt() -> None:
    def give_up(root: toy.Toy) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        support.record_toy(give_up)
    assert len(support.record_toy()) > 0


def test_the_budget_stops_an_endless_run_and_keeps_what_there_is() -> None:
    timeline = support.record_toy(toy.spin, budget=30)
    assert "stopped after 30 steps" in (timeline.ending or "")
    assert len(timeline) == 30
    timeline.end()
    assert timeline.tape.frames[0].last_step == 29
    root = timeline.root
    assert isinstance(root, toy.Toy)
    assert root.counters[0] == 27  # the call, the loop's header, and 28 calls begun


def test_nothing_is_written_after_the_budget_even_if_the_scenario_goes_on() -> None:
    def stubborn(root: toy.Toy) -> None:
        try:
            toy.spin(root)
        except splat.KernelStop:
            toy.add(root, 0, 1)

    timeline = support.record_toy(stubborn, budget=30)
    assert "stopped after 30 steps" in (timeline.ending or "")
    timeline.rejoin()
    assert timeline.writes(29) == []


def test_a_lost_trace_function_is_reported() -> None:
    timeline = support.record_toy(lambda root: sys.settrace(None))
    assert "sys.settrace" in (timeline.ending or "")


def test_the_former_trace_function_comes_back() -> None:
    calls: list[str] = []

    def former(frame: FrameType, event: str, arg: object) -> Any:
        calls.append(frame.f_code.co_name)
        return None

    before = sys.gettrace()
    sys.settrace(former)
    try:
        support.record_toy()
        assert sys.gettrace() is former
    finally:
        sys.settrace(before)
    assert "insert" not in calls


def test_hooks_are_gone_after_a_recording() -> None:
    support.record_toy()
    assert "__setattr__" not in vars(KObject)
    assert "__setitem__" not in vars(KArray)
    assert "__setitem__" not in vars(KDict)
    assert "__delitem__" not in vars(KDict)


def test_only_one_recording_at_a_time() -> None:
    timeline = support.record_toy(lambda root: support.record_toy())
    assert "being watched already" in (timeline.ending or "")


def test_frames_that_were_left_by_an_exception_have_no_return() -> None:
    timeline = support.story()
    left = [each for each in timeline.tape.frames if each.function.name == "insert"]
    kinds = [
        timeline.kind_at(timeline.own_before(each, each.last_step + 1) or 0)
        for each in left
    ]
    assert kinds.count(Kind.EXCEPTION) == 1
    assert kinds.count(Kind.RETURN) == len(left) - 1


def test_an_exception_passes_through_each_frame() -> None:
    timeline = support.record_toy(lambda root: toy.try_insert_twice(root))
    kinds = [
        (timeline.frame_at(n).function.name, timeline.kind_at(n))
        for n in range(len(timeline))
        if timeline.kind_at(n) is Kind.EXCEPTION
    ]
    assert kinds == [("insert", Kind.EXCEPTION), ("try_insert", Kind.EXCEPTION)]
    frame = next(
        each
        for each in timeline.tape.frames
        if "<exception>" in each.log and each.function.name == "try_insert"
    )
    at = frame.log.index("<exception>")
    assert frame.log[at + 1] == "FileExistsError: 5"
    assert "<exception>" not in timeline.locals_of(frame, frame.last_step)


def test_writes_and_errors_that_a_hook_must_refuse() -> None:
    def slices(root: toy.Toy) -> None:
        root.counters[0:1] = [4]

    def absent(root: toy.Toy) -> None:
        del root.leaves[77]

    def beyond(root: toy.Toy) -> None:
        root.counters[3] = 1

    for run, name in (
        (slices, "TypeError"),
        (absent, "KeyError"),
        (beyond, "IndexErr"),
    ):
        timeline = support.record_toy(run)
        assert (timeline.ending or "").startswith(name)
        assert timeline.tape.journal == []


def test_negative_indices_are_the_same_cell() -> None:
    def last(root: toy.Toy) -> None:
        root.counters[-1] = 7
        toy.down(0)

    timeline = support.record_toy(last)
    timeline.rejoin()
    cell = timeline.resolve("toy.counters[2]")
    assert cell is not None
    assert timeline.tape.journal[1] == 2


def test_another_task_in_the_middle_of_a_primitive_is_recorded() -> None:
    """An interruption stands in for a primitive; the calls it makes are sections of their own, on another CPU."""
    machine = Machine(config=Config(geometry=SMALL))
    machine.create("/lib", 1 << 15)
    a = machine.spawn("A")
    b = machine.spawn("B")

    def other(_machine: Machine) -> None:
        b.open("/lib")

    from thpkit.kernel import syscalls

    machine.interrupt(syscalls.path_lookup, 1, other)
    timeline = record(
        lambda: _open(a.open), root=machine.kernel, follow=Follow.of(machine.variant)
    )
    assert timeline.ending is None
    outer, inner = sections.sections(timeline)
    assert outer.title == "A: open('/lib', RDONLY)"
    assert inner.title == "B: open('/lib', RDONLY)"
    assert outer.first < inner.first <= inner.last < outer.last
    assert timeline.cpu_at(outer.first) == timeline.cpu_at(outer.last) == "cpu0"
    assert timeline.cpu_at(inner.first) == "cpu1"
    assert timeline.task_at(inner.first) == "B"
    assert inner.frame.parent is outer.frame
    assert sections.section_at(timeline, inner.first + 1) == inner
    assert sections.section_at(timeline, inner.last + 1) == outer


def _open(call: Callable[[str], int]) -> None:
    assert call("/lib") >= 3


def test_recording_changes_nothing_about_the_run() -> None:
    plain = toy.new_toy()
    toy.story(plain)
    timeline = support.record_toy()
    timeline.rejoin()
    assert digest.state_of(timeline.root) == digest.state_of(plain)
    with kobject.hooked(kobject.Watcher(*[lambda *_: None] * 4)):
        pass


def test_a_function_without_statements() -> None:
    timeline = support.record_toy(lambda root: toy.nothing())
    call, back = timeline.step(0), timeline.step(1)
    assert (call.kind, back.kind, len(timeline)) == (Kind.CALL, Kind.RETURN, 2)
    assert back.statement is None
    assert back.line == call.line == back.frame.function.line
    assert timeline.locals_of(back.frame, 1) == {"<return>": None}
