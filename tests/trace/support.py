"""Recording the toy kernel and the real one, for the tests of this directory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tests.trace import toy
from thpkit.kernel.flags import Access, MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config
from thpkit.kernel.units import SMALL
from thpkit.trace.policy import Follow
from thpkit.trace.recorder import record
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Timeline

FOLLOW = Follow.of(extra_files=[toy.__file__])


def record_toy(
    run: Callable[[toy.Toy], object] = toy.story, budget: int = 100_000
) -> Timeline:
    """What the toy kernel does in ``run``."""
    root = toy.new_toy()

    def start() -> None:
        run(root)

    return record(start, root=root, follow=FOLLOW, budget=budget, title="toy")


@cache
def story() -> Timeline:
    """The toy's story; shared, so a test leaves it where it likes."""
    return record_toy()


def program(machine: Machine) -> None:
    """A process maps a file, touches it and exits."""
    a = machine.spawn("A")
    fd = a.open("/lib")
    length = 4 << 15
    addr = a.mmap(length, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd)
    a.touch(addr, Access.EXEC)
    a.munmap(addr, length)
    a.exit()


def record_machine() -> Timeline:
    """What the small machine does in :func:`program`."""
    machine = Machine(config=Config(geometry=SMALL))
    machine.create("/lib", 4 << 15)
    follow = Follow.of(machine.variant, [__file__])
    return record(
        lambda: program(machine), root=machine.kernel, follow=follow, title="small"
    )


@cache
def machine() -> Timeline:
    """The small machine's program; shared."""
    return record_machine()


def statement(timeline: Timeline, text: str) -> Statement:
    """The one statement of the recording whose first line holds ``text``."""
    found = {
        each
        for frame in timeline.tape.frames
        for each in frame.function.statements.values()
        if text in each.text
    }
    assert len(found) == 1, found
    return found.pop()
