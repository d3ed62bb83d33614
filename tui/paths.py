"""Where the book stands: the clone that holds this package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The directory of the clone."""


class UserError(Exception):
    """Something the user can put right. The message is one sentence for standard error."""

    status = 2
    """Exit status of the program."""


class UnfinishedError(UserError):
    """The scenario failed half way. What was recorded of it has been shown."""

    status = 1


def book_root() -> Path:
    """The clone's directory.

    Raises:
        UserError: the program was installed without it.
    """
    if not (ROOT / "lessons").is_dir():
        raise UserError(
            "the lessons are not beside the program: clone the repository and install it there with pip install -e ."
        )
    return ROOT


def lessons_dir() -> Path:
    """The directory of lessons."""
    return book_root() / "lessons"


def exercises_dir() -> Path:
    """The directory of exercises."""
    return book_root() / "exercises"
