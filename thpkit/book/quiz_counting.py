"""Reading questions that are answered with numbers; their keys and wrong answers are checked against the runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from thpkit.book.measure import CONSTANTS, MeasureError, step_of
from thpkit.book.measuring import Fact, Measuring
from thpkit.book.questions import Question
from thpkit.book.questions_counting import Account, Known, Ledger, Numeric
from thpkit.book.quiz_entry import Entry, Table
from thpkit.trace.cells import Cell


def numeric(entry: Entry) -> Question:
    """A number. Raises QuizError."""
    facts = entry.facts("answer", "unit", "wrong")
    expression = entry.text("answer")
    measured = entry.measured(expression)
    key = entry.number(expression)
    must_measure(entry, expression, measured.facts)
    wrong: dict[int, Known] = {}
    for table in entry.tables("wrong"):
        entry.only(table, ("answer", "reason", "variant", "place"))
        value, known = _foreseen(entry, table, expression)
        if value == key:
            given = entry.text("answer", table)
            raise entry.error(
                f"the wrong answer {given} is {value} on the lesson's run: that is the right one"
            )
        if value in wrong:
            raise entry.error(
                f"two wrong answers are {value}; a reason for each number is enough"
            )
        wrong[value] = known
    return Numeric(
        **facts._asdict(),
        key=key,
        unit=entry.text("unit", needed=False),
        wrong=wrong,
        look=look_at(measured.facts),
    )


def _foreseen(entry: Entry, table: Table, expression: str) -> tuple[int, Known]:
    """A wrong answer: its number, and what to say."""
    value = entry.number(entry.text("answer", table))
    play = entry.play(table, expression)
    entry.must_be(play, expression, value)
    return value, Known(entry.text("reason", table), play)


def must_measure(entry: Entry, expression: str, facts: tuple[Fact, ...]) -> None:
    """A key that does not look at the run does not follow it."""
    names = {
        each.id
        for each in ast.walk(ast.parse(expression))
        if isinstance(each, ast.Name)
    }
    if not facts and not names & set(CONSTANTS):
        raise entry.error(
            f"{expression} does not look at the run; write what is measured, as cell(NAME, PLACE)"
        )


def look_at(facts: Iterable[Fact]) -> str:
    """Where to look for what was measured."""
    told = list(dict.fromkeys(each.sentence for each in facts))[:3]
    return f"In the run {', and '.join(told)}." if told else ""


def ledger(entry: Entry) -> Question:
    """What counters do between two places. Raises QuizError."""
    facts = entry.facts("cells", "from", "to", "wrong")
    cells = entry.table.get("cells")
    if (
        not isinstance(cells, list)
        or not cells
        or not all(isinstance(x, str) for x in cells)
    ):
        raise entry.error("cells is a list of names, at least one")
    if len(set(cells)) < len(cells):
        raise entry.error("a cell stands twice in cells")
    first, last = entry.text("from"), entry.text("to")
    accounts = {name: _account(entry, name, first, last) for name in cells}
    if not any(each.change for each in accounts.values()):
        raise entry.error(
            f"none of the cells moves from {first!r} to {last!r}: that is no ledger"
        )
    wrong: dict[tuple[str, int | None], str] = {}
    for table in entry.tables("wrong"):
        entry.only(table, ("cell", "answer", "reason"))
        name = entry.text("cell", table)
        if name not in accounts:
            raise entry.error(
                f"a wrong answer is about {name}, which is not among the cells"
            )
        typed = entry.text("answer", table, needed=False)
        value = entry.number(typed) if typed else None
        if value == accounts[name].change:
            raise entry.error(
                f"the wrong answer {typed} for {name} is the right one on the lesson's run"
            )
        wrong[name, value] = entry.text("reason", table)
    return Ledger(**facts._asdict(), accounts=tuple(accounts.values()), wrong=wrong)


def _account(entry: Entry, name: str, first: str, last: str) -> Account:
    """How a cell moves between two places, and who moves it."""
    change = entry.number(f"change({name!r}, {first!r}, {last!r})")
    timeline = entry.timeline
    begin, end = step_of(timeline, first), step_of(timeline, last)
    if begin >= end:
        raise entry.error(
            f"from = {first!r} is at step {begin}, not before to = {last!r} at step {end}"
        )
    write = timeline.last_write_before(cell_of(entry, name, last), end)
    if write is None or write.step < begin:
        return Account(
            name, change, f"nothing writes it between steps {begin} and {end}."
        )
    function = timeline.frame_at(write.step).function.qualname
    amount = "it comes back to what it was" if not change else f"it moves by {change:+}"
    return Account(
        name,
        change,
        f"{amount}; the last to write it is {function}, at step {write.step}.",
    )


def cell_of(entry: Entry, name: str, place: str) -> Cell:
    """The cell of that name at a place."""
    timeline = entry.timeline
    before = timeline.position
    measuring = Measuring(timeline)
    try:
        measuring.at(place)
        return measuring.find(name)
    except MeasureError as error:
        raise entry.error(str(error)) from None
    finally:
        timeline.seek(before)
