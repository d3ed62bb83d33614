"""Sections: the system calls and page faults of a recording, as chapters of it."""

from __future__ import annotations

from enum import Enum, Flag
from typing import Final, NamedTuple

from thpkit.kernel.kobject import KObject
from thpkit.trace.tape import FrameRecord
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import text_of

HEX_ABOVE: Final = 0xFFFF
"""Greater numbers are written in hexadecimal: they are addresses or lengths."""


class Section(NamedTuple):
    """One system call or page fault."""

    first: int
    """Its CALL step."""
    last: int
    """Its last step."""
    title: str
    """``task: name(arguments)``."""
    name: str
    frame: FrameRecord


def sections(timeline: Timeline) -> tuple[Section, ...]:
    """All sections, by first step. One inside another is a call that another task made meanwhile."""
    return timeline.memo("sections", lambda: _sections(timeline))


def section_at(timeline: Timeline, n: int) -> Section | None:
    """The innermost section that step ``n`` lies in, or None between sections."""
    return next(
        (each for each in reversed(sections(timeline)) if each.first <= n <= each.last),
        None,
    )


def _sections(timeline: Timeline) -> tuple[Section, ...]:
    found = []
    for frame in timeline.tape.frames:
        name = frame.function.section
        if name is not None:
            title = _title(timeline, frame, name)
            found.append(Section(frame.first_step, frame.last_step, title, name, frame))
    return tuple(found)


PLAIN_NAMES: Final = {"do_user_addr_fault": "page fault"}
"""Names of sections that read better in words."""


def _title(timeline: Timeline, frame: FrameRecord, name: str) -> str:
    """``task: name(arguments)``; without the task if the root of state has none."""
    task = timeline.task_at(frame.first_step)
    arguments = timeline.locals_of(frame, frame.first_step)
    shown = ", ".join(short(value) for key, value in arguments.items() if key != "self")
    call = f"{PLAIN_NAMES.get(name, name.removeprefix('sys_'))}({shown})"
    return call if task is None else f"{task}: {call}"


def short(value: object) -> str:
    """``value`` as it is written in a title."""
    if isinstance(value, KObject):
        return value.kname
    if isinstance(value, Flag) or (isinstance(value, Enum) and value.name is not None):
        return value.name or hex(value.value)
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and abs(value) > HEX_ABOVE
    ):
        return hex(value)
    return text_of(value)
