"""The tape: what a recording consists of, before anybody looks at it.

One flat journal holds every write of kernel state as four entries: *target, key, old, new*. Each step notes how long
the journal was when it was reached, so moving through time is walking the journal and storing the old values
(backwards) or the new ones (forwards) into the real objects. Local variables are kept apart, in one log a
frame: nobody needs them except for the frames on the screen.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

from thpkit.kernel.kobject import KArray, KDict, KObject
from thpkit.trace.cells import Cell, exists
from thpkit.trace.statements import Loop, Statement

KIND_SHIFT: Final = 24
"""In a step's word: the line stands below this bit, the kind above."""
LINE_MASK: Final = (1 << KIND_SHIFT) - 1


class Absent:
    """The value of what does not exist: a key that is not in a dictionary, a variable not yet bound."""

    def __repr__(self) -> str:
        return "absent"


MISSING: Final = Absent()
"""The only :class:`Absent`."""


class Shown(str):
    """A text that stands for a value which the recording does not keep (a plain list, an exception)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Kind(IntEnum):
    """What a step says about its statement."""

    LINE = 0
    """About to run."""
    CALL = 1
    """Just called: the function has its arguments and has done nothing yet."""
    RETURN = 2
    """Just ran: the function returns, and the value is known."""
    EXCEPTION = 3
    """Just ran, and raised; or a call it made did."""


class Function(NamedTuple):
    """A function that ran."""

    file: str
    """As in :class:`~thpkit.trace.statements.Statement`."""
    qualname: str
    name: str
    line: int
    """Its ``def`` line."""
    statements: Mapping[int, Statement]
    """By line."""
    loops: tuple[Loop, ...]
    section: str | None
    """Name of the system call it is, or None."""

    @property
    def module(self) -> str:
        """Name of the file without directories and extension: ``filemap``."""
        return self.file.rpartition("/")[2].removesuffix(".py")


@dataclass(slots=True, eq=False)
class FrameRecord:
    """One activation of a function; each resumption of a generator is one too."""

    index: int
    """Its place among all frames, by time of the call."""
    function: Function
    parent: FrameRecord | None
    """The recorded frame that called it; None at the outermost level."""
    depth: int
    """Frames below it on the stack."""
    first_step: int
    """The CALL step."""
    last_step: int = -1
    """The last step before it was left, in this frame or in one that it called: its RETURN, or the EXCEPTION that
    left it, or the last step there is."""
    log: Sequence[Any] = ()
    """Changes of local variables, flat: name, new value; MISSING where a variable is unbound."""

    def __repr__(self) -> str:
        return f"{self.function.qualname}@{self.first_step}"


def words() -> array[int]:
    """An empty array of 32-bit numbers."""
    return array("I")


@dataclass(slots=True, eq=False)
class Tape:
    """Everything that was recorded."""

    journal: list[Any] = field(default_factory=list)
    """Flat: target, key, old, new. ``old`` and ``new`` are MISSING where a dictionary has no such key."""
    frames: list[FrameRecord] = field(default_factory=list)
    at: array[int] = field(default_factory=words)
    """Per step: length of the journal when it was reached."""
    who: array[int] = field(default_factory=words)
    """Per step: index of its frame."""
    where: array[int] = field(default_factory=words)
    """Per step: first line of the statement, and the kind above :data:`KIND_SHIFT`."""
    seen: array[int] = field(default_factory=words)
    """Per step: length of the log of its frame."""
    born: list[KObject] = field(default_factory=list)
    """Structures that were created during the recording."""
    born_at: array[int] = field(default_factory=words)
    """Number of steps there were when each of them was created."""


set_field: Final = object.__setattr__


def undo(journal: list[Any], start: int, stop: int) -> None:
    """Take back the writes from length ``start`` of the journal down to length ``stop``."""
    if start - stop == 4:
        store(journal[stop], journal[stop + 1], journal[stop + 2])
        return
    part = journal[stop:start]
    for target, key, old in zip(part[-4::-4], part[-3::-4], part[-2::-4], strict=True):
        if isinstance(target, KObject):
            set_field(target, key, old)
        else:
            store(target, key, old)


def redo(journal: list[Any], start: int, stop: int) -> None:
    """Do again the writes from length ``start`` of the journal up to length ``stop``."""
    if stop - start == 4:
        store(journal[start], journal[start + 1], journal[start + 3])
        return
    part = journal[start:stop]
    for target, key, new in zip(part[::4], part[1::4], part[3::4], strict=True):
        if isinstance(target, KObject):
            set_field(target, key, new)
        else:
            store(target, key, new)


def store(
    target: KObject | KArray[Any] | KDict[Any, Any], key: Any, value: Any
) -> None:
    """Set one cell without anybody watching; storing MISSING removes a key."""
    if isinstance(target, KObject):
        set_field(target, key, value)
    elif isinstance(target, list):
        list.__setitem__(target, key, value)
    elif value is MISSING:
        dict.__delitem__(target, key)
    else:
        dict.__setitem__(target, key, value)


def is_sound(tape: Tape) -> bool:
    """Whether the parts of a tape fit together, so that moving cannot go wrong."""
    steps, journal, frames = len(tape.where), tape.journal, tape.frames
    sound = (
        len(tape.at) == len(tape.who) == len(tape.seen) == steps
        and len(journal) % 4 == 0
    )
    sound = sound and all(each % 4 == 0 for each in tape.at)
    sound = (
        sound
        and list(tape.at) == sorted(tape.at)
        and (not steps or tape.at[-1] <= len(journal))
    )
    sound = sound and len(tape.born) == len(tape.born_at)
    sound = sound and all(who < len(frames) for who in tape.who)
    sound = sound and all(
        seen <= len(frames[who].log) and seen % 2 == 0
        for who, seen in zip(tape.who, tape.seen, strict=True)
    )
    sound = sound and all(
        0 <= each.first_step <= each.last_step < steps for each in frames
    )
    sound = sound and all(tape.who[each.first_step] == each.index for each in frames)
    targets = zip(journal[::4], journal[1::4], strict=True)
    sound = sound and all(
        isinstance(target, (KObject, KArray, KDict)) and exists(Cell(target, key))
        for target, key in targets
    )
    return sound
