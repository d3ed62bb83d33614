"""Places in recorded runs: found, not written down. Rules and orders are those of FACTS 10.3 and 12.1."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from thpkit.grading import grade, record
from thpkit.grading.exercise import Exercise, load
from thpkit.grading.kinds import locate
from thpkit.grading.model import CLONE
from thpkit.grading.places import RULES, PlaceError, Run
from thpkit.grading.player import machine_for, version_named
from thpkit.grading.solutions import right_text
from thpkit.grading.wanted import Wanted
from thpkit.trace import saved

EX = {each: load(each) for each in ("ex06", "ex07")}


def places(exercise: Exercise) -> tuple[Wanted, ...]:
    """What the exercise asks for."""
    assert isinstance(exercise.task, locate.Locate)
    return exercise.task.places


@cache
def run_of(name: str, version: str = "v3") -> Run:
    """The run of an exercise, recorded here, on a version of the kernel."""
    task = EX[name].task
    assert isinstance(task, locate.Locate)
    machine = machine_for(version_named(version), version)
    return Run(machine, EX[name].case(task.case))


def place(exercise: Exercise, name: str) -> Wanted:
    """One place that the exercise asks for."""
    return next(each for each in places(exercise) if each.id == name)


BROKEN = [
    pytest.param(exercise, each, id=f"{name}-{each.id}")
    for name, exercise in EX.items()
    for each in places(exercise)
    if each.asks == "breaks"
]


@pytest.mark.parametrize(("exercise", "wanted"), BROKEN)
def test_the_state_is_right_before_and_wrong_after(
    exercise: Exercise, wanted: Wanted
) -> None:
    run = run_of(exercise.id)
    found = run.find(wanted)
    assert run.broken_at(found.step, wanted) is None
    after = found.step + 1
    if (
        wanted.inside
    ):  # the statement calls others; it is done when its own frame goes on
        frame = run.timeline.frame_at(found.step)
        own = run.timeline.tape.who
        after = next(n for n in range(after, len(own)) if own[n] == frame.index)
    assert run.broken_at(after, wanted) is not None


@pytest.mark.parametrize(("exercise", "wanted"), BROKEN)
def test_it_is_in_the_patch_and_nothing_broke_before(
    exercise: Exercise, wanted: Wanted
) -> None:
    run = run_of(exercise.id)
    found = run.find(wanted)
    assert found.statement.file.startswith("thpkit/patch/v3/")
    if not wanted.inside:
        assert run.find(replace(wanted, within="")).step == found.step


@pytest.mark.parametrize("exercise", EX.values(), ids=EX)
def test_the_kit_never_breaks_the_rule_there(exercise: Exercise) -> None:
    """Between calls of the kit, and at the moments that the rule is asked about, it holds."""
    run = run_of(exercise.id, "ref")
    for wanted in places(exercise):
        if wanted.asks == "breaks" and not wanted.inside:
            with pytest.raises(PlaceError, match="does not break"):
                run.find(replace(wanted, within=""))


def test_the_rules_are_known() -> None:
    for exercise in EX.values():
        for wanted in places(exercise):
            assert wanted.rule in RULES or wanted.asks == "returns"


def test_the_leaves_are_left_when_the_lock_goes() -> None:
    run = run_of("ex06")
    left, made = (run.find(place(EX["ex06"], name)) for name in ("left", "made"))
    assert left.statement.text == "locks.spin_unlock_irq(mapping.i_pages.xa_lock)"
    assert made.statement.text == "xarray.xas_create_range(xas)"
    assert made.step < left.step
    active = run.functions_at(left.step)
    assert active[-2:] == ("filemap_huge_fault", "leave")
    refused = run.find(place(EX["ex06"], "refused"))
    assert refused.statement.text == "return False, None"


def test_mapped_comes_before_findable() -> None:
    run = run_of("ex07")
    mapped, early, late = map(run.find, places(EX["ex07"]))
    assert early.step < mapped.step < late.step
    assert "alloc_set_pte" in early.statement.text
    assert late.statement.text.startswith("store(")
    assert early.function == late.function == "map_page"
    assert mapped.function == "page_add_file_rmap"


def test_the_stepper_counts_the_same_steps(tmp_path: Path) -> None:
    """The recording that thp step opens has the statement at the step that is asked for."""
    (tmp_path / "exercises").symlink_to(CLONE / "exercises")
    made = record("ex06", tmp_path)
    timeline = saved.open(made.path)
    found = run_of("ex06").find(place(EX["ex06"], "left"))
    statement = timeline.statement_at(found.step)
    assert statement is not None
    assert (statement.file, statement.text) == (
        found.statement.file,
        found.statement.text,
    )
    assert (made.step, made.given, made.divergence) == (0, True, None)


# ---- answers --------------------------------------------------------------------------------------------


def answered(tmp_path: Path, old: str, new: str) -> Path:
    """The right answers to ex06 with one of them changed."""
    text = right_text(EX["ex06"])
    assert text.count(old) == 1, text
    path = tmp_path / "answer.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


LEFT = 'statement = "locks.spin_unlock_irq(mapping.i_pages.xa_lock)"'


@pytest.mark.parametrize(
    ("old", "new", "check", "says"),
    [
        ('function = "leave"', 'function = "huge_fault.leave"', None, ""),
        ('function = "leave"', 'function = "leave()"', None, ""),
        (LEFT, 'statement = "spin_unlock_irq(mapping"', None, ""),
        (LEFT, 'statement = "lock"', "left-statement", "write more of it"),
        (LEFT, "statement = 1", "left-statement", "you say line 1"),
        (LEFT, 'statement = "x = 1"', "left-statement", "the same before and after"),
        (
            LEFT,
            'statement = "huge_fault.leave(mapping, None)"',
            "left-statement",
            "go further in",
        ),
        (
            '"leave"',
            '"leaf"',
            "left-function",
            "goes into no function leaf .*mean leave",
        ),
        ('"leave"', '"handle_mm_fault"', "left-function", "go further in"),
        ('"leave"', '"read_page"', "left-function", "not when this happens"),
        ('"leave"', '"?"', "left-function", r"function of \[left\] is still open"),
        ("step = ", "step = 9999", "left-step", "from step 0 to"),
        ("step = ", "step = 1 #", "left-step", "you say 1; when .* the rule holds"),
    ],
)
def test_answers_are_understood(
    tmp_path: Path, old: str, new: str, check: str | None, says: str
) -> None:
    result = grade("ex06", file=answered(tmp_path, old, new))
    if check is None:
        assert result.passed, result.text()
        return
    failed = [each for each in result.checks if not each.passed]
    assert [each.id for each in failed] == [check]
    assert result.points == result.max_points - failed[0].points
    assert re.search(says, failed[0].problem or "")


def test_the_line_will_do_as_well(tmp_path: Path) -> None:
    line = run_of("ex06").find(place(EX["ex06"], "left")).statement.first
    assert grade("ex06", file=answered(tmp_path, LEFT, f"statement = {line}")).passed


def test_a_place_that_is_not_there_is_a_sentence() -> None:
    run: Run = run_of("ex07")
    with pytest.raises(PlaceError, match="sections, not 99"):
        run.find(Wanted("x", "breaks", 99, "I13"))
    with pytest.raises(PlaceError, match="munmap does not run"):
        run.find(Wanted("x", "breaks", 3, "I13", inside="munmap"))
    with pytest.raises(PlaceError, match="no statement is about to run"):
        run.found_at(0)
