"""The history of cells: every write of each one, found on demand and kept.

Only kernel cells are indexed, not local variables. Building the index reads the whole journal once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any, Final

from thpkit.trace.cells import Cell, Write, read
from thpkit.trace.tape import MISSING, Tape

PROGRESS_EVERY: Final = 200_000
"""Journal entries between two calls of a progress callback."""


class History:
    """For every cell the places in the journal where it was written, in order."""

    def __init__(
        self, tape: Tape, progress: Callable[[float], None] | None = None
    ) -> None:
        """Read the tape. ``progress`` is called with the part done, from 0 to 1."""
        self._tape = tape
        journal = tape.journal
        self._places: dict[tuple[int, Any], list[int]] = {}
        places = self._places
        whole = len(journal)
        for start in range(0, whole, PROGRESS_EVERY):
            stop = min(start + PROGRESS_EVERY, whole)
            for at, target, key in zip(
                range(start, stop, 4),
                journal[start:stop:4],
                journal[start + 1 : stop : 4],
                strict=True,
            ):
                ident = (id(target), key)
                if ident in places:
                    places[ident].append(at)
                else:
                    places[ident] = [at]
            if progress is not None:
                progress(stop / whole)

    def places(self, cell: Cell) -> list[int]:
        """Where in the journal ``cell`` was written."""
        return self._places.get(cell.ident(), [])

    def value_at(self, cell: Cell, n: int) -> Any:
        """The value of ``cell`` at step ``n``; MISSING if there was none."""
        places = self.places(cell)
        if not places:
            return read(cell, MISSING)
        after = bisect_left(places, self._tape.at[n])
        if after < len(places):
            return self._tape.journal[places[after] + 2]
        return self._tape.journal[places[-1] + 3]

    def last_before(self, cell: Cell, n: int) -> Write | None:
        """The last write of ``cell`` that is done at step ``n``; None if there was none since the first step."""
        places = self.places(cell)
        before = bisect_left(places, self._tape.at[n]) - 1
        if before < 0 or places[before] < self._tape.at[0]:
            return None
        return self.write(places[before])

    def first_after(self, cell: Cell, n: int) -> Write | None:
        """The first write of ``cell`` that is not yet done at step ``n``."""
        places = self.places(cell)
        after = bisect_left(places, self._tape.at[n])
        return self.write(places[after]) if after < len(places) else None

    def all_of(self, cell: Cell) -> list[Write]:
        """Every write of ``cell`` since the first step."""
        return [self.write(at) for at in self.places(cell) if at >= self._tape.at[0]]

    def write(self, at: int) -> Write:
        """The write that stands at ``at`` in the journal."""
        target, key, old, new = self._tape.journal[at : at + 4]
        return Write(step_of(self._tape, at), target, key, old, new)


def step_of(tape: Tape, at: int) -> int:
    """The step whose statement made the write at ``at`` in the journal."""
    return max(bisect_right(tape.at, at) - 1, 0)
