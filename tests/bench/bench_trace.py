"""What recording and time travel cost."""

from __future__ import annotations

import bdb
import gc
import random
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from tests.trace import toy as toy_h
from thpkit.kernel.flags import Access, MapFlags, Prot
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import KObject, kstruct
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.vmstat import NodeStat
from thpkit.trace import folds, policy, recorder
from thpkit.trace.cells import Cell
from thpkit.trace.timeline import Timeline

PAGES: Final = 5_700
"""Pages to insert for about 100,000 steps."""


def _seconds(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    gc.collect()
    start = perf_counter()
    work()
    return perf_counter() - start


def _best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of several runs."""
    return min(_seconds(work) for _ in range(times))


def _race(a: Callable[[], object], b: Callable[[], object]) -> tuple[float, float]:
    """The fastest runs of both, taken by turns, so that a busy machine slows both."""
    pairs = [(_seconds(a), _seconds(b)) for _ in range(8)]
    return min(each[0] for each in pairs), min(each[1] for each in pairs)


def _record(pages: int) -> Timeline:
    toy = toy_h.new_toy()
    follow = policy.Follow.of(extra_files=[toy_h.__file__])

    def run() -> None:
        toy_h.fill(toy, 0, pages)

    return recorder.record(run, root=toy, follow=follow)


def _record_fault() -> Timeline:
    """One huge page fault of the real machine: map a file, touch it once."""
    machine = Machine()
    machine.create("/lib", 2 << 20)
    process = machine.spawn("A")
    address = process.mmap(
        2 << 20, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, process.open("/lib")
    )
    follow = policy.Follow.of(machine.variant)
    return recorder.record(
        lambda: _touch(process, address), root=machine.kernel, follow=follow
    )


def _touch(process: Process, address: int) -> None:
    process.touch(address, Access.EXEC)


class _Empty(bdb.Bdb):
    """A debugger that follows everything and does nothing."""


def _debugged(pages: int) -> None:
    toy = toy_h.new_toy()
    _Empty().runcall(toy_h.fill, toy, 0, pages)


def _resident() -> int:
    """Bytes of memory in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _bytes_a_step(pages: int) -> float:
    """Memory that a recording adds to what the same run needs without it, per step."""
    gc.collect()
    before = _resident()
    toy = toy_h.new_toy()
    toy_h.fill(toy, 0, pages)
    gc.collect()
    plain = _resident() - before
    before = _resident()
    timeline = _record(pages)
    gc.collect()
    return (_resident() - before - plain) / len(timeline)


def _record_kernel(steps: int) -> Timeline:
    """So many steps of the real machine: file after file is mapped, read as one huge page, unmapped and cut."""
    machine = Machine()
    paths = [f"/lib/{number}" for number in range(max(steps // 20_000, 1))]
    for path in paths:
        machine.create(path, 2 << 20)
    process = machine.spawn("A")

    def run() -> None:
        for path in paths:
            descriptor = process.open(path)
            at = process.mmap(2 << 20, Prot.READ, MapFlags.PRIVATE, descriptor)
            process.touch(at, Access.READ)
            process.munmap(at, 2 << 20)
            process.truncate(path, 0)
            process.close(descriptor)

    follow = policy.Follow.of(machine.variant)
    return recorder.record(run, root=machine.kernel, follow=follow, budget=steps)


def _last_writer(timeline: Timeline) -> float:
    """Median of the search for who wrote a counter last, from random steps, in milliseconds."""
    root = timeline.root
    assert isinstance(root, Kernel)
    cell = Cell(root.vmstat.node, NodeStat.NR_FILE_PAGES.value)
    chance = random.Random(2)
    found = []
    for _ in range(200):
        n = chance.randrange(len(timeline))
        start = perf_counter()
        timeline.last_write_before(cell, n)
        found.append((perf_counter() - start) * 1e3)
    return median(found)


def _kernel_rows(steps: int = 1_000_000) -> list[tuple[str, float, str]]:
    """The figures of a long recording of the kernel itself."""
    timeline = _record_kernel(steps)
    name = f"kernel, {len(timeline) / 1e6:.2g}M steps"
    seeks = _seeks(timeline, 60)
    index = _seconds(timeline.history)
    return [
        (f"{name}: random seek", seeks, "<= 50 ms"),
        (f"{name}: index of who wrote what", index, "report s"),
        (f"{name}: last writer", _last_writer(timeline), "report ms"),
    ]


def _seeks(timeline: Timeline, times: int) -> float:
    """Median of random seeks, in milliseconds."""
    chance = random.Random(1)
    found = []
    for _ in range(times):
        n = chance.randrange(len(timeline))
        start = perf_counter()
        timeline.seek(n)
        found.append((perf_counter() - start) * 1e3)
    return median(found)


def _single_steps(timeline: Timeline) -> float:
    """One step forwards, in microseconds, from the first step to the last."""
    timeline.start()
    steps = len(timeline)
    start = perf_counter()
    for n in range(steps):
        timeline.seek(n)
    return (perf_counter() - start) / steps * 1e6


@kstruct
class _Watched(KObject):
    """Has a field that may be watched."""

    value: int = 0


class _Plain:
    """The same without any ancestor."""

    __slots__ = ("value",)


def _writes(target: Any) -> None:
    for i in range(200_000):
        target.value = i


def rows(million: bool = False) -> list[tuple[str, float, str]]:
    """Measure; ``million`` adds the figures at a million steps, which take half a minute."""
    memory = _bytes_a_step(PAGES)
    timeline = _record(PAGES)
    steps = len(timeline)
    recorded, debugged = _race(lambda: _record(PAGES), lambda: _debugged(PAGES))
    folded = _best(lambda: folds._Folder(timeline).fold(), 3)
    write = _best(lambda: _writes(_Watched("w"))) / _best(lambda: _writes(_Plain()))
    fault = _record_fault()
    faulted = _best(_record_fault) / len(fault) * 1e6
    found = [
        ("record, all on, of an empty bdb run", recorded / debugged, "<= 3x"),
        ("record one step", recorded / steps * 1e6, "report (guide 4 µs)"),
        (
            f"record a huge page fault, one of {len(fault)} steps",
            faulted,
            "report (guide 4 µs)",
        ),
        (f"memory a step at {steps // 1000}k", memory, "<= 80 B"),
        (f"random seek at {steps // 1000}k", _seeks(timeline, 300), "<= 5 ms"),
        ("one step on, its writes included", _single_steps(timeline), "<= 1.5 µs"),
        ("field write, nobody watching", write, "<= 1.5x"),
        (f"folds of {steps // 1000}k steps", folded, "<= 1 s"),
    ]
    if million:
        del timeline
        memory = _bytes_a_step(PAGES * 10)
        timeline = _record(PAGES * 10)
        found += [
            ("memory a step at 1M", memory, "<= 80 B"),
            ("random seek at 1M", _seeks(timeline, 60), "<= 50 ms"),
        ]
        del timeline
        found += _kernel_rows()
    return found


if __name__ == "__main__":
    for name, value, budget in rows("--million" in sys.argv):
        print(f"{name:<40} {value:10.3g}   {budget}")
