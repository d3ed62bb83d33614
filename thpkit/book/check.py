"""The authors' check: whether the texts still say what the code is, and what the run gives.

Each problem names a rule, so that a test can break exactly one. The rules are about what a machine can see; whether
a sentence is true it cannot tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from thpkit.book import (
    rules,
    rules_coverage,
    rules_lesson,
    rules_links,
    rules_quotes,
    rules_runs,
    rules_words,
)
from thpkit.book.coverage import Coverage, measured
from thpkit.book.lesson import FOLDER
from thpkit.book.rules import Book, Problem
from thpkit.book.rules_coverage import Floors, FloorsError
from thpkit.book.runs import RunError, Runs
from thpkit.trace.statements import ROOT

__all__ = ["RULES", "Findings", "Problem", "check", "examine"]


RULES: Final = frozenset(
    {
        "bullet",
        "bullet-order",
        "coverage",
        "ellipsis",
        "explained-twice",
        "glossary",
        "identifier",
        "info",
        "kernel-names",
        "lesson",
        "link",
        "number",
        "picture",
        "prose-ratio",
        "question",
        "quiz",
        "quote-ambiguous",
        "quote-file",
        "quote-function",
        "quote-long",
        "quote-missing",
        "quote-prose",
        "quoted-lines",
        "role",
        "run",
        "scenario",
        "shape",
        "sketch",
        "text",
        "words",
    }
)
"""The names of all rules; ``CONTRIBUTING.md`` says what they want."""


class Findings(NamedTuple):
    """All that the check has found."""

    problems: tuple[Problem, ...]
    """By file and line."""
    floors: Floors | None = None
    """What ``coverage.toml`` says; None if there is no such file, or it cannot be used."""
    coverage: Coverage | None = None
    """What is reached; None without floors, or if a lesson cannot be recorded."""


def check(root: Path = ROOT, runs: Runs | None = None) -> list[Problem]:
    """Every problem of the book of the project at ``root``: lessons, commentary, review, glossary, coverage."""
    return list(examine(root, runs).problems)


def examine(root: Path = ROOT, runs: Runs | None = None) -> Findings:
    """Every problem, and the coverage with its floors."""
    book = rules.read(root, runs)
    problems = [
        *book.unread,
        *rules_quotes.check(book),
        *rules_lesson.check(book),
        *rules_words.check(book),
        *rules_links.check(book),
        *rules_runs.check(book),
    ]
    found = _coverage(book)
    every = {*problems, *found.problems}
    return found._replace(problems=tuple(sorted(every)))


def _coverage(book: Book) -> Findings:
    """The coverage, and where it has fallen."""
    name = f"{FOLDER}/{rules_coverage.FILE}"
    try:
        floors = rules_coverage.floors(book.root)
        if floors is None:
            return Findings(())
        reached = measured(book, floors.files, floors.functions)
    except FloorsError as error:
        return Findings((Problem(name, 1, rules_coverage.RULE, str(error)),))
    except RunError:  # the rules of the runs say so
        return Findings((), floors)
    fallen = rules_coverage.check(book.root, floors, reached)
    return Findings(tuple(fallen), floors, reached)
