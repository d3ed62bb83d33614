"""Recording a case of an exercise: the learner's run and the kit's, each in a worker; here they are only opened.

For a *fix* it is the case that goes wrong, opened where it does. For *expose* it is the learner's calls on the
mutant, for the other kinds the run that the questions are about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from thpkit.grading import exercise as exercises
from thpkit.grading import judge, partings, plays
from thpkit.grading.answer import AnswerError, decode
from thpkit.grading.cases import Case
from thpkit.grading.compare import Divergence, first_divergence
from thpkit.grading.exercise import CLONE, Exercise
from thpkit.grading.limits import RECORDING, Limits
from thpkit.grading.process import GradingError, Spoken, Worker
from thpkit.grading.written import CallsError, case_in


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
    notice: str
    """What a reader should be told at ``step``: one sentence."""
    heading: str = "Nothing goes wrong"
    """What stands above it."""

    @property
    def given(self) -> bool:
        """Whether the run has nothing to do with what the learner has done so far."""
        return self.heading == GIVEN_HEADING


def record(
    exercise_id: str,
    root: Path | None = None,
    *,
    case: str | None = None,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Recorded:
    """Record a case of an exercise and the kit's run of it; see :func:`thpkit.grading.record`.

    The recordings stand in ``work/.recordings/`` and replace those of the last time.

    Raises:
        ExerciseError: there is no such exercise or case, or its folder has a mistake.
        GradingError: the file does not load or run, or nothing could be recorded.
    """
    exercise = exercises.load(exercise_id, root)
    directory = (root or CLONE) / "work" / ".recordings"
    chosen = _chosen(exercise, root, case, file)
    theirs, ours = _record(exercise, chosen, limits or RECORDING, directory)
    made = Recorded(
        theirs, 0, ours, 0, chosen.case.id, chosen.case.title, chosen.where, ALIKE
    )
    if chosen.notice:
        return replace(made, notice=chosen.notice, heading=GIVEN_HEADING)
    if chosen.where is None:
        return made
    step, other, notice = partings.steps(theirs, ours, chosen.where)
    return replace(
        made, step=step, reference_step=other, notice=notice, heading=WRONG_HEADING
    )


GIVEN_HEADING: Final = "The run"
WRONG_HEADING: Final = "Here it goes wrong"
ALIKE: Final = "this case does what the kit does"
"""Notice for a case without a divergence."""
GIVEN: Final = {
    "locate": "This is the run in which you look for the places.",
    "review": "This is a run of the code that you review.",
    "ledger": "This is the kit's run. It shows the numbers, so write down yours first.",
}
"""Notices for runs that do not depend on the learner."""


@dataclass(frozen=True)
class _Chosen:
    """What is to be recorded."""

    case: Case
    file: Path | None
    """The file with functions of its own; None for a version of the kernel as it is."""
    where: Divergence | None = None
    notice: str = ""


def _chosen(
    exercise: Exercise, root: Path | None, case: str | None, file: Path | None
) -> _Chosen:
    """The case, and whose run of it.

    Raises:
        ExerciseError: there is no such case.
        GradingError: the learner's file does not even run.
    """
    if exercise.kind in GIVEN:
        name = case or exercise.cases[0].id
        return _Chosen(exercise.case(name), None, None, GIVEN[exercise.kind])
    learner = exercises.place_of(file or exercises.learner_file(exercise, root))
    if exercise.kind == "expose":
        return _exposed(exercise, learner)
    return _failing(exercise, root, case, learner)


def _failing(
    exercise: Exercise, root: Path | None, case: str | None, file: Path
) -> _Chosen:
    """The case that fails, or the one that is asked for, with its divergence if it has one."""
    if case is not None:
        exercise.case(case)
    result = judge.grade(exercise.id, root, file=file)
    first = result.first_failure
    if first is not None and first.problem is not None and first.id == exercises.RUNS:
        raise GradingError(f"{result.graded} cannot be stepped: {first.problem}")
    found = (each.divergence for each in result.checks if each.divergence is not None)
    where = next((each for each in found if case in (None, each.case)), None)
    name = case or (exercise.cases[0].id if where is None else where.case)
    return _Chosen(exercise.case(name), file, where)


def _exposed(exercise: Exercise, file: Path) -> _Chosen:
    """The learner's own calls, on the mutant."""
    try:
        case = case_in(file)
    except CallsError as error:
        raise GradingError(f"nothing can be stepped: {error}") from None
    mutant = exercise.folder / exercise.mutant
    kit, other = plays.play_unknown(exercise, mutant, case, Limits())
    ours, theirs = kit.answer.case(case.id), other.answer.case(case.id)
    if ours is None or theirs is None or ours.ended is not None:
        why = kit.problem or (
            ours.ended.sentence if ours and ours.ended else other.problem
        )
        raise GradingError(f"your calls cannot be stepped: {why}")
    return _Chosen(case, mutant, first_divergence(case, ours, theirs))


def _record(
    exercise: Exercise, chosen: _Chosen, limits: Limits, directory: Path
) -> tuple[Path, Path]:
    """Record a case in two workers and put the files in their place: the learner's and the kit's."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="part-", dir=directory) as name:
            made = Path(name, "kit.thprec"), Path(name, "yours.thprec")
            kit, learner = plays.record_both(
                exercise, chosen.file, chosen.case, limits, Path(name), made
            )
            _saved(kit, made[0], limits)
            _saved(learner, made[1], limits)
            theirs = directory / f"{exercise.id}-{chosen.case.id}-yours.thprec"
            ours = directory / f"{exercise.id}-{chosen.case.id}-kit.thprec"
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
