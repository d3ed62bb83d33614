"""The examples of CONTRIBUTING.md work as they stand: they are written into a project of their own and checked."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from tests.book.project import Project
from thpkit.book import generated, markdown
from thpkit.book.check import RULES, check
from thpkit.book.lesson import find_lesson
from thpkit.book.markdown import Fence
from thpkit.book.questions import Question
from thpkit.book.quiz import READERS, load_quiz
from thpkit.book.runs import Runs
from thpkit.trace.statements import ROOT

FILE: Final = ROOT / "CONTRIBUTING.md"
LESSON: Final = "90_second_read"


def examples() -> dict[str, str]:
    """The files that the page shows, by path."""
    found: dict[str, str] = {}
    for block in markdown.read(FILE).blocks:
        if isinstance(block, Fence):
            words = dict(each.partition("=")[::2] for each in shlex.split(block.info))
            if "file" in words:
                found[words["file"]] = "\n".join(block.code) + "\n"
    return found


@pytest.fixture
def contributed(project: Project) -> Project:
    """A project that holds the examples and the real kernel, and nothing else."""
    project.kernel()
    for path, text in examples().items():
        project.write(path, text)
    return project


def filled(project: Project) -> list[generated.Change]:
    """What ``thp book pictures`` does, as the page says."""
    return generated.rewrite(find_lesson(LESSON, project.root), Runs())


def test_the_page_shows_a_commentary_a_lesson_and_a_quiz() -> None:
    assert sorted(Path(each).name for each in examples()) == [
        "README.md",
        "fault.md",
        "lesson.toml",
        "quiz.toml",
        "second_read.py",
    ]


def test_the_examples_pass_the_check_once_pictures_are_filled_in(
    contributed: Project,
) -> None:
    assert not any(each.failed for each in filled(contributed))
    assert check(contributed.root) == []


def test_only_the_fences_left_empty_on_purpose_are_filled_in(
    contributed: Project,
) -> None:
    assert [each.info for each in filled(contributed)] == [
        "text question=why-once",
        "text question=writer",
    ]


def test_the_quiz_has_a_question_of_every_kind(contributed: Project) -> None:
    lesson = find_lesson(LESSON, contributed.root)
    questions: tuple[Question, ...] = load_quiz(lesson, Runs()).questions
    assert {each.kind for each in questions} == set(READERS)


def test_the_example_commentary_is_needed(contributed: Project) -> None:
    filled(contributed)
    path = "lessons/commentary/fault.md"
    contributed.edit(path, "mm = current.mm()\n", "mm = current.mmm()\n")
    assert [each.rule for each in check(contributed.root)] == ["quote-missing"]


def test_every_rule_is_named() -> None:
    text = FILE.read_text(encoding="utf-8")
    table = text[text.index("## The rules, by name") : text.index("## Exercises")]
    rows = [each.split("|")[1] for each in table.splitlines() if each.startswith("| `")]
    assert set(re.findall(r"`([a-z-]+)`", "".join(rows))) == RULES


def test_links_and_commands_exist() -> None:
    text = FILE.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^):]+)\)", text)
    assert links
    assert [each for each in links if not (ROOT / each).exists()] == []
    paths = re.findall(r"`((?:lessons|thpkit|exercises)/[\w./]+)`", text)
    existing = [each for each in paths if "NN" not in each]
    assert len(existing) > 3
    assert [each for each in existing if not (ROOT / each).exists()] == []
