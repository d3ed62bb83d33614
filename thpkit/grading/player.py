"""Playing the calls of a case on a machine."""

from __future__ import annotations

from enum import IntFlag
from typing import TypeVar

from thpkit.grading.cases import NUMBERS, Argument, Call, CaseError, number
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.machine import Machine, Process

Flag = TypeVar("Flag", bound=IntFlag)


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
            self._machine_call(call.name, values)
            return None
        process = self.machine.processes.get(call.process)
        if process is None:
            raise CaseError(
                f"{call.text}: there is no process {call.process}; spawn it first"
            )
        result = _process_call(process, call.name, values)
        if call.gives is not None:
            if not isinstance(result, int):
                raise CaseError(f"{call.text}: this call gives no number")
            self._names[call.gives] = int(result)
        return result

    def _value(self, key: str, value: Argument) -> Argument:
        return number(value, self._names) if key in NUMBERS else value

    def _machine_call(self, name: str, values: dict[str, Argument]) -> None:
        machine = self.machine
        if name == "create":
            huge = bool(values.get("huge", True))
            machine.create(str(values["path"]), int(values["size"]), huge=huge)
        elif name == "spawn":
            base = values.get("mmap_base")
            machine.spawn(
                str(values["name"]), mmap_base=None if base is None else int(base)
            )
        else:
            machine.drain()


def _process_call(process: Process, name: str, values: dict[str, Argument]) -> object:
    """One system call, or one access to memory."""

    def integer(key: str, default: int = 0) -> int:
        return int(values.get(key, default))

    if name == "open":
        flags = _flags(OpenFlags, values.get("flags"), OpenFlags.RDONLY)
        return process.open(str(values["path"]), flags)
    if name == "close":
        return process.close(integer("fd"))
    if name == "mmap":
        return process.mmap(
            integer("length"),
            _flags(Prot, values.get("prot"), Prot.READ),
            _flags(MapFlags, values.get("flags"), MapFlags.PRIVATE),
            integer("fd", -1),
            integer("offset"),
            integer("addr"),
        )
    if name == "munmap":
        return process.munmap(integer("addr"), integer("length"))
    if name == "touch":
        access = _flags(Access, values.get("access"), Access.READ)
        return process.touch(integer("addr"), access)
    if name == "truncate":
        return process.truncate(str(values["path"]), integer("length"))
    process.exit()
    return None


def _flags(kind: type[Flag], value: Argument | None, default: Flag) -> Flag:
    """Flags by their names: ``READ|EXEC``."""
    if value is None:
        return default
    found = kind(0)
    for name in str(value).split("|"):
        if name.strip() not in kind.__members__:
            raise CaseError(f"there is no {kind.__name__} {name.strip()!r}")
        found = found | kind[name.strip()]
    return found
