"""Calls as plain data: system calls of a process, accesses to memory, and what the machine itself is told.

A call is a table. ``do`` says who does what, ``gives`` names the result for later calls, the rest are arguments::

    { do = "A.mmap", length = "4M", prot = "READ|EXEC", fd = "fd", gives = "at" }
    { do = "fail", site = "xa_node", skip = 2 }
    { do = "interrupt", at = "locks.lock_page", visit = 1, calls = [{ do = "B.read", fd = "fd_b", page = 700 }] }

A number is written as one, or as a sum of numbers, sizes (``4K``, ``2M``, ``1G``) and names that an earlier call has
given its result. Nothing here is executed; :mod:`~thpkit.grading.player` plays the calls.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, Final, TypeAlias

Argument: TypeAlias = int | str | bool

NUMBERS: Final = frozenset(
    {
        *("size", "mmap_base", "length", "fd", "offset"),
        *("addr", "page", "count", "skip", "visit"),
    }
)
"""Arguments that are numbers."""

Arguments: TypeAlias = Mapping[str, bool]
"""The arguments of a call, and whether each is needed."""

MACHINE_CALLS: Final[Mapping[str, Arguments]] = {
    "create": {"path": True, "size": True, "huge": False},
    "spawn": {"name": True, "mmap_base": False},
    "drain": {},
    "fail": {"site": True, "skip": False, "count": False},
    "interrupt": {"at": True, "visit": False},
}
"""What the machine is told."""

PROCESS_CALLS: Final[Mapping[str, Arguments]] = {
    "open": {"path": True, "flags": False},
    "close": {"fd": True},
    "mmap": {
        "length": True,
        "prot": False,
        "flags": False,
        "fd": False,
        "offset": False,
        "addr": False,
    },
    "munmap": {"addr": True, "length": True},
    "touch": {"addr": True, "access": False},
    "mprotect": {"addr": True, "length": True, "prot": True},
    "truncate": {"path": True, "length": True},
    "ftruncate": {"fd": True, "length": True},
    "unlink": {"path": True},
    "read": {"fd": True, "page": True, "count": False},
    "write": {"fd": True, "page": True, "count": False},
    "mincore": {"addr": True, "length": True},
    "load_text": {"fd": True, "length": True, "offset": False},
    "thread": {"name": True},
    "exit": {},
}
"""System calls of a process, its accesses to memory, and starting a thread of it."""

ADDRESSES: Final = 1 << 32
"""Numbers from here on are addresses, and are shown in hexadecimal."""
WORD: Final = 1 << 64
"""No number in a kernel is as large as this."""
_SIZES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_PLACE: Final = re.compile(r"[a-z_]+\.[a-z_0-9]+")


class CaseError(ValueError):
    """A case or a call is written wrongly; the message is a sentence."""


@dataclass(frozen=True)
class Call:
    """One call of a case."""

    process: str | None
    """Who makes it; None for what the machine itself is told."""
    name: str
    arguments: Mapping[str, Argument]
    gives: str | None = None
    """Name of the result, for later calls."""
    calls: tuple[Call, ...] = ()
    """Of an interruption: what others do meanwhile."""

    @property
    def text(self) -> str:
        """As a reader would write it: ``A: at = mmap(4M, prot=READ|EXEC)``."""
        if self.calls:
            visit = self.arguments.get("visit", 1)
            times = f" (time {visit})" if visit != 1 else ""
            others = "; ".join(each.text for each in self.calls)
            return f"while the next call runs, before {self.arguments['at']}{times}: {others}"
        needed = arguments_of(self.process, self.name)
        shown = ", ".join(
            _shown(value) if needed[key] else f"{key}={_shown(value)}"
            for key, value in self.arguments.items()
        )
        who = "" if self.process is None else f"{self.process}: "
        result = "" if self.gives is None else f"{self.gives} = "
        return f"{who}{result}{self.name}({shown})"

    def to_data(self) -> dict[str, Any]:
        """The plain data that :func:`call_of` reads."""
        data: dict[str, Any] = {"do": _do(self.process, self.name), **self.arguments}
        if self.gives is not None:
            data["gives"] = self.gives
        if self.calls:
            data["calls"] = [each.to_data() for each in self.calls]
        return data


def count(calls: Iterable[Call]) -> int:
    """How many calls there are, with those that are made during interruptions."""
    return sum(1 + count(each.calls) for each in calls)


def call_of(data: object, known: Mapping[str, int]) -> Call:
    """The call that plain data describes; ``known`` are the names that earlier calls gave.

    Raises:
        CaseError: something is missing, unknown or of the wrong type.
    """
    if not isinstance(data, dict) or not isinstance(data.get("do"), str):
        raise CaseError('a call is a table with do = "…"')
    do, gives = data["do"], data.get("gives")
    process, _, name = do.rpartition(".")
    wanted = arguments_of(process or None, name)
    inner = _inner(do, data.get("calls"), known)
    arguments = {
        key: each for key, each in data.items() if key not in ("do", "gives", "calls")
    }
    _verify(do, arguments, wanted, known)
    if gives is not None and not (isinstance(gives, str) and gives.isidentifier()):
        raise CaseError(f"{do}: gives is a name, not {_quoted(gives)}")
    ordered = {key: arguments[key] for key in wanted if key in arguments}
    return Call(process or None, name, ordered, gives, inner)


def _inner(do: str, data: object, known: Mapping[str, int]) -> tuple[Call, ...]:
    """What others do during an interruption."""
    if do != "interrupt":
        if data is not None:
            raise CaseError(f"{do} has no calls; interrupt has")
        return ()
    if not isinstance(data, list) or not data:
        raise CaseError("interrupt needs calls: a list with what others do meanwhile")
    return tuple(call_of(each, known) for each in data)


def _verify(
    do: str,
    arguments: Mapping[str, object],
    wanted: Arguments,
    known: Mapping[str, int],
) -> None:
    """Nothing unknown, nothing missing, everything of the right type."""
    unknown = sorted(map(_named, set(arguments) - set(wanted)))
    if unknown:
        has = ", ".join(wanted) or "no arguments"
        raise CaseError(f"{do} has no {', '.join(unknown)}; it has {has}")
    missing = [key for key, needed in wanted.items() if needed and key not in arguments]
    if missing:
        raise CaseError(f"{do} needs {', '.join(missing)}")
    for key, value in arguments.items():
        if not isinstance(value, (int, str)):
            raise CaseError(f"{do}: {key} is a number or a text, not {_quoted(value)}")
        if isinstance(value, int) and abs(value) >= WORD:
            raise CaseError(f"{do}: {key} must fit into 64 bits")
        if key in NUMBERS:
            number(value, known)
    if do == "interrupt":
        place(str(arguments["at"]))


def number(value: Argument, known: Mapping[str, int]) -> int:
    """A number as it is written in a case; ``known`` are the results of earlier calls by name.

    Raises:
        CaseError: it is none.
    """
    if isinstance(value, int):
        found = int(value)
    else:
        found = sum(_term(each.strip(), known) for each in value.split("+"))
    if abs(found) >= WORD:
        raise CaseError("a number must fit into 64 bits")
    return found


def place(name: str) -> FunctionType:
    """The kernel function ``module.function`` before which an interruption happens.

    Raises:
        CaseError: there is none.
    """
    module, _, function = name.partition(".")
    found = None
    if _PLACE.fullmatch(name):
        try:
            home = importlib.import_module(f"thpkit.kernel.{module}")
            found = getattr(home, function, None)
        except ImportError:
            found = None
    if not isinstance(found, FunctionType):
        raise CaseError(
            f"interrupt: there is no kernel function {name!r}; write module.function, such as locks.lock_page"
        )
    return found


def arguments_of(process: str | None, name: str) -> Arguments:
    """The arguments of a call.

    Raises:
        CaseError: there is no such call; the message lists those there are.
    """
    calls = MACHINE_CALLS if process is None else PROCESS_CALLS
    if name not in calls:
        raise CaseError(
            f"there is no call {_do(process, name)!r}; write {_listed(MACHINE_CALLS)}, or "
            f"P.{', P.'.join(PROCESS_CALLS)} for a process P"
        )
    return calls[name]


def _shown(value: Argument) -> str:
    """An argument for readers; addresses in hexadecimal."""
    if type(value) is int and value >= ADDRESSES:
        return hex(value)
    return str(value)


def _quoted(value: object) -> str:
    """What was written instead of something else, briefly."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits
        text = "something very long"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _named(key: object) -> str:
    """The name of an argument, without quotes if it is one."""
    return _quoted(key).strip("'") if isinstance(key, str) else _quoted(key)


def _term(text: str, known: Mapping[str, int]) -> int:
    if text in known:
        return known[text]
    size = _SIZES.get(text[-1:], 1)
    digits = text if size == 1 else text[:-1]
    try:
        return int(digits, 0) * size
    except ValueError:
        names = ", ".join(known) or "none"
        raise CaseError(
            f"{_quoted(text)} is no number, no size such as 2M and no result of an earlier call (there is {names})"
        ) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _do(process: str | None, name: str) -> str:
    return name if process is None else f"{process}.{name}"
