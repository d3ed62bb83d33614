"""Starting a worker, reading what it says, and seeing to it that nothing of it is left."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Protocol

from thpkit.grading import orphans, worker
from thpkit.grading.limits import Limits
from thpkit.grading.model import CLONE

ANSWER_LIMIT: Final = 8 << 20
"""Bytes of an answer; more is none of ours."""
PRINTED_LIMIT: Final = 4 << 10
"""Bytes of the learner's own output that are kept; the rest is read and dropped."""
GRACE_SECONDS: Final = 15.0
"""After its deadline a worker has this long to clean up; then it is killed too."""
LOOK_SECONDS: Final = 0.1
"""How often is looked whether the watching process itself was stopped."""
FLOODED: Final = "something flooded the channel that is for the grader's answer"
"""Why there is no answer, if there was too much of it."""
LIVE: Final[set[int]] = set()
"""Ids of the processes that were started here and have not been seen to the end of."""


class GradingError(Exception):
    """Grading is not possible here; the message is a sentence."""


@dataclass(frozen=True)
class Spoken:
    """What came out of a worker."""

    answer: bytes
    """Everything that was written to the channel of the answer."""
    printed: str
    """The beginning of what the learner's code printed."""
    ended: str | None
    """Why there may be no answer: a sentence; None if the worker ended by itself and well."""


class Running(Protocol):
    """The process of a worker: what :class:`subprocess.Popen` offers, as far as it is needed."""

    returncode: Any  # Popen declares it so; an int once the process has ended
    stdout: IO[bytes] | None

    @property
    def pid(self) -> int:
        """Its process id; 0 as long as it is unknown."""

    def poll(self) -> int | None:
        """Its exit status, or None while it runs."""

    def kill(self) -> None:
        """Kill it."""

    def wait(self) -> int:
        """Wait for its end; its exit status."""


@dataclass
class Worker:
    """A worker that runs."""

    process: Running
    channel: int
    nonce: str
    limits: Limits
    started: float = field(default_factory=time.monotonic)
    mark: str = ""
    """What marks its descendants in their environment; it says nothing about the nonce."""
    server: int = 0
    """Id of the process that has forked it, if that was another one."""
    since: int = field(default_factory=orphans.ticks)

    def finish(self) -> Spoken:
        """Wait for its end, or for its deadline, and read what it said. Nothing of it runs afterwards."""
        reader = _Reader(self)
        try:
            late = reader.read_until(
                self.started + self.limits.wall_seconds + GRACE_SECONDS
            )
        finally:
            self.stop()
        return Spoken(
            reader.answer, _printable(reader.printed), self._why(late, reader)
        )

    def stop(self) -> None:
        """Kill what still runs."""
        alive = self.process.poll() is None
        if alive:
            self.process.kill()
            self.process.wait()
        if alive or self.process.returncode < 0:
            orphans.kill_marked(self.mark)
            orphans.kill_adopted(self.since, LIVE)
        LIVE.discard(self.process.pid)
        if self.channel >= 0:
            os.close(self.channel)
            self.channel = -1
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _why(self, late: bool, reader: _Reader) -> str | None:
        """The sentence for a worker that did not end by itself and well."""
        code = self.process.returncode
        if reader.overflow:
            return FLOODED
        if reader.stopped:
            return "the process that watches the run was stopped: the code sent signals to others"
        if late or code == worker.EXIT_DEADLINE:
            return (
                f"the run was stopped after {self.limits.wall_seconds:g} seconds: "
                "something waits or loops for ever"
            )
        if code < 0:
            return "the process that watches the run was killed: the code sent signals to others"
        if code >= worker.EXIT_SIGNALLED:
            return _signal_sentence(code - worker.EXIT_SIGNALLED, self.limits)
        return None if code == 0 else "the run broke down before it could answer"


Start = Callable[[dict[str, Any], Limits, Path], Worker]
"""What starts a worker on a request, in a directory."""
STARTER: Final[ContextVar[Start | None]] = ContextVar("STARTER", default=None)
"""What starts workers instead of :func:`start`: a process in which everything is imported already."""


