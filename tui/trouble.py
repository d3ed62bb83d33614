"""Where something is wrong, or where the reader asked to stop: breakpoints, splats, broken invariants."""

from __future__ import annotations

from typing import Final

from thpkit import checks
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import KDict
from thpkit.kernel.splat import Splat
from thpkit.trace import moves
from thpkit.trace.cells import Cell
from thpkit.trace.sections import sections
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline
from tui.breakpoints import Breakpoints, Find, nearest

FEW: Final = 100
"""Quiet moments up to which all of a recording are checked before it is shown."""


class Trouble:
    """Looks for trouble in one recording. What it found out about quiet moments is kept."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._broken: dict[int, str | None] = timeline.memo("broken invariants", dict)

    def after(self, n: int, points: Breakpoints) -> Find | None:
        """The next trouble after step ``n``."""
        reported = moves.next_splat(self._timeline, n)
        found = [*points.after(n), *self._splat(n, reported)]
        return nearest([*found, *self._first_broken(n, True)], True)

    def before(self, n: int, points: Breakpoints) -> Find | None:
        """The last trouble before step ``n``."""
        reported = moves.previous_splat(self._timeline, n)
        found = [*points.before(n), *self._splat(n, reported)]
        return nearest([*found, *self._first_broken(n, False)], False)

    def _splat(self, n: int, reported: int) -> list[Find]:
        """A report, unless it leads nowhere."""
        return [] if reported == n else [Find(reported, self._report(reported))]

    def _report(self, n: int) -> str:
        """The last splat that has been reported at step ``n``, as a sentence."""
        splats = getattr(self._timeline.root, "splats", None)
        if not isinstance(splats, KDict):
            return ""
        said = ""
        for number in moves.splats_of(self._timeline, splats):
            found = self._timeline.value_at(Cell(splats, number), n)
            if isinstance(found, Splat):
                said = f"{found.rule}: {found.sentence}"
        return said

    def _first_broken(self, n: int, forward: bool) -> list[Find]:
        """The nearest quiet moment at which an invariant is broken and none was at the quiet moment before."""
        quiet = self.quiet()
        for i in range(len(quiet)) if forward else reversed(range(len(quiet))):
            step = quiet[i]
            if not (step > n if forward else step < n):
                continue
            sentence = self.broken_at(step)
            if sentence and not (i and self.broken_at(quiet[i - 1])):
                return [Find(step, sentence)]
        return []

    def begins(self) -> tuple[int, ...]:
        """The quiet moments at which an invariant is broken and none was before; none if there are more than FEW.

        A moment takes some 15 ms to check the first time, so the thread that records does it.
        """
        return self._timeline.memo("where invariants break", self._begins)

    def _begins(self) -> tuple[int, ...]:
        quiet = self.quiet()
        if len(quiet) > FEW:
            return ()
        said = [self.broken_at(step) for step in quiet]
        before = [None, *said]
        return tuple(
            step
            for step, now, former in zip(quiet, said, before, strict=False)
            if now and not former
        )

    def quiet(self) -> list[int]:
        """Steps at which the machine is between two system calls or faults, each just behind one that returned."""
        quiet: list[int] = []
        end = -1
        for each in sections(self._timeline):
            if (
                each.first > end
            ):  # not a call that another task made in the middle of one
                end = each.last
                if self._timeline.kind_at(end) is not Kind.EXCEPTION:
                    quiet.append(end + 1)
        return [step for step in quiet if step < len(self._timeline)]

    def broken_at(self, step: int) -> str | None:
        """The first invariant that is broken at a quiet step, as a sentence; None if all hold."""
        if step not in self._broken:
            before = self._timeline.position
            self._timeline.seek(step)
            root = self._timeline.root
            found = checks.first_broken(root) if isinstance(root, Kernel) else None
            self._broken[step] = found
            self._timeline.seek(before)
        return self._broken[step]
