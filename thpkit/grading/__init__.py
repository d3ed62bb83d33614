"""Grading exercises: whatever of a learner is code runs in a worker and returns data; a judge decides on data alone.

======================= ===========================================================================
model, exercise         what an exercise is, and reading its folder; hints, cases, calls, seeded
kinds                   the five kinds: how each is read and judged; judging: what they share
worker, runner, learner the learner's code in a process of its own; process, limits: starting it
orphans                 what such a process leaves behind if it is killed before it has cleaned up
warm, server            the same again and again, fast
player, observe         playing calls, and all that can be seen after each; compare: the first difference
sheet, written, places  answers and calls in a file; places in a recorded run that answers are compared with
handed_in, spoken_text  reading whatever stands in the place of a learner's file; his texts in a report
recordings, partings    a run for the stepper, and the step at which it goes wrong
judge, results          one verdict; manifest: what of the grader was modified
pytest_face, solutions  the tests in ``exercises/``; right files, for authors and for after a pass
======================= ===========================================================================

The worker has limits on time, memory, files and output. What it returns is what could be *seen* after each call of a
case. The expected values are never typed: they come from playing the same calls on the kit's own kernel, in another
such process. Answers in ``answer.toml`` and calls in ``calls.py`` are read as data and never run; what they are
compared with is computed from a run of the kit, or of a version of the patch.

What this stops: accidents (endless loops, ``sys.exit``, prints, a wrong file, a directory or a pipe in its place) and
easy forgeries (printed verdicts, forged answers, objects that equal everything, tracing, processes left behind, a
watching process that is stopped or killed, sizes that no machine has, calls that only bring one of two kernels to its
limit, control characters for the reader's terminal).

What it cannot stop, and does not try to:

* a learner who calls the kit's own function, or copies it, or reads the keys out of ``thpkit.grading.solutions``: the
  kit is on his disk, and he would only cheat himself;
* answers that are tried out: the grader says too many or too few as often as it is asked, and the generated cases are
  always the same, so that numbers can be found, and results written down, without understanding;
* code that patches the kit's classes so that the learner's function never runs, or that searches the interpreter's
  frames or the garbage collector for the token that marks an answer, and has the kit compute the rest;
* code that reaches into other processes of the same user: the memory of the judge, where the expected values are, or
  of the worker in which the kit runs; and code that stops or kills the judge itself;
* an edited grader, kit, test or exercise: every report then says ``not as checked in`` and which files, unless the
  manifest was written anew as well. A ``conftest.py`` or ``pytest.ini`` beside an exercise can let pytest print
  anything: ``thp check`` names it, and is what counts. Marks that matter are given in a fresh clone with only the
  learner's files;
* harm: the worker is no jail. The code runs as its owner, and can read, delete and send what its owner can. As root
  it may also start processes, which the system refuses to others there: so many of them, and so fast, that the
  machine is slow for the seconds of the deadline and some that are never caught.
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
    from thpkit.grading import judge  # a worker imports this package and starts fast

    return judge.grade(exercise_id, root, file=file, limits=limits)


def record(
    exercise_id: str,
    root: Path | None = None,
    *,
    case: str | None = None,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Recorded:
    """Record a run of an exercise and the kit's run of the same calls, and find the step where they part.

    For a *fix* it is the case ``case``, by its id (``seed-1742`` is generated from that seed); without it that of the
    first failing check, or if all pass the first one. For *expose* it is the learner's calls on the mutant. The other
    kinds have a given run, which is opened at its beginning.

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
