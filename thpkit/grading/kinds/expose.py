"""*Expose*: write the calls on which a faulty kernel function can be told from the kit's.

``calls.py`` is read as data and never run, so that it has no say in the verdict; see :mod:`~thpkit.grading.written`.
The calls are played on both kernels, in processes of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thpkit.grading import judging, plays, solutions
from thpkit.grading.answer import EXHAUSTED, SeenCase
from thpkit.grading.answer import Value as AnyValue
from thpkit.grading.calls import count
from thpkit.grading.cases import Case
from thpkit.grading.compare import RETURN, first_divergence
from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import RUNS, Check, Exercise, Task
from thpkit.grading.plays import Played
from thpkit.grading.process import FLOODED
from thpkit.grading.results import CheckResult
from thpkit.grading.tables import Mistake, Table
from thpkit.grading.written import CASE, CallsError, case_in

RUNS_TITLE: Final = "calls.py is a list of calls, and every call is written correctly"
PLAYS: Final = "plays"
"""Id of the check that the kit plays all calls to their end."""
DIFFERS: Final = "differs"
"""Id of the check that the mutant does something else."""
SHORT: Final = "short"
"""Id of the bonus for few calls."""

SMALLER: Final = "use fewer calls and smaller files"
"""Advice for calls that reach a limit."""
WHEN: Final = ("rises", "falls", "uneven")
"""What an advice can wait for: a number that is above 0 at some time, that falls, or whose sub-pages differ."""


@dataclass(frozen=True)
class Advice:
    """What to try if something has never happened in the kit's run of the learner's calls."""

    when: str
    """One of :data:`WHEN`."""
    path: str
    """The end of a path among what can be seen of a machine."""
    text: str

    def seen_in(self, case: SeenCase) -> bool:
        """Whether it has happened."""
        before: dict[str, AnyValue] = {}
        for call in case.calls:
            for path, value in call.state.items():
                if path.endswith(self.path) and self._fits(before.get(path), value):
                    return True
            before = dict(call.state)
        return False

    def _fits(self, before: AnyValue, value: AnyValue) -> bool:
        if self.when == "uneven":
            return isinstance(value, tuple) and len(value) > 1
        if not isinstance(value, int):
            return False
        if self.when == "rises":
            return value > 0
        return isinstance(before, int) and value < before


@dataclass(frozen=True)
class Expose(Task):
    """How few calls earn the bonus, and what to say to calls that show nothing."""

    few: int
    advice: tuple[Advice, ...]


def read(meta: Table, _folder: Path) -> Expose:
    """The table ``[expose]``.

    Raises:
        Mistake: it is incomplete.
    """
    return meta.one(
        "expose",
        lambda each: Expose(each.number("few"), each.each("advice", _advice)),
    )


def _advice(table: Table) -> Advice:
    return Advice(table.text("when"), table.text("path"), table.text("text"))


def verify(exercise: Exercise) -> None:
    """A mutant, and exactly the checks of this kind.

    Raises:
        Mistake: the parts do not fit.
    """
    if not (exercise.mutant and exercise.functions and exercise.planted):
        raise Mistake("meta.toml: expose needs mutant, functions and [planted]")
    if exercise.check_ids() != (RUNS, PLAYS, DIFFERS, SHORT):
        raise Mistake(f"meta.toml: the checks are {PLAYS}, {DIFFERS} and {SHORT}")
    if any(each.when not in WHEN for each in _task(exercise).advice):
        raise Mistake(f"meta.toml: an advice is given when it never {', '.join(WHEN)}")
    if not exercise.alternatives:
        raise Mistake("meta.toml: expose needs an [[alternative]] that passes")


def right(exercise: Exercise) -> str:
    """The first of the authors' own answers: unlike elsewhere there is no computing it."""
    return solutions.changed_text(exercise, exercise.alternatives[0])


