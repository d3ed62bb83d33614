"""What the simulated kernel costs without a recorder: a first huge fault, a second one, and a mix of system calls."""

from __future__ import annotations

import time
from collections.abc import Callable

from thpkit.kernel import units
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine

FAULTS = 20
"""Huge faults timed for one figure."""


def _best(run: Callable[[], float], rounds: int = 5) -> float:
    """The smallest of several measurements: what noise only adds to."""
    return min(run() for _ in range(rounds))


def _first_fault() -> float:
    """Seconds of one huge fault that allocates, inserts, reads and maps."""
    machine = Machine()
    size = FAULTS * units.HPAGE_PMD_SIZE
    machine.create("/lib/libbig.so", size=size)
    process = machine.spawn("A")
    start = process.mmap(
        size, Prot.READ, MapFlags.PRIVATE, process.open("/lib/libbig.so")
    )
    begin = time.perf_counter()
    for block in range(FAULTS):
        process.touch(start + block * units.HPAGE_PMD_SIZE)
    return (time.perf_counter() - begin) / FAULTS


def _second_fault() -> float:
    """Seconds of one huge fault that finds its page in the cache."""
    machine = Machine()
    size = FAULTS * units.HPAGE_PMD_SIZE
    machine.create("/lib/libbig.so", size=size)
    elapsed = 0.0
    for name in "AB":
        process = machine.spawn(name)
        start = process.mmap(
            size, Prot.READ, MapFlags.PRIVATE, process.open("/lib/libbig.so")
        )
        begin = time.perf_counter()
        for block in range(FAULTS):
            process.touch(start + block * units.HPAGE_PMD_SIZE)
        elapsed = time.perf_counter() - begin
    return elapsed / FAULTS


def _small_fault() -> float:
    """Seconds of one fault by one small page that has to be read."""
    machine = Machine()
    machine.create("/small", size=1 << 20, huge=False)
    process = machine.spawn("A")
    start = process.mmap(1 << 20, Prot.READ, MapFlags.PRIVATE, process.open("/small"))
    begin = time.perf_counter()
    for page in range(256):
        process.touch(start + page * units.PAGE_SIZE)
    return (time.perf_counter() - begin) / 256


def _mix() -> float:
    """Seconds of one system call of a mix: open, mmap, munmap, close."""
    machine = Machine()
    machine.create("/small", size=1 << 20, huge=False)
    process = machine.spawn("A")
    begin = time.perf_counter()
    for _ in range(100):
        fd = process.open("/small")
        start = process.mmap(1 << 20, Prot.READ, MapFlags.PRIVATE, fd)
        process.munmap(start, 1 << 20)
        process.close(fd)
    return (time.perf_counter() - begin) / 400


def rows() -> list[tuple[str, float, str]]:
    """Ratios in one run first; times are a guide."""
    first = _best(_first_fault)
    second = _best(_second_fault)
    small = _best(_small_fault)
    return [
        ("first huge fault, of 512 small faults", first / (512 * small), "report"),
        (
            "second huge fault, of the first",
            second / first,
            "report: no allocation, no insertion",
        ),
        ("first huge fault", first * 1e3, "report (ms)"),
        ("one small fault that reads", small * 1e6, "report (µs)"),
        ("one system call of a mix", _best(_mix) * 1e6, "report (µs)"),
    ]


if __name__ == "__main__":
    for name, value, budget in rows():
        print(f"{name:45}{value:10.3g}  {budget}")
