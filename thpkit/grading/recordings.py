"""Recording the case that goes wrong, and finding the step at which it does.

Both runs are recorded in workers and saved; here they are only opened. The step is found through the first
divergence: the writes of the cell that ends up wrong are compared, system call by system call. A write too much,
or of another value, is the step itself. For a missing write it is where the learner's function does something else
than the kit's, in the activation in which the kit writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from thpkit.grading import exercise as exercises
from thpkit.grading import judge
from thpkit.grading.answer import AnswerError, decode
from thpkit.grading.compare import RESULT, RETURN, Divergence
from thpkit.grading.exercise import CLONE, Exercise
from thpkit.grading.limits import RECORDING, Limits
from thpkit.grading.process import GradingError, Spoken, Worker
from thpkit.grading.results import Result
from thpkit.trace import saved
from thpkit.trace.sections import sections
from thpkit.trace.tape import FrameRecord, Kind
from thpkit.trace.timeline import Timeline


@dataclass(frozen=True)
class Recorded:
    """A case in two recordings."""

    path: Path
    """The learner's run, a saved recording."""
    step: int
    """Where it goes wrong; 0 if it does not."""
    reference: Path
    """The kit's run of the same calls."""
    reference_step: int
    """The place in the kit's run that belongs to ``step``."""
    case: str
    title: str
    divergence: Divergence | None
    """What is wrong there; None if the case passes."""
    result: Result
    """The grading that chose the case."""
    notice: str
    """What a reader should be told at ``step``: one sentence."""


