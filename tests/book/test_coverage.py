"""What is explained is counted, what is missing is proposed, and the floors hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.book.project import Project
from thpkit.book import check_report, rules, rules_coverage
from thpkit.book.check import check, examine
from thpkit.book.coverage import Coverage, measured
from thpkit.book.rules_coverage import Floors

SMALL = "lessons/commentary/small.md"
FLOORS = "lessons/coverage.toml"
PATH = ["kit/small.py"]
ONCE = "kit/small.py::once"
TWICE = "kit/small.py::twice"


def reached(project: Project) -> Coverage:
    """The coverage of the small book."""
    return measured(rules.read(project.root), PATH)


def of(coverage: Coverage, place: str) -> tuple[int, int]:
    """Statements of a function, and those that are missing."""
    (found,) = (each for each in coverage.functions if each.place == place)
    return len(found.statements), len(found.missing)


def test_statements_of_the_path_are_counted_by_function(project: Project) -> None:
    project.book()
    coverage = reached(project)
    assert of(coverage, ONCE) == (2, 0)
    assert of(coverage, TWICE) == (8, 8)
    assert of(coverage, "kit/small.py::Lock.take") == (2, 2)
    assert coverage.explained == 2


def test_a_statement_with_two_bullets_does_not_count(project: Project) -> None:
    project.book()
    again = project.read(SMALL).replace("# Small", "# Again")
    project.commentary(again, "zoo.md")
    assert of(reached(project), ONCE) == (2, 2)


def test_quoted_again_or_without_bullets_does_not_count(project: Project) -> None:
    project.book()
    project.commentary(
        project.read(SMALL).replace("::once", "::once role=again"), "small.md"
    )
    assert of(reached(project), ONCE) == (2, 2)
    project.commentary(f"```python src={ONCE}\nnr = 7\n```\n\nSeven of them in all.\n")
    assert of(reached(project), ONCE) == (2, 2)


def test_what_a_lesson_executes_is_explained_by_it_or_by_the_commentary(
    project: Project,
) -> None:
    project.book()
    project.kernel()
    (before,) = reached(project).lessons
    assert before.lesson == "01_small"
    assert len(before.statements) == len(before.missing) > 100
    quote = (
        "```python src=thpkit/kernel/fault.py::do_user_addr_fault\n"
        "task = current.task()\nmm = current.mm()\n```\n\n"
    )
    project.commentary(quote + "- `task =` It is this one that is stopped.\n", "a.md")
    project.edit(
        "lessons/01_small/README.md", "## See\n", quote + "- `mm =` Its.\n\n## See\n"
    )
    (after,) = reached(project).lessons
    assert len(before.missing) - len(after.missing) == 2


def test_kernel_functions_that_a_lesson_executes_belong_to_the_path(
    project: Project,
) -> None:
    project.book()
    project.kernel()
    places = [each.place for each in reached(project).functions]
    assert "thpkit/kernel/fault.py::do_user_addr_fault" in places
    assert "thpkit/kernel/filemap.py::filemap_huge_fault" not in places


def test_suggested_blocks_need_only_words(project: Project) -> None:
    project.book()
    wanted = reached(project)
    text = "\n".join(
        line
        for line in check_report.missing(wanted, project.root)
        if "without" not in line
    )
    assert "```python src=kit/small.py::twice\nnr = 1\n" in text
    prose = "What would break without it is said here."
    project.commentary("# Small\n" + text.replace("…", prose), "more.md")
    assert check(project.root) == []
    assert all(
        not each.missing for each in reached(project).functions if "kit" in each.place
    )


def test_a_suggested_block_says_which_of_two_equal_lines_it_means(
    project: Project,
) -> None:
    project.book()
    (twice,) = (each for each in reached(project).functions if each.place == TWICE)
    *_, last = twice.statements
    assert check_report.suggested([last], TWICE, project.root) == [
        "```python src=kit/small.py::twice nth=2",
        "return nr",
        "```",
        "",
        "- `return nr` …",
    ]


# ---- floors ---------------------------------------------------------------------------------------------


def floors(project: Project, **changes: object) -> None:
    """Write floors that the small book has just reached, but for the changes."""
    known = Floors(("kit/small.py",), (ONCE,), 2, {"01_small": 0})
    project.write(FLOORS, rules_coverage.text_of(replace(known, **changes)))  # type: ignore[arg-type]


def test_a_book_at_its_floors_is_clean(project: Project) -> None:
    project.book()
    floors(project)
    found = examine(project.root)
    assert found.problems == ()
    assert check_report.totals(found.coverage)[0].startswith("commentary: 2 of 12 ")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "needle", "sentence"),
    [
        ({"commentary": 3}, "explained =", "2 statements of the path; 3 was reached"),
        ({"functions": (TWICE,)}, TWICE, "was covered, and is not: line 6: nr = 1;"),
        ({"functions": ("kit/small.py::no",)}, "::no", "was it renamed?"),
        ({"lessons": {"01_small": 5}}, "01_small", "executes 0 are explained; 5 was"),
        ({"lessons": {"02_gone": 5}}, "02_gone", "there is no lesson 02_gone"),
    ],
)
def test_a_book_below_a_floor_is_reported_at_the_floor(
    project: Project, changes: dict[str, object], needle: str, sentence: str
) -> None:
    project.book()
    floors(project, **changes)
    lines = project.read(FLOORS).splitlines()
    (line,) = (n for n, each in enumerate(lines, 1) if needle in each)
    (problem,) = check(project.root)
    assert (problem.file, problem.line, problem.rule) == (FLOORS, line, "coverage")
    assert sentence in problem.sentence


def test_shorter_code_is_no_fall(project: Project) -> None:
    project.book()
    once = '"""A module."""\n\n\ndef once() -> int:\n    nr = 7\n    return nr\n'
    project.write("kit/small.py", once)
    project.edit("lessons/01_small/lesson.toml", '"kit/small.py::twice", ', "")
    floors(project, commentary=99)
    assert check(project.root) == []


def test_floors_that_can_rise_are_named_and_written(project: Project) -> None:
    project.book()
    floors(project, functions=(), commentary=1)
    found = examine(project.root)
    assert found.problems == ()
    assert found.floors is not None
    assert found.coverage is not None
    assert rules_coverage.stale(found.floors, found.coverage) == [
        "commentary: explained = 2, not 1",
        "functions: add kit/small.py::once",
    ]
    rules_coverage.write(
        project.root, rules_coverage.raised(found.floors, found.coverage)
    )
    again = examine(project.root)
    assert again.floors is not None
    assert rules_coverage.stale(again.floors, found.coverage) == []


def test_floors_are_not_lowered_by_a_fall(project: Project) -> None:
    project.book()
    floors(project, commentary=5, functions=(TWICE,))
    found = examine(project.root)
    assert found.floors is not None
    assert found.coverage is not None
    new = rules_coverage.raised(found.floors, found.coverage)
    assert new.commentary == 5
    assert TWICE in new.functions


def test_floors_that_say_nonsense_are_one_problem(project: Project) -> None:
    project.book()
    project.write(FLOORS, 'files = "kit/small.py"\n')
    (problem,) = check(project.root)
    assert (problem.rule, problem.sentence) == (
        "coverage",
        "coverage.toml: files is a list of strings",
    )
