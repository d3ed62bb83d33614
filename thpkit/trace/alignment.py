"""Aligning two runs: which step of the one belongs to a step of the other.

Two versions of a kernel take different steps to the same end, so runs are aligned by their call trees: activations of
functions of one name, in order; inside a pair of activations the statements with the same text and the calls of the
same functions, as far as a longest common run of them goes. A step without a counterpart belongs to the last one
before it that has one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from thpkit.trace.tape import FrameRecord
from thpkit.trace.timeline import Timeline


class Item(NamedTuple):
    """One thing that an activation does: a step of its own, or a call."""

    key: str
    """What it is, the same in both runs: the kind and text of a statement, or the name of the called function."""
    first: int
    """Its first step."""
    frame: FrameRecord | None
    """The called activation; None for a step."""

    @property
    def last(self) -> int:
        """Its last step."""
        return self.first if self.frame is None else self.frame.last_step


class Aligned(NamedTuple):
    """Where a step leads in the other run."""

    step: int
    exact: bool
    """Whether it is the counterpart itself, and not the nearest one before."""


class _Run:
    """One of the two runs, taken apart into activations."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._children: dict[int, list[FrameRecord]] = {}
        for frame in timeline.tape.frames:
            above = -1 if frame.parent is None else frame.parent.index
            self._children.setdefault(above, []).append(frame)

    def items(self, frame: FrameRecord | None) -> list[Item]:
        """What an activation does, in order; None is the recording as a whole."""
        calls = self._children.get(-1 if frame is None else frame.index, [])
        if frame is None:
            return [self._call(each) for each in calls]
        found: list[Item] = []
        n = frame.first_step
        for call in calls:
            found += self._own(frame, n, call.first_step)
            found.append(self._call(call))
            n = call.last_step + 1
        return found + self._own(frame, n, frame.last_step + 1)

    def chain(self, n: int) -> list[FrameRecord]:
        """The activations around a step, outermost first."""
        found = [self.timeline.frame_at(n)]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return found[::-1]

    def _own(self, frame: FrameRecord, first: int, end: int) -> list[Item]:
        who = self.timeline.tape.who
        return [
            Item(self._key(n), n, None)
            for n in range(first, end)
            if who[n] == frame.index
        ]

    def _key(self, n: int) -> str:
        statement = self.timeline.statement_at(n)
        kind = self.timeline.kind_at(n).name
        return kind if statement is None else f"{kind} {statement.text}"

    def _call(self, frame: FrameRecord) -> Item:
        return Item(f"call {frame.function.qualname}", frame.first_step, frame)


class _Pair(NamedTuple):
    """What two activations do, and what belongs together."""

    left: list[Item]
    right: list[Item]
    matched: list[tuple[int, int]]
    """Places in both lists, rising."""


class Alignment:
    """From the steps of ``left`` to those of ``right``. Pairs of activations are compared when they are asked for."""

    def __init__(self, left: Timeline, right: Timeline) -> None:
        self._left, self._right = _Run(left), _Run(right)
        self._pairs: dict[tuple[int, int], _Pair] = {}

    def step(self, n: int) -> Aligned:
        """The step of the right run that belongs to step ``n`` of the left one."""
        pair = self._pair(None, None)
        for frame in self._left.chain(n):
            at = _place(pair.left, frame.first_step)
            there, exact = _counterpart(pair, at)
            if not exact:
                return _before(pair, there)
            assert there is not None and there.frame is not None
            pair = self._pair(frame, there.frame)
        there, exact = _counterpart(pair, _place(pair.left, n))
        if there is None or not exact:
            return _before(pair, there)
        return Aligned(there.first, True)

    def _pair(self, left: FrameRecord | None, right: FrameRecord | None) -> _Pair:
        key = (
            -1 if left is None else left.index,
            -1 if right is None else right.index,
        )
        if key not in self._pairs:
            ours, theirs = self._left.items(left), self._right.items(right)
            self._pairs[key] = _Pair(ours, theirs, _matched(ours, theirs))
        return self._pairs[key]


def _before(pair: _Pair, there: Item | None) -> Aligned:
    """Where a step without a counterpart leads: the end of the last item that has one."""
    if there is not None:
        return Aligned(there.last, False)
    return Aligned(pair.right[0].first if pair.right else 0, False)


def _place(items: Sequence[Item], n: int) -> int:
    """The place of the item that begins at step ``n``, or of the last before it."""
    return bisect_right(items, n, key=lambda each: each.first) - 1


def _counterpart(pair: _Pair, at: int) -> tuple[Item | None, bool]:
    """The right item that belongs to the left one at a place, and whether it is its own counterpart."""
    found = bisect_right(pair.matched, at, key=lambda each: each[0]) - 1
    if found < 0:
        return None, False
    ours, theirs = pair.matched[found]
    return pair.right[theirs], ours == at


def _matched(left: Sequence[Item], right: Sequence[Item]) -> list[tuple[int, int]]:
    """The places that belong together: a common beginning, a common end, and the longest runs in between."""
    ours, theirs = [each.key for each in left], [each.key for each in right]
    least = min(len(ours), len(theirs))
    begin = 0
    while begin < least and ours[begin] == theirs[begin]:
        begin += 1
    end = 0
    while end < least - begin and ours[-1 - end] == theirs[-1 - end]:
        end += 1
    found = [(i, i) for i in range(begin)]
    matcher = SequenceMatcher(
        None,
        ours[begin : len(ours) - end],
        theirs[begin : len(theirs) - end],
        autojunk=False,
    )
    for a, b, size in matcher.get_matching_blocks():
        found += [(begin + a + i, begin + b + i) for i in range(size)]
    found += [(len(ours) - i, len(theirs) - i) for i in range(end, 0, -1)]
    return found
