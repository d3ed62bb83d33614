"""Grading a learner's file, remembering what came out, and laying it out in rows."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.attempts import PASSED
from tui.paths import UserError
from tui.solution import CODE
from tui.state import Place, Store
from tui.work import Desk

if TYPE_CHECKING:
    from thpkit.grading.model import Exercise
    from thpkit.grading.results import CheckResult, Result
    from thpkit.view.rows import Role, Row

SIGNS: Final = {"passed": "ok ", "failed": "FIX", "not reached": "..."}
"""How the line of a check begins."""
LONG: Final = 75
"""Columns from which a line of prose was probably broken in the middle of a paragraph."""


def grade(desk: Desk, store: Store | None) -> Result:
    """Grade the learner's copy, or without one the file as shipped, and remember what came out if there is a store.

    Raises:
        UserError: this machine cannot grade it.
    """
    from thpkit import grading
    from thpkit.grading.exercise import ExerciseError, learner_file
    from thpkit.grading.process import GradingError

    digest = digest_of(learner_file(desk.exercise, desk.root))
    try:
        result = grading.grade(desk.exercise.id, desk.root)
    except (ExerciseError, GradingError) as error:
        raise UserError(str(error)) from None
    if store is not None:
        _remember(result, digest, store)
    return result


def digest_of(path: Path) -> str:
    """What tells two texts apart; empty if the file cannot be read."""
    from thpkit.grading import handed_in

    try:  # a pipe in the file's place must not be waited for
        data = handed_in.read(path, handed_in.CODE_LIMIT)
    except handed_in.Unreadable:
        return ""
    return hashlib.sha256(data).hexdigest()[:16]


def _remember(result: Result, digest: str, store: Store) -> None:
    first = result.first_failure
    verdict = PASSED if result.passed else "" if first is None else first.id

    def note(place: Place) -> None:
        place.passed = place.passed or result.passed
        place.misses += not result.passed
        place.attempts.note(digest, verdict, result.points, result.max_points)

    store.change(f"ex:{result.exercise}", note)


def advice(result: Result) -> str:
    """What a learner can do now, in one sentence."""
    short = result.exercise
    if result.passed:
        compare = f"thp diff {short} compares your file with the kit's; "
        return f"{compare if result.kind in CODE else ''}thp hint {short} shows all the help"
    if result.shipped:
        return f"this is the file as it comes: thp start {short} makes a copy for you to work on"
    return f"stuck? thp hint {short} helps a little"


def steps_of(exercise: Exercise, file: str) -> list[str]:
    """What to do with an exercise once there is a copy to work on, in order. ``file`` is the copy's name."""
    short = exercise.id
    run, watch = f"thp step ex:{short}", f"thp watch {short}"
    write = f"Write your answer into {file}; graded on every save: {watch}"
    last = {
        "fix": [
            f"See where it goes wrong: {run}",
            f"Edit {file}; graded on every save: {watch}",
        ],
        "ledger": [write, f"Only then look at the run, which shows the numbers: {run}"],
        "expose": [write, f"See what your calls do: {run}"],
    }.get(exercise.kind, [f"Step through the run: {run}", write])
    about = f"Read what it is about: exercises/{exercise.name}/README.md"
    return [f"{n}. {each}" for n, each in enumerate((about, *last), 1)]


def run_sentence(kind: str) -> str:
    """What Enter opens on the screen of an exercise of this kind."""
    if kind == "fix":
        return "Enter opens the run where it goes wrong"
    if kind == "ledger":
        return "write down your numbers before Enter opens the run, which shows them"
    return "Enter opens the run"


def verdict_of(result: Result) -> str:
    """Passed or not, and the points."""
    word = "passed" if result.passed else "not passed yet"
    return f"{word}: {result.points} of {result.max_points} points"


def rows_of(result: Result, width: int) -> tuple[Row, ...]:
    """The verdict, the first failure in full, and a row for every check."""
    from thpkit.view.rows import Role, row

    role = Role.GOOD if result.passed else Role.BAD
    rows = [row((verdict_of(result), role)), ()]
    first = result.first_failure
    if first is not None:
        rows += failure_rows(first, width)
        rows.append(())
    names = max((len(each.id) for each in result.checks), default=0)
    rows += [_check_row(each, names, width) for each in result.checks]
    if result.printed:
        rows += [(), row(("It printed", Role.HEADING))]
        rows += [row(f"  {line}") for line in result.printed.splitlines()[:8]]
    return tuple(rows)


def failure_rows(failed: CheckResult, width: int) -> list[Row]:
    """A failure: what must hold, the symptom, the first divergence, what to try next."""
    from thpkit.view.layout import wrapped
    from thpkit.view.rows import Role, row

    head = row((f"FIX {failed.id}", Role.BAD), f" — {failed.title}")
    rows: list[Row] = wrapped(head, width, 4)
    for line in _joined(failed.lines()):
        text = line.strip()
        if line == text:
            rows += wrapped(row((text, Role.HEADING)), width)
        else:
            indent = "  " if width >= 30 else ""
            rows += wrapped(row(indent, text), width, len(indent))
    return rows


def _joined(lines: list[str]) -> list[str]:
    """Lines with those joined that an author has broken only because they became long."""
    found: list[str] = []
    prose = True
    for line in lines:
        text = line.strip()
        if line == text:
            prose = not text.startswith("First divergence")
        goes_on = prose and line != text and not text.startswith("thp ")
        if found and goes_on and len(found[-1]) > LONG:
            found[-1] += f" {text}"
        else:
            found.append(line)
    return found


def brief_rows(failed: CheckResult, width: int) -> list[Row]:
    """A failure in little room: what must hold, and the value that is wrong or the problem."""
    from thpkit.view.layout import wrapped
    from thpkit.view.rows import Role, row

    where = failed.divergence
    head = row((f"FIX {failed.id}", Role.BAD))
    if where is None:
        return [head, *wrapped(row(failed.problem or failed.title), width)]
    text = wrapped(row(f"after {where.text}"), width, 2)
    return [head, *text, *wrapped(row(where.sentence), width, 2)]


def summary_row(result: Result) -> Row:
    """All checks in one row: how many are right, wrong and not reached."""
    from thpkit.view.rows import row

    many = Counter(each.outcome.value for each in result.checks)
    words = {"failed": "FIX", "passed": "ok", "not reached": "not reached"}
    parts = [f"{many[name]} {word}" for name, word in words.items() if many[name]]
    return row(f"checks: {', '.join(parts)}")


def _check_row(check: CheckResult, names: int, width: int) -> Row:
    from thpkit.view.glyphs import UNICODE
    from thpkit.view.layout import cut
    from thpkit.view.rows import Role, row

    roles: dict[str, Role] = {"passed": Role.GOOD, "failed": Role.BAD}
    sign = SIGNS[check.outcome.value], roles.get(check.outcome.value, Role.DIM)
    return cut(row(sign, f" {check.id:<{names}}  {check.title}"), width, UNICODE)
