"""``thp book``: what authors of lessons and commentary run. No screen is needed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from tui.paths import UserError, book_root

FOUND = 1
"""Exit status when something is wrong with the book."""


@click.group()
def book() -> None:
    """Checks for authors of lessons and commentary."""


@book.command("check")
@click.option("--coverage", is_flag=True, help="Only print what is explained.")
def check(coverage: bool) -> None:
    """Say what is wrong with the book, and what it does not explain yet.

    Problems are printed as FILE:LINE: RULE: SENTENCE. The exit status is 1 if there is any.
    """
    from thpkit.book import check_report
    from thpkit.book.check import examine

    root = book_root()
    found = examine(root)
    if coverage:
        if found.coverage is None:
            raise UserError("the coverage cannot be measured; thp book check says why")
        _print(check_report.by_function(found.coverage))
        return
    _print(str(each) for each in found.problems)
    if found.coverage is not None:
        _print(check_report.missing(found.coverage, root))
        click.echo()
        _print(check_report.totals(found.coverage))
        _print(check_report.notes(found))
    count = len(found.problems)
    click.echo("the book is clean" if not count else check_report.counted(count))
    if count:
        sys.exit(FOUND)


@book.command("pictures")
@click.argument("lesson", required=False)
def pictures(lesson: str | None) -> None:
    """Bring pictures, questions and printed lines in the text of LESSON up to date; without one, in all."""
    from thpkit.book import generated
    from thpkit.book.lesson import Lesson, LessonError, find_lesson, list_lessons
    from thpkit.book.runs import Runs

    root = book_root()
    try:
        chosen: list[Lesson] = (
            [find_lesson(lesson, root)] if lesson else list_lessons(root)
        )
        runs = Runs()
        failed = changed = False
        for each in chosen:
            for change in generated.rewrite(each, runs):
                changed = True
                failed = failed or change.failed
                name = _below(each.text_file, root)
                click.echo(f"{name}:{change.line}: {change.info}: {change.sentence}")
    except LessonError as error:
        raise UserError(str(error)) from None
    if not changed:
        click.echo("every picture is up to date")
    if failed:
        sys.exit(FOUND)


@book.command("raise")
def raise_() -> None:
    """Write the coverage that is reached into lessons/coverage.toml: its numbers only rise."""
    from thpkit.book import rules_coverage
    from thpkit.book.check import examine

    root = book_root()
    found = examine(root)
    if found.floors is None or found.coverage is None:
        raise UserError("the coverage cannot be measured; thp book check says why")
    news = rules_coverage.stale(found.floors, found.coverage)
    rules_coverage.write(root, rules_coverage.raised(found.floors, found.coverage))
    _print(news or ["nothing to raise"])


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _below(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix()
