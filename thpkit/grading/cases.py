"""Cases: what an exercise is tried on, as system calls written in plain data.

A case in ``cases.toml``::

    [[case]]
    id = "one-process"
    title = "One process maps a huge page and unmaps it"
    calls = [
      { do = "create", path = "/lib/libbig.so", size = "4M" },
      { do = "spawn", name = "A" },
      { do = "A.open", path = "/lib/libbig.so", gives = "fd" },
      { do = "A.mmap", length = "4M", prot = "READ|EXEC", fd = "fd", gives = "at" },
      { do = "A.touch", addr = "at + 2M" },
    ]

A number is written as one, or as a sum of numbers, sizes (``4K``, ``2M``, ``1G``) and names that an earlier call of
the case ``gives`` its result. Nothing here is executed; :mod:`~thpkit.grading.player` plays the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Argument: TypeAlias = int | str | bool

NUMBERS: Final = frozenset({"size", "mmap_base", "length", "fd", "offset", "addr"})
"""Arguments that are numbers."""

MACHINE_CALLS: Final[Mapping[str, Mapping[str, bool]]] = {
    "create": {"path": True, "size": True, "huge": False},
    "spawn": {"name": True, "mmap_base": False},
    "drain": {},
}
"""What the machine is told: arguments, and whether each is needed."""

PROCESS_CALLS: Final[Mapping[str, Mapping[str, bool]]] = {
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
    "truncate": {"path": True, "length": True},
    "exit": {},
}
"""System calls of a process, and its accesses to memory."""

_SIZES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class CaseError(ValueError):
    """A case is written wrongly; the message is a sentence."""


@dataclass(frozen=True)
class Call:
    """One call of a case."""

    process: str | None
    """Who makes it; None for what the machine itself is told."""
    name: str
    arguments: Mapping[str, Argument]
    gives: str | None = None
    """Name of the result, for later calls."""

    @property
    def text(self) -> str:
        """As a reader would write it: ``A: at = mmap(4M, prot=READ|EXEC)``."""
        needed = _known(self.process, self.name)
        shown = ", ".join(
            str(value) if needed[key] else f"{key}={value}"
            for key, value in self.arguments.items()
        )
        who = "" if self.process is None else f"{self.process}: "
        result = "" if self.gives is None else f"{self.gives} = "
        return f"{who}{result}{self.name}({shown})"

    def to_data(self) -> dict[str, Argument]:
        """The plain data that :func:`call_of` reads."""
        data: dict[str, Argument] = {
            "do": _do(self.process, self.name),
            **self.arguments,
        }
        if self.gives is not None:
            data["gives"] = self.gives
        return data


@dataclass(frozen=True)
class Case:
    """A named sequence of calls on a machine of its own."""

    id: str
    title: str
    calls: tuple[Call, ...]

    def to_data(self) -> dict[str, Any]:
        """The plain data that :func:`case_of` reads."""
        calls = [each.to_data() for each in self.calls]
        return {"id": self.id, "title": self.title, "calls": calls}


def case_of(data: object) -> Case:
    """The case that plain data describes.

    Raises:
        CaseError: something is missing, unknown or of the wrong type.
    """
    if not isinstance(data, dict) or set(data) != {"id", "title", "calls"}:
        raise CaseError("a case has exactly id, title and calls")
    name, title, calls = data["id"], data["title"], data["calls"]
    if not isinstance(name, str) or not isinstance(title, str) or not name:
        raise CaseError(f"case {name!r}: id and title are texts")
    if not isinstance(calls, list) or not calls:
        raise CaseError(f"case {name}: calls is a list with at least one call")
    known: dict[str, int] = {}
    found = []
    for number, each in enumerate(calls, 1):
        try:
            call = call_of(each, known)
        except CaseError as error:
            raise CaseError(f"case {name}, call {number}: {error}") from None
        if call.gives is not None:
            known[call.gives] = 0
        found.append(call)
    return Case(name, title, tuple(found))


def call_of(data: object, known: Mapping[str, int]) -> Call:
    """The call that plain data describes; ``known`` are the names that earlier calls gave.

    Raises:
        CaseError: something is missing, unknown or of the wrong type.
    """
    if not isinstance(data, dict) or not isinstance(data.get("do"), str):
        raise CaseError('a call is a table with do = "…"')
    do, gives = data["do"], data.get("gives")
    process, _, name = do.rpartition(".")
    wanted = _known(process or None, name)
    arguments = {key: each for key, each in data.items() if key not in ("do", "gives")}
    unknown = sorted(set(arguments) - set(wanted))
    if unknown:
        raise CaseError(f"{do} has no {', '.join(unknown)}; it has {', '.join(wanted)}")
    missing = [key for key, needed in wanted.items() if needed and key not in arguments]
    if missing:
        raise CaseError(f"{do} needs {', '.join(missing)}")
    for key, value in arguments.items():
        if not isinstance(value, (int, str)):
            raise CaseError(f"{do}: {key} is a number or a text, not {value!r}")
        if key in NUMBERS:
            number(value, known)
    if gives is not None and not (isinstance(gives, str) and gives.isidentifier()):
        raise CaseError(f"{do}: gives is a name, not {gives!r}")
    ordered = {key: arguments[key] for key in wanted if key in arguments}
    return Call(process or None, name, ordered, gives)


def number(value: Argument, known: Mapping[str, int]) -> int:
    """A number as it is written in a case; ``known`` are the results of earlier calls by name.

    Raises:
        CaseError: it is none.
    """
    if isinstance(value, int):
        return int(value)
    return sum(_term(each.strip(), known) for each in value.split("+"))


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
            f"{text!r} is no number, no size such as 2M and no result of an earlier call (there is {names})"
        ) from None


def _known(process: str | None, name: str) -> Mapping[str, bool]:
    calls = MACHINE_CALLS if process is None else PROCESS_CALLS
    if name not in calls:
        raise CaseError(
            f"there is no call {_do(process, name)!r}; write {_listed(MACHINE_CALLS)}, or "
            f"P.{', P.'.join(PROCESS_CALLS)} for a process P"
        )
    return calls[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _do(process: str | None, name: str) -> str:
    return name if process is None else f"{process}.{name}"
