"""Where two recorded runs of the same calls part: the step at which one of them goes wrong.

The step is found through the first divergence of what could be seen: the writes of the cell that ends up wrong are
compared, system call by system call. A write too much, or of another value, is the step itself. For a missing write
it is where the one function does something else than the other, in the activation in which the kit writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from thpkit.grading.compare import RESULT, RETURN, Divergence
from thpkit.grading.process import GradingError
from thpkit.trace import saved
from thpkit.trace.sections import sections
from thpkit.trace.tape import FrameRecord, Kind
from thpkit.trace.timeline import Timeline


class _Put(NamedTuple):
    """One write of the cell in question."""

    section: int
    """In which system call, from 0; −1 before the first."""
    value: object
    step: int


def steps(theirs: Path, ours: Path, divergence: Divergence) -> tuple[int, int, str]:
    """Where the learner's run goes wrong, the place in the kit's run that belongs to it, and a sentence about it.

    Raises:
        GradingError: a recording cannot be opened.
    """
    try:
        learner, kit = saved.open(theirs), saved.open(ours)
    except saved.SavedError as error:
        raise GradingError(str(error)) from None
    found = None
    if divergence.path not in (RESULT, RETURN):
        found = _parting(learner, kit, divergence.path)
    found = found or _first_other_step(learner, kit) or (len(learner) - 1, len(kit) - 1)
    return *found, _notice(learner, kit, found, divergence)


def _notice(
    learner: Timeline, kit: Timeline, steps: tuple[int, int], divergence: Divergence
) -> str:
    """What goes wrong, and whether the correct run goes on elsewhere; not where, for that is the exercise."""
    parts = len(kit) and not _alike(learner, steps[0], kit, steps[1])
    does = ". Here the correct run takes another way" if parts else ""
    return f"This leads to {divergence.sentence}, after {divergence.text}{does}"


def _parting(learner: Timeline, kit: Timeline, path: str) -> tuple[int, int] | None:
    """The steps at which the writes of one cell part; None if its writes do not tell."""
    theirs, ours = _puts(learner, path), _puts(kit, path)
    at = next(
        (
            n
            for n, (a, b) in enumerate(zip(theirs, ours, strict=False))
            if a[:2] != b[:2]
        ),
        min(len(theirs), len(ours)),
    )
    found: list[tuple[int, int]] = []
    if at < len(theirs):
        step = theirs[at].step
        found.append((step, _counterpart(learner, kit, step)))
    if at < len(ours):
        found.append(_missing(learner, kit, ours[at].step))
    return min(found, default=None)


def _puts(timeline: Timeline, path: str) -> list[_Put]:
    """The writes of the cell that ``path`` names, in order."""
    cell = timeline.resolve(path)
    if cell is None:
        return []
    return [
        _Put(_section_of(timeline, each.step), _value(each.new), each.step)
        for each in timeline.writes_of(cell)
    ]


def _value(value: object) -> object:
    """What two runs can be compared by: numbers as they are, structures by name."""
    return value if isinstance(value, (int, str)) else repr(value)


def _section_of(timeline: Timeline, step: int) -> int:
    """The number of the last system call that began at ``step`` or before it."""
    return sum(each.first <= step for each in sections(timeline)) - 1


def _missing(learner: Timeline, kit: Timeline, step: int) -> tuple[int, int]:
    """Where the learner's function leaves the way on which the kit comes to its step ``step``."""
    frame = kit.frame_at(step)
    other = _counterpart_frame(kit, learner, frame)
    if other is None:
        return _counterpart(kit, learner, step), step
    ours, theirs = _own_steps(kit, frame), _own_steps(learner, other)
    for a, b in zip(theirs, ours, strict=False):
        if not _alike(learner, a, kit, b):
            return a, b
    return theirs[-1], ours[min(len(theirs), len(ours)) - 1]


def _counterpart(one: Timeline, other: Timeline, step: int) -> int:
    """The step of the other run that belongs to ``step``: in the same activation, or where its system call began."""
    frame = _counterpart_frame(one, other, one.frame_at(step))
    if frame is not None:
        own = _own_steps(one, one.frame_at(step))
        steps = _own_steps(other, frame)
        return steps[min(own.index(step), len(steps) - 1)]
    number = _section_of(one, step)
    known = sections(other)
    return known[min(number, len(known) - 1)].first if known and number >= 0 else 0


def _counterpart_frame(
    one: Timeline, other: Timeline, frame: FrameRecord
) -> FrameRecord | None:
    """The same activation of the same function in the other run: the n-th in the same system call."""
    section = _section_of(one, frame.first_step)
    like = _activations(one, frame.function.name, section)
    others = _activations(other, frame.function.name, section)
    at = like.index(frame)
    return others[at] if at < len(others) else None


def _activations(timeline: Timeline, name: str, section: int) -> list[FrameRecord]:
    known = sections(timeline)
    first = known[section].first if section >= 0 else 0
    last = known[section + 1].first if section + 1 < len(known) else len(timeline)
    return [
        each
        for each in timeline.tape.frames
        if each.function.name == name and first <= each.first_step < last
    ]


def _own_steps(timeline: Timeline, frame: FrameRecord) -> Sequence[int]:
    """The steps of a frame itself, without those of what it calls."""
    return [
        n
        for n in range(frame.first_step, frame.last_step + 1)
        if timeline.tape.who[n] == frame.index
    ]


def _alike(learner: Timeline, a: int, kit: Timeline, b: int) -> bool:
    """Whether step ``a`` of the one run and step ``b`` of the other do the same statement.

    A learner's file is another module, so what the kit calls ``name`` there is ``module.name``, and a line that
    becomes too long by that goes on in the next one.
    """
    if _place(learner, a) != _place(kit, b):
        return False
    home = rf"(?<![\w.]){Path(kit.frame_at(b).function.file).stem}\."
    texts = (re.sub(home, "", _text(*each)) for each in ((learner, a), (kit, b)))
    short, long = sorted(texts, key=len)
    return short == long or (short.endswith("(") and long.startswith(short))


def _place(timeline: Timeline, step: int) -> tuple[str, Kind]:
    """The function of a step, and whether it is called, runs or returns."""
    return timeline.frame_at(step).function.name, timeline.kind_at(step)


def _text(timeline: Timeline, step: int) -> str:
    """The first line of the statement of a step."""
    statement = timeline.statement_at(step)
    return "" if statement is None else statement.text


def _first_other_step(learner: Timeline, kit: Timeline) -> tuple[int, int] | None:
    """The first step at which the two runs do not do the same statement."""
    for n in range(min(len(learner), len(kit))):
        if not _alike(learner, n, kit, n):
            return n, n
    return None
