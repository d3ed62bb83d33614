"""Watching the kernel run: what each stepped function really held, took, dropped, and whether it reached a sleep.

Only calls below a system call count; what checks and views do from outside does not. A call of another task in the
middle of one (an interruption) is watched by itself: what it takes is not put down to the function it interrupts.
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

from thpkit.kernel import current, entry, locks

RCU: Final = "RCU"
"""Name under which an RCU section counts as held."""

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

    calls: int = 0
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


class Observer:
    """A profile function that collects :class:`Seen` for the functions of a table."""

    def __init__(self, names: Mapping[tuple[str, str], str], root: Path) -> None:
        self.seen: dict[str, Seen] = {}
        """By the names of the table."""
        self._names = names
        self._root = root
        self._codes: dict[CodeType, str | None] = {}
        self._tasks: list[list[_Call]] = []
        """The calls of each task that is inside the kernel; the last one runs."""

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        """What ``sys.setprofile`` calls."""
        if event == "call":
            self._on_call(frame)
        elif event == "return" and self._tasks:
            self._on_return(frame)

    def _on_call(self, frame: FrameType) -> None:
        code = frame.f_code
        if code in entry.SYSTEM_CALLS:
            self._tasks.append([])
        if not self._tasks:
            return
        running = self._tasks[-1]
        if code is ACQUIRED:
            hold = Hold(frame.f_locals["cls"], frame.f_locals["mode"])
            for call in running:
                call.seen.taken.add(hold)
        elif code is RCU_LOCK:
            for call in running:
                call.seen.taken.add(Hold(RCU, "read"))
        elif code is MIGHT_SLEEP:
            for call in running:
                call.seen.slept = True
        else:
            name = self._name(code)
            if name is not None:
                seen = self.seen.setdefault(name, Seen())
                held = _held()
                seen.calls += 1
                seen.entries.add(frozenset(held))
                running.append(_Call(frame, seen, held))

    def _on_return(self, frame: FrameType) -> None:
        running = self._tasks[-1]
        if not running or running[-1].frame is not frame:
            return
        call = running.pop()
        held = _held()
        call.seen.kept.update(held - call.held)
        call.seen.dropped.update(call.held - held)
        if not running:
            self._tasks.pop()

    def _name(self, code: CodeType) -> str | None:
        """The table's name of a code object, or None."""
        if code not in self._codes:
            path = Path(code.co_filename)
            inside = path.is_relative_to(self._root)
            place = path.relative_to(self._root).as_posix() if inside else ""
            self._codes[code] = self._names.get((place, code.co_qualname))
        return self._codes[code]


def _held() -> Counter[Hold]:
    """What the running task holds now."""
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
