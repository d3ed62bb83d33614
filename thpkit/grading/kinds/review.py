"""*Review*: given code of a posted version, say for each of some claims whether the version broke this.

The claims stand in groups; a group counts only if exactly the true ones are named, so that neither naming all of
them nor naming none is worth anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thpkit.grading import judging, sheet, solutions
from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import RUNS, Check, Exercise, Task
from thpkit.grading.results import CheckResult
from thpkit.grading.sheet import Cell, SheetError, Value, Wanted
from thpkit.grading.tables import Mistake, Table

RUNS_TITLE: Final = "answer.toml can be read, and names only claims that exist"
KEY: Final = "broken"
"""The key of each table of the sheet."""


@dataclass(frozen=True)
class Claim:
    """Something that the version may have broken."""

    id: str
    group: str
    """The check that it belongs to, and the table of the sheet."""
    text: str
    holds: bool
    """Whether it is true."""
    reason: str
    """Why, for a learner who got it wrong. It names the line or the rule, not the verdict on other claims."""
    case: str = ""
    """The case that shows it, if one can; checked by the authors' tests …"""
    rule: str = ""
    """… by this rule or invariant, which the version breaks there and the one before does not."""
    hidden: bool = False
    """Whether it shows only once the wide cursor and the stale one (D2, D3) are repaired, in both versions."""


@dataclass(frozen=True)
class Review(Task):
    """The claims."""

    claims: tuple[Claim, ...]

    def group(self, name: str) -> tuple[Claim, ...]:
        """The claims of one group."""
        return tuple(each for each in self.claims if each.group == name)


def read(meta: Table, _folder: Path) -> Review:
    """The tables ``[[claim]]``.

    Raises:
        Mistake: one is incomplete.
    """
    return Review(meta.each("claim", _claim))


def _claim(table: Table) -> Claim:
    return Claim(
        table.text("id"),
        table.text("group"),
        table.text("text"),
        table.flag("holds"),
        table.text("reason"),
        table.text("case") if table.has("case") else "",
        table.text("rule") if table.has("rule") else "",
        table.flag("hidden"),
    )


def verify(exercise: Exercise) -> None:
    """One check a group, and true and false claims in each.

    Raises:
        Mistake: the parts do not fit.
    """
    claims = _task(exercise).claims
    groups = list(dict.fromkeys(each.group for each in claims))
    if groups != list(exercise.check_ids()[1:]):
        raise Mistake("meta.toml: a review needs one check for each group, in order")
    if len({each.id for each in claims}) != len(claims):
        raise Mistake("meta.toml: two claims have the same id")
    for name in groups:
        if len({each.holds for each in claims if each.group == name}) < 2:
            raise Mistake(f"meta.toml: group {name} needs true and false claims")


def right(exercise: Exercise) -> str:
    """The sheet with exactly the true claims."""
    answers: dict[Cell, Value] = {}
    for name in exercise.check_ids()[1:]:
        true = tuple(each.id for each in _task(exercise).group(name) if each.holds)
        answers[name, KEY] = true
    return sheet.filled(solutions.shipped_text(exercise), answers)


def judge(job: Job) -> Judged:
    """Compare every group with the truth."""
    exercise, task = job.exercise, _task(job.exercise)
    wanted = {(name, KEY): Wanted.NAMES for name in exercise.check_ids()[1:]}
    try:
        answers = sheet.read(job.file, wanted)
        for name, _key in wanted:
            _only_known(answers, task, name)
    except SheetError as error:
        return judging.unusable(exercise, str(error))
    checks = (_group(exercise, check, answers) for check in exercise.checks)
    return Judged(
        tuple(judging.shown(exercise, each) for each in checks), judging.AS_DATA
    )


def _only_known(answers: sheet.Sheet, task: Review, group: str) -> None:
    """See to it that a group names only claims of its own, each once.

    Raises:
        SheetError: it does not.
    """
    known = [each.id for each in task.group(group)]
    named = _named(answers, group)
    for name in named:
        if name not in known:
            raise SheetError(
                f"{answers.line(group, KEY)}: there is no claim {name!r} in [{group}]; there is {', '.join(known)}"
            )
    if len(set(named)) != len(named):
        raise SheetError(f"{answers.line(group, KEY)}: a claim is named twice")


def _named(answers: sheet.Sheet, group: str) -> tuple[str, ...]:
    found = answers.get(group, KEY)
    return found if isinstance(found, tuple) else ()


def _group(exercise: Exercise, check: Check, answers: sheet.Sheet) -> CheckResult:
    """What became of one group."""
    if check.id == RUNS:
        return judging.passed(check)
    claims = _task(exercise).group(check.id)
    named = _named(answers, check.id)
    wrong = [each for each in claims if each.holds != (each.id in named)]
    if not wrong:
        return judging.passed(check)
    if not named:
        return judging.open_answer(exercise, check, f"the group [{check.id}]")
    said = [each for each in wrong if not each.holds]
    missing = len(wrong) - len(said)
    lines = [f"{each.id}: {each.reason}" for each in said]
    if missing:
        count = "one is" if missing == 1 else f"{missing} are"
        lines.append(f"of what is broken here, {count} not named yet")
    advice = _known_mistake(exercise, check, set(named)) or exercise.next
    return judging.failed(check, "\n".join(lines), advice)


def _known_mistake(exercise: Exercise, check: Check, named: set[str]) -> str | None:
    """The message for a choice that others have made before."""
    for each in exercise.wrong_fixes:
        chosen = each.answers.get((check.id, KEY))
        if isinstance(chosen, tuple) and set(chosen) == named:
            return each.message
    return None


def _task(exercise: Exercise) -> Review:
    assert isinstance(exercise.task, Review)
    return exercise.task
