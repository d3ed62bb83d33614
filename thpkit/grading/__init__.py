"""Grading exercises: a worker runs the learner's code and returns data; a judge, which never imports it, decides.

The worker is a process of its own with limits on time, memory, files and output. What it returns is what could be
*seen* after each call of a case. The expected values are never typed: they come from playing the same calls on the
kit's own kernel, in another such process.

What this stops: accidents (endless loops, ``sys.exit``, prints, a wrong file) and easy forgeries (printed verdicts,
forged answers, objects that equal everything, processes left behind). What it cannot stop: a learner who calls the
kit's own function, who patches the kit's classes so that his function never runs, or who searches the interpreter's
frames for the token that marks an answer. He would only cheat himself: the kit is on his disk. Nor is it a jail: the
code runs as its owner and can read and delete what he can.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thpkit.grading.limits import Limits
    from thpkit.grading.recordings import Recorded
    from thpkit.grading.results import Result

__all__ = ["check_ids", "grade", "record"]


def grade(
    exercise_id: str,
    root: Path | None = None,
    *,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Result:
    """Grade an exercise: the learner's copy in ``work/``, or without one the file as shipped.

    ``root`` is the directory that holds ``exercises/`` and ``work/``: the clone, if not given. ``file`` is graded
    instead of either.

    Raises:
        ExerciseError: there is no such exercise, or its folder has a mistake.
        GradingError: this machine cannot grade, or the kit itself fails.
    """
    from thpkit.grading import (
        judge,
    )  # a worker imports this package too and must start fast

    return judge.grade(exercise_id, root, file=file, limits=limits)


def record(
    exercise_id: str,
    root: Path | None = None,
    *,
    case: str | None = None,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Recorded:
    """Record the case that goes wrong, by the learner's code and by the kit, and find the step where they part.

    Without ``case`` it is the case of the first failing check; if all pass, the first case.

    Raises:
        ExerciseError: there is no such exercise or case, or its folder has a mistake.
        GradingError: the file does not load or run, or nothing could be recorded.
    """
    from thpkit.grading import recordings

    return recordings.record(exercise_id, root, case=case, file=file, limits=limits)


def check_ids(exercise_id: str, root: Path | None = None) -> tuple[str, ...]:
    """The ids of all checks of an exercise: what must pass, no more and no less.

    Raises:
        ExerciseError: there is no such exercise, or its folder has a mistake.
    """
    from thpkit.grading import exercise

    return exercise.load(exercise_id, root).check_ids()
