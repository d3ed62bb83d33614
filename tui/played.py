"""A run in which a wrong answer would be right: opened on top of the question, and left to come back to it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui import apart, opening
from tui.opening import Run
from tui.paths import ROOT, UserError
from tui.where import Target

if TYPE_CHECKING:
    from thpkit.book.lesson import Lesson
    from thpkit.book.questions import Play
    from thpkit.kernel.variant import Variant
    from thpkit.trace.timeline import Timeline


def target_of(lesson: str, play: Play) -> Target:
    """The lesson of that id on the variant, opened at the place of ``play``."""
    title = f"{lesson} on {play.variant}"
    return Target(f"{lesson}@{play.variant}", title, partial(_run, lesson, play))


def variant_of(lesson: str, name: str) -> Variant:
    """The version of the kernel of that name, as the lesson knows it.

    Raises:
        UserError: there is none.
    """
    from thpkit.book.runs import RunError, Runs

    try:
        return Runs().variant(_lesson(lesson), name)
    except RunError as error:
        raise UserError(str(error)) from None


def _lesson(name: str) -> Lesson:
    from thpkit.book import LessonError, find_lesson

    try:
        return find_lesson(name, ROOT)
    except LessonError as error:
        raise UserError(str(error)) from None


def _run(name: str, play: Play) -> Run:
    """Record it, and find the place.

    Raises:
        UserError: nothing can be recorded.
    """
    from thpkit.book import explanations_for

    lesson = _lesson(name)
    variant = variant_of(name, play.variant)
    path = lesson.scenario_file
    on = partial(opening.scenario, path, f"{name}@{play.variant}")
    if play.place is None:
        own = partial(opening.scenario, path, name, None)
        run = apart.opened(lambda: on(variant), own, own().version)
    else:
        run = on(variant)
        start, notice = _place(run.timeline, play.place)
        run = replace(run, start=start, notices=(*run.notices, notice))
    return replace(
        run,
        title=f"{lesson.title}, on {variant.name}",
        explanations=explanations_for(lesson),
    )


def _place(timeline: Timeline, place: str) -> tuple[int, str]:
    """The step of a place, and a sentence; the last step if the run does not come there."""
    from thpkit.book.measure import MeasureError, step_of

    back = "q and esc go back to the question"
    try:
        return step_of(timeline, place), back
    except MeasureError:
        why = timeline.ending or "it does something else"
        return len(timeline) - 1, f"this run does not come there ({why}); {back}"
