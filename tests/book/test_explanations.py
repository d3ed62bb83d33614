"""From a statement to the words about it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tests.book.project import Project
from thpkit import book
from thpkit.book.explanations import index
from thpkit.book.markdown import parse
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Step
from thpkit.view.explanations import Explanations
from thpkit.view.rows import Role, plain

STEP = cast(Step, None)
"""The book does not look at the step."""

PLACE = "python src=kit/small.py::once"


def said(root: Path, text: str) -> dict[str, str]:
    """Statement's text → what is said about it."""
    found = index([parse(text)], root)
    return {each.text: plain(about.rows()) for each, about in found.items()}


def test_each_bullet_speaks_of_its_statement(project: Project) -> None:
    text = f"""```{PLACE}
nr = 7
return nr
```
- `nr = 7` Seven is enough.
- `return nr` and nothing more.
"""
    assert said(project.root, text) == {
        "nr = 7": "Seven is enough.",
        "return nr": "return nr and nothing more.",
    }


def test_prose_without_bullets_speaks_of_the_whole_quote(project: Project) -> None:
    text = f"```{PLACE}\nnr = 7\nreturn nr\n```\nBoth, *really*.\n\nAnd `so` on.\n"
    both = "Both, really.\nAnd so on."  # really is stressed by its role
    assert said(project.root, text) == {"nr = 7": both, "return nr": both}


def test_a_bullet_keeps_its_further_paragraphs(project: Project) -> None:
    text = f"""```{PLACE}
nr = 7
return nr
```
- `nr = 7` Seven.

  More.
  - a point
- `return` The end.

After the list.
"""
    assert said(project.root, text) == {
        "nr = 7": "Seven.\nMore.\na point",
        "return nr": "The end.",
    }


def test_a_quote_that_does_not_stand_is_silent(project: Project) -> None:
    assert said(project.root, f"```{PLACE}\nnr = 8\n```\nEight.\n") == {}


def test_what_is_quoted_again_gives_way(project: Project) -> None:
    text = f"""```{PLACE} role=again
nr = 7
return nr
```
Recap.

```{PLACE}
nr = 7
```
Proper.
"""
    assert said(project.root, text) == {"nr = 7": "Proper.", "return nr": "Recap."}


def test_code_has_its_role(project: Project) -> None:
    found = index([parse(f"```{PLACE}\nnr = 7\n```\nSets `nr`.\n")], project.root)
    ((row,),) = (each.rows() for each in found.values())
    assert [(span.text, span.role) for span in row] == [
        ("Sets ", Role.PLAIN),
        ("nr", Role.CODE),
        (".", Role.PLAIN),
    ]


def test_the_lesson_is_heard_before_the_commentary(project: Project) -> None:
    project.lesson(f"```{PLACE}\nnr = 7\n```\nFrom the lesson.\n")
    project.commentary(f"```{PLACE}\nnr = 7\nreturn nr\n```\nFrom the commentary.\n")
    lesson = book.find_lesson("01_small", project.root)
    heard: Explanations = book.explanations_for(lesson, project.root)
    alone = book.explanations_for(None, project.root)
    statements = {each.text: each for text in alone._texts for each in text}
    assert plain(heard(statements["nr = 7"], STEP)) == "From the lesson."
    assert plain(heard(statements["return nr"], STEP)) == "From the commentary."
    assert plain(alone(statements["nr = 7"], STEP)) == "From the commentary."


def test_silence_is_no_rows(project: Project) -> None:
    heard = book.explanations_for(None, project.root)
    assert heard(None, STEP) == ()
    assert heard(Statement("kit/small.py", "once", 1, 1, "x"), STEP) == ()
