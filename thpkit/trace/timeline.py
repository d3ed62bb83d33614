"""The timeline: a recording that can be looked at from any of its steps.

Moving through time moves the *real* objects, so views, invariants and dump functions work on the past as they do on
the present. Steps are numbered from 0; a LINE step shows the state *before* its statement.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from thpkit.kernel import init
from thpkit.kernel.kobject import KObject
from thpkit.trace.cells import Cell, Names, Target, Write
from thpkit.trace.endings import Ending
from thpkit.trace.history import History
from thpkit.trace.statements import Statement
from thpkit.trace.tape import (
    KIND_SHIFT,
    FrameRecord,
    Kind,
    Tape,
    redo,
    undo,
)
from thpkit.trace.variables import Variables
from thpkit.trace.walk import Level, Step, Walk

if TYPE_CHECKING:
    from thpkit.trace.stops import ResolvedStop

__all__ = [
    "Cell",
    "FrameRecord",
    "Kind",
    "Level",
    "Statement",
    "Step",
    "Timeline",
    "Write",
]

T = TypeVar("T")


class Timeline(Walk):
    """A recording and a position in it."""

    def __init__(
        self,
        tape: Tape,
        root: KObject,
        *,
        title: str = "",
        ending: Ending | None = None,
    ) -> None:
        """A timeline over ``tape``, whose objects are in the state at the end of its journal."""
        super().__init__(tape)
        self.root = root
        self.title = title
        self.ending: str | None = None if ending is None else ending.sentence
        """Why the run stopped before its end; None if it finished."""
        self.crashed = ending is not None and ending.crashed
        """Whether it stopped because the simulated kernel itself failed."""
        self.failed = ending is not None and ending.failed
        """Whether an exception left the run that is no end of the simulated kernel's; False if reopened."""
        self.changed_sources: tuple[str, ...] = ()
        """For a reopened recording: files that differ from those it was made with."""
        self.meta: dict[str, Any] = {}
        """What was saved along with it."""
        self.stops: list[ResolvedStop] = []
        """The lesson's stops, by step; see :func:`thpkit.trace.stops.attach`."""
        self.position = max(len(tape.where) - 1, 0)
        self._reached = len(tape.journal)
        self._memo: dict[str, Any] = {}
        self._variables = Variables()

    def memo(self, name: str, build: Callable[[], T]) -> T:
        """What ``build`` made the first time it was asked for under this name."""
        if name not in self._memo:
            self._memo[name] = build()
        found: T = self._memo[name]
        return found

    # ---- moving -----------------------------------------------------------------------------------------

    def seek(self, n: int) -> int:
        """Put every object into its state at step ``n``, or at the nearest step there is; the new position."""
        if not self.tape.where:
            return 0
        n = min(max(n, 0), len(self.tape.where) - 1)
        self._move(self.tape.at[n])
        self.position = n
        return n

    def start(self) -> int:
        """Go to the first step."""
        return self.seek(0)

    def end(self) -> int:
        """Go to the last step."""
        return self.seek(len(self) - 1)

    def rejoin(self) -> None:
        """Go to where the run left the objects, past the last step, so that they can be run on.

        Nothing may write to the objects at any other place.
        """
        self._move(len(self.tape.journal))
        self.position = max(len(self) - 1, 0)

    def _move(self, to: int) -> None:
        if to < self._reached:
            undo(self.tape.journal, self._reached, to)
        elif to > self._reached:
            redo(self.tape.journal, self._reached, to)
        self._reached = to

    # ---- local variables ----

    def locals_of(self, frame: FrameRecord, n: int | None = None) -> dict[str, Any]:
        """Names and values of a frame's local variables at step ``n``, or now.

        Variables of frames further down are as they were when the call was made. ``<return>`` and ``<exception>``
        stand for the value a frame returns and the exception that passes through it.
        """
        n = self.position if n is None else n
        own = self.own_before(frame, n + 1)
        want = 0 if own is None else self.tape.seen[own]
        return self._variables.of(frame, want)

    # ---- writes -----------------------------------------------------------------------------------------

    def writes(self, n: int) -> list[Write]:
        """The writes of kernel state between step ``n`` and the next; after the last step, all that followed."""
        return [Write(n, *entry) for entry in self._entries(n)]

    def _entries(self, n: int) -> Iterator[tuple[Target, Any, Any, Any]]:
        journal, at = self.tape.journal, self.tape.at
        stop = at[n + 1] if n + 1 < len(at) else len(journal)
        for i in range(at[n], stop, 4):
            yield journal[i], journal[i + 1], journal[i + 2], journal[i + 3]

    def history(self, progress: Callable[[float], None] | None = None) -> History:
        """The index of all writes by cell. Built at the first call, which reports its progress from 0 to 1."""
        return self.memo("history", lambda: History(self.tape, progress))

    def value_at(self, cell: Cell, n: int | None = None) -> Any:
        """The value of ``cell`` at step ``n``, or now; MISSING if a dictionary has no such key then."""
        return self.history().value_at(cell, self.position if n is None else n)

    def last_write_before(self, cell: Cell, n: int) -> Write | None:
        """Who wrote what ``cell`` holds at step ``n``; None if nobody did since the first step."""
        return self.history().last_before(cell, n)

    def first_write_after(self, cell: Cell, n: int) -> Write | None:
        """The next write of ``cell`` from step ``n`` on; None if there is none."""
        return self.history().first_after(cell, n)

    def writes_of(self, cell: Cell) -> list[Write]:
        """All writes of ``cell``, in order."""
        return self.history().all_of(cell)

    def created(self, target: KObject) -> int | None:
        """The step whose statement created a structure; None if it is older than the recording."""
        steps = self.memo("births", self._births).get(id(target), 0)
        return steps - 1 if steps else None

    def _births(self) -> dict[int, int]:
        return {
            id(each): at
            for each, at in zip(self.tape.born, self.tape.born_at, strict=True)
        }

    # ---- names ------------------------------------------------------------------------------------------

    def names(self) -> Names:
        """The names of all cells. Built at the first call."""
        return self.memo(
            "names", lambda: Names([self.root, *self.tape.born, *self.tape.journal])
        )

    def cell_name(self, cell: Cell) -> str:
        """The name of a cell, such as ``xa_node#1.slots[8]``."""
        return self.names().of(cell)

    def resolve(self, name: str) -> Cell | None:
        """The cell of this name, or None. What the frames on the stack hold comes first, the innermost before all."""
        if not len(self):
            return self.names().find(name)
        near: list[KObject] = []
        for level in reversed(self.stack()):
            near.extend(
                each
                for each in self.locals_of(level.frame).values()
                if isinstance(each, KObject)
            )
        return self.names().find(name, near)

    def task_at(self, n: int | None = None) -> str | None:
        """Name of the task that runs at step ``n``, or now; None if the root of state has no CPU."""
        cpu = self._cpu_at(n)
        task = None if cpu is None else self.value_at(Cell(cpu, "task"), n)
        return task.kname if isinstance(task, KObject) else None

    def cpu_at(self, n: int | None = None) -> str | None:
        """Name of the CPU that runs at step ``n``, or now; None if the root of state has none."""
        cpu = self._cpu_at(n)
        return None if cpu is None else cpu.kname

    def _cpu_at(self, n: int | None) -> KObject | None:
        if not hasattr(self.root, "cpu"):
            return None
        cpu = self.value_at(Cell(self.root, "cpu"), n)
        return cpu if isinstance(cpu, KObject) and hasattr(cpu, "task") else None

    # ---- searching --------------------------------------------------------------------------------------

    def running(self) -> AbstractContextManager[None]:
        """Makes the recorded kernel the running one, with its geometry, for a block that calls kernel functions."""
        return (
            init.running(self.root)
            if isinstance(self.root, init.Kernel)
            else nullcontext()
        )

    def first_step_where(
        self,
        check: Callable[[], str | None],
        start: int = 0,
        stop: int | None = None,
        forward: bool = True,
        interrupted: Callable[[], bool] | None = None,
    ) -> tuple[int, str] | None:
        """The first step from ``start`` on (backwards: from ``start`` down) at which ``check`` finds something.

        ``check`` looks at the state alone and returns a sentence, or None. ``stop`` is the first step not looked at.
        ``interrupted`` is asked now and then whether to give up. The position is restored.

        Returns:
            The step and the sentence; None if there is no such step, or the search was interrupted.
        """
        steps = range(start, len(self) if stop is None else stop)
        if not forward:
            steps = range(start, -1 if stop is None else stop, -1)
        before = self.position
        try:
            with self.running():
                return self._sweep(check, steps, interrupted)
        finally:
            self.seek(before)

    def _sweep(
        self,
        check: Callable[[], str | None],
        steps: range,
        interrupted: Callable[[], bool] | None,
    ) -> tuple[int, str] | None:
        """Look at each of ``steps`` whose state differs from that of the one before."""
        at = self.tape.at
        looked_at = -1
        for n in steps:
            if not 0 <= n < len(at) or at[n] == looked_at:
                continue
            if interrupted is not None and interrupted():
                return None
            looked_at = at[n]
            self.seek(n)
            found = check()
            if found is not None:
                return n, found
        return None

    def visits(self, statement: Statement) -> Sequence[int]:
        """The steps at which ``statement`` is about to run, in order."""
        places: dict[tuple[str, int], array[int]] = self.memo("visits", self._visits)
        return places.get((statement.file, statement.first), ())

    def _visits(self) -> dict[tuple[str, int], array[int]]:
        by_place: dict[tuple[int, int], array[int]] = {}
        for n, (who, word) in enumerate(
            zip(self.tape.who, self.tape.where, strict=True)
        ):
            if word >> KIND_SHIFT == Kind.LINE:
                by_place.setdefault((who, word), array("I")).append(n)
        found: dict[tuple[str, int], array[int]] = {}
        for (who, word), steps in by_place.items():
            file = self.tape.frames[who].function.file
            found.setdefault((file, word), array("I")).extend(steps)
        return {place: array("I", sorted(steps)) for place, steps in found.items()}

    def next_visit(self, statement: Statement, n: int) -> int | None:
        """The first step after ``n`` at which ``statement`` is about to run."""
        visits = self.visits(statement)
        at = bisect_right(visits, n)
        return visits[at] if at < len(visits) else None

    def previous_visit(self, statement: Statement, n: int) -> int | None:
        """The last step before ``n`` at which ``statement`` is about to run."""
        visits = self.visits(statement)
        at = bisect_left(visits, n)
        return visits[at - 1] if at > 0 else None
