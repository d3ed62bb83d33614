"""*Locate*: name the step and the statement at which a recorded run of a faulty kernel goes wrong.

The state is still right when the statement is about to run, and wrong after it. Where that is, is found in the
recording by a rule that breaks there. For each place the function, the statement and the step count by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from thpkit.grading import judging, plays, sheet, solutions
from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import RUNS, Check, Exercise, Task
from thpkit.grading.results import CheckResult
from thpkit.grading.sheet import Cell, Sheet, SheetError, Value
from thpkit.grading.tables import Mistake, Table
from thpkit.grading.wanted import ASKS, Located, RunFacts, Wanted

RUNS_TITLE: Final = "answer.toml can be read"
PARTS: Final = {
    "function": sheet.Wanted.TEXT,
    "statement": sheet.Wanted.PLACE,
    "step": sheet.Wanted.NUMBER,
}
"""What can be asked about a place."""
ENOUGH: Final = 10
"""Characters of a statement that must be written, if it is that long."""


@dataclass(frozen=True)
class Locate(Task):
    """The run, and the places in it that are asked for."""

    case: str
    places: tuple[Wanted, ...]
    advice: tuple[str, ...]
    """For each place, what to try after a wrong answer; empty for the exercise's own advice."""

    def place(self, name: str) -> Wanted:
        """The place of that id."""
        return next(each for each in self.places if each.id == name)

    def advice_for(self, name: str) -> str:
        """What to try after a wrong answer about the place of that id."""
        return self.advice[self.places.index(self.place(name))]


def read(meta: Table, _folder: Path) -> Locate:
    """The table ``[locate]``.

    Raises:
        Mistake: it is incomplete.
    """
    return meta.one("locate", _locate)


def _locate(table: Table) -> Locate:
    found = table.each("place", _place)
    return Locate(
        table.text("case"),
        tuple(place for place, _advice in found),
        tuple(advice for _place, advice in found),
    )


def _place(table: Table) -> tuple[Wanted, str]:
    advice = table.text("next") if table.has("next") else ""
    wanted = Wanted(
        table.text("id"),
        table.text("asks"),
        table.number("during"),
        table.text("rule") if table.has("rule") else "",
        table.text("inside") if table.has("inside") else "",
        table.text("within") if table.has("within") else "",
        table.flag("unlocked"),
    )
    return wanted, advice


def verify(exercise: Exercise) -> None:
    """Known rules, and a place and a part for each check.

    Raises:
        Mistake: the parts do not fit.
    """
    task = _task(exercise)
    if task.case not in {each.id for each in exercise.cases}:
        raise Mistake(f"meta.toml: there is no case {task.case!r}")
    for place in task.places:
        if place.asks not in ASKS:
            raise Mistake(f"place {place.id}: asks is {', '.join(ASKS)}")
        if place.asks != "returns" and not place.rule:
            raise Mistake(f"place {place.id}: which rule?")
        if place.asks == "returns" and not place.inside:
            raise Mistake(f"place {place.id}: inside says which function returns")
    known = {each.id for each in task.places}
    for check in exercise.checks[1:]:
        name, _, part = (check.case or "").partition(".")
        if name not in known or part not in PARTS:
            raise Mistake(f"check {check.id}: case is PLACE.PART, such as left.step")


def right(exercise: Exercise) -> str:
    """The sheet with the places of the recorded run."""
    facts = _facts(exercise, {})
    answers: dict[Cell, Value] = {}
    for name, part in _cells(exercise):
        found = facts.places[name]
        values: dict[str, Value] = {
            "function": found.function,
            "statement": found.text,
            "step": found.step,
        }
        answers[name, part] = values[part]
    return sheet.filled(solutions.shipped_text(exercise), answers)


def _cells(exercise: Exercise) -> Iterator[Cell]:
    """What is asked: place and part, in order of the checks."""
    for check in exercise.checks[1:]:
        name, _, part = (check.case or "").partition(".")
        yield name, part


def _facts(exercise: Exercise, steps: Mapping[str, int]) -> RunFacts:
    """The places of the recorded run, and what is so at the steps that a learner has named for them."""
    task = _task(exercise)
    return plays.look_for(exercise, exercise.case(task.case), task.places, steps)


