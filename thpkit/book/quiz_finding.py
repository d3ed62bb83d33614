"""Reading questions that are answered by pointing at a step; the key is found in the history of the cell."""

from __future__ import annotations

from collections.abc import Iterable

from thpkit.book import executed
from thpkit.book.measure import step_of
from thpkit.book.questions import Question
from thpkit.book.questions_finding import LastWriter
from thpkit.book.quiz_counting import cell_of
from thpkit.book.quiz_entry import Entry
from thpkit.trace.cells import Write


def last_writer(entry: Entry) -> Question:
    """Who wrote a cell last. Raises QuizError."""
    facts = entry.facts("cell", "at", "wrong")
    name, place = entry.text("cell"), entry.text("at")
    entry.measured(f"writer({name!r}, {place!r})")  # complains if nobody did
    timeline = entry.timeline
    cell, at = cell_of(entry, name, place), step_of(timeline, place)
    write = timeline.last_write_before(cell, at)
    assert write is not None
    function = timeline.frame_at(write.step).function.qualname
    statement = timeline.statement_at(write.step)
    others = [each for each in timeline.writes_of(cell) if each.step != write.step]
    return LastWriter(
        **facts._asdict(),
        cell=name,
        at=at,
        step=write.step,
        function=function,
        statement=statement.text if statement else "",
        earlier=_writers(entry, (each for each in others if each.step < write.step)),
        later=_writers(entry, (each for each in others if each.step > write.step)),
        functions=executed.functions_that_ran(timeline),
        wrong=_wrong_functions(entry, function),
    )


def _writers(entry: Entry, writes: Iterable[Write]) -> dict[int, str]:
    """Steps that write a cell, with their functions."""
    timeline = entry.timeline
    return {
        each.step: timeline.frame_at(each.step).function.qualname for each in writes
    }


def _wrong_functions(entry: Entry, right: str) -> dict[str, str]:
    """Foreseen wrong functions with the reason."""
    found: dict[str, str] = {}
    ran = executed.functions_that_ran(entry.timeline)
    for table in entry.tables("wrong"):
        entry.only(table, ("function", "reason"))
        function = entry.text("function", table)
        if function == right:
            raise entry.error(
                f"the wrong answer {function} is the right one on the lesson's run"
            )
        if function not in ran:
            raise entry.error(
                f"the wrong answer {function} is no function that runs in this recording"
            )
        found[function] = entry.text("reason", table)
    return found
