"""*Ledger*: counters at some moments of a story, to be filled in as numbers. The kit's own run has the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thpkit.grading import judging, plays, sheet, solutions
from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import RUNS, Check, Exercise, Task
from thpkit.grading.results import CheckResult
from thpkit.grading.sheet import Cell, Sheet, SheetError, Value, Wanted
from thpkit.grading.tables import Mistake, Table

RUNS_TITLE: Final = "answer.toml can be read, and every answer is a number"


@dataclass(frozen=True)
class Row:
    """A moment of the story. Its id is that of the check and of the table in the sheet."""

    id: str
    after: int
    """Number of the call after which the counters are looked at, from 1."""


@dataclass(frozen=True)
class Column:
    """A counter."""

    id: str
    path: str
    """Its path among what can be seen of a machine."""
    rule: str
    """What it counts, in one sentence: shown when it is wrong."""
    gone: int = 0
    """What to write where there is no such path any more."""


@dataclass(frozen=True)
class Ledger(Task):
    """The table that is to be filled in."""

    case: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]


def read(meta: Table, _folder: Path) -> Ledger:
    """The table ``[ledger]``.

    Raises:
        Mistake: it is incomplete.
    """
    return meta.one("ledger", _ledger)


def _ledger(table: Table) -> Ledger:
    return Ledger(
        table.text("case"),
        table.each("row", lambda each: Row(each.text("id"), each.number("after"))),
        table.each(
            "column",
            lambda each: Column(
                each.text("id"),
                each.text("path"),
                each.text("rule"),
                each.integer("gone") if each.has("gone") else 0,
            ),
        ),
    )


def verify(exercise: Exercise) -> None:
    """One check a row; rows in order of the story.

    Raises:
        Mistake: the parts do not fit.
    """
    task = _task(exercise)
    if [each.id for each in task.rows] != list(exercise.check_ids()[1:]):
        raise Mistake("meta.toml: a ledger needs one check for each row, in order")
    if task.case not in {each.id for each in exercise.cases}:
        raise Mistake(f"meta.toml: there is no case {task.case!r}")
    calls = len(exercise.case(task.case).calls)
    if any(not 1 <= each.after <= calls for each in task.rows):
        raise Mistake(f"meta.toml: after is a call from 1 to {calls}")


def right(exercise: Exercise) -> str:
    """The sheet with the kit's numbers."""
    return sheet.filled(solutions.shipped_text(exercise), keys_of(exercise))


def keys_of(exercise: Exercise) -> dict[Cell, Value]:
    """The numbers of the kit's own run, by cell of the sheet.

    Raises:
        GradingError: the kit could not be run.
    """
    task = _task(exercise)
    seen = plays.play_kit(exercise, exercise.case(task.case))
    found: dict[Cell, Value] = {}
    for row in task.rows:
        state = seen.calls[row.after - 1].state
        for column in task.columns:
            value = state.get(column.path)
            found[row.id, column.id] = value if isinstance(value, int) else column.gone
    return found


def judge(job: Job) -> Judged:
    """Compare every row with the kit's run.

    Raises:
        GradingError: the kit could not be run.
    """
    exercise = job.exercise
    keys = keys_of(exercise)
    try:
        answers = sheet.read(job.file, dict.fromkeys(keys, Wanted.NUMBER))
    except SheetError as error:
        return judging.unusable(exercise, str(error))
    checks = (_row(exercise, check, answers, keys) for check in exercise.checks)
    return Judged(
        tuple(judging.shown(exercise, each) for each in checks), judging.AS_DATA
    )


def _row(
    exercise: Exercise, check: Check, answers: Sheet, keys: Mapping[Cell, Value]
) -> CheckResult:
    """What became of one row."""
    if check.id == RUNS:
        return judging.passed(check)
    cells = [cell for cell in keys if cell[0] == check.id]
    wrong = [cell for cell in cells if answers.answers.get(cell) != keys[cell]]
    if not wrong:
        return judging.passed(check)
    if not any(cell in answers.answers for cell in cells):
        return judging.open_answer(exercise, check, f"the row [{check.id}]")
    problems = [_said(exercise, answers, keys, cell) for cell in wrong]
    known = _known_mistake(exercise, check, answers)
    return judging.failed(
        check, "\n".join(problems), known or _rule(exercise, wrong[0])
    )


def _said(
    exercise: Exercise, answers: Sheet, keys: Mapping[Cell, Value], cell: Cell
) -> str:
    """One wrong number: too many or too few, not the right one."""
    said, right_one = answers.answers.get(cell), keys[cell]
    name = cell[1]
    if said is None:
        return f"{name}: still open"
    assert isinstance(said, int) and isinstance(right_one, int)
    how = "too many" if said > right_one else "too few"
    return f"{name}: you say {said}; that is {how} ({answers.line(*cell)})"


def _known_mistake(exercise: Exercise, check: Check, answers: Sheet) -> str | None:
    """The message for a mistake that others have made before."""
    for each in exercise.wrong_fixes:
        if each.check == check.id and all(
            answers.answers.get(cell) == value for cell, value in each.answers.items()
        ):
            return each.message
    return None


def _rule(exercise: Exercise, cell: Cell) -> str:
    """What the counter counts."""
    column = next(each for each in _task(exercise).columns if each.id == cell[1])
    return f"{column.id}: {column.rule}"


def _task(exercise: Exercise) -> Ledger:
    assert isinstance(exercise.task, Ledger)
    return exercise.task
