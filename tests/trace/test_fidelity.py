"""What a timeline shows at a step is what was there when the step was recorded: state and locals of all frames."""

from __future__ import annotations

import random
import sys
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace import support, toy
from thpkit.kernel.kobject import KObject
from thpkit.trace import digest, policy, recorder, tape
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import box


class Spy:
    """Stands in for the last array a step is added to, and looks at the live world each time."""

    def __init__(self, root: KObject, files: frozenset[str]) -> None:
        self.numbers = array("I")
        self.seen: list[tuple[Any, Any]] = []
        self.root = root
        self.files = files

    def append(self, number: int) -> None:
        """Note the state and the locals of every followed frame, outermost first."""
        self.numbers.append(number)
        frames = []
        frame = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if code.co_filename in self.files and policy.steps_into(
                code, support.FOLLOW
            ):
                shown = {key: box(each) for key, each in frame.f_locals.items()}
                frames.append((code.co_qualname, shown))
            if frame.f_back is None:
                break
            frame = frame.f_back
        self.seen.append((digest.state_of(self.root), frames[::-1]))


def recorded(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> tuple[Timeline, list[tuple[Any, Any]]]:
    """A recording, and what was seen live at each of its steps."""
    root = toy.new_toy()
    spy = Spy(root, frozenset([toy.__file__]))

    class Spied(tape.Tape):
        """A tape with the spy in it."""

        def __init__(self) -> None:
            super().__init__()
            self.seen = spy  # type: ignore[assignment]

    monkeypatch.setattr(recorder, "Tape", Spied)
    timeline = recorder.record(lambda: run(root), root=root, follow=support.FOLLOW)
    timeline.tape.seen = spy.numbers
    assert len(spy.seen) == len(timeline) > 3
    return timeline, spy.seen


def shown(timeline: Timeline) -> tuple[Any, Any]:
    """The same two things, from the timeline at its position."""
    frames = []
    for level in timeline.stack():
        variables = timeline.locals_of(level.frame)
        plain = {
            key: each for key, each in variables.items() if not key.startswith("<")
        }
        frames.append((level.frame.function.qualname, plain))
    return digest.state_of(timeline.root), frames


RUNS = [toy.story, toy.spin_a_little, toy.variables]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)
def test_every_step_shows_what_was_seen_live(
    monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    timeline, live = recorded(monkeypatch, run)
    chance = random.Random(1)
    forwards = list(range(len(timeline)))
    jumps = [chance.randrange(len(timeline)) for _ in range(600)]
    for n in [*forwards, *reversed(forwards), *jumps]:
        timeline.seek(n)
        assert shown(timeline) == live[n], f"step {n}: {timeline.step()}"


def test_variables_that_a_nested_function_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The caller's copy of the variable is brought up to date when the nested function has returned."""
    timeline, live = recorded(monkeypatch, toy.closures)
    for n in range(len(timeline)):
        timeline.seek(n)
        state, frames = shown(timeline)
        assert (state, frames[-1]) == (live[n][0], live[n][1][-1])


@given(a=st.integers(-3, 2000), b=st.integers(-3, 2000))
def test_coming_back_to_a_step_restores_the_state(a: int, b: int) -> None:
    timeline = support.story()
    timeline.seek(a)
    before = digest.digest(timeline.root)
    timeline.seek(b)
    timeline.seek(a)
    assert digest.digest(timeline.root) == before


def test_locals_can_be_asked_for_at_any_step_without_moving() -> None:
    timeline = support.story()
    timeline.start()
    frame = next(
        each for each in timeline.tape.frames if each.function.name == "collect"
    )
    texts = [
        str(timeline.locals_of(frame, n).get("found"))
        for n in range(frame.first_step, frame.last_step + 1)
    ]
    assert list(dict.fromkeys(texts)) == ["None", "[]", "[0]", "[0, 1]", "[0, 1, 2]"]
    assert timeline.locals_of(frame, frame.last_step)["<return>"] == "[0, 1, 2]"
    assert timeline.locals_of(frame, 0) == {}


def test_locals_of_a_long_frame_come_from_pictures() -> None:
    timeline = support.record_toy(lambda root: toy.collect(9000))
    frame = timeline.tape.frames[-1]
    chance = random.Random(2)
    for _ in range(200):
        n = chance.randrange(frame.first_step + 4, frame.last_step)
        expected = (n - frame.first_step - 3) // 2
        assert timeline.locals_of(frame, n)["each"] == expected