def judge(job: Job) -> Judged:
    """Read the calls, play them on both kernels, compare.

    Raises:
        GradingError: no process can be started here.
    """
    exercise = job.exercise
    try:
        case = case_in(job.file)
    except CallsError as error:
        return judging.unusable(exercise, str(error))
    mutant = exercise.folder / exercise.mutant
    kit, other = plays.play_unknown(exercise, mutant, case, job.limits)
    results = _results(exercise, case, kit, other)
    checks = tuple(judging.shown(exercise, each) for each in results)
    return Judged(checks, judging.AS_DATA)


# ---- judging --------------------------------------------------------------------------------------------


def _results(
    exercise: Exercise, case: Case, kit: Played, other: Played
) -> tuple[CheckResult, ...]:
    """What became of every check."""
    runs, plays_, differs, short = exercise.checks
    ended = _ended(kit)
    if ended is not None:
        found = judging.failed(
            plays_, ended, "the calls must be such that the kit can play all of them"
        )
        rest = (
            judging.not_reached(each, f"{PLAYS} comes first")
            for each in (differs, short)
        )
        return (judging.passed(runs), found, *rest)
    if not _apart(case, kit, other):
        limit = _limit_of(other)
        alike = (
            _alike(exercise, differs, _seen(kit))
            if limit is None
            else judging.failed(differs, limit, SMALLER)
        )
        return (
            judging.passed(runs),
            judging.passed(plays_),
            alike,
            judging.not_reached(short, f"{DIFFERS} comes first"),
        )
    return (
        judging.passed(runs),
        judging.passed(plays_),
        judging.passed(differs),
        _bonus(exercise, short, case),
    )


def _ended(kit: Played) -> str | None:
    """Why the kit did not play the calls to their end."""
    if kit.problem == FLOODED:
        return "after your calls there is more to see than can be compared: use a smaller file"
    if kit.problem is not None:
        return f"the kit did not get through your calls: {kit.problem}"
    seen = kit.answer.case(CASE)
    if seen is None:
        return "the kit did not get to your calls"
    if seen.ended is not None:
        at = len(seen.calls) + 1
        return f"call {at} does not end on the kit: {seen.ended.sentence}"
    return None


def _apart(case: Case, kit: Played, other: Played) -> bool:
    """Whether the mutant differs in what could be seen. That it reached a limit is no difference."""
    theirs = other.answer.case(CASE)
    if theirs is None:
        return False
    where = first_divergence(case, _seen(kit), theirs)
    return where is not None and (where.path != RETURN or _limit_of(other) is None)


def _limit_of(other: Played) -> str | None:
    """That the mutant reached a limit, as a sentence; None if it did not."""
    theirs = other.answer.case(CASE)
    if theirs is None:
        why = other.problem or "it did not run"
    elif theirs.ended is not None and theirs.ended.kind in EXHAUSTED:
        why = theirs.ended.sentence
    else:
        return None
    return (
        f"the other kernel did not get through your calls, which shows nothing: {why}"
    )


def _alike(exercise: Exercise, check: Check, seen: SeenCase) -> CheckResult:
    """Both kernels do the same."""
    count = len(seen.calls)
    problem = (
        f"your {count} calls are played to their end, and after each of them both kernels look exactly the same: "
        "all counters, references, map counts, flags, page tables and page caches"
    )
    task = _task(exercise)
    apply = (each.text for each in task.advice if not each.seen_in(seen))
    return judging.failed(check, problem, next(apply, exercise.next))


def _bonus(exercise: Exercise, check: Check, case: Case) -> CheckResult:
    """Few calls."""
    few, made = _task(exercise).few, count(case.calls)
    if made <= few:
        return judging.passed(check)
    problem = f"you need {made} calls; {few} are enough"
    return judging.failed(check, problem, "leave out what changes nothing")


def _seen(played: Played) -> SeenCase:
    seen = played.answer.case(CASE)
    assert seen is not None
    return seen


def _task(exercise: Exercise) -> Expose:
    assert isinstance(exercise.task, Expose)
    return exercise.task
