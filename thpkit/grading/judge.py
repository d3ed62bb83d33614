"""The judge: compares what a learner's kernel did with what the kit's does. It never loads the learner's code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from thpkit.grading import exercise as exercises
from thpkit.grading import process
from thpkit.grading.answer import Answer, AnswerError, SeenCase, decode
from thpkit.grading.cases import Case
from thpkit.grading.compare import Divergence, first_divergence
from thpkit.grading.exercise import CLONE, INVARIANTS, RUNS, Check, Exercise
from thpkit.grading.limits import RECORDING, Limits
from thpkit.grading.process import GradingError, Spoken, Worker
from thpkit.grading.results import CheckResult, Outcome, Result


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
    chosen = (file or exercises.learner_file(exercise, root)).resolve()
    with TemporaryDirectory(prefix="thp-grade-") as name:
        kit, learner = run_both(
            exercise, chosen, exercise.cases, limits or Limits(), Path(name)
        )
    return _Judge(
        exercise, chosen, root or CLONE, kit_answer(exercise, kit), learner
    ).result()


def run_both(
    exercise: Exercise,
    file: Path,
    cases: Iterable[Case],
    limits: Limits,
    directory: Path,
    records: tuple[Path | None, Path | None] = (None, None),
) -> tuple[tuple[Worker, Spoken], tuple[Worker, Spoken]]:
    """Run cases on the kit and on ``file``, at the same time, each in a worker; what both said.

    ``records`` are the files for recordings of the first case, if that is what is wanted.
    """
    cases = tuple(cases)
    ours = _request(exercise, cases, None, records[0])
    theirs = _request(exercise, cases, file, records[1])
    trusted = RECORDING if records[0] else Limits()
    kit = process.start(ours, trusted, directory)
    try:
        learner = process.start(theirs, limits, directory)
        try:
            return (kit, kit.finish()), (learner, learner.finish())
        finally:
            learner.stop()
    finally:
        kit.stop()


def _request(
    exercise: Exercise, cases: Iterable[Case], file: Path | None, record: Path | None
) -> dict[str, Any]:
    """What a worker is asked. The kit's invariants need no check here: the kit's own tests do that."""
    return {
        "functions": list(exercise.functions),
        "cases": [each.to_data() for each in cases],
        "file": None if file is None else str(file),
        "checks": file is not None,
        "record": None if record is None else str(record),
    }


def kit_answer(exercise: Exercise, said: tuple[Worker, Spoken]) -> Answer:
    """What the kit does.

    Raises:
        GradingError: it does not do the cases to their end.
    """
    worker, spoken = said
    try:
        answer = decode(spoken.answer, worker.nonce)
    except AnswerError as error:
        raise GradingError(
            f"the kit itself could not run the cases of {exercise.id}: "
            f"{spoken.ended or error} {spoken.printed}".strip()
        ) from None
    for each in answer.cases:
        if each.ended is not None:
            raise GradingError(
                f"the kit itself ends case {each.id} of {exercise.id} early: {each.ended.sentence}"
            )
    return answer


class _Judge:
    """One verdict."""

    def __init__(
        self,
        exercise: Exercise,
        file: Path,
        root: Path,
        kit: Answer,
        said: tuple[Worker, Spoken],
    ) -> None:
        self._exercise = exercise
        self._file = file
        self._kit = kit
        self._shipped = file == exercise.shipped.resolve()
        self._graded = _graded(file, root, self._shipped)
        worker, self._spoken = said
        self._problem: str | None = None
        try:
            self._answer = decode(self._spoken.answer, worker.nonce)
            self._problem = self._answer.problem or self._spoken.ended
        except AnswerError as error:
            self._answer = Answer(None, (), None)
            self._problem = self._spoken.ended or str(error)

    def result(self) -> Result:
        """What became of every check."""
        exercise = self._exercise
        checks: list[CheckResult] = []
        for check in exercise.checks:
            found = self._check(check)
            first = all(each.outcome is not Outcome.FAILED for each in checks)
            if found.outcome is Outcome.FAILED:
                found = replace(found, next=self._advice(found, first))
            checks.append(found)
        return Result(
            exercise.id,
            exercise.title,
            self._file,
            self._shipped,
            self._graded,
            tuple(checks),
            exercise.check_ids(),
            self._spoken.printed,
        )

    def _check(self, check: Check) -> CheckResult:
        passed = self._made(check, Outcome.PASSED)
        if check.id == RUNS:
            if self._problem is None:
                return passed
            return replace(passed, outcome=Outcome.FAILED, problem=self._problem)
        if self._problem is not None:
            return self._made(
                check, Outcome.NOT_REACHED, f"not reached: {RUNS} comes first"
            )
        if check.id == INVARIANTS:
            return self._invariants(check)
        return self._case(check)

    def _made(
        self, check: Check, outcome: Outcome, problem: str | None = None
    ) -> CheckResult:
        return CheckResult(
            check.id, check.title, check.points, outcome, problem, graded=self._graded
        )

    def _case(self, check: Check) -> CheckResult:
        """Everything as in the kit, after each call."""
        assert check.case is not None
        kit, seen = self._kit.case(check.case), self._answer.case(check.case)
        if kit is None:
            raise GradingError(f"the kit did not run case {check.case}")
        if seen is None:
            return self._made(
                check, Outcome.NOT_REACHED, "not reached: an earlier case did not end"
            )
        where = first_divergence(self._exercise.case(check.case), kit, seen)
        if where is None:
            return self._made(check, Outcome.PASSED)
        symptom = self._exercise.symptom
        shown = check.id == symptom.check and where.path == symptom.path
        return replace(
            self._made(check, Outcome.FAILED),
            divergence=where,
            broken=_broken_after(seen, where),
            symptom=symptom.text if shown else None,
        )

    def _invariants(self, check: Check) -> CheckResult:
        """No invariant broken after any call of any case."""
        for case in self._exercise.cases:
            seen = self._answer.case(case.id)
            if seen is None:
                break
            for number, call in enumerate(seen.calls, 1):
                if call.broken:
                    name, sentence = call.broken[0]
                    where = f"case {case.id}, after call {number}: {case.calls[number - 1].text}"
                    return replace(
                        self._made(check, Outcome.FAILED, where),
                        broken=f"{name}: {sentence}",
                    )
            if len(seen.calls) != len(case.calls):
                break
        else:
            return self._made(check, Outcome.PASSED)
        return self._made(check, Outcome.NOT_REACHED, "not reached: a case did not end")

    def _advice(self, failed: CheckResult, first: bool) -> str:
        """What to try next: the message of a known wrong fix, or the exercise's first advice."""
        if failed.divergence is not None:
            for known in self._exercise.wrong_fixes:
                if (known.check, known.path) == (failed.id, failed.divergence.path):
                    if known.than == failed.divergence.than:
                        return known.message
        if failed.symptom is not None:
            return self._exercise.next
        if failed.id == RUNS:
            return "put this right first; nothing else can be checked before"
        if not first:
            return "fix the first failure first; this one may go with it"
        return f"see where the two runs part: thp step ex:{self._exercise.id}"


def _graded(file: Path, root: Path, shipped: bool) -> str:
    """The file as a reader names it."""
    root = root.resolve()
    name = file.relative_to(root) if file.is_relative_to(root) else file
    whose = "the file as shipped" if shipped else "your file"
    return f"{name} ({whose})"


def _broken_after(seen: SeenCase, where: Divergence) -> str | None:
    """The first invariant that does not hold after the diverging call."""
    if where.call > len(seen.calls) or not seen.calls[where.call - 1].broken:
        return None
    name, sentence = seen.calls[where.call - 1].broken[0]
    return f"{name}: {sentence}"
