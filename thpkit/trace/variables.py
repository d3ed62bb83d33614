"""Local variables at any step, from the logs of the frames.

A log only says what a variable became, so going back means starting again: from the last of the pictures that are
kept every few thousand changes.
"""

from __future__ import annotations

from typing import Any, Final

from thpkit.trace.tape import MISSING, FrameRecord

EVERY: Final = 4096
"""Entries of a log between two pictures; even, because a change has two."""


class Variables:
    """The variables of the frames that somebody has looked at."""

    def __init__(self) -> None:
        self._now: dict[int, tuple[int, dict[str, Any]]] = {}
        self._pictures: dict[int, list[dict[str, Any]]] = {}

    def of(self, frame: FrameRecord, want: int) -> dict[str, Any]:
        """Names and values after the first ``want`` entries of the frame's log."""
        at, values = self._now.get(frame.index, (0, {}))
        pictures = self._pictures.setdefault(frame.index, [{}])
        if at > want:
            at = want - want % EVERY
            values = dict(pictures[at // EVERY])
        while at < want:
            stop = min(want, at - at % EVERY + EVERY)
            _replay(frame.log, at, stop, values)
            at = stop
            if at == len(pictures) * EVERY:
                pictures.append(dict(values))
        self._now[frame.index] = (at, values)
        return dict(values)


def _replay(log: list[Any], start: int, stop: int, values: dict[str, Any]) -> None:
    for i in range(start, stop, 2):
        if log[i + 1] is MISSING:
            values.pop(log[i], None)
        else:
            values[log[i]] = log[i + 1]
