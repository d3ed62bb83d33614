"""Watching the kernel run: what each stepped function really held, took, dropped, and whether it reached a sleep.

Only calls below a *door* count, a system call as a rule; what checks and views do from outside does not. A call of
another task in the middle of one (an interruption) comes through a door of its own and is watched by itself: what it
takes is not put down to the function that it interrupts.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Final, NamedTuple

from thpkit.book.claims import RCU
from thpkit.kernel import current, entry, locks

ACQUIRED: Final = locks._acquired.__code__
RCU_LOCK: Final = locks.rcu_read_lock.__code__
MIGHT_SLEEP: Final = locks.might_sleep.__code__


class Hold(NamedTuple):
    """A lock class and how it is held."""

    cls: str
    mode: str
    """``write`` or ``read``."""


@dataclass
class Seen:
    """What was seen of one function in all its calls together."""

    entries: set[frozenset[Hold]] = field(default_factory=set)
    """Every set of locks with which it was entered."""
    taken: set[Hold] = field(default_factory=set)
    """Locks newly taken during a call, by itself or below it."""
    kept: set[Hold] = field(default_factory=set)
    """Locks held at the return and not at the entry."""
    dropped: set[Hold] = field(default_factory=set)
    """Locks held at the entry and not at the return."""
    slept: bool = False
    """Whether ``might_sleep`` was reached."""


@dataclass
class _Call:
    """A call that is going on."""

    frame: FrameType
    seen: Seen
    held: Counter[Hold]


@dataclass
class _Visit:
    """One task's time in the kernel, from the door on."""

    door: FrameType
    calls: list[_Call] = field(default_factory=list)


class Observer:
    """A profile function that collects :class:`Seen` by names that a table gives to places in the sources."""

    def __init__(
        self,
        names: Mapping[tuple[str, str], str],
        root: Path,
        doors: frozenset[CodeType] = frozenset(),
    ) -> None:
        self.seen: dict[str, Seen] = {}
        """By the names of the table."""
        self._names = names
        self._root = root
        self._doors = doors | entry.SYSTEM_CALLS.keys()
        self._codes: dict[CodeType, str | None] = {}
        self._visits: list[_Visit] = []
        """The last one runs."""

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        """What ``sys.setprofile`` calls."""
        if event == "call":
            if frame.f_code in self._doors:
                self._visits.append(_Visit(frame))
            if self._visits:
                self._on_call(frame, self._visits[-1].calls)
        elif event == "return" and self._visits:
            self._on_return(frame, self._visits[-1].calls)
            if self._visits[-1].door is frame:
                self._visits.pop()

    def _on_call(self, frame: FrameType, calls: list[_Call]) -> None:
        code = frame.f_code
        if code is ACQUIRED or code is RCU_LOCK:
            at = frame.f_locals
            hold = Hold(at["cls"], at["mode"]) if "cls" in at else Hold(RCU, "read")
            for call in calls:
                call.seen.taken.add(hold)
        elif code is MIGHT_SLEEP:
            for call in calls:
                call.seen.slept = True
        else:
            name = self._name(code)
            if name is not None:
                seen = self.seen.setdefault(name, Seen())
                held = _held()
                seen.entries.add(frozenset(held))
                calls.append(_Call(frame, seen, held))

    def _on_return(self, frame: FrameType, calls: list[_Call]) -> None:
        if calls and calls[-1].frame is frame:
            call = calls.pop()
            held = _held()
            call.seen.kept.update(held - call.held)
            call.seen.dropped.update(call.held - held)

    def _name(self, code: CodeType) -> str | None:
        """The table's name of a code object, or None."""
        if code not in self._codes:
            path = Path(code.co_filename)
            inside = path.is_relative_to(self._root)
            place = path.relative_to(self._root).as_posix() if inside else ""
            self._codes[code] = self._names.get((place, code.co_qualname))
        return self._codes[code]


def _held() -> Counter[Hold]:
    """What the running task holds now; nothing at boot, before there is one."""
    if not hasattr(current, "kernel"):
        return Counter()
    cpu = current.kernel.cpu
    held = Counter(Hold(each.cls, each.mode) for each in cpu.task.holds())
    if cpu.rcu_depth:
        held[Hold(RCU, "read")] += 1
    return held


@contextmanager
def watched(observer: Observer) -> Iterator[None]:
    """Let ``observer`` see everything that runs in the block."""
    before: Callable[..., object] | None = sys.getprofile()
    sys.setprofile(observer)
    try:
        yield
    finally:
        sys.setprofile(before)
