"""What a learner does with an exercise, from ``thp start`` to the pass; nothing he wrote is ever lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.grading import workshop
from tests.tui.learner import Learner
from tui.attempts import WAIT_SECONDS, Attempts, attempts_of
from tui.state import Store


@pytest.fixture
def learner(tmp_path: Path, graded_once: None) -> Learner:
    """Somebody who has done nothing yet."""
    return Learner.at(tmp_path)


def state_in_list(learner: Learner) -> str:
    """What ``thp list`` says about the first exercise."""
    lines = learner.here("list").stdout.splitlines()
    line = next(each for each in lines if "ex:ex01" in each)
    return line.rpartition("[")[2].rstrip("]")


def test_from_start_to_pass(learner: Learner) -> None:
    """The list follows: new, started, tried with points, passed with points."""
    assert state_in_list(learner) == "○ new"

    done = learner.here("start", "ex01")
    assert done.returncode == 0 and done.stderr == ""
    assert "work/ex01/rmap_exercise.py" in done.stdout
    assert "thp watch ex01" in done.stdout  # it says what to do next
    assert learner.file.read_text(encoding="utf-8") == learner.shipped
    assert state_in_list(learner) == "◐ started"

    done = learner.here("check", "ex01")
    assert done.returncode == 1
    assert "graded: work/ex01/rmap_exercise.py (your file)" in done.stdout
    assert "thp hint ex01" in done.stdout
    assert state_in_list(learner) == "◐ tried, 1 of 10 points"

    learner.save(learner.solution)
    done = learner.here("check", "ex01")
    assert done.returncode == 0
    assert "passed: 10 of 10 points" in done.stdout
    assert state_in_list(learner) == "● passed, 10 points"

    learner.save(learner.shipped)
    assert learner.here("check", "ex01").returncode == 1
    assert (
        state_in_list(learner) == "● passed, 10 points"
    )  # what is passed stays passed


def test_start_never_overwrites(learner: Learner) -> None:
    """A copy that is there stays, whatever it says."""
    learner.here("start", "ex01")
    learner.save("mine\n")
    done = learner.here("start", "ex01")
    assert done.returncode == 0
    assert "is there already and stays as it is" in done.stdout
    assert learner.file.read_text(encoding="utf-8") == "mine\n"
    assert sorted(each.name for each in learner.file.parent.iterdir()) == [
        learner.file.name
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("start", "ex99"), "there is no exercise 'ex99'"),
        (("watch", "ex99"), "there is no exercise 'ex99'"),
        (("hint", "nonsense"), "there is no exercise 'nonsense'"),
        (("watch", "ex01"), "thp start ex01 makes it"),
        (("reset", "ex01"), "thp start ex01 makes it"),
        (("diff", "ex01"), "thp start ex01 makes it"),
        (("step", "ex:ex01", "--against", "v3"), "cannot be recorded"),
    ],
)
def test_bad_input_is_one_sentence(
    learner: Learner, arguments: tuple[str, ...], said: str
) -> None:
    """On standard error, with status 2, and with what to do."""
    done = learner.here(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("thp: ") and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_directory_that_cannot_be_written(learner: Learner) -> None:
    """One sentence, and no traceback."""
    (learner.root / "work").rmdir()
    (learner.root / "work").write_text("a file\n", encoding="utf-8")
    done = learner.here("start", "ex01")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "work" in done.stderr


def test_the_result_as_json(learner: Learner) -> None:
    """One object, and the status says the same."""
    done = learner.here("check", "ex01", "--json")
    assert done.returncode == 1
    data = json.loads(done.stdout)
    assert data["exercise"] == "ex01" and data["passed"] is False
    assert data["shipped"] is True and data["points"] == 1


def test_a_file_that_does_not_load_is_named(learner: Learner) -> None:
    """With its line."""
    learner.here("start", "ex01")
    learner.save("def broken(:\n")
    done = learner.here("check", "ex01")
    assert done.returncode == 1
    assert "line 1 of rmap_exercise.py is no valid Python" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


# ---- hints ----------------------------------------------------------------------------------------------


def test_the_next_hint_comes_after_an_attempt(learner: Learner) -> None:
    """The first at once; the next one after a changed file was checked; never a word on how many there are."""
    learner.here("start", "ex01")
    said = []
    for number, each in enumerate(learner.exercise.hints):
        said.append(learner.here("hint", "ex01").stdout)
        assert each.title in said[-1]
        too_early = learner.here("hint", "ex01").stdout
        if each is not learner.exercise.hints[-1]:
            assert "Or wait" in too_early and each.title not in too_early
        learner.save(f"{learner.shipped}# attempt {number}\n")
        learner.here("check", "ex01")
    assert "review" in said[-1] and "review" not in "".join(said[:-1])
    assert "for review" in state_in_list(learner)
    many = len(learner.exercise.hints)
    assert f"of {many}" not in "".join(said) and f"/{many}" not in "".join(said)
    again = learner.here("hint", "ex01", "--again").stdout
    assert all(each.title in again for each in learner.exercise.hints)
    assert "--again" in learner.here("hint", "ex01").stdout


def test_the_same_text_is_no_new_attempt(learner: Learner) -> None:
    """Checking twice does not unlock anything."""
    learner.here("start", "ex01")
    learner.here("check", "ex01")
    learner.here("hint", "ex01")
    learner.here("check", "ex01")
    assert "Or wait" in learner.here("hint", "ex01").stdout


def test_after_a_pass_all_help_is_shown(learner: Learner) -> None:
    """There is nothing to spoil any more."""
    learner.here("start", "ex01")
    learner.save(learner.solution)
    learner.here("check", "ex01")
    said = learner.here("hint", "ex01").stdout
    assert all(each.title in said for each in learner.exercise.hints)


def test_a_puzzle_offers_all_lines_mixed(learner: Learner) -> None:
    """Solution and distractors, each with a letter, in an order that is not the solution's and always the same."""
    puzzle = next(each for each in learner.exercise.hints if each.kind == "parsons")
    learner.here("start", "ex01")
    learner.save(learner.solution)
    learner.here("check", "ex01")
    said = learner.here("hint", "ex01").stdout
    assert said == learner.here("hint", "ex01").stdout
    lines = said.splitlines()
    offered = {
        each.strip(): next(
            i for i, line in enumerate(lines) if line.endswith(f"  {each.strip()}")
        )
        for each in (*puzzle.lines, *puzzle.distractors)
    }
    solution = [offered[each.strip()] for each in puzzle.lines]
    assert solution != sorted(solution)
    assert lines[min(offered.values())].startswith("a  ")


