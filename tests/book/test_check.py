"""Each rule is broken once in a small book that is otherwise clean, and reported once, at its line, with a hint."""

from __future__ import annotations

import pytest

from tests.book.broken import (
    EVERY,
    FACTS,
    LESSON,
    LONG,
    ONCE,
    PROSE,
    QUIZ,
    SMALL,
    TWICE,
    Broken,
)
from tests.book.project import Project
from thpkit.book.check import RULES, check


@pytest.mark.parametrize(
    "broken",
    EVERY,
    ids=lambda each: f"{each.rule}: {each.phrase[:30]}",
)
def test_a_broken_book_is_reported_at_its_line(
    project: Project, broken: Broken
) -> None:
    project.book()
    project.write(
        "kit/long.py",
        "def f() -> None:\n" + "".join(f"    {x}\n" for x in LONG.splitlines()),
    )
    if broken.file == FACTS and "twice" in broken.phrase:
        project.edit(
            LESSON, f"```{ONCE}\nnr = 7\nreturn nr", f"```{TWICE}\nif page:\n    nr = 2"
        )
        project.edit(LESSON, "- `nr = 7`", "- `if page`")
        project.edit(LESSON, "- `return nr`", "- `nr = 2`")
    line = project.edit(broken.file, broken.old, broken.new) + broken.below
    where = broken.reported_in or broken.file
    expected = (where, line if broken.at is None else broken.at, broken.rule)
    found = check(project.root)
    assert [(x.file, x.line, x.rule) for x in found] == [expected], "\n".join(
        str(each) for each in found
    )
    assert broken.phrase in found[0].sentence


def test_every_rule_is_broken_somewhere() -> None:
    elsewhere = {"coverage", "quoted-lines", "scenario", "text"}  # below; test_coverage
    broken = {each.rule for each in EVERY}
    assert broken | elsewhere == RULES


def test_a_good_book_has_no_problems(project: Project) -> None:
    project.book()
    assert check(project.root) == []


def test_the_commentary_as_a_whole_explains_a_statement_once(project: Project) -> None:
    project.book()
    project.commentary(
        f"# More\n\n```{ONCE}\nnr = 7\n```\n\nSeven is a number like any other.\n",
        "zoo.md",
    )
    (problem,) = check(project.root)
    assert (problem.file, problem.line) == ("lessons/commentary/zoo.md", 3)
    assert "explained at line 8 of lessons/commentary/small.md" in problem.sentence


def test_a_lesson_may_explain_what_the_commentary_explains(project: Project) -> None:
    project.book()  # both quote kit/small.py::once
    assert check(project.root) == []


def test_the_review_is_checked_too(project: Project) -> None:
    project.book()
    project.write("lessons/review.md", "# The review\n\nSee `filemap_hug_fault`.\n")
    (problem,) = check(project.root)
    assert (problem.file, problem.line, problem.rule) == (
        "lessons/review.md",
        3,
        "identifier",
    )


def test_too_much_code_for_one_lesson(project: Project) -> None:
    project.book()
    project.write(
        "kit/long.py",
        "def f() -> None:\n" + "".join(f"    x{i} = {i}\n" for i in range(72)),
    )
    blocks = []
    for first in range(0, 60, 12):
        code = "".join(f"x{i} = {i}\n" for i in range(first, first + 12))
        blocks.append(f"```python src=kit/long.py::f\n{code}```\n\n{PROSE}\n\n")
    project.edit(LESSON, "## See\n", "".join(blocks) + "## See\n")
    project.edit(FACTS, '"kit/small.py::once"', '"kit/long.py::f"')
    (problem,) = check(project.root)
    assert (problem.file, problem.line, problem.rule) == (LESSON, 1, "quoted-lines")
    assert "62 lines of code; 60 are the most" in problem.sentence


def test_every_lesson_has_a_quiz(project: Project) -> None:
    (project.book() / "quiz.toml").unlink()
    project.edit(
        LESSON,
        "```text question=faults\nHow often does `do_user_addr_fault` run?\n```",
        "How often?",
    )
    (problem,) = check(project.root)
    assert (problem.file, problem.rule) == (QUIZ, "quiz")
    assert "there is no quiz.toml" in problem.sentence


def test_a_quiz_has_five_questions_of_three_kinds_and_asks_why(
    project: Project,
) -> None:
    project.book()
    text = (project.root / QUIZ).read_text(encoding="utf-8")
    project.write(QUIZ, text[: text.index('[[question]]\nid = "kind"')])
    assert [(x.line, x.rule, x.sentence) for x in check(project.root)] == [
        (1, "quiz", "2 questions; 5 are the least"),
        (1, "quiz", "no question asks why: one at least has kind = 'why'"),
        (1, "quiz", "questions of 1 kinds (numeric); 3 are the least"),
    ]


def test_recaps_and_sketches_are_free(project: Project) -> None:
    project.book()
    again = f"\n```{ONCE} role=again\nnr = 7\n```\n\nAs before.\n"
    sketch = "\n```python role=sketch\nnr = seven()\n```\n\nRoughly so.\n"
    file = project.root / SMALL
    project.write(SMALL, file.read_text(encoding="utf-8") + again + sketch)
    assert check(project.root) == []


def test_a_missing_text_is_one_problem(project: Project) -> None:
    (project.book() / "README.md").unlink()
    (problem,) = check(project.root)
    assert str(problem) == f"{LESSON}:1: text: cannot be read: FileNotFoundError"


def test_a_scenario_that_does_not_run_is_one_problem(project: Project) -> None:
    project.book()
    file = "lessons/01_small/small.py"
    line = project.edit(file, "SCENARIO = ", "1 / 0\nSCENARIO = ")
    (problem,) = check(project.root)
    assert str(problem) == (
        f"{file}:{line}: scenario: {file}:{line}: ZeroDivisionError: division by zero"
    )


def test_a_problem_reads_as_file_line_rule_and_diff(project: Project) -> None:
    project.book()
    project.edit(SMALL, "nr = 7\nreturn", "nr = 8\nreturn")
    (problem,) = check(project.root)
    first, *diff = str(problem).splitlines()
    assert first.startswith(f"{SMALL}:3: quote-missing: ")
    assert diff == ["    -nr = 7", "    +nr = 8", "     return nr"]
