"""Each rule is broken once, and reported once, at its line."""

from __future__ import annotations

import pytest

from tests.book.project import Project
from thpkit.book.check import check

ONCE = "python src=kit/small.py::once"
GOOD = f"# One\n\n```{ONCE}\nnr = 7\n```\n\n- `nr` Seven.\n"
LONG = "".join(f"    x{i} = {i}\n" for i in range(13))
HEAD = 'id = "01_small"\ntitle = "T"\npart = "P"\n'


def test_a_good_book_has_no_problems(project: Project) -> None:
    project.lesson(GOOD)
    project.commentary(GOOD)
    project.write("lessons/glossary.md", "## word\n\nMeaning.\n")
    assert check(project.root) == []


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        (GOOD.replace("nr = 7", "nr = 8", 1), 3, "quote-missing"),
        (GOOD.replace("nr = 7", "nr = 7\n\nreturn nr", 1), 3, "quote-missing"),
        (GOOD.replace("small.py", "smal.py"), 3, "quote-file"),
        (GOOD.replace("::once", "::onec"), 3, "quote-function"),
        (GOOD.replace("::once", ""), 3, "info"),
        (GOOD.replace("::once", "::once nth=9"), 3, "quote-missing"),
        (GOOD.replace("::once", "::once role=recap"), 3, "role"),
        (GOOD.replace("- `nr` Seven.", ""), 3, "quote-prose"),
        (GOOD.replace("- `nr`", "## Two\n\n- `nr`"), 3, "quote-prose"),
        (GOOD.replace("`nr` Seven", "`rn` Seven"), 7, "bullet"),
        (GOOD + "- `nr` Again.\n", 8, "bullet"),
        (
            "```python src=kit/small.py::twice\nreturn nr\n```\nBack.\n",
            1,
            "quote-ambiguous",
        ),
        (f"```python src=kit/long.py::f\n{LONG}```\nMuch.\n", 1, "quote-long"),
        (GOOD + f"\n```{ONCE}\nnr = 7\n```\n\nAgain.\n", 9, "explained-twice"),
        (
            "```python src=kit/small.py role=sketch\nnr = 7\n```\nRoughly.\n",
            1,
            "sketch",
        ),
    ],
)
def test_a_broken_text_is_reported_at_its_line(
    project: Project, text: str, line: int, rule: str
) -> None:
    project.write("kit/long.py", f"def f() -> None:\n{LONG}")
    project.commentary(text)
    found = check(project.root)
    assert [(each.file, each.line, each.rule) for each in found] == [
        ("lessons/commentary/small.md", line, rule)
    ]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ("", "has no id"),
        (HEAD.replace("small", "large") + "objectives = []", "the folder '01_small'"),
        (HEAD + 'objectives = ["a", "b", "c", "d"]', "3 are the most"),
        (HEAD + 'objectives = []\nscenario = "no.py"', "there is no scenario no.py"),
        (HEAD + 'objectives = []\nprerequisites = ["00_x"]', "is no other lesson"),
        (
            HEAD + 'objectives = []\nfunctions = ["kit/small.py::f"]',
            "not in the source",
        ),
        (HEAD + 'objectives = []\nfunctions = ["kit/none.py::f"]', "not in the source"),
    ],
)
def test_a_broken_lesson_toml_is_reported(
    project: Project, facts: str, sentence: str
) -> None:
    project.lesson(GOOD, facts)
    (problem,) = check(project.root)
    assert (problem.file, problem.rule) == ("lessons/01_small/lesson.toml", "lesson")
    assert sentence in problem.sentence


def test_recaps_and_sketches_are_free(project: Project) -> None:
    again = f"\n```{ONCE} role=again\nnr = 7\n```\n\nAs before.\n"
    sketch = "\n```python role=sketch\nnr = seven()\n```\n\nRoughly so.\n"
    project.commentary(GOOD + again + sketch)
    assert check(project.root) == []


def test_a_missing_text_is_one_problem(project: Project) -> None:
    (project.lesson(GOOD) / "README.md").unlink()
    (problem,) = check(project.root)
    assert str(problem).startswith("lessons/01_small/README.md:1: text: cannot be read")


def test_a_problem_reads_as_file_line_rule_and_diff(project: Project) -> None:
    project.commentary(GOOD.replace("nr = 7", "nr = 8", 1))
    (problem,) = check(project.root)
    first, *diff = str(problem).splitlines()
    assert first.startswith("lessons/commentary/small.md:3: quote-missing: ")
    assert diff == ["    -nr = 7", "    +nr = 8"]
