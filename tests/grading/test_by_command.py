"""``thp step ex:ID``: what is opened for each kind of exercise, and choosing a case."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from thpkit.grading.model import CLONE


def thp(tmp_path: Path, *words: str) -> tuple[int, str]:
    """Exit status and all output of the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "tui", *words],
        cwd=CLONE,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_run_with_questions_is_opened_at_its_beginning(tmp_path: Path) -> None:
    status, output = thp(tmp_path, "step", "ex:ex07", "--plain")
    assert status == 0
    assert re.search(r"step 0 of \d+", output)
    assert "This is the run in which you look for the places." in output
    assert "A: page fault(0x7ffff7c03000, READ)" in output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ex:ex10", "--case", "bad-sector"), "The file system cannot read the block"),
        (("ex:ex02", "--case", "seed-7"), "generated from the seed 7"),
    ],
)
def test_another_case_is_opened(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    status, output = thp(tmp_path, "step", *words, "--plain", "--to", "3")
    assert status == 0
    assert says in " ".join(output.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ex:ex10", "--case", "nothing"), "thp: ex10 has no case 'nothing'; it has "),
        (("00_tour", "--case", "seed-7"), "thp: 00_tour has no cases; --case needs an"),
    ],
)
def test_a_case_that_is_not_there_is_a_sentence(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    status, output = thp(tmp_path, "step", *words, "--plain")
    assert status == 2
    assert output.startswith(says)
