"""Recording an exercise: the stepper opens it where the run goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import judge, record
from thpkit.grading.exercise import Exercise, ExerciseError, load
from thpkit.grading.limits import RECORDING, Limits
from thpkit.grading.process import GradingError
from thpkit.grading.recordings import Recorded
from thpkit.trace import saved
from thpkit.trace.timeline import Timeline

EX: Exercise = load("ex01")
STEPS = 45_000
"""A budget that the kit's run does not use up."""


def text_at(timeline: Timeline, step: int) -> str:
    """The statement of a step."""
    statement = timeline.statement_at(step)
    return "" if statement is None else statement.text


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Workers are forked by a server; what ``thp step`` does without one is a test of the command's."""
    with workshop.Steady():
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place to work in; every test hands in a file of its own."""
    return workshop.place(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The recording of the file as shipped."""
    return record("ex01", workshop.place(tmp_path_factory.mktemp("root")))


def test_the_run_opens_where_it_goes_wrong(shipped: Recorded) -> None:
    learner, kit = saved.open(shipped.path), saved.open(shipped.reference)
    assert shipped.case == "one-process"
    assert learner.ending is None
    assert learner.changed_sources == ()
    assert "NR_FILE_PMDMAPPED)" in text_at(kit, shipped.reference_step)
    assert "NR_FILE_MAPPED, -nr" in text_at(learner, shipped.step)
    frame = learner.frame_at(shipped.step)
    assert frame.function.file.endswith(EX.file)
    assert shipped.notice == (
        "This leads to vmstat.node[NR_FILE_PMDMAPPED]: expected 0, got 1, after A: munmap(at, 4M). "
        "Here the correct run takes another way"
    )


def test_the_state_there_is_still_right(shipped: Recorded) -> None:
    learner, kit = saved.open(shipped.path), saved.open(shipped.reference)
    for timeline, step in ((learner, shipped.step), (kit, shipped.reference_step)):
        cell = timeline.resolve("vmstat.node[NR_FILE_PMDMAPPED]")
        assert cell is not None
        assert timeline.value_at(cell, step) == 1
    assert learner.meta == {"case": "one-process", "variant": "learner"}


def test_nothing_else_is_left(shipped: Recorded) -> None:
    names = sorted(each.name for each in shipped.path.parent.iterdir())
    assert names == ["ex01-one-process-kit.thprec", "ex01-one-process-yours.thprec"]


def test_a_write_too_much_is_the_step(root: Path) -> None:
    wrong = next(each for each in EX.wrong_fixes if each.check == "two-processes")
    workshop.hand_in(root, EX, workshop.changed(EX, wrong))
    made = record("ex01", root)
    assert made.case == "two-processes"
    learner = saved.open(made.path)
    assert "NR_FILE_PMDMAPPED)" in text_at(learner, made.step)
    cell = learner.resolve("vmstat.node[NR_FILE_PMDMAPPED]")
    assert cell is not None
    assert learner.value_at(cell, made.step) == 1
    assert [each.step for each in learner.writes_of(cell)][1] == made.step


def test_the_kits_names_without_their_module_are_no_difference(root: Path) -> None:
    """``range(HUGE_FAULT_TRIES)`` in the kit is ``range(filemap.HUGE_FAULT_TRIES)`` in the learner's file."""
    made = record("ex04", root)
    learner, kit = saved.open(made.path), saved.open(made.reference)
    assert text_at(kit, made.reference_step) == "locks.unlock_page(page)"
    assert text_at(learner, made.step) == "if ret & flags.VM_FAULT_NOT_MAPPED:"
    assert made.notice.startswith("This leads to no return: the kernel stopped: B ")


def test_a_crash_is_the_last_step(root: Path) -> None:
    text = workshop.shipped(EX).replace("    nr = 1\n", "    nr = 1 // 0\n")
    workshop.hand_in(root, EX, text)
    made = record("ex01", root)
    learner = saved.open(made.path)
    assert learner.ending is not None
    assert "ZeroDivisionError" in learner.ending
    assert made.divergence is not None
    assert text_at(learner, made.step) == "nr = 1 // 0"


def test_an_endless_loop_is_recorded_up_to_the_budget(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "Limits", lambda: Limits(case_seconds=0.3))
    text = workshop.shipped(EX).replace(
        "    nr = 1\n", "    nr = 1\n    while nr:\n        nr = nr + 1\n"
    )
    workshop.hand_in(root, EX, text)
    made = record("ex01", root, limits=replace(RECORDING, steps=STEPS))
    learner = saved.open(made.path)
    assert learner.ending is not None
    assert f"{STEPS} steps" in learner.ending
    assert text_at(learner, made.step) == "while nr:"


def test_a_case_can_be_chosen(root: Path) -> None:
    workshop.hand_in(root, EX, workshop.kit_solution(EX))
    made = record("ex01", root, case="small-pages")
    assert (made.case, made.step, made.divergence) == ("small-pages", 0, None)
    assert len(saved.open(made.path)) == len(saved.open(made.reference))
    with pytest.raises(ExerciseError, match="has no case 'big'"):
        record("ex01", root, case="big")


def test_a_file_that_does_not_load_is_a_sentence(root: Path) -> None:
    workshop.hand_in(root, EX, "def (")
    with pytest.raises(
        GradingError, match=r"cannot be stepped: .*line 1 of rmap_exercise\.py"
    ):
        record("ex01", root)
