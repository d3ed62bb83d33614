"""Folds: loop iterations that run the same statements as an earlier one, collapsed.

Of each run of a loop, shown are the first iteration, each one that takes a path not taken before, and the last. What
lies between is a fold: "… 446 alike". Loops inside loops are folded first, so that an outer iteration counts as
alike even if its inner loop ran more or less often.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import compress
from typing import Final, NamedTuple

from thpkit.trace.statements import Loop, Statement
from thpkit.trace.tape import KIND_SHIFT, LINE_MASK, FrameRecord, Kind
from thpkit.trace.timeline import Timeline

LEAST: Final = 2
"""Fewer alike iterations in a row are not worth folding."""


class Fold(NamedTuple):
    """Steps that repeat what was seen before."""

    first: int
    """First hidden step."""
    last: int
    """Last hidden step."""
    iterations: int
    """Iterations of the whole run of the loop."""
    alike: int
    """Iterations that this fold hides."""
    header: Statement
    """The loop's header."""
    loop_first: int
    """First step of the run of the loop that the fold belongs to."""
    loop_last: int
    """Its last step."""


def folds(timeline: Timeline) -> list[Fold]:
    """All folds by first step; of two that begin together, the outer one first."""
    return timeline.memo("folds", lambda: _Folder(timeline).fold())


def fold_at(timeline: Timeline, n: int) -> Fold | None:
    """The outermost fold that hides step ``n``; None if ``n`` is shown."""
    outer = timeline.memo("outer folds", lambda: _outermost(folds(timeline)))
    at = bisect_right(outer, n, key=lambda fold: fold.first) - 1
    return outer[at] if at >= 0 and n <= outer[at].last else None


def is_hidden(timeline: Timeline, n: int) -> bool:
    """Whether step ``n`` lies in a fold."""
    return fold_at(timeline, n) is not None


def shown(timeline: Timeline) -> Iterator[int | Fold]:
    """The whole recording as a reader sees it: numbers of shown steps, and outermost folds."""
    n = 0
    while n < len(timeline):
        fold = fold_at(timeline, n)
        if fold is None:
            yield n
            n += 1
        else:
            yield fold
            n = fold.last + 1


def _outermost(found: list[Fold]) -> list[Fold]:
    outer: list[Fold] = []
    for fold in found:
        if not outer or fold.first > outer[-1].last:
            outer.append(fold)
    return outer


class _Run(NamedTuple):
    """One run of a loop: the steps at which its iterations begin, and the first step after it."""

    loop: Loop
    begins: list[int]
    frame: FrameRecord


class _Folder:
    """Finds the folds of one timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self._tape = timeline.tape
        self._shown = bytearray(b"\1") * len(timeline)
        functions = {
            id(frame.function): i for i, frame in enumerate(timeline.tape.frames)
        }
        numbers = [functions[id(frame.function)] for frame in timeline.tape.frames]
        self._path = [
            numbers[who] << 32 | word
            for who, word in zip(self._tape.who, self._tape.where, strict=True)
        ]
        self._found: list[Fold] = []

    def fold(self) -> list[Fold]:
        """All folds. Frames that end early are done first, so inner loops come before outer ones."""
        own: dict[int, list[int]] = {
            each.index: [] for each in self._tape.frames if each.function.loops
        }
        for n, who in enumerate(self._tape.who):
            if who in own:
                own[who].append(n)
        frames = [self._tape.frames[index] for index in own]
        for frame in sorted(frames, key=lambda each: (each.last_step, -each.depth)):
            self._frame(frame, own[frame.index])
        return sorted(self._found, key=lambda fold: (fold.first, -fold.last))

    def _frame(self, frame: FrameRecord, steps: list[int]) -> None:
        """Fold the runs of all loops of one frame."""
        active: list[_Run] = []
        by_marker: dict[int, list[Loop]] = {}
        for loop in frame.function.loops:
            by_marker.setdefault(loop.marker, []).append(loop)
        for n in steps:
            line = self._tape.where[n] & LINE_MASK
            kind = self._tape.where[n] >> KIND_SHIFT
            while active and not active[-1].loop.header <= line <= active[-1].loop.last:
                self._run(active.pop(), n)
            if kind == Kind.LINE:
                for loop in by_marker.get(line, ()):
                    running = next((each for each in active if each.loop is loop), None)
                    if running is None:
                        active.append(_Run(loop, [n], frame))
                    elif running is active[-1]:
                        running.begins.append(n)
        while active:
            self._run(active.pop(), frame.last_step + 1)

    def _run(self, run: _Run, end: int) -> None:
        """Fold one run of a loop, whose last iteration or final test ends before step ``end``."""
        begins = run.begins
        edges = [*begins, end]
        # The last piece is the test that ends the loop, or the last iteration. The last iteration stays, and so
        # does the first.
        last = len(begins) - 1 - self._only_tests(run, end)
        seen = {self._path_of(edges[0], edges[1])}
        first_alike: int | None = None
        for i in range(1, len(begins)):
            path = self._path_of(edges[i], edges[i + 1])
            if path in seen and i < last:
                first_alike = i if first_alike is None else first_alike
                continue
            seen.add(path)
            if first_alike is not None:
                self._hide(run, first_alike, i, edges, last + 1)
                first_alike = None

    def _only_tests(self, run: _Run, end: int) -> bool:
        """Whether the last piece of a run is no iteration: its header ends the loop."""
        if run.loop.marker != run.loop.header:
            return False
        tape = self._tape
        return all(
            tape.who[n] == run.frame.index
            and tape.where[n] & LINE_MASK == run.loop.header
            for n in range(run.begins[-1], end)
        )

    def _path_of(self, start: int, stop: int) -> tuple[int, ...]:
        """What tells one iteration from another: the shown steps in it."""
        return tuple(compress(self._path[start:stop], self._shown[start:stop]))

    def _hide(
        self, run: _Run, first: int, after: int, edges: list[int], iterations: int
    ) -> None:
        """Fold iterations ``first`` to ``after`` - 1 of ``run``."""
        if after - first < LEAST:
            return
        start, stop = edges[first], edges[after]
        header = run.frame.function.statements[run.loop.header]
        self._shown[start:stop] = bytes(stop - start)
        self._found.append(
            Fold(
                start,
                stop - 1,
                iterations,
                after - first,
                header,
                run.begins[0],
                edges[-1] - 1,
            )
        )
