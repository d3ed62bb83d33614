"""The figures on the first screen are what the kit counts."""

from __future__ import annotations

from pathlib import Path

from thpkit.scenario.why import MEASURED, why

LESSON = Path(__file__).parents[2] / "lessons" / "00_tour" / "README.md"


def test_the_figures_are_those_of_a_run() -> None:
    """The same program on both file systems, run now."""
    assert why() == MEASURED


def test_the_lesson_shows_the_same_table() -> None:
    """The table in the text is the one that the kit prints."""
    assert "\n".join(MEASURED.lines()) in LESSON.read_text(encoding="utf-8")
