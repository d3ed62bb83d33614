"""``thp read`` and ``thp review``: texts for a pipe and a pager."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal
from thpkit.trace.statements import ROOT
from thpkit.view.layout import columns

LESSON = ROOT / "lessons" / "01_where_to_map" / "README.md"


def thp(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``thp`` into a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        env={**os.environ, "TERM": "xterm", **more},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["01_where_to_map", "where_to_map", "01"])
def test_a_lesson_is_read_by_any_of_its_names(name: str) -> None:
    """As plain text of 80 columns, its questions in their places, without what only authors need."""
    done = thp("read", name)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:2] == ["Where to map", "============"]
    assert max(map(columns, lines)) <= 80
    for sign in ("<!--", "```", "src=", "picture=", "question=", "##"):
        assert sign not in done.stdout
    assert lines.index("Predict") < lines.index("Walk") < lines.index("See")
    asked = next(i for i, each in enumerate(lines) if "For how many MiB" in each)
    assert lines.index("Predict") < asked < lines.index("Walk")
    assert "thp ask 01_where_to_map" in lines[-1]


def test_the_markdown_is_there_for_those_who_want_it() -> None:
    """Byte for byte."""
    assert thp("read", "01", "--raw").stdout == LESSON.read_text(encoding="utf-8")


def test_without_a_name_the_lessons_are_listed() -> None:
    """With their titles, and what to type."""
    done = thp("read")
    assert done.returncode == 0
    assert "01_where_to_map" in done.stdout and "Where to map" in done.stdout
    assert "thp read NAME" in done.stdout


def test_terminals_without_utf8_get_ascii() -> None:
    """Every sign has a spelling there."""
    done = thp("read", "tour", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stdout.isascii()
    assert not any(each.startswith("?") for each in done.stdout.splitlines())


def test_the_review_is_read_in_the_same_way() -> None:
    """From the first hunk to the last; the Markdown with --raw."""
    done = thp("review")
    assert done.returncode == 0 and "#" not in done.stdout.replace("#ifdef", "")[:4000]
    places = [done.stdout.index(f"\nK{n}: ") for n in (1, 9, 17, 25)]
    assert all(each > 0 for each in places)
    raw = (ROOT / "lessons" / "review.md").read_text(encoding="utf-8")
    assert thp("review", "--raw").stdout == raw


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "there is no lesson 'nothing'"),
        ("ex:ex01", "'ex:ex01' is no lesson with a text; thp read names them"),
        ("defect:D7", "'defect:D7' is no lesson with a text"),
    ],
)
def test_what_has_no_text_is_refused(name: str, said: str) -> None:
    """One sentence, exit status 2."""
    done = thp("read", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no pager here")
def test_in_a_terminal_a_pager_shows_it(tmp_path: Path) -> None:
    """The first page, then it waits."""
    terminal = Terminal(tmp_path / "state", "read", "01", PAGER="less", LESS="")
    terminal.wait_for("A surprise")
    assert "Check yourself" not in terminal.text
    terminal.press("q")
    assert terminal.end() == 0
