"""Opening what was resolved: recording a scenario, reading a saved recording, letting an exercise be recorded.

Whatever goes wrong with a learner's file becomes one sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.paths import ROOT, UserError, book_root

if TYPE_CHECKING:
    from thpkit.book.beside import Beside
    from thpkit.book.lesson import Lesson
    from thpkit.book.markdown import Block
    from thpkit.book.quiz import Quiz
    from thpkit.kernel.variant import Variant
    from thpkit.scenario import Scenario
    from thpkit.trace.timeline import Timeline
    from thpkit.view.explanations import Explanations


@dataclass(frozen=True)
class Run:
    """Something recorded, ready to be looked at."""

    name: str
    """As in ``thp step NAME``: under this the reader's place is kept."""
    title: str
    timeline: Timeline
    explanations: Explanations | None = None
    """What the book says about a statement; None if nothing."""
    notices: tuple[str, ...] = ()
    """Sentences for the reader, before anything else."""
    introduction: tuple[Block, ...] = ()
    """What the lesson says before its first quote."""
    text: Beside | None = None
    """The lesson's text with its index, to stand beside the run; None if it has none."""
    start: int | None = None
    """The step to open at, if not the first: where an exercise goes wrong, where two versions part."""
    version: str = ""
    """Name of the version of the kernel that ran, if it is known."""
    ask: Callable[[], Quiz] | None = None
    """Loads the questions about this run, with its timeline; raises UserError. None if there are none."""
    quiz: Quiz | None = None
    """The questions, once they are loaded."""
    other: Run | None = None
    """The same under another version, to stand beside it."""
    side_by_side: bool = False
    """Whether the two are shown so at once."""


def lesson(name: str, title: str, path: Path, variant: Variant | None) -> Run:
    """Record a lesson."""
    from thpkit.book import LessonError, explanations_for, find_lesson
    from thpkit.book.beside import beside
    from tui.introduction import opening_of

    run = replace(scenario(path, name, variant), title=title)
    try:
        text = find_lesson(name, ROOT)
        document = text.document()
    except LessonError as error:
        return replace(run, notices=(str(error),))
    ask = partial(_quiz, text, run.timeline) if variant is None else None
    return replace(
        run,
        explanations=explanations_for(text),
        introduction=opening_of(document.blocks),
        text=beside(document, ROOT),
        ask=ask,
    )


def _quiz(lesson: Lesson, timeline: Timeline) -> Quiz:
    """The lesson's questions, with keys computed from its run.

    Raises:
        UserError: they cannot be asked.
    """
    from thpkit.book.quiz import QuizError, load_quiz
    from thpkit.book.runs import Runs

    runs = Runs()
    runs.keep(lesson, timeline)
    try:
        return load_quiz(lesson, runs, variants=False)
    except QuizError as error:
        raise UserError(str(error)) from None


def commentary() -> Explanations:
    """What the book says about statements wherever they run."""
    from thpkit.book import explanations_for

    return explanations_for(None)


def scenario(path: Path, name: str, variant: Variant | None) -> Run:
    """Run a scenario file under the recorder.

    Raises:
        UserError: it defines no scenario, or nothing of it could be recorded.
    """
    from thpkit.scenario import ScenarioError, load_file

    try:
        loaded = load_file(path)
    except ScenarioError as error:
        raise UserError(str(error)) from None
    return _recorded(loaded, str(path), name, variant)


def defect(id: str, variant: Variant | None) -> Run:
    """Record the scene of a defect, on the version in which it is seen or on another.

    Raises:
        UserError: nothing of it could be recorded.
    """
    from thpkit.patch import scenario_for

    name = f"defect:{id}"
    return _recorded(scenario_for(id), name, name, variant)


def _recorded(loaded: Scenario, what: str, name: str, variant: Variant | None) -> Run:
    """Run a scenario under the recorder; ``what`` is what an error calls it.

    Raises:
        UserError: nothing of it could be recorded.
    """
    from thpkit.scenario import record
    from thpkit.trace.stops import StopError

    try:
        recording = record(loaded, variant)
    except StopError as error:
        raise UserError(str(error)) from None
    except (Exception, SystemExit) as error:
        raise UserError(
            f"{what}: its machine cannot be booted: {type(error).__name__}: {error}"
        ) from error
    timeline = recording.timeline
    if not len(timeline):
        why = f" ({timeline.ending})" if timeline.ending else ""
        raise UserError(f"{what}: nothing was recorded: its tasks do nothing{why}")
    version = recording.machine.variant.name
    return Run(name, loaded.title, timeline, commentary(), version=version)


def saved(path: Path, name: str) -> Run:
    """Read a saved recording.

    Raises:
        UserError: it cannot be read.
    """
    from thpkit.trace.saved import SavedError
    from thpkit.trace.saved import open as open_saved

    try:
        timeline = open_saved(path)
    except SavedError as error:
        raise UserError(str(error)) from None
    _attach_stops(timeline)
    notices = []
    if timeline.changed_sources:
        files = ", ".join(timeline.changed_sources[:3])
        notices.append(
            f"changed since this was recorded, so lines may not fit: {files}"
        )
    return Run(name, timeline.title, timeline, commentary(), tuple(notices))


def save(run: Run, path: Path) -> None:
    """Save a recording with its stops.

    Raises:
        UserError: that is impossible.
    """
    from thpkit.trace.saved import SavedError
    from thpkit.trace.saved import save as save_timeline

    stops = [
        [each.where, each.title, each.text, each.pane]
        for _step, each in run.timeline.stops
    ]
    try:
        save_timeline(run.timeline, path, meta={"stops": stops})
    except SavedError as error:
        raise UserError(str(error)) from None


def _attach_stops(timeline: Timeline) -> None:
    """The stops that were saved along; those that lead nowhere any more are left out."""
    from thpkit.trace.stops import Stop, StopError, attach, step_of

    kept = []
    for each in timeline.meta.get("stops", ()):
        with suppress(StopError, TypeError):
            stop = Stop(*each)
            step_of(timeline, stop.where)
            kept.append(stop)
    attach(timeline, kept)


def exercise(name: str, title: str, case: str | None = None) -> Run:
    """Let a worker record the case of an exercise that goes wrong, and open it where it does.

    ``case`` names another one; where an exercise is about a given run, it is opened at its beginning.

    Raises:
        UserError: nothing could be recorded.
    """
    from thpkit import grading
    from thpkit.grading.exercise import ExerciseError
    from thpkit.grading.process import GradingError
    from thpkit.trace.sections import sections
    from thpkit.trace.stops import ResolvedStop, Stop

    try:
        recorded = grading.record(name.removeprefix("ex:"), book_root(), case=case)
    except (ExerciseError, GradingError) as error:
        raise UserError(str(error)) from None
    run = saved(recorded.path, name)
    here = Stop("", f"{recorded.heading}: {recorded.title}", recorded.notice)
    run.timeline.stops = [ResolvedStop(recorded.step, here)]
    if recorded.given:
        run.timeline.stops += [
            ResolvedStop(each.first, Stop("", each.title))
            for each in sections(run.timeline)
        ]
    if recorded.given:  # the kit's run beside it would give the answer away
        return replace(run, title=title)
    kit = saved(recorded.reference, f"{name} in the kit")
    kit = replace(kit, version="ref", start=recorded.reference_step)
    return replace(run, title=title, start=recorded.step, version="yours", other=kit)
