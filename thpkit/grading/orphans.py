"""Processes that a learner's code has left behind, where the worker that would have cleaned up was killed or stopped.

A worker adopts what its descendants leave, and kills it. Whoever starts workers adopts in his turn what a *killed*
worker leaves: its orphans become his children. They can hide neither in a session of their own nor behind an
environment that they have emptied.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.grading import worker

MARK: Final = "THP_WORKER"
"""Environment variable that marks a worker and everything it starts."""
SWEEP_SECONDS: Final = 5.0
"""How long orphans are hunted; who forks faster than that gets away."""
SETTLE_SECONDS: Final = 0.05
"""How long it takes at most until the orphans of a process that has just been killed have their new parent."""


class Seen(NamedTuple):
    """A process, as ``/proc`` shows it."""

    pid: int
    state: str
    parent: int
    session: int
    started: int
    """When, in ticks of the system's clock since the machine was started."""


def adopt() -> None:
    """From now on orphaned descendants of this process become its children. Where that is impossible, do without."""
    worker.prctl(worker.PR_SET_CHILD_SUBREAPER, 1)


def ticks() -> int:
    """The time now, as :attr:`Seen.started` counts it."""
    if sys.platform != "linux":
        return 0
    per_second = os.sysconf("SC_CLK_TCK")
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * per_second) - 1


def look_at(pid: int) -> Seen | None:
    """The process with that id; None if there is none, or no ``/proc``."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return Seen(pid, text[0].decode(), int(text[1]), int(text[3]), int(text[19]))
    except (OSError, ValueError, IndexError):
        return None


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal: it would not even see its own deadline."""
    seen = look_at(pid)
    return seen is not None and seen.state in "Tt"


def kill_marked(mark: str) -> None:
    """Kill every process that has this mark in its environment still."""
    wanted = f"{MARK}={mark}".encode()
    for _ in range(3):
        for each in Path("/proc").glob("[0-9]*/environ"):
            try:
                if wanted in each.read_bytes().split(b"\0"):
                    os.kill(int(each.parent.name), signal.SIGKILL)
            except (OSError, ValueError):
                continue


def kill_adopted(since: int, known: Container[int]) -> None:
    """Kill and reap the orphans that this process has adopted, and what they leave in turn.

    An orphan of a worker is a child of this process that is not ``known``, stands in another session, and was
    started at ``since`` or later. A child that this process itself has started meanwhile for another purpose is left
    alone if it stayed in the session, as children do.
    """
    begun = time.monotonic()
    while time.monotonic() < begun + SWEEP_SECONDS:
        found = [each for each in _children() if _is_orphan(each, since, known)]
        if not found and time.monotonic() > begun + SETTLE_SECONDS:
            return
        for each in found:
            with suppress(OSError):
                os.kill(each.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(each.pid, os.WNOHANG)
        time.sleep(worker.POLL_SECONDS)


def _is_orphan(seen: Seen, since: int, known: Container[int]) -> bool:
    return (
        seen.pid not in known and seen.session != os.getsid(0) and seen.started >= since
    )


def _children() -> Iterator[Seen]:
    """The children of this process."""
    for each in Path("/proc").glob("[0-9]*"):
        seen = look_at(int(each.name))
        if seen is not None and seen.parent == os.getpid():
            yield seen
