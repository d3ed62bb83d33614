"""What the steps of a recording are: their statements, frames and call stacks. Nothing here moves anything."""

from __future__ import annotations

from typing import NamedTuple

from thpkit.trace.statements import Statement
from thpkit.trace.tape import KIND_SHIFT, LINE_MASK, FrameRecord, Kind, Tape


class Step(NamedTuple):
    """One step of a recording."""

    number: int
    kind: Kind
    frame: FrameRecord
    statement: Statement | None
    """None at a CALL, and where a function ended before its first statement."""
    depth: int
    """Recorded frames below this one."""

    @property
    def line(self) -> int:
        """The statement's first line, or the ``def`` line."""
        return (
            self.frame.function.line if self.statement is None else self.statement.first
        )


class Level(NamedTuple):
    """One level of the call stack."""

    frame: FrameRecord
    statement: Statement | None
    """Where the level stands: for a caller the statement that made the call."""


class Walk:
    """The steps of a tape, by number."""

    position: int
    """The step that is looked at where none is given: the one at which the objects stand."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.position = 0

    def __len__(self) -> int:
        return len(self.tape.where)

    def frame_at(self, n: int) -> FrameRecord:
        """The frame of step ``n``."""
        return self.tape.frames[self.tape.who[n]]

    def depth_at(self, n: int) -> int:
        """How many recorded frames are below that of step ``n``."""
        return self.tape.frames[self.tape.who[n]].depth

    def kind_at(self, n: int) -> Kind:
        """The kind of step ``n``."""
        return Kind(self.tape.where[n] >> KIND_SHIFT)

    def statement_at(self, n: int) -> Statement | None:
        """The statement of step ``n``; None at a CALL."""
        word = self.tape.where[n]
        if word >> KIND_SHIFT == Kind.CALL:
            return None
        return self.frame_at(n).function.statements.get(word & LINE_MASK)

    def step(self, n: int | None = None) -> Step:
        """Step ``n``, or the present one.

        Raises:
            IndexError: there is no such step.
        """
        n = self.position if n is None else n
        frame = self.frame_at(n)
        return Step(n, self.kind_at(n), frame, self.statement_at(n), frame.depth)

    def own_before(self, frame: FrameRecord, n: int) -> int | None:
        """The last step of ``frame`` itself before step ``n``; None if it had none yet."""
        m = min(n - 1, frame.last_step)
        while m >= frame.first_step:
            if self.tape.who[m] == frame.index:
                return m
            m = self.frame_at(m).first_step - 1
        return None

    def stack(self, n: int | None = None) -> tuple[Level, ...]:
        """The call stack at step ``n``, or now; outermost first."""
        n = self.position if n is None else n
        frame: FrameRecord | None = self.frame_at(n)
        levels: list[Level] = []
        at: int | None = n
        while frame is not None:
            levels.append(Level(frame, None if at is None else self.statement_at(at)))
            at = (
                None
                if frame.parent is None
                else self.own_before(frame.parent, frame.first_step)
            )
            frame = frame.parent
        return tuple(reversed(levels))