def record(
    exercise_id: str,
    root: Path | None = None,
    *,
    case: str | None = None,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Recorded:
    """Record a case by the learner's code and by the kit; see :func:`thpkit.grading.record`.

    The recordings stand in ``work/.recordings/`` and replace those of the last time.

    Raises:
        ExerciseError: there is no such exercise or case, or its folder has a mistake.
        GradingError: the file does not load or run, or nothing could be recorded.
    """
    exercise = exercises.load(exercise_id, root)
    result = judge.grade(exercise_id, root, file=file)
    divergence = _chosen(exercise, result, case)
    name = case or (exercise.cases[0].id if divergence is None else divergence.case)
    directory = (root or CLONE) / "work" / ".recordings"
    theirs, ours = _record(exercise, result.file, name, limits or RECORDING, directory)
    title = exercise.case(name).title
    if divergence is None:
        notice = "this case does what the kit does"
        return Recorded(theirs, 0, ours, 0, name, title, None, result, notice)
    step, other, notice = _steps(theirs, ours, divergence)
    return Recorded(theirs, step, ours, other, name, title, divergence, result, notice)


def _chosen(exercise: Exercise, result: Result, case: str | None) -> Divergence | None:
    """The divergence to show: that of ``case``, or the first one.

    Raises:
        GradingError: the file does not even run.
    """
    if case is not None:
        exercise.case(case)
    first = result.first_failure
    if first is not None and first.problem is not None and first.id == exercises.RUNS:
        raise GradingError(f"{result.graded} cannot be stepped: {first.problem}")
    found = (each.divergence for each in result.checks if each.divergence is not None)
    return next((each for each in found if case in (None, each.case)), None)


def _record(
    exercise: Exercise, file: Path, case: str, limits: Limits, directory: Path
) -> tuple[Path, Path]:
    """Record a case in two workers and put the files in their place: the learner's and the kit's."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="part-", dir=directory) as name:
            made = Path(name, "kit.thprec"), Path(name, "yours.thprec")
            kit, learner = judge.run_both(
                exercise, file, [exercise.case(case)], limits, Path(name), made
            )
            _saved(kit, made[0], limits)
            _saved(learner, made[1], limits)
            theirs = directory / f"{exercise.id}-{case}-yours.thprec"
            ours = directory / f"{exercise.id}-{case}-kit.thprec"
            made[1].replace(theirs)
            made[0].replace(ours)
            return theirs, ours
    except OSError as error:
        raise GradingError(f"cannot write to {directory}: {error.strerror}") from None


def _saved(said: tuple[Worker, Spoken], path: Path, limits: Limits) -> None:
    """See to it that a worker has left a recording.

    Raises:
        GradingError: it has not.
    """
    worker, spoken = said
    try:
        answer = decode(spoken.answer, worker.nonce)
        problem = spoken.ended or answer.problem
        if problem is None and answer.recorded is None:
            problem = "it did not come to its end"
    except AnswerError as error:
        problem = spoken.ended or str(error)
    if problem is None and (path.is_symlink() or not path.is_file()):
        problem = "it left no file"
    if problem is None and path.stat().st_size > limits.file_size:
        problem = "its file is too large"
    if problem is not None:
        raise GradingError(f"the run could not be recorded: {problem}")


# ---- where two runs part --------------------------------------------------------------------------------


class _Put(NamedTuple):
    """One write of the cell in question."""

    section: int
    """In which system call, from 0; −1 before the first."""
    value: object
    step: int


def _steps(theirs: Path, ours: Path, divergence: Divergence) -> tuple[int, int, str]:
    """Where the learner's run goes wrong, the place in the kit's run that belongs to it, and a sentence about it.

    Raises:
        GradingError: a recording cannot be opened.
    """
    try:
        learner, kit = saved.open(theirs), saved.open(ours)
    except saved.SavedError as error:
        raise GradingError(str(error)) from None
    found = None
    if divergence.path not in (RESULT, RETURN):
        found = _parting(learner, kit, divergence.path)
    found = found or _first_other_step(learner, kit) or (len(learner) - 1, len(kit) - 1)
    return *found, _notice(learner, kit, found, divergence)


def _notice(
    learner: Timeline, kit: Timeline, steps: tuple[int, int], divergence: Divergence
) -> str:
    """What goes wrong, and whether the correct run goes on elsewhere; not where, for that is the exercise."""
    parts = len(kit) and _word(learner, steps[0]) != _word(kit, steps[1])
    does = ". Here the correct run takes another way" if parts else ""
    return f"This leads to {divergence.sentence}, after {divergence.text}{does}"


def _parting(learner: Timeline, kit: Timeline, path: str) -> tuple[int, int] | None:
    """The steps at which the writes of one cell part; None if its writes do not tell."""
    theirs, ours = _puts(learner, path), _puts(kit, path)
    at = next(
        (
            n
            for n, (a, b) in enumerate(zip(theirs, ours, strict=False))
            if a[:2] != b[:2]
        ),
        min(len(theirs), len(ours)),
    )
    found: list[tuple[int, int]] = []
    if at < len(theirs):
        step = theirs[at].step
        found.append((step, _counterpart(learner, kit, step)))
    if at < len(ours):
        found.append(_missing(learner, kit, ours[at].step))
    return min(found, default=None)


def _puts(timeline: Timeline, path: str) -> list[_Put]:
    """The writes of the cell that ``path`` names, in order."""
    cell = timeline.resolve(path)
    if cell is None:
        return []
    return [
        _Put(_section_of(timeline, each.step), _value(each.new), each.step)
        for each in timeline.writes_of(cell)
    ]


def _value(value: object) -> object:
    """What two runs can be compared by: numbers as they are, structures by name."""
    return value if isinstance(value, (int, str)) else repr(value)


def _section_of(timeline: Timeline, step: int) -> int:
    """The number of the last system call that began at ``step`` or before it."""
    return sum(each.first <= step for each in sections(timeline)) - 1


def _missing(learner: Timeline, kit: Timeline, step: int) -> tuple[int, int]:
    """Where the learner's function leaves the way on which the kit comes to its step ``step``."""
    frame = kit.frame_at(step)
    other = _counterpart_frame(kit, learner, frame)
    if other is None:
        return _counterpart(kit, learner, step), step
    ours, theirs = _own_steps(kit, frame), _own_steps(learner, other)
    for a, b in zip(theirs, ours, strict=False):
        if _word(learner, a) != _word(kit, b):
            return a, b
    return theirs[-1], ours[min(len(theirs), len(ours)) - 1]


def _counterpart(one: Timeline, other: Timeline, step: int) -> int:
    """The step of the other run that belongs to ``step``: in the same activation, or where its system call began."""
    frame = _counterpart_frame(one, other, one.frame_at(step))
    if frame is not None:
        own = _own_steps(one, one.frame_at(step))
        steps = _own_steps(other, frame)
        return steps[min(own.index(step), len(steps) - 1)]
    number = _section_of(one, step)
    known = sections(other)
    return known[min(number, len(known) - 1)].first if known and number >= 0 else 0


def _counterpart_frame(
    one: Timeline, other: Timeline, frame: FrameRecord
) -> FrameRecord | None:
    """The same activation of the same function in the other run: the n-th in the same system call."""
    section = _section_of(one, frame.first_step)
    like = _activations(one, frame.function.name, section)
    others = _activations(other, frame.function.name, section)
    at = like.index(frame)
    return others[at] if at < len(others) else None


def _activations(timeline: Timeline, name: str, section: int) -> list[FrameRecord]:
    known = sections(timeline)
    first = known[section].first if section >= 0 else 0
    last = known[section + 1].first if section + 1 < len(known) else len(timeline)
    return [
        each
        for each in timeline.tape.frames
        if each.function.name == name and first <= each.first_step < last
    ]


def _own_steps(timeline: Timeline, frame: FrameRecord) -> Sequence[int]:
    """The steps of a frame itself, without those of what it calls."""
    return [
        n
        for n in range(frame.first_step, frame.last_step + 1)
        if timeline.tape.who[n] == frame.index
    ]


def _word(timeline: Timeline, step: int) -> tuple[str, Kind, str]:
    """What a step does, in words that are the same in both runs."""
    statement = timeline.statement_at(step)
    text = "" if statement is None else statement.text
    return timeline.frame_at(step).function.name, timeline.kind_at(step), text


def _first_other_step(learner: Timeline, kit: Timeline) -> tuple[int, int] | None:
    """The first step at which the two runs do not do the same statement."""
    for n in range(min(len(learner), len(kit))):
        if _word(learner, n) != _word(kit, n):
            return n, n
    return None
