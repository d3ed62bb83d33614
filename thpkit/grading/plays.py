"""Playing cases in workers, on the kit and on a file with functions of its own, and taking their answers apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from thpkit.grading import process
from thpkit.grading.answer import Answer, AnswerError, SeenCase, decode
from thpkit.grading.cases import Case
from thpkit.grading.limits import RECORDING, Limits
from thpkit.grading.model import Exercise
from thpkit.grading.process import GradingError, Spoken, Worker
from thpkit.grading.wanted import RunFacts, Wanted
from thpkit.kernel.variant import REF

NOT_ALL: Final = "the answer is not about all cases: the code wrote where it should not"


class Played:
    """What a file's functions did."""

    def __init__(self, said: tuple[Worker, Spoken]) -> None:
        worker, spoken = said
        self.printed = spoken.printed
        """The beginning of what the code printed."""
        self.problem: str | None
        """Why nothing can be said about the cases; None if all is well."""
        try:
            self.answer = decode(spoken.answer, worker.nonce)
            self.problem = self.answer.problem or spoken.ended
        except AnswerError as error:
            self.answer = Answer(None, (), None)
            self.problem = spoken.ended or str(error)

    def must_cover(self, cases: Sequence[Case]) -> None:
        """See to it that there is an answer for each case, up to one that did not end; else that is the problem."""
        seen, wanted = self.answer.cases, [each.id for each in cases]
        broken_off = bool(seen) and seen[-1].ended is not None
        if [each.id for each in seen] != wanted[: len(seen)] or (
            len(seen) < len(wanted) and not broken_off
        ):
            self.problem = self.problem or NOT_ALL


def play(
    exercise: Exercise, file: Path, cases: Iterable[Case], limits: Limits
) -> tuple[Answer, Played]:
    """Play cases on the kit and on ``file``, at the same time, each in a worker; what both did.

    Raises:
        GradingError: this machine cannot grade, or the kit itself fails.
    """
    cases = tuple(cases)
    with TemporaryDirectory(prefix="thp-grade-") as name:
        directory = Path(name)
        kit = process.start(request(exercise, cases, None, None), Limits(), directory)
        try:
            theirs = request(exercise, cases, file, None)
            learner = process.start(theirs, limits, directory)
            try:
                answer = kit_answer(exercise, (kit, kit.finish()))
                played = Played((learner, learner.finish()))
                played.must_cover(cases)
                return answer, played
            finally:
                learner.stop()
        finally:
            kit.stop()


def play_unknown(
    exercise: Exercise, file: Path, case: Case, limits: Limits
) -> tuple[Played, Played]:
    """Play a learner's own case on the kit and on ``file``: nobody knows what the kit will say to it.

    Both do exactly the same work, so that the limits are as far away for the one as for the other.

    Raises:
        GradingError: no process can be started here.
    """
    with TemporaryDirectory(prefix="thp-grade-") as name:
        directory = Path(name)
        kit = process.start(request(exercise, [case], None, None), limits, directory)
        try:
            theirs = {**request(exercise, [case], file, None), "checks": False}
            other = process.start(theirs, limits, directory)
            try:
                return Played((kit, kit.finish())), Played((other, other.finish()))
            finally:
                other.stop()
        finally:
            kit.stop()


def play_kit(exercise: Exercise, case: Case) -> SeenCase:
    """Play a case on the exercise's version of the kernel alone.

    Raises:
        GradingError: no process can be started here, or the kit fails.
    """
    found = _alone(exercise, request(exercise, [case], None, None), Limits())
    seen = found.case(case.id)
    if seen is None:
        raise GradingError(f"the kit did not run case {case.id}")
    return seen


def look_for(
    exercise: Exercise,
    case: Case,
    wanted: Iterable[Wanted],
    steps: Mapping[str, int],
) -> RunFacts:
    """Record a case on the exercise's version of the kernel, and look for places in it.

    Raises:
        GradingError: no process can be started here, or there is no such place.
    """
    asked = request(exercise, [case], None, None)
    asked["places"] = [each.to_data() for each in wanted]
    asked["steps"] = dict(steps)
    found = _alone(exercise, asked, RECORDING)
    if found.run is None:
        raise GradingError(
            f"the run of {exercise.id} could not be looked at: {found.problem}"
        )
    return found.run


def _alone(exercise: Exercise, asked: dict[str, Any], limits: Limits) -> Answer:
    """The answer of one worker that runs no learner's code."""
    with TemporaryDirectory(prefix="thp-grade-") as name:
        worker = process.start(asked, limits, Path(name))
        try:
            return kit_answer(exercise, (worker, worker.finish()))
        finally:
            worker.stop()


def record_both(
    exercise: Exercise,
    file: Path | None,
    case: Case,
    limits: Limits,
    directory: Path,
    records: tuple[Path, Path],
) -> tuple[tuple[Worker, Spoken], tuple[Worker, Spoken]]:
    """Record a case on the kit and on ``file``, in two workers, into the files ``records``; what both said."""
    ours = request(exercise, [case], None, records[0])
    if exercise.kind != "fix":
        ours["base"] = (
            REF.name
        )  # the others are about a version; the reference is the kit
    kit = process.start(ours, RECORDING, directory)
    try:
        theirs = request(exercise, [case], file, records[1])
        learner = process.start(theirs, limits, directory)
        try:
            return (kit, kit.finish()), (learner, learner.finish())
        finally:
            learner.stop()
    finally:
        kit.stop()


def request(
    exercise: Exercise, cases: Iterable[Case], file: Path | None, record: Path | None
) -> dict[str, Any]:
    """What a worker is asked. The kit's invariants need no check here: the kit's own tests do that."""
    return {
        "functions": list(exercise.functions),
        "base": exercise.base,
        "cases": [each.to_data() for each in cases],
        "file": None if file is None else str(file),
        "checks": file is not None,
        "record": None if record is None else str(record),
        "places": [],
        "steps": {},
    }


def kit_answer(exercise: Exercise, said: tuple[Worker, Spoken]) -> Answer:
    """What the kit did.

    Raises:
        GradingError: it did not do the cases to their end.
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
