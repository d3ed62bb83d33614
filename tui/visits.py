"""A place in a recording, and which stops have been stood on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import attrgetter

from thpkit.trace.timeline import Timeline

_STEP = attrgetter("step")


class Visits:
    """Where somebody is, and at which stops he has been. Whoever jumps to the end has not read what lies before."""

    def __init__(self, timeline: Timeline, position: int = 0) -> None:
        self.timeline = timeline
        self.visited: set[int] = set()
        """Numbers of the stops that have been stood on, counted from 1."""
        self._position = 0
        self.position = max(min(position, len(timeline) - 1), 0)

    @property
    def position(self) -> int:
        """The step that is shown."""
        return self._position

    @position.setter
    def position(self, step: int) -> None:
        self._position = step
        stops = self.timeline.stops
        at = bisect_left(stops, step, key=_STEP)
        if at < len(stops) and stops[at].step == step:
            self.visited.add(at + 1)

    @property
    def stop(self) -> int:
        """How many stops have been reached: the number of the present one, counted from 1."""
        return bisect_right(self.timeline.stops, self._position, key=_STEP)
