"""Local variables: logging their changes while a frame runs, and finding them at any step.

A log only says what a variable became, so going back means starting again: from the last of the pictures that are
kept every few thousand changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from thpkit.trace.tape import MISSING, FrameRecord
from thpkit.trace.values import BOXES, PLAIN, box

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


def _replay(log: Sequence[Any], start: int, stop: int, values: dict[str, Any]) -> None:
    for i in range(start, stop, 2):
        if log[i + 1] is MISSING:
            values.pop(log[i], None)
        else:
            values[log[i]] = log[i + 1]


# ---- while a frame runs ------


def note(
    log: list[Any], name: str, value: Any, values: dict[str, Any], boxed: dict[str, Any]
) -> None:
    """Log that a local variable became ``value``, or is unbound (MISSING).

    A mutable container is logged as the text it shows, because its later changes are not writes of kernel state.
    """
    if type(value) in BOXES:
        values[name] = value
        boxed.setdefault(name, None)
        _note_boxes(log, values, boxed)
        return
    boxed.pop(name, None)
    if value is MISSING:
        del values[name]
    else:
        values[name] = value
        if isinstance(value, BaseException):
            value = box(value)
        else:
            PLAIN.add(type(value))
    log.extend((name, value))


def note_all(
    log: list[Any],
    now: Mapping[str, Any],
    values: dict[str, Any],
    boxed: dict[str, Any],
) -> None:
    """Log all local variables that differ from ``values``, and containers that show something else now."""
    for name in [name for name in values if name not in now]:
        note(log, name, MISSING, values, boxed)
    for name, value in now.items():
        if value is not values.get(name, MISSING) and name[0] != ".":
            note(log, name, value, values, boxed)
    if boxed:
        _note_boxes(log, values, boxed)


def _note_boxes(log: list[Any], values: dict[str, Any], boxed: dict[str, Any]) -> None:
    """Log the containers that show something else than they did."""
    for name, text in boxed.items():
        shown = box(values[name])
        if shown != text:
            boxed[name] = shown
            log.extend((name, shown))
