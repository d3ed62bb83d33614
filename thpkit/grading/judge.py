"""The judge: has an exercise's kind judge a file, and makes the result. It never loads the learner's code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from thpkit.grading import exercise as exercises
from thpkit.grading import kinds, manifest, spoken_text
from thpkit.grading.judging import Job
from thpkit.grading.limits import Limits
from thpkit.grading.model import CLONE
from thpkit.grading.results import Result


def grade(
    exercise_id: str,
    root: Path | None = None,
    *,
    file: Path | None = None,
    limits: Limits | None = None,
) -> Result:
    """Grade an exercise; see :func:`thpkit.grading.grade`.

    Raises:
        ExerciseError: there is no such exercise, or its folder has a mistake.
        GradingError: this machine cannot grade, or the kit itself fails.
    """
    exercise = exercises.load(exercise_id, root)
    chosen = exercises.place_of(file or exercises.learner_file(exercise, root))
    shipped = chosen == exercise.shipped.resolve()
    graded = _graded(chosen, root or CLONE, shipped)
    kind = kinds.kind_named(exercise.kind)
    judged = kind.judge(Job(exercise, chosen, limits or Limits()))
    return Result(
        exercise.id,
        exercise.title,
        chosen,
        shipped,
        graded,
        tuple(
            spoken_text.clean(replace(each, graded=graded)) for each in judged.checks
        ),
        exercise.check_ids(),
        judged.printed,
        exercise.kind,
        manifest.modified(exercise, root),
        judged.isolation,
    )


def _graded(file: Path, root: Path, shipped: bool) -> str:
    """The file as a reader names it."""
    root = root.resolve()
    name = file.relative_to(root) if file.is_relative_to(root) else file
    whose = "the file as shipped" if shipped else "your file"
    return f"{name} ({whose})"
