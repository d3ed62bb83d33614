"""Moves: where each step key goes. Pure functions of a timeline and a step; the position stays where it is.

Every move stays at its step when there is nowhere to go.
"""

from __future__ import annotations

from collections.abc import Collection

from thpkit.kernel.kobject import KDict
from thpkit.trace import folds
from thpkit.trace.cells import Cell
from thpkit.trace.sections import sections
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Timeline


def _last(timeline: Timeline) -> int:
    return max(len(timeline) - 1, 0)


def home(timeline: Timeline, n: int) -> int:
    """The first step."""
    return 0


def end(timeline: Timeline, n: int) -> int:
    """The last step."""
    return _last(timeline)


def into(timeline: Timeline, n: int) -> int:
    """The next step, into calls."""
    return min(n + 1, _last(timeline))


def back(timeline: Timeline, n: int) -> int:
    """The step before, into calls."""
    return max(n - 1, 0)


def over(timeline: Timeline, n: int) -> int:
    """The next step of this frame, or of its caller when the frame is done."""
    depth = timeline.depth_at(n)
    m = n + 1
    while m < len(timeline) and timeline.depth_at(m) > depth:
        m = timeline.frame_at(m).last_step + 1
    return m if m < len(timeline) else n


def back_over(timeline: Timeline, n: int) -> int:
    """The step of this frame before this one, or the call of the frame."""
    depth = timeline.depth_at(n)
    m = n - 1
    while m >= 0 and timeline.depth_at(m) > depth:
        m = timeline.frame_at(m).first_step - 1
    return m if m >= 0 else n


def to_return(timeline: Timeline, n: int) -> int:
    """Where this frame ends; from there, where its caller does."""
    frame = timeline.frame_at(n)
    while True:
        last = timeline.own_before(frame, frame.last_step + 1)
        if last is not None and last > n:
            return last
        if frame.parent is None:
            return n
        frame = frame.parent


def to_call(timeline: Timeline, n: int) -> int:
    """The call of this frame; from there, the call of its caller."""
    frame = timeline.frame_at(n)
    if n == frame.first_step and frame.parent is not None:
        return frame.parent.first_step
    return frame.first_step


def next_section(timeline: Timeline, n: int) -> int:
    """The beginning of the next section."""
    return next((each.first for each in sections(timeline) if each.first > n), n)


def previous_section(timeline: Timeline, n: int) -> int:
    """The beginning of this section; from there, that of the one before."""
    return next(
        (each.first for each in reversed(sections(timeline)) if each.first < n), n
    )


def next_stop(timeline: Timeline, n: int) -> int:
    """The next of the lesson's stops."""
    return min((each.step for each in timeline.stops if each.step > n), default=n)


def previous_stop(timeline: Timeline, n: int) -> int:
    """The one of the lesson's stops before this step."""
    return max((each.step for each in timeline.stops if each.step < n), default=n)


def past_fold(timeline: Timeline, n: int) -> int:
    """The first step behind the fold here, or behind the next fold of the loop this step is in."""
    fold = folds.fold_at(timeline, n)
    if fold is None:
        later = (each for each in folds.folds(timeline) if each.first > n)
        fold = next(
            (each for each in later if each.loop_first <= n <= each.loop_last), None
        )
    return n if fold is None else min(fold.last + 1, _last(timeline))


def fold_start(timeline: Timeline, n: int) -> int:
    """The first step of the fold here, or of the fold before in the loop this step is in."""
    fold = folds.fold_at(timeline, n)
    if fold is not None and fold.first < n:
        return fold.first
    earlier = (each for each in reversed(folds.folds(timeline)) if each.last < n)
    fold = next(
        (each for each in earlier if each.loop_first <= n <= each.loop_last), None
    )
    return n if fold is None else fold.first


def next_change(timeline: Timeline, n: int, cell: Cell) -> int:
    """The step at which the next write of ``cell`` is done."""
    write = timeline.first_write_after(cell, n)
    return n if write is None else min(write.step + 1, _last(timeline))


def previous_change(timeline: Timeline, n: int, cell: Cell) -> int:
    """The last step at which ``cell`` still had the value before its present one: its writer is about to run."""
    write = timeline.last_write_before(cell, n)
    return n if write is None else write.step


def next_visit(timeline: Timeline, n: int, statements: Collection[Statement]) -> int:
    """The next run of any of ``statements`` (the breakpoints, or the marked line)."""
    found = [timeline.next_visit(each, n) for each in statements]
    return min((each for each in found if each is not None), default=n)


def previous_visit(
    timeline: Timeline, n: int, statements: Collection[Statement]
) -> int:
    """The run of any of ``statements`` before this step."""
    found = [timeline.previous_visit(each, n) for each in statements]
    return max((each for each in found if each is not None), default=n)


def next_splat(timeline: Timeline, n: int) -> int:
    """The step at which the next splat has been reported."""
    return next((each for each in _splats(timeline) if each > n), n)


def previous_splat(timeline: Timeline, n: int) -> int:
    """The step at which the splat before had been reported."""
    return next((each for each in reversed(_splats(timeline)) if each < n), n)


def _splats(timeline: Timeline) -> list[int]:
    """For each splat the first step at which it is in ``kernel.splats``."""
    splats = getattr(timeline.root, "splats", None)
    if not isinstance(splats, KDict):
        return []
    writes = [
        write
        for key in splats_of(timeline, splats)
        for write in timeline.writes_of(Cell(splats, key))
    ]
    return sorted({min(each.step + 1, _last(timeline)) for each in writes})


def splats_of(timeline: Timeline, splats: KDict[int, object]) -> list[int]:
    """The numbers of all splats of the recording, those after the present step included."""
    numbers: list[int] = []
    while timeline.first_write_after(Cell(splats, len(numbers) + 1), 0) is not None:
        numbers.append(len(numbers) + 1)
    return numbers
