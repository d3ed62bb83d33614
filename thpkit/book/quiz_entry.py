"""One ``[[question]]`` of a quiz as its author wrote it: reading fields, and evaluating expressions on the runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from hashlib import sha256
from typing import Final, NamedTuple, TypeVar

from thpkit.book.lesson import Lesson
from thpkit.book.measure import Measured, MeasureError, Value, measure, places
from thpkit.book.questions import Play
from thpkit.book.runs import RunError, Runs

T = TypeVar("T")
Table = Mapping[str, object]

KINDS: Final = ("numeric", "choice", "why", "ordering", "ledger", "last-writer")
COMMON: Final = frozenset({"id", "kind", "before", "ask", "explain"})
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


class QuizError(ValueError):
    """A question cannot be asked. The message names file and question, and says what to do."""


class Facts(NamedTuple):
    """What every question has, as the model's constructor takes it."""

    lesson: str
    id: str
    ask: str
    explain: str
    before: int | None
    stop: str


class Entry:
    """The question's table, and the lesson's runs."""

    def __init__(
        self,
        number: int,
        table: Table,
        lesson: Lesson,
        runs: Runs,
        *,
        check_variants: bool,
    ) -> None:
        """``number`` counts the questions of the file, for those without an id.

        Raises:
            QuizError: it has no id or kind.
        """
        self._name = f"number {number}"
        self.table = table
        self.lesson = lesson
        self.timeline = runs.timeline(lesson)
        self._runs = runs
        self._check_variants = check_variants
        self.id = self.text("id")
        if not _ID.fullmatch(self.id):
            raise self.error(f"the id {self.id!r} is not made of a-z, 0-9 and -")
        self._name = repr(self.id)
        self.kind = self.text("kind")
        if self.kind not in KINDS:
            raise self.error(
                f"there is no kind {self.kind!r}; there is {', '.join(KINDS)}"
            )

    def error(self, sentence: str) -> QuizError:
        """A complaint about this question."""
        return QuizError(
            f"{self.lesson.id}/quiz.toml, question {self._name}: {sentence}"
        )

    # ---- fields -----------------------------------------------------------------------------------------

    def facts(self, *own: str) -> Facts:
        """What every question has; ``own`` are the further keys of its kind.

        Raises:
            QuizError: something is missing, or a key is unknown.
        """
        self.only(self.table, COMMON | set(own))
        ask, explain = self.text("ask"), self.text("explain")
        title = self.text("before", needed=False)
        step = self._stop(title) if title else None
        return Facts(self.lesson.id, self.id, ask, explain, step, title)

    def _stop(self, title: str) -> int:
        """The step of the stop of that title."""
        known = {each.stop.title: each.step for each in self.timeline.stops}
        if title not in known:
            near = get_close_matches(title, known, 1, 0.4)
            hint = (
                f"; did you mean {near[0]!r}?"
                if near
                else f"; there is {', '.join(map(repr, known))}"
            )
            raise self.error(f"before = {title!r} is no stop of this lesson{hint}")
        return known[title]

    def only(self, table: Table, known: Iterable[str]) -> None:
        """Complain about keys that mean nothing."""
        for key in table:
            if key not in known:
                near = get_close_matches(key, list(known), 1, 0.5)
                hint = (
                    f"; did you mean {near[0]}?"
                    if near
                    else f"; known are {', '.join(sorted(known))}"
                )
                raise self.error(f"{key} means nothing in a {self.kind} question{hint}")

    def text(self, key: str, table: Table | None = None, needed: bool = True) -> str:
        """A string of the table, on one line; empty if it may be missing and is."""
        found = (self.table if table is None else table).get(key, "")
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)  # answer = 0 is an expression as well
        if not isinstance(found, str):
            raise self.error(f"{key} is a string in quotes")
        if needed and not found.strip():
            what = "" if table is None or table is self.table else f" ({_short(table)})"
            raise self.error(f"{key} is missing{what}")
        return " ".join(found.split())

    def flag(self, key: str, table: Table) -> bool:
        """Whether the table says ``key = true``."""
        found = table.get(key, False)
        if not isinstance(found, bool):
            raise self.error(f"{key} is true or left out")
        return found

    def tables(self, key: str, least: int = 0) -> list[Table]:
        """The ``[[question.KEY]]`` tables."""
        found = self.table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
            raise self.error(f"write [[question.{key}]] for each {key}")
        if len(found) < least:
            raise self.error(
                f"it has {len(found)} [[question.{key}]]; {least} are the least"
            )
        return found

    def shuffled(self, things: Iterable[T]) -> tuple[T, ...]:
        """In an order that depends on the question's id alone, so that the right one does not always come first."""
        numbered = list(enumerate(things))
        numbered.sort(key=lambda each: sha256(f"{self.id}/{each[0]}".encode()).digest())
        return tuple(each for _, each in numbered)

    # ---- the runs ---------------------------------------------------------------------------------------

    def measured(self, expression: str) -> Measured:
        """What an expression is worth on the lesson's run."""
        try:
            return measure(expression, self.timeline)
        except MeasureError as error:
            raise self.error(str(error)) from None

    def number(self, expression: str) -> int:
        """The number that an expression is worth on the lesson's run."""
        return self._number(expression, self.measured(expression).value)

    def _number(self, expression: str, value: Value) -> int:
        if isinstance(value, (str, bool)):
            raise self.error(f"{expression} is {value!r}, and not a number")
        return value

    def truth(self, expression: str) -> bool:
        """Whether an expression holds on the lesson's run."""
        return self._truth(expression, self.measured(expression).value)

    def _truth(self, expression: str, value: Value) -> bool:
        if not isinstance(value, bool):
            raise self.error(
                f"{expression} is {value!r}; write a comparison, which is true or false"
            )
        return value

    def play(self, table: Table, expression: str) -> Play | None:
        """The variant that a wrong answer names, opened at the place that shows it; None if it names none."""
        variant = self.text("variant", table, needed=False)
        if not variant:
            return None
        place = self.text("place", table, needed=False)
        try:
            self._runs.variant(self.lesson, variant)
            named = [place] if place else places(expression)
        except (RunError, MeasureError) as error:
            raise self.error(str(error)) from None
        return Play(variant, named[-1] if named else None)

    def must_hold(self, play: Play | None, expression: str) -> None:
        """Complain unless an expression holds on the variant."""
        if play is None or not self._check_variants:
            return
        measured = self._on(play.variant, expression)
        if not self._truth(expression, measured.value):
            seen = "; ".join(each.sentence for each in measured.facts)
            raise self.error(
                f"{expression} should hold on {play.variant}, and it does not: there {seen}; "
                "name another variant, or none"
            )

    def must_be(self, play: Play | None, expression: str, wanted: int) -> None:
        """Complain unless an expression is worth ``wanted`` on the variant."""
        if play is None or not self._check_variants:
            return
        value = self._number(expression, self._on(play.variant, expression).value)
        if value != wanted:
            raise self.error(
                f"{expression} is {value} on {play.variant}, and not {wanted}: "
                "the wrong answer would not be right there"
            )

    def _on(self, variant: str, expression: str) -> Measured:
        try:
            return measure(expression, self._runs.timeline(self.lesson, variant))
        except (MeasureError, RunError) as error:
            raise self.error(f"on {variant}: {error}") from None


def _short(table: Table) -> str:
    """Something by which an author finds a table."""
    return next(
        (repr(each) for each in table.values() if isinstance(each, str)), "empty"
    )