def start(request: dict[str, Any], limits: Limits, directory: Path) -> Worker:
    """Start a worker on ``request``; ``directory`` is where it runs.

    Raises:
        GradingError: no process can be started here.
    """
    other = STARTER.get()
    if other is not None:
        return other(request, limits, directory)
    nonce, mark = secrets.token_hex(16), secrets.token_hex(16)
    data = json.dumps({**request, "nonce": nonce, "limits": limits.to_data()}).encode()
    channel, theirs = os.pipe()
    keep = [] if request["file"] is None else ["-B"]  # only the kit may leave byte code
    command = [sys.executable, "-I", "-S", *keep, "-X", "utf8", worker.__file__]
    try:
        process = _popen([*command, str(CLONE), str(theirs)], theirs, directory, mark)
    except OSError as error:
        os.close(channel)
        raise GradingError(
            f"cannot start a process to grade in: {error.strerror}"
        ) from None
    finally:
        os.close(theirs)
    LIVE.add(process.pid)
    orphans.adopt()
    assert process.stdin is not None
    with suppress(OSError):  # if it died already, its exit status says so
        process.stdin.write(data)
    with suppress(OSError):
        process.stdin.close()
    return Worker(process, channel, nonce, limits, mark=mark)


def _popen(
    command: list[str], channel: int, directory: Path, mark: str
) -> subprocess.Popen[bytes]:
    """A process in a session of its own, with next to no environment."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(channel,),
        cwd=directory,
        env={"PATH": os.defpath, "LANG": "C.UTF-8", orphans.MARK: mark},
        start_new_session=True,
    )


class _Reader:
    """Reads a worker's two pipes until the worker has ended."""

    def __init__(self, worker: Worker) -> None:
        assert worker.process.stdout is not None
        self._worker = worker
        self._output = worker.process.stdout.fileno()
        self.answer = b""
        self.printed = b""
        self.overflow = False
        self.stopped = False
        self._look = 0.0

    def read_until(self, deadline: float) -> bool:
        """Read; whether the deadline came first."""
        with selectors.DefaultSelector() as selector:
            for each in (self._worker.channel, self._output):
                os.set_blocking(each, False)
                selector.register(each, selectors.EVENT_READ)
            while not self.overflow:
                ended = self._worker.process.poll() is not None
                for key, _events in selector.select(0 if ended else 0.005):
                    if not self._take(key.fd):
                        selector.unregister(key.fd)
                if ended:
                    self._drain(selector)
                    return False
                if time.monotonic() > deadline or self._is_stopped():
                    return True
                if not selector.get_map():
                    time.sleep(0.003)  # both are closed; only the end is missing
        return False

    def _is_stopped(self) -> bool:
        """Whether what watches the run was stopped, so that nobody sees to the deadline; looks now and then."""
        if time.monotonic() > self._look:
            self._look = time.monotonic() + LOOK_SECONDS
            watchers = (self._worker.process.pid, self._worker.server)
            self.stopped = any(map(orphans.is_stopped, filter(None, watchers)))
        return self.stopped

    def _drain(self, selector: selectors.BaseSelector) -> None:
        """Read what is left in the pipes of a worker that has ended."""
        for fd in [key.fd for key in selector.get_map().values()]:
            for _ in range(ANSWER_LIMIT >> 16):
                if not self._take(fd):
                    break

    def _take(self, fd: int) -> bool:
        """Read some; whether there may be more."""
        try:
            data = os.read(fd, 1 << 16)
        except BlockingIOError:
            return self._worker.process.poll() is None
        if fd == self._output:
            self.printed = (self.printed + data)[:PRINTED_LIMIT]
        else:
            self.answer += data
            self.overflow = len(self.answer) > ANSWER_LIMIT
        return bool(data)


def _printable(data: bytes) -> str:
    """The learner's output without anything that a terminal would obey."""
    text = data.decode(errors="replace")
    return "".join(each if each.isprintable() or each == "\n" else "·" for each in text)


def _signal_sentence(number: int, limits: Limits) -> str:
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return (
            f"the run was killed: it used more than {limits.cpu_seconds} seconds of "
            "computing, or was killed by its own code"
        )
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"the run was ended by {name}: its own code, or a crash of the interpreter"
