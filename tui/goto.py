"""What a reader may type to go somewhere: a step, a stop, a function, a statement, a counter."""

from __future__ import annotations

from typing import Final, NamedTuple

from thpkit.trace import stops
from thpkit.trace.cells import Cell
from thpkit.trace.stops import StopError
from thpkit.trace.timeline import Timeline


class Found(NamedTuple):
    """Where the words lead."""

    step: int | None = None
    """None if nowhere, or if a cell was named."""
    sentence: str = ""
    cell: Cell | None = None
    """The cell that was named."""


NOTHING = Found()
LONG: Final = 60
"""Characters that are repeated of what leads nowhere."""


def clipped(text: str) -> str:
    """What was typed, as far as it is worth repeating."""
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def find(timeline: Timeline, n: int, text: str) -> Found:
    """Where ``text`` leads from step ``n``; a ``Found`` without step and cell if nowhere, with a sentence why."""
    text = " ".join(text.split())
    for look in (_step, _stop, _function, _cell, _statement):
        found = look(timeline, n, text)
        if found is not None:
            return found
    return Found(
        sentence=f"nothing here is called {clipped(text)!r}: "
        "write a step number, stop N, a function, its code, or a counter"
    )


def _step(timeline: Timeline, n: int, text: str) -> Found | None:
    """``1234``, ``+50``, ``-50``, ``step 1234``."""
    number = text.removeprefix("step ").replace(",", "")
    if not number.lstrip("+-").isascii() or not number.lstrip("+-").isdecimal():
        return None
    try:
        step = int(number)
    except ValueError:
        return None
    wanted = n + step if number[0] in "+-" else step
    last = len(timeline) - 1
    if not 0 <= wanted <= last:
        return Found(min(max(wanted, 0), last), f"the steps go from 0 to {last}")
    return Found(wanted)


def _stop(timeline: Timeline, n: int, text: str) -> Found | None:
    """``stop 5``."""
    word, _space, number = text.partition(" ")
    if word != "stop" or not number.isdecimal():
        return None
    count = len(timeline.stops)
    if not 1 <= int(number) <= count:
        return Found(
            sentence=f"the stops go from 1 to {count}"
            if count
            else "this recording has no stops"
        )
    return Found(timeline.stops[int(number) - 1].step)


def _function(timeline: Timeline, n: int, text: str) -> Found | None:
    """The next call of a function, else its first."""
    name = text.removesuffix("()")
    calls = [
        each.first_step
        for each in timeline.tape.frames
        if name
        in (
            each.function.name,
            each.function.qualname,
            f"{each.function.module}.{each.function.qualname}",
        )
    ]
    if not calls:
        return None
    step = next((each for each in calls if each > n), calls[0])
    return Found(step, f"call {calls.index(step) + 1} of {len(calls)} of {name}")


def _cell(timeline: Timeline, n: int, text: str) -> Found | None:
    cell = timeline.resolve(text)
    return None if cell is None else Found(cell=cell)


def _statement(timeline: Timeline, n: int, text: str) -> Found | None:
    """``function::statement@visit``, or a piece of code: of the present function, else of any."""
    if not text:
        return None
    here = timeline.frame_at(n).function.qualname
    try:
        return Found(
            stops.step_of(timeline, text if "::" in text else f"{here}::{text}")
        )
    except StopError as error:
        return Found(sentence=str(error)) if "::" in text else _code(timeline, n, text)


def _code(timeline: Timeline, n: int, text: str) -> Found | None:
    """The next statement that holds ``text``, else the first."""
    functions = {id(each.function): each.function for each in timeline.tape.frames}
    known = {
        each
        for function in functions.values()
        for each in function.statements.values()
        if text in each.text
    }
    steps = sorted(step for each in known for step in timeline.visits(each))
    if not steps:
        return None
    step = next((each for each in steps if each > n), steps[0])
    return Found(
        step, f"time {steps.index(step) + 1} of {len(steps)} that such code runs"
    )
