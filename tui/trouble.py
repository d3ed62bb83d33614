"""Where something is wrong, or where the reader asked to stop: breakpoints, splats, broken invariants."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final, TypeAlias

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


Hunt: TypeAlias = Generator[float, None, Find | None]
"""A search that can be left at any time."""


class Trouble:
    """Looks for trouble in one recording. What it found out about quiet moments is kept."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._broken: dict[int, str | None] = timeline.memo("broken invariants", dict)

    def after(self, n: int, points: Breakpoints) -> Find | None:
        """The next trouble after step ``n``."""
        return _exhausted(self.hunt(n, points, True))

    def before(self, n: int, points: Breakpoints) -> Find | None:
        """The last trouble before step ``n``."""
        return _exhausted(self.hunt(n, points, False))

    def hunt(self, n: int, points: Breakpoints, forward: bool) -> Hunt:
        """Look for trouble on one side of step ``n``, a little at a time.

        Yields the part of the quiet moments that has been looked at; whoever has seen enough of that may stop. What
        was found is returned, and kept for the next time.
        """
        splat = moves.next_splat if forward else moves.previous_splat
        reported = self._splat(n, splat(self._timeline, n))
        known = [*(points.after(n) if forward else points.before(n)), *reported]
        first = nearest(known, forward)
        quiet = self.quiet()
        wanted = [
            i for i, step in enumerate(quiet) if (step > n if forward else step < n)
        ]
        for done, i in enumerate(wanted if forward else wanted[::-1]):
            step = quiet[i]
            if first is not None and (step > first.step) is forward:
                break
            yield done / len(wanted)
            sentence = self.broken_at(step)
            if sentence and not (i and self.broken_at(quiet[i - 1])):
                return nearest([*known, Find(step, sentence)], forward)
        return first

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


def _exhausted(hunt: Hunt) -> Find | None:
    """What a hunt finds in the end."""
    while True:
        try:
            next(hunt)
        except StopIteration as end:
            found: Find | None = end.value
            return found
