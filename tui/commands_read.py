"""``thp read`` and ``thp review``: the texts of the book, for a pager or a pipe."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from tui import contents
from tui.looks import signs
from tui.paths import UserError, lessons_dir
from tui.where import resolve

WIDTH: Final = 80
"""Columns of a text, unless the terminal has less."""
LEAST: Final = 20
TEXT: Final = "README.md"
REVIEW: Final = "review.md"

Page = Callable[[str], None]
"""Shows a text a page at a time in a terminal, else all of it."""


def register(group: click.Group, page: Page) -> None:
    """Add the commands to ``thp``."""
    raw = click.option("--raw", is_flag=True, help="As Markdown, as it is on disk.")

    @group.command()
    @click.argument("lesson", required=False)
    @raw
    def read(lesson: str | None, raw: bool) -> None:
        """Read the text of LESSON (00_tour, 00 or tour); without one, list what there is to read."""
        if lesson is None:
            page("\n".join(listing()) + "\n")
            return
        name, file = text_of(lesson)
        if raw:
            page(_content(file))
        else:
            page("\n".join((*rendered(file), "", *_further(name))) + "\n")

    @group.command()
    @raw
    def review(raw: bool) -> None:
        """Read the review of the patch: the whole mail, in order."""
        file = lessons_dir() / REVIEW
        if not file.is_file():
            raise UserError(f"the review is not beside the lessons: lessons/{REVIEW}")
        page(_content(file) if raw else "\n".join(rendered(file)) + "\n")


def listing() -> Iterator[str]:
    """What there is to read."""
    entries = contents.lessons()
    width = max((len(each.name) for each in entries), default=0)
    for each in entries:
        yield f"{each.name:<{width}}  {each.title}"
    yield ""
    yield "thp read NAME (or its number) reads one; thp review the review of the patch"


def text_of(lesson: str) -> tuple[str, Path]:
    """The full name of a lesson, and the file with its text.

    Raises:
        UserError: there is none.
    """
    name = resolve(lesson).name
    file = lessons_dir() / name / TEXT
    if not file.is_file():
        raise UserError(f"{lesson!r} is no lesson with a text; thp read names them")
    return name, file


def rendered(file: Path) -> list[str]:
    """A text of the book in lines of at most :data:`WIDTH` columns, without what only authors need."""
    from thpkit.book.markdown import parse
    from thpkit.book.typeset import text
    from thpkit.view.glyphs import spelled

    width = max(min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns), LEAST)
    lines = text(parse(_content(file), file).blocks, width)
    return [spelled(line, signs()) for line in lines]


def _further(name: str) -> list[str]:
    """What else there is to do with a lesson."""
    return [
        f"thp step {name} walks through the run",
        f"thp ask {name} asks the questions",
    ]


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{file} is no text in UTF-8") from None
