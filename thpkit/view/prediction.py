"""Prediction: which counters the next statement will move, and by how much.

The question is asked about a statement that is about to run, all that it calls included; the answer is read from the
recording. A reader who can answer has understood the statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from thpkit.kernel.init import Kernel
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.trace import moves
from thpkit.trace.cells import Cell
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline
from thpkit.view import counters_view
from thpkit.view.changes import between
from thpkit.view.counters_view import Gauge

NOTHING: Final = frozenset({"none", "nothing", "no", "-", "0"})
"""Words for: no counter moves."""


class Forecast(NamedTuple):
    """What a statement is going to do to the counters."""

    step: int
    """Where it is about to run."""
    after: int
    """The first step of the same frame, or of its caller, when it is done."""
    statement: str
    moved: Mapping[str, int]
    """Change by name of the counter, in order of the first write; empty if it moves none."""

    def text(self) -> str:
        """``NR_FILE_PAGES +512, NR_FILE_THPS +1``; ``no counter`` if none."""
        return ", ".join(_said(*each) for each in self.moved.items()) or "no counter"


class PredictionError(ValueError):
    """An answer is none; the message says how one is written."""


def forecast(timeline: Timeline, n: int) -> Forecast | None:
    """What the statement at step ``n`` will do; None where no statement is about to run, or it never gets done."""
    if timeline.kind_at(n) is not Kind.LINE:
        return None
    statement = timeline.step(n).statement
    after = moves.over(timeline, n)
    if statement is None or after == n:
        return None
    names = _names(timeline, n)
    moved = {
        names[ident]: change.new - change.old
        for ident, (_target, change) in between(timeline, n, after).items()
        if ident in names
    }
    return Forecast(n, after, statement.text, moved)


def differences(made: Forecast, answer: str) -> list[str]:
    """What is wrong with an answer such as ``NR_FILE_PAGES +512, NR_FILE_THPS``: a sentence each; none if right.

    Counters may be shortened as long as one fits; a missing number means +1.

    Raises:
        PredictionError: it is no answer.
    """
    if answer.strip().lower() in NOTHING:
        return _compared(made, {})
    given: dict[str, int] = {}
    for part in filter(None, re.split(r"[,;]|\band\b", answer)):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise PredictionError(f"{part.strip()!r} is not understood")
        name = _named(found["name"], made.moved)
        sign = -1 if (found["sign"] or "") in ("-", "−") else 1
        given[name] = sign * int(found["count"] or 1)
    if not given:
        raise PredictionError("no counter is named")
    return _compared(made, given)


HOW: Final = (
    "write counters with their changes, as NR_FILE_PAGES +512, NR_FILE_THPS +1; or none"
)
"""How an answer is written."""

_PART: Final = re.compile(
    r"(?P<name>[A-Za-z_][\w .]*?)\s*(?P<sign>[-+−])?\s*(?P<count>\d+)?"
)


def _compared(made: Forecast, given: Mapping[str, int]) -> list[str]:
    """A sentence for every counter that differs."""
    said = []
    for name, change in given.items():
        if name not in made.moved:
            said.append(f"{name} does not move")
        elif made.moved[name] != change:
            said.append(f"{_said(name, made.moved[name])}, not {change:+d}")
    missing = [_said(*each) for each in made.moved.items() if each[0] not in given]
    if missing:
        also = "you left out " if given else "it does move something: "
        said.append(also + ", ".join(missing))
    return said


def _named(word: str, moved: Mapping[str, int]) -> str:
    """The counter that a word means: a whole name, or a part that fits only one of those that move."""
    word = " ".join(word.split())
    fits = [each for each in moved if word.casefold() == each.casefold()]
    fits = fits or [each for each in moved if word.casefold() in each.casefold()]
    return fits[0] if len(fits) == 1 else word


def _said(name: str, change: int) -> str:
    return f"{name} {change:+d}"


# ---- which counters there are -----------------------------------------------------------------------------


def _names(timeline: Timeline, n: int) -> dict[tuple[int, Any], str]:
    """Identity and name of every counter that there is at step ``n``, as answers call them."""
    before = timeline.position
    timeline.seek(n)
    try:
        kernel = timeline.root
        assert isinstance(kernel, Kernel)
        return {Cell(each.target, each.key).ident(): each.name for each in _all(kernel)}
    finally:
        timeline.seek(before)


def _all(kernel: Kernel) -> Iterator[Gauge]:
    """The counters of node, events, control group, files and processes; those of the last two with their owner."""
    node, events = kernel.vmstat.node, kernel.vmstat.events
    yield from (Gauge(each.name, node, each.value) for each in NodeStat)
    yield from (Gauge(each.name, events, each.value) for each in VmEvent)
    yield Gauge("memcg charged", kernel.memcg, "charged")
    for inode in kernel.inodes.values():
        if inode.i_mapping is not None:
            for name in ("nrpages", "nr_thps"):
                yield Gauge(name, inode.i_mapping, name)
    for group in counters_view.process_groups(kernel):
        owner = group.title.removeprefix("process ")
        for each in group.gauges:
            yield each._replace(name=f"{each.name} of {owner}")
