"""The face that learners use in a terminal or an editor: pytest on an exercise's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.grading import workshop
from thpkit.grading.exercise import folders, load
from thpkit.grading.pytest_face import POINTS
from thpkit.grading.solutions import right_text

EX = load("ex01")
ALL = [load(each.name) for each in folders()]


def run(root: Path, what: str = f"exercises/{EX.name}", *more: str) -> tuple[int, str]:
    """Exit status and output of pytest on one exercise in ``root``, or on all."""
    command = [sys.executable, "-m", "pytest", what, "--import-mode=importlib"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-v", *more],
        cwd=root,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # ours need a second
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_all_as_shipped_fail_and_tell_why(tmp_path: Path) -> None:
    status, output = run(workshop.place(tmp_path), "exercises/")
    assert status == 1
    for exercise in ALL:
        for line in exercise.symptom.text.splitlines():
            assert line in output
        assert f"test_{exercise.id}[{exercise.symptom.check}] FAILED" in output
        assert f"not passed yet: {exercise.title}" in output
    assert "test_ex01[small-pages] PASSED" in output
    assert "vmstat.node[NR_FILE_PMDMAPPED]: expected 0, got 1" in output
    assert f"Graded: exercises/{EX.name}/{EX.file} (the file as shipped)" in output
    for ours in ("Traceback", "judge.py", "results.py", "assert ", "Error"):
        assert ours not in output


def test_all_right_pass_with_full_points(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    for exercise in ALL:
        workshop.hand_in(root, exercise, right_text(exercise))
    status, output = run(root, "exercises/", "--junitxml=junit.xml")
    assert status == 0, output
    table = output[output.index(" points =") :].splitlines()[1:]
    total = 0
    for exercise, line in zip(ALL, table, strict=False):
        points = sum(each.points for each in exercise.checks)
        assert line.startswith(f"{exercise.id:6}{points:3} of {points:3}  passed: ")
        assert f"[work/{exercise.id}/{exercise.file} (your file)]" in line
        total += points
    assert table[len(ALL)].split() == f"{total} of {total} all together".split()
    suite = ElementTree.parse(root / "junit.xml").getroot()[0]
    assert suite.get("failures") == suite.get("errors") == "0"
    names = {each.get("name") for each in suite.iter("property")}
    assert names == {POINTS}


def test_partial_credit_is_summed_and_a_bonus_is_no_failure(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    ledger, expose = load("ex08"), load("ex09")
    text = right_text(ledger).replace("refcount = 518", "refcount = 519")
    workshop.hand_in(root, ledger, text)
    more = '    {"do": "drain"},\n' * 3 + "]"
    text = right_text(expose).rstrip().removesuffix("]") + more
    workshop.hand_in(root, expose, text)
    names = [f"exercises/{each.name}" for each in (ledger, expose)]
    status, output = run(root, *names, "-rs")
    assert status == 1
    assert "ex08    8 of  10  not passed yet" in output
    assert "ex09    7 of   8  passed" in output
    assert "a bonus, not earned: you need 11 calls; 8 are enough" in output


def test_a_broken_exercise_is_a_sentence(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    (root / "exercises" / EX.name / "meta.toml").write_text("id = ", "utf-8")
    status, output = run(root)
    assert status == 2
    assert f"exercise {EX.name} has a mistake: meta.toml: Invalid value" in output
    assert "Traceback" not in output
