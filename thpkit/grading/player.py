"""Playing the calls of a case on a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntFlag
from functools import partial
from typing import Final, TypeAlias, TypeVar

from thpkit.grading.calls import NUMBERS, Argument, Call, CaseError, number, place
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.variant import REF, Variant

Flag = TypeVar("Flag", bound=IntFlag)
Values: TypeAlias = Mapping[str, Argument]


def version_named(name: str) -> Variant:
    """The version of the kernel of that name: ``ref``, ``v3``, ``v3+D2``.

    Raises:
        ValueError: there is none.
    """
    if name == REF.name:
        return REF
    from thpkit.patch.registry import variant_named  # not needed by most, and large

    return variant_named(name)


def machine_for(variant: Variant, base: str) -> Machine:
    """A machine with that kernel. Where the version below it is a posted one, it notes broken rules and goes on."""
    if base == REF.name:
        return Machine(variant=variant)
    return Machine(variant, Config(on_splat=OnSplat.LOG, debug_vm=False))


class Player:
    """A machine and the results that its calls gave so far."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._names: dict[str, int] = {}

    def play(self, call: Call) -> object:
        """Make one call; what it returned.

        Raises:
            CaseError: the case itself is wrong: it names a process that does not exist, for example.
        """
        values = {key: self._value(key, each) for key, each in call.arguments.items()}
        if call.process is None:
            try:
                self._machine_call(call, values)
            except ValueError as error:  # a path that exists, an unknown site
                raise CaseError(f"{call.text}: {error}") from None
            return None
        process = self.machine.processes.get(call.process)
        if process is None:
            who = f"there is no process {call.process}; spawn it first"
            raise CaseError(f"{call.text}: {who}")
        if process.task.mm is None:
            raise CaseError(f"{call.text}: process {call.process} has exited")
        # From here on the kernel runs, and perhaps a learner's code: what it raises is not about the case.
        result = PROCESS_CALLS[call.name](process, values)
        if call.gives is not None:
            if not isinstance(result, int):
                raise CaseError(f"{call.text}: this call gives no number")
            self._names[call.gives] = int(result)
        return result

    def _value(self, key: str, value: Argument) -> Argument:
        return number(value, self._names) if key in NUMBERS else value

    def _machine_call(self, call: Call, values: Values) -> None:
        machine = self.machine
        if call.name == "create":
            huge = bool(values.get("huge", True))
            machine.create(str(values["path"]), int(values["size"]), huge=huge)
        elif call.name == "spawn":
            base = values.get("mmap_base")
            machine.spawn(
                str(values["name"]), mmap_base=None if base is None else int(base)
            )
        elif call.name == "fail":
            machine.fail(
                str(values["site"]),
                skip=_integer(values, "skip"),
                count=_integer(values, "count", 1),
            )
        elif call.name == "interrupt":
            visit = _integer(values, "visit", 1)
            machine.interrupt(
                place(str(values["at"])), visit, partial(self._meanwhile, call.calls)
            )
        else:
            machine.drain()

    def _meanwhile(self, calls: tuple[Call, ...], _machine: Machine) -> None:
        """What others do during an interruption."""
        for each in calls:
            self.play(each)


# ---- system calls ---------------------------------------------------------------------------------------


def _integer(values: Values, key: str, default: int = 0) -> int:
    return int(values.get(key, default))


def _flags(kind: type[Flag], value: Argument | None, default: Flag) -> Flag:
    """Flags by their names: ``READ|EXEC``."""
    if value is None:
        return default
    found = kind(0)
    for name in str(value).split("|"):
        if name.strip() not in kind.__members__:
            known = ", ".join(kind.__members__)
            raise CaseError(f"there is no {kind.__name__} {name.strip()!r}: {known}")
        found = found | kind[name.strip()]
    return found


def _mmap(process: Process, values: Values) -> object:
    return process.mmap(
        _integer(values, "length"),
        _flags(Prot, values.get("prot"), Prot.READ),
        _flags(MapFlags, values.get("flags"), MapFlags.PRIVATE),
        _integer(values, "fd", -1),
        _integer(values, "offset"),
        _integer(values, "addr"),
    )


def _open(process: Process, values: Values) -> object:
    flags = _flags(OpenFlags, values.get("flags"), OpenFlags.RDONLY)
    return process.open(str(values["path"]), flags)


def _touch(process: Process, values: Values) -> object:
    access = _flags(Access, values.get("access"), Access.READ)
    return process.touch(_integer(values, "addr"), access)


def _mprotect(process: Process, values: Values) -> object:
    prot = _flags(Prot, values["prot"], Prot.READ)
    return process.mprotect(_integer(values, "addr"), _integer(values, "length"), prot)


def _thread(process: Process, values: Values) -> object:
    try:
        process.machine.thread(str(values["name"]), process)
    except ValueError as error:
        raise CaseError(f"thread: {error}") from None
    return None


def _exit(process: Process, _values: Values) -> object:
    process.exit()
    return None


PROCESS_CALLS: Final[Mapping[str, Callable[[Process, Values], object]]] = {
    "open": _open,
    "close": lambda p, v: p.close(_integer(v, "fd")),
    "mmap": _mmap,
    "munmap": lambda p, v: p.munmap(_integer(v, "addr"), _integer(v, "length")),
    "touch": _touch,
    "mprotect": _mprotect,
    "truncate": lambda p, v: p.truncate(str(v["path"]), _integer(v, "length")),
    "ftruncate": lambda p, v: p.ftruncate(_integer(v, "fd"), _integer(v, "length")),
    "unlink": lambda p, v: p.unlink(str(v["path"])),
    "read": lambda p, v: p.read(
        _integer(v, "fd"), _integer(v, "page"), _integer(v, "count", 1)
    ),
    "write": lambda p, v: p.write(
        _integer(v, "fd"), _integer(v, "page"), _integer(v, "count", 1)
    ),
    "mincore": lambda p, v: p.mincore(_integer(v, "addr"), _integer(v, "length")),
    "load_text": lambda p, v: p.load_text(
        _integer(v, "fd"), _integer(v, "length"), _integer(v, "offset")
    ),
    "thread": _thread,
    "exit": _exit,
}
"""How each call of a process is made; its arguments stand in :mod:`~thpkit.grading.calls`."""
