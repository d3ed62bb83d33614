"""Fences that are made from the run are rewritten in place, and nothing else is."""

from __future__ import annotations

import pytest

from tests.book.project import Project
from thpkit.book import generated
from thpkit.book.check import check
from thpkit.book.generated import GeneratedError
from thpkit.book.lesson import load_lesson
from thpkit.book.markdown import Fence
from thpkit.book.runs import Runs

README = "lessons/01_small/README.md"


def rewrite(project: Project) -> list[generated.Change]:
    """Rewrite the small lesson's text."""
    folder = project.root / "lessons/01_small"
    return generated.rewrite(load_lesson(folder), Runs())


def test_what_is_up_to_date_is_left_alone(project: Project) -> None:
    file = project.book() / "README.md"
    before = file.stat()
    assert rewrite(project) == []
    assert file.stat().st_ino == before.st_ino


def test_stale_fences_become_what_the_run_shows(project: Project) -> None:
    project.book()
    good = project.read(README)
    project.edit(README, "1            +1     +1\n", "9\nand more\n")
    project.edit(README, "How often does `do_user_addr_fault` run?\n", "")
    line = project.edit(README, "a page   4096 bytes\n", "")
    changes = rewrite(project)
    assert project.read(README) == good
    assert [each.info.split()[1].partition("=")[0] for each in changes] == [
        "run",
        "question",
        "picture",
    ]
    assert changes[0].line == line - 1
    assert "    +a page   4096 bytes" in changes[0].sentence
    assert not any(each.failed for each in changes)
    assert [
        each.name for each in (project.root / "lessons/01_small").glob("*.new")
    ] == []


def test_a_fence_that_cannot_be_made_stays_and_is_told(project: Project) -> None:
    project.book()
    project.edit(README, "run=lines", "run=none")
    before = project.read(README)
    (change,) = rewrite(project)
    assert change.failed
    assert "has no function none" in change.sentence
    assert project.read(README) == before


def test_a_fence_in_a_list_keeps_its_margin(project: Project) -> None:
    project.book()
    project.edit(
        README, "None.\n", "- Look:\n\n  ```text run=lines\n  ```\n\n  So it is.\n"
    )
    rewrite(project)
    assert "\n  ```text run=lines\n  a page   4096 bytes\n  ```\n" in project.read(
        README
    )
    assert check(project.root) == []


def test_a_picture_of_another_variant(project: Project) -> None:
    project.book()
    project.edit(README, 'at="The fault is over"', 'at="The fault is over" variant=v3')
    assert check(project.root) == []


@pytest.mark.parametrize("info", ["text", "text so=what is=this", "python run=x", ""])
def test_other_fences_are_the_authors_own(info: str) -> None:
    if info.startswith("text so"):
        with pytest.raises(GeneratedError, match="begins with picture=, question="):
            generated.order_of(Fence(1, info, ()))
    else:
        assert generated.order_of(Fence(1, info, ())) is None


def test_quotation_marks_must_be_closed() -> None:
    with pytest.raises(GeneratedError, match="No closing quotation"):
        generated.order_of(Fence(1, 'text picture=pages at="The', ()))


def test_a_function_of_the_scenario_may_do_anything(project: Project) -> None:
    folder = project.book()
    scenario = project.read("lessons/01_small/small.py")
    project.write(
        "lessons/01_small/small.py",
        scenario
        + "\n\ndef number():\n    return 3\n\n\ndef bad():\n    return 1 / 0\n",
    )
    lesson = load_lesson(folder)
    for name, said in (("number", "returns no list"), ("bad", "ZeroDivisionError")):
        order = generated.order_of(Fence(1, f"text run={name}", ()))
        assert order is not None
        with pytest.raises(GeneratedError, match=said):
            generated.content(order, lesson, Runs())
