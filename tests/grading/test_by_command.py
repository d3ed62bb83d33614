"""``thp step ex:ID``: what is opened for each kind of exercise, and choosing a case."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tui import cli

Thp = Callable[..., tuple[object, str]]


@pytest.fixture
def thp(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Thp:
    """The command line: exit status and all output."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def run(*words: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["thp", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, "".join(capsys.readouterr())

    return run


def test_a_run_with_questions_is_opened_at_its_beginning(thp: Thp) -> None:
    status, output = thp("step", "ex:ex07", "--plain")
    assert status == 0
    assert re.search(r"step 0 of \d+", output)
    assert "This is the run in which you look for the places." in output
    assert "A: page fault(0x7ffff7c03000, READ)" in output


def test_another_case_is_opened(thp: Thp) -> None:
    words = ("ex:ex10", "--case", "bad-sector", "--plain", "--to", "3")
    status, output = thp("step", *words)
    assert status == 0
    assert "The file system cannot read the block" in " ".join(output.split())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ex:ex10", "--case", "nothing"), "thp: ex10 has no case 'nothing'; it has "),
        (("00_tour", "--case", "seed-7"), "thp: 00_tour has no cases; --case needs an"),
    ],
)
def test_a_case_that_is_not_there_is_a_sentence(
    thp: Thp, words: tuple[str, ...], says: str
) -> None:
    status, output = thp("step", *words, "--plain")
    assert status == 2
    assert output.startswith(says)
