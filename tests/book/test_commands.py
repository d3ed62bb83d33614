"""``thp book``: what it prints, and its exit statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from tests.book.project import Project
from thpkit.book import rules_coverage
from thpkit.book.rules_coverage import Floors
from tui import commands_book
from tui.cli import thp

Run: TypeAlias = Callable[..., Result]
README = "lessons/01_small/README.md"


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``thp book …`` on a small book without a problem."""
    project.book()
    floors = Floors(("kit/small.py",), ("kit/small.py::once",), 2, {"01_small": 0})
    project.write("lessons/coverage.toml", rules_coverage.text_of(floors))
    monkeypatch.setattr(commands_book, "book_root", lambda: project.root)

    def call(*words: str) -> Result:
        return CliRunner().invoke(thp, ["book", *words])

    return call


def test_a_clean_book(run: Run) -> None:
    done = run("check")
    assert done.exit_code == 0, done.output
    assert done.output.endswith("the book is clean\n")
    assert "commentary: 2 of 12 statements have exactly one bullet" in done.output
    assert "```python src=kit/small.py::twice\nnr = 1\nif page:\n" in done.output
    assert "- `nr = 1` …\n" in done.output


def test_a_broken_book(run: Run, project: Project) -> None:
    line = project.edit(README, "faults 1<", "faults 2<")
    done = run("check")
    assert done.exit_code == 1
    assert done.output.startswith(
        f'{README}:{line}: number: the text says 2, the run 1: cell("PGFAULT", "end")\n'
    )
    assert done.output.endswith("1 problem\n")


def test_only_the_coverage(run: Run) -> None:
    done = run("check", "--coverage")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert "     2 of    12 * kit/small.py" in lines
    assert "     2 of     2     once" in lines
    assert "     0 of     8 *   twice" in lines


def test_pictures_are_rewritten_and_told(run: Run, project: Project) -> None:
    good = project.read(README)
    project.edit(README, "a page   4096", "a page   4095")
    done = run("pictures", "small")
    assert done.exit_code == 0
    assert done.output.startswith(f"{README}:5: text run=lines: rewritten\n")
    assert project.read(README) == good
    assert run("pictures").output == "every picture is up to date\n"


def test_pictures_that_cannot_be_made(run: Run, project: Project) -> None:
    project.edit(README, "run=lines", "run=none")
    done = run("pictures")
    assert done.exit_code == 1
    assert "small.py has no function none" in done.output


def test_a_lesson_that_is_none_is_bad_input(run: Run) -> None:
    done = run("pictures", "01_smal")
    assert done.exit_code == 1
    assert "did you mean 01_small?" in str(done.exception)


def test_raising_the_floors(run: Run, project: Project) -> None:
    project.edit("lessons/coverage.toml", "explained = 2", "explained = 1")
    assert "thp book raise writes them" in run("check").output
    assert run("raise").output == "commentary: explained = 2, not 1\n"
    assert "explained = 2\n" in project.read("lessons/coverage.toml")
    assert run("raise").output == "nothing to raise\n"
