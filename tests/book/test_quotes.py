"""A quote stands in the source word for word, or the author is told where it went."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.book.project import Project
from thpkit.book.markdown import Bullet, Fence, parse
from thpkit.book.match import find
from thpkit.book.quotes import (
    Place,
    QuoteError,
    QuoteRole,
    Standing,
    bind,
    place_of,
    stand,
)


def fence(info: str, code: str = "") -> Fence:
    return Fence(1, info, tuple(code.splitlines()))


def standing(root: Path, info: str, code: str) -> Standing:
    block = fence(info, code)
    place = place_of(block)
    assert place is not None
    return stand(block, place, root)


# ---- info strings ---------------------------------------------------------------------------------------


def test_a_place_is_read_from_the_info_string() -> None:
    given = fence("python src=kit/small.py::Lock.take nth=2 role=again")
    assert place_of(given) == Place("kit/small.py", "Lock.take", 2, QuoteRole.AGAIN)


@pytest.mark.parametrize("info", ["", "python", "text", "console title=x"])
def test_other_fences_quote_nothing(info: str) -> None:
    assert place_of(fence(info)) is None


@pytest.mark.parametrize(
    ("info", "rule"),
    [
        ("python src=a.py", "info"),
        ("python src=::f", "info"),
        ("python src=a.py::f nth=0", "info"),
        ("python src=a.py::f nth=two", "info"),
        ("python src=a.py::f nht=2", "info"),
        ("python src=a.py::f src=b.py::g", "info"),
        ("python role=again", "info"),
        ("python src=a.py::f role=agian", "role"),
    ],
)
def test_info_strings_that_are_not_understood(info: str, rule: str) -> None:
    with pytest.raises(QuoteError) as caught:
        place_of(fence(info))
    assert caught.value.rule == rule


def test_a_sketch_needs_no_place() -> None:
    place = place_of(fence("python role=sketch"))
    assert place == Place("", "", None, QuoteRole.SKETCH)


# ---- matching -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "quote", "offsets"),
    [
        ("a\nb\na", "a", [0, 2]),
        ("  if x:\n    y\n", "if x:\n  y", [0]),
        ("  if x:\n    y\n", "if x:\ny", []),
        ("  if x:\n    y\n", "    if x:\n      y", []),
        ("a  \n\nb", "a\n   \nb", [0]),
        ("a\nb", "a\nc", []),
        ("prefix a", "a", []),
        ("a", "", []),
        ("\n\n", "\n", []),
        ("a", "a\nb", []),
    ],
)
def test_lines_match_up_to_one_margin(
    source: str, quote: str, offsets: list[int]
) -> None:
    assert find(source.splitlines(), quote.splitlines()) == offsets


def test_a_quote_is_looked_for_in_its_function_only(project: Project) -> None:
    found = standing(project.root, "python src=kit/small.py::once", "nr = 7\nreturn nr")
    assert found.first == 26
    method = standing(
        project.root, "python src=kit/small.py::Lock.take", "self.taken = True"
    )
    assert method.lines == ("        self.taken = True",)


def test_equal_lines_need_nth(project: Project) -> None:
    with pytest.raises(QuoteError, match="2 times, at lines 9, 15") as caught:
        standing(project.root, "python src=kit/small.py::twice", "return nr")
    assert caught.value.rule == "quote-ambiguous"
    second = standing(project.root, "python src=kit/small.py::twice nth=2", "return nr")
    assert second.first == 15
    with pytest.raises(QuoteError, match="only 2 times"):
        standing(project.root, "python src=kit/small.py::twice nth=3", "return nr")


def test_a_class_may_be_quoted(project: Project) -> None:
    code = "class Lock:\n    def take(self) -> None:"
    assert standing(project.root, "python src=kit/small.py::Lock", code).first == 18


@pytest.mark.parametrize(
    ("info", "code", "rule", "sentence"),
    [
        ("src=kit/none.py::f", "x", "quote-file", "no source file kit/none.py"),
        ("src=kit/small.py::twcie", "x", "quote-function", "did you mean twice"),
        ("src=kit/small.py::take", "x", "quote-function", "did you mean Lock.take"),
        ("src=kit/small.py::twice", "nr = 7", "quote-missing", "stand at line 26"),
        ("src=kit/small.py::twice", "nr = 3", "quote-missing", r"\+nr = 3"),
        ("src=kit/small.py::twice", "nr = 1\n...", "quote-missing", "split it"),
    ],
)
def test_the_author_is_told_what_comes_nearest(
    project: Project, info: str, code: str, rule: str, sentence: str
) -> None:
    with pytest.raises(QuoteError, match=sentence) as caught:
        standing(project.root, f"python {info}", code)
    assert caught.value.rule == rule


def test_a_function_that_moved_is_found_in_its_new_file(project: Project) -> None:
    project.write("kit/other.py", "def gone() -> None:\n    return\n")
    with pytest.raises(QuoteError, match=r"it stands in other\.py"):
        standing(project.root, "python src=kit/small.py::gone", "return")


# ---- bullets --------------------------------------------------------------------------------------------


def bullets(text: str) -> list[Bullet]:
    return [each for each in parse(text).blocks if isinstance(each, Bullet)]


def test_each_bullet_takes_the_first_fitting_line_after_the_one_before(
    project: Project,
) -> None:
    code = "if page:\n    nr = 2\n    return nr\nfor i in range(3):\n    nr = nr + 1"
    quote = standing(project.root, "python src=kit/small.py::twice", code)
    bound = bind(bullets("- `nr` a\n- `nr` b\n- `nr` c\n- `nr` d\n"), quote)
    assert [each.line for each in bound] == [8, 9, 11, None]
    assert bound[0].statement is not None
    assert bound[0].statement.text == "nr = 2"


def test_a_statement_of_several_lines_is_met_at_its_first(project: Project) -> None:
    code = "total = sum(\n    [nr, page]\n)\nreturn nr"
    quote = standing(project.root, "python src=kit/small.py::twice", code)
    bound = bind(bullets("- `nr` not in the brackets\n"), quote)
    assert [each.line for each in bound] == [15]


def test_a_line_where_nothing_runs_may_be_explained_too(project: Project) -> None:
    quote = standing(
        project.root,
        "python src=kit/small.py::Lock.take",
        "# Nobody waits.\nself.taken = True",
    )
    (comment, taken) = bind(bullets("- `# Nobody` c\n- `taken` t\n"), quote)
    assert (comment.line, comment.statement) == (20, None)
    assert taken.statement is not None


def test_a_miss_does_not_move_the_others(project: Project) -> None:
    quote = standing(project.root, "python src=kit/small.py::once", "nr = 7\nreturn nr")
    bound = bind(bullets("- `nothing` a\n- `nr = 7` b\n- `return` c\n"), quote)
    assert [each.line for each in bound] == [None, 26, 27]
