"""Reading questions that are answered with letters; that exactly one answer is right is checked against the runs."""

from __future__ import annotations

from typing import Final

from thpkit.book import executed
from thpkit.book.executed import ExecutedError
from thpkit.book.measure import MeasureError, step_of
from thpkit.book.questions import Question
from thpkit.book.questions_choosing import Choice, Item, Option, Ordering, Why
from thpkit.book.questions_typed import plain
from thpkit.book.quiz_counting import look_at, must_measure
from thpkit.book.quiz_entry import Entry, Table

MOST_OPTIONS: Final = 6
"""Options that one question can have: nobody weighs more."""


def choice(entry: Entry) -> Question:
    """The sentence that is true of the run. Raises QuizError."""
    facts = entry.facts("choice")
    tables = _options(entry, "choice", ("text", "holds", "reason", "variant", "place"))
    holds = [entry.truth(entry.text("holds", each)) for each in tables]
    if sum(holds) != 1:
        many = "more than one choice holds" if any(holds) else "no choice holds"
        seen = "; ".join(_seen(entry, each) for each in tables)
        raise entry.error(f"{many} on the lesson's run: {seen}")
    found = [
        _option(entry, each, right) for each, right in zip(tables, holds, strict=True)
    ]
    return Choice(**facts._asdict(), choices=entry.shuffled(found))


def _seen(entry: Entry, table: Table) -> str:
    """Whether a choice holds, and what was looked at."""
    expression = entry.text("holds", table)
    value, facts = entry.measured(expression)
    return f"{expression} is {str(value).lower()} ({look_at(facts).rstrip('.')})"


def _option(entry: Entry, table: Table, right: bool) -> Option:
    """A choice; a wrong one has a reason, and its variant is one in which it holds."""
    text, expression = entry.text("text", table), entry.text("holds", table)
    play = entry.play(table, expression)
    if right:
        must_measure(entry, expression, entry.measured(expression).facts)
        if play is not None:
            raise entry.error(
                f"{text!r} is right, and names a variant in which it would be"
            )
        return Option(text, right)
    reason = entry.text("reason", table)
    entry.must_hold(play, expression)
    return Option(text, right, reason, play)


def _options(entry: Entry, key: str, known: tuple[str, ...]) -> list[Table]:
    """The options of a question: two at least, all different."""
    tables = entry.tables(key, least=2)
    if len(tables) > MOST_OPTIONS:
        raise entry.error(f"{len(tables)} options; {MOST_OPTIONS} are the most")
    texts = []
    for table in tables:
        entry.only(table, known)
        texts.append(plain(entry.text("text", table)))
    for each in texts:
        if texts.count(each) > 1:
            raise entry.error(f"two options say {each!r}")
    return tables


def why(entry: Entry) -> Question:
    """The best of several reasons. Raises QuizError."""
    facts = entry.facts("choice")
    found: list[Option] = []
    for table in _options(
        entry, "choice", ("text", "best", "reason", "variant", "shows", "place")
    ):
        best = entry.flag("best", table)
        shows = entry.text("shows", table, needed=False)
        if bool(shows) is not bool(entry.text("variant", table, needed=False)):
            raise entry.error(
                "variant and shows stand together: shows is what is true on that variant only"
            )
        if shows and entry.truth(shows):
            raise entry.error(
                f"{shows} is true on the lesson's own run: it shows nothing about the variant"
            )
        play = entry.play(table, shows) if shows else None
        entry.must_hold(play, shows)
        reason = entry.text("reason", table, needed=not best)
        found.append(
            Option(entry.text("text", table), best, "" if best else reason, play)
        )
    count = sum(each.right for each in found)
    if count != 1:
        raise entry.error(f"{count} choices have best = true; exactly one has")
    return Why(**facts._asdict(), choices=entry.shuffled(found))


def ordering(entry: Entry) -> Question:
    """The order of events. Raises QuizError."""
    facts = entry.facts("item")
    items: list[Item] = []
    for table in _options(entry, "item", ("text", "at", "never", "reason")):
        never = entry.flag("never", table)
        at = entry.text("at", table, needed=not never)
        reason = entry.text("reason", table, needed=never)
        text = entry.text("text", table)
        if never and at:
            _must_never_run(entry, at, text)
        items.append(Item(text, None if never else _step(entry, at), reason))
    steps = [each.step for each in items if each.step is not None]
    if len(steps) < 2:
        raise entry.error("an ordering has two items or more that do happen")
    for each in items:
        if each.step is not None and steps.count(each.step) > 1:
            raise entry.error(
                f"{each.text!r} and another item are both at step {each.step}: they have no order"
            )
    return Ordering(**facts._asdict(), items=entry.shuffled(items))


def _step(entry: Entry, place: str) -> int:
    try:
        return step_of(entry.timeline, place)
    except MeasureError as error:
        raise entry.error(str(error)) from None


def _must_never_run(entry: Entry, place: str, text: str) -> None:
    """A distractor's statement exists, and does not run."""
    statement = (
        place.rstrip("+").rpartition("@")[0]
        if place.rstrip("+")[-1:].isdigit()
        else place
    )
    try:
        steps = executed.visits(entry.timeline, statement or place)
    except ExecutedError as error:
        raise entry.error(str(error)) from None
    if steps:
        raise entry.error(
            f"{text!r} is said never to happen, but {statement} runs at step {steps[0]}"
        )