def judge(job: Job) -> Judged:
    """Compare every answer with the places of the recorded run.

    Raises:
        GradingError: the run could not be recorded, or has no such place.
    """
    exercise = job.exercise
    wanted = {cell: PARTS[cell[1]] for cell in _cells(exercise)}
    try:
        answers = sheet.read(job.file, wanted)
    except SheetError as error:
        return judging.unusable(exercise, str(error))
    judge = _Judge(exercise, answers)
    checks = (judge.check(each) for each in exercise.checks)
    return Judged(
        tuple(judging.shown(exercise, each) for each in checks), judging.AS_DATA
    )


class _Judge:
    """One verdict."""

    def __init__(self, exercise: Exercise, answers: Sheet) -> None:
        self._exercise = exercise
        self._answers = answers
        steps = {
            name: value
            for (name, part), value in answers.answers.items()
            if part == "step" and isinstance(value, int)
        }
        self._run = _facts(exercise, steps)

    def check(self, check: Check) -> CheckResult:
        """What became of one check."""
        if check.id == RUNS:
            return judging.passed(check)
        name, _, part = (check.case or "").partition(".")
        answer, found = self._answers.get(name, part), self._run.places[name]
        problem: str | None
        if answer is None:
            return judging.open_answer(self._exercise, check, f"{part} of [{name}]")
        if part == "function":
            problem = self._function(str(answer), found)
        elif part == "statement":
            problem = self._statement(answer, found)
        else:
            assert isinstance(answer, int)
            problem = self._step(answer, found, name)
        if problem is None:
            return judging.passed(check)
        advice = _task(self._exercise).advice_for(name) or self._exercise.next
        known = self._known_mistake(check)
        return judging.failed(check, problem, known or advice)

    def _function(self, answer: str, found: Located) -> str | None:
        """None, or what is wrong with the function."""
        answer = answer.removesuffix("()")
        module = found.file.rpartition("/")[2].removesuffix(".py")
        if answer in (found.function, f"{module}.{found.function}"):
            return None
        name = answer.rpartition(".")[2]
        if name in found.active:
            return (
                f"you say {answer}; it is active then, but it happens inside a call that it makes: "
                "go further in"
            )
        if name not in self._run.functions:
            near = get_close_matches(name, self._run.functions, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            return f"the stepper goes into no function {answer} in this run{hint}"
        return f"you say {answer}; it runs, but not when this happens"

    def _statement(self, answer: Value, found: Located) -> str | None:
        """None, or what is wrong with the statement, given as text or as a line."""
        if isinstance(answer, int):
            if answer == found.line:
                return None
            return f"you say line {answer}; that is not the line of the function in question"
        text, wanted = _spaced(str(answer)), _spaced(found.text)
        if text and any(text in _spaced(each) for each in found.calling):
            return f"you say {answer!r}; it is being executed then, but it calls what does it: go further in"
        if text not in wanted:
            return f"you say {answer!r}; the state is the same before and after it, or it comes at another time"
        if len(text) < min(ENOUGH, len(wanted)) or any(
            text in _spaced(each) for each in found.others
        ):
            return f"{answer!r} could be more than one statement: write more of it"
        return None

    def _step(self, answer: int, found: Located, name: str) -> str | None:
        """None, or what is wrong with the step."""
        if answer == found.step:
            return None
        if not 0 <= answer < self._run.length:
            last = self._run.length - 1
            return f"you say {answer}; the run goes from step 0 to {last}"
        place = _task(self._exercise).place(name)
        if place.asks == "returns":
            return f"you say {answer}; that statement is not about to run there"
        said = found.said
        state = "the rule holds" if said is None else f"the rule is broken: {said}"
        return f"you say {answer}; when that step is about to run, {state}"

    def _known_mistake(self, check: Check) -> str | None:
        """The message for an answer that others have given before."""
        for each in self._exercise.wrong_fixes:
            if each.check == check.id and all(
                self._answers.answers.get(cell) == value
                for cell, value in each.answers.items()
            ):
                return each.message
        return None


def _spaced(text: str) -> str:
    """With one blank wherever there is white space."""
    return " ".join(text.split())


def _task(exercise: Exercise) -> Locate:
    assert isinstance(exercise.task, Locate)
    return exercise.task
