"""Generated cases: the same for the same seed, and a failing one can be played again by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.checks import broken
from thpkit.grading import grade, record
from thpkit.grading.cases import case_of
from thpkit.grading.exercise import ExerciseError, load
from thpkit.grading.player import Player
from thpkit.grading.seeded import seed_of, seeded_case
from thpkit.kernel.machine import Machine
from thpkit.kernel.vmstat import NodeStat

SEEDS = range(1, 11)


def test_a_seed_is_all_that_is_needed() -> None:
    assert seeded_case(1742) == seeded_case(1742) != seeded_case(1743)
    assert case_of(seeded_case(1742).to_data()) == seeded_case(1742)
    assert seed_of("seed-1742") == 1742
    assert seed_of("one-process") is None
    # a case must stay the same in every version of Python: these are its first touch and its last calls
    texts = [each.text for each in seeded_case(1742).calls]
    assert texts[7].partition("(")[0] in ("A: touch", "B: touch")
    assert texts[-3:] == ["A: exit()", "B: exit()", "drain()"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_kit_plays_it_and_stays_consistent(seed: int) -> None:
    machine = Machine()
    player = Player(machine)
    for call in seeded_case(seed).calls:
        player.play(call)
        assert broken(machine.kernel) == [], call.text
    assert machine.kernel.vmstat.node[NodeStat.NR_FILE_MAPPED] == 0


def test_together_they_do_everything() -> None:
    names = {call.name for seed in SEEDS for call in seeded_case(seed).calls}
    assert {"touch", "mmap", "munmap", "mprotect", "read", "truncate"} <= names


def seeded(root: Path) -> None:
    """Give ex01 three generated cases and a check for them, before all others."""
    folder = root / "exercises" / load("ex01").name
    for file, old, new in (
        ("cases.toml", "[[case]]", "seeded = 3\n\n[[case]]"),
        (
            "meta.toml",
            "[[check]]",
            '[[check]]\nid = "any"\ntitle = "whatever is called"\ncase = "seed"\npoints = 1\n\n[[check]]',
        ),
    ):
        path = folder / file
        path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")


def test_a_failing_seed_is_named_and_can_be_stepped(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    seeded(root)
    exercise = load("ex01", root)
    assert exercise.seeds == (101, 102, 103)
    result = grade("ex01", root)
    check = result.check("any")
    where = check.divergence
    assert where is not None
    assert where.seed in exercise.seeds
    assert f"thp step ex:ex01 --case seed-{where.seed} plays it again" in " ".join(
        check.message.split()
    )
    assert result.to_json()["checks"][1]["seed"] == where.seed
    made = record("ex01", root, case=where.case)
    assert made.divergence == where
    assert made.step > 0
    workshop.hand_in(root, exercise, workshop.kit_solution(exercise))
    assert grade("ex01", root).passed


def test_without_generated_cases_there_is_no_such_name() -> None:
    with pytest.raises(ExerciseError, match="ex01 has no case 'seed-7'"):
        load("ex01").case("seed-7")
