"""The face that learners use in a terminal or an editor: pytest on an exercise's folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.grading import workshop
from thpkit.grading.exercise import load

EX = load("ex01")


def run(root: Path) -> tuple[int, str]:
    """Exit status and output of pytest on the exercise in ``root``."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"exercises/{EX.name}",
        "--import-mode=importlib",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-v"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_as_shipped_it_fails_and_says_why(tmp_path: Path) -> None:
    status, output = run(workshop.place(tmp_path))
    assert status == 1
    assert "test_ex01[one-process] FAILED" in output
    assert "test_ex01[small-pages] PASSED" in output
    for line in EX.symptom.text.splitlines():
        assert line in output
    assert "vmstat.node[NR_FILE_PMDMAPPED]: expected 0, got 1" in output
    assert f"Graded: exercises/{EX.name}/{EX.file} (the file as shipped)" in output
    for ours in ("Traceback", "judge.py", "results.py", "assert "):
        assert ours not in output


def test_with_the_kits_function_it_passes(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    workshop.hand_in(root, EX, workshop.kit_solution(EX))
    status, output = run(root)
    assert status == 0, output


def test_files_beside_the_learners_copy_change_nothing(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    work = workshop.hand_in(root, EX, workshop.shipped(EX)).parent
    forged = "import os\nos._exit(0)\n"
    for name in (
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "json.py",
        "pytest.py",
    ):
        (work / name).write_text(forged, encoding="utf-8")
        (work.parent / name).write_text(forged, encoding="utf-8")
    (work / "pytest.ini").write_text(
        "[pytest]\naddopts = --collect-only\n", encoding="utf-8"
    )
    (work / "thpkit").mkdir()
    (work / "thpkit" / "__init__.py").write_text(forged, encoding="utf-8")
    status, output = run(root)
    assert status == 1, output
    assert f"Graded: work/ex01/{EX.file} (your file)" in output