def test_when_a_hint_may_come() -> None:
    """At once, after an attempt, after a while; a clock that was set back locks nobody out."""
    attempts = Attempts()
    assert attempts.seconds_to_wait(1000.0) == 0
    attempts.give(1000.0, last=False)
    assert attempts.seconds_to_wait(1000.0) == WAIT_SECONDS
    assert attempts.seconds_to_wait(1012.5) == WAIT_SECONDS - 12
    assert attempts.seconds_to_wait(1000.0 + WAIT_SECONDS) == 0
    assert attempts.seconds_to_wait(500.0) == 0
    assert attempts.note("another text", "one-process", 1, 10)
    assert attempts.seconds_to_wait(1001.0) == 0
    assert not attempts.note("another text", "one-process", 1, 10)


@pytest.mark.parametrize(
    "data", [None, 3, [], {"tries": "x"}, {"hints": 7}, {"hints": ["x"]}, {}]
)
def test_attempts_that_make_no_sense_are_none(data: object) -> None:
    """Files of older versions have none at all."""
    assert attempts_of(data) == Attempts()


def test_two_programs_do_not_lose_each_others_notes(tmp_path: Path) -> None:
    """The stepper keeps the place, ``thp watch`` the attempts, of one exercise; both stay."""
    watch, stepper = Store(tmp_path), Store(tmp_path)
    watch.change("ex:ex01", lambda each: each.attempts.note("text", "passed", 10, 10))
    stepper.change("ex:ex01", lambda each: setattr(each, "step", 7))
    watch.change("ex:ex01", lambda each: each.attempts.give(1000.0, last=True))
    found = Store(tmp_path).place("ex:ex01")
    assert found.step == 7
    assert found.attempts.tries == 1 and found.attempts.review


# ---- reset and diff -------------------------------------------------------------------------------------


def test_reset_keeps_a_backup_each_time(learner: Learner) -> None:
    """Under a name that is said; without a terminal only with ``--yes``."""
    learner.here("start", "ex01")
    for number in (1, 2, 3):
        learner.save(f"version {number}\n")
        refused = learner.here("reset", "ex01")
        assert refused.returncode == 2 and "--yes" in refused.stderr
        assert learner.file.read_text(encoding="utf-8") == f"version {number}\n"
        done = learner.here("reset", "ex01", "--yes")
        assert done.returncode == 0
        assert f"work/ex01/backup-{number}/rmap_exercise.py" in done.stdout
        assert learner.file.read_text(encoding="utf-8") == learner.shipped
    for number in (1, 2, 3):
        kept = learner.file.parent / f"backup-{number}" / learner.file.name
        assert kept.read_text(encoding="utf-8") == f"version {number}\n"
    assert "already" in learner.here("reset", "ex01", "--yes").stdout


def test_diff_waits_for_the_pass(learner: Learner) -> None:
    """Before it, only on request; that sends the exercise into review."""
    learner.here("start", "ex01")
    refused = learner.here("diff", "ex01")
    assert refused.returncode == 2 and "--show" in refused.stderr
    shown = learner.here("diff", "ex01", "--show").stdout.splitlines()
    added = [each[1:] for each in shown if each[0] == "+" and each[:3] != "+++"]
    assert learner.exercise.planted is not None
    assert added == learner.exercise.planted.old.strip("\n").splitlines()
    assert not [each for each in shown if each[0] == "-" and each[:3] != "---"]
    assert "for review" in state_in_list(learner)


def test_diff_after_another_right_fix(learner: Learner) -> None:
    """Against the kit's; the kit's own text has no difference."""
    learner.here("start", "ex01")
    fix = learner.exercise.alternatives[0]
    learner.save(workshop.changed(learner.exercise, fix))
    assert learner.here("check", "ex01").returncode == 0
    assert "+++ as the kit has it" in learner.here("diff", "ex01").stdout
    learner.save(learner.solution)
    assert "exactly what the kit says" in learner.here("diff", "ex01").stdout


# ---- the stepper ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [(), ("--against", "ref")])
def test_the_copy_is_stepped_where_it_goes_wrong(
    learner: Learner, more: tuple[str, ...]
) -> None:
    """Against the kit it always is."""
    learner.here("start", "ex01")
    learner.save(f"{learner.shipped}# mine\n")
    done = learner.here("step", "ex:ex01", *more)
    assert done.returncode == 0, done.stderr
    assert "Here it goes wrong" in done.stdout
    kept = learner.root / "work" / ".recordings" / "ex01-one-process-yours.thprec"
    assert kept.is_file()
