"""Grading again and again, fast: workers are forked by a server, and what the kit does is remembered.

Inside ``with Warm():`` everything that grades or records starts its workers through it. The server is started at the
first need, replaced when the kit's sources change, and started anew when a learner's code has killed it.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Token
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from thpkit.grading import orphans, process, server
from thpkit.grading.exercise import CLONE
from thpkit.grading.forked import END_SECONDS, Forked
from thpkit.grading.limits import Limits
from thpkit.grading.process import GradingError, Spoken, Start, Worker

KEPT: Final = 32
"""Runs of the kit that are remembered."""


class _Done:
    """A process that ended well long ago."""

    pid: int = 0
    returncode: int = 0
    stdout: IO[bytes] | None = None

    def poll(self) -> int | None:
        """It has ended."""
        return 0

    def kill(self) -> None:
        """Nothing to kill."""

    def wait(self) -> int:
        """Nothing to wait for."""
        return 0


class _Remembered(Worker):
    """What a run of the kit said the last time."""

    said: Spoken

    def finish(self) -> Spoken:
        """What it said."""
        return self.said


class _Watched(Worker):
    """A run of the kit whose answer will be remembered."""

    keep: _Kept
    key: str

    def finish(self) -> Spoken:
        """What it says."""
        said = super().finish()
        if said.ended is None:
            self.keep.put(self.key, self.nonce, said)
        return said


class _Kept:
    """Answers of the kit, with their tokens, by request."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[str, Spoken]] = {}

    def put(self, key: str, nonce: str, said: Spoken) -> None:
        """Remember one; the oldest goes when there are many."""
        while len(self._answers) >= KEPT:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = nonce, said

    def get(self, key: str) -> tuple[str, Spoken] | None:
        """The token and what was said."""
        return self._answers.get(key)

    def clear(self) -> None:
        """Forget everything."""
        self._answers.clear()


@dataclass
class _Serving:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    socket: socket.socket
    mark: str

    def end(self) -> None:
        """End it and all its workers."""
        self.socket.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        process.LIVE.discard(self.process.pid)


class Warm:
    """Starts workers from a server. A context manager: inside it, grading uses it."""

    def __init__(self) -> None:
        self._serving: _Serving | None = None
        self._kept = _Kept()
        self._sources: tuple[object, ...] = ()
        self._token: Token[Start | None] | None = None

    def __enter__(self) -> Warm:
        self._token = process.STARTER.set(self.start)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._token is not None:
            process.STARTER.reset(self._token)
            self._token = None
        self.close()

    def close(self) -> None:
        """End the server."""
        if self._serving is not None:
            self._serving.end()
            self._serving = None

    def start(self, request: dict[str, Any], limits: Limits, directory: Path) -> Worker:
        """Start a worker on ``request``; a run of the kit alone that is known already is not done again.

        Raises:
            GradingError: no process can be started here.
        """
        self._see_to_the_sources()
        trusted = request["file"] is None and request["record"] is None
        key = json.dumps(request, sort_keys=True) if trusted else ""
        known = self._kept.get(key) if trusted else None
        if known is not None:
            remembered = _Remembered(_Done(), -1, known[0], limits)
            remembered.said = known[1]
            return remembered
        worker = self._fork(request, limits, directory, trusted)
        if isinstance(worker, _Watched):
            worker.keep, worker.key = self._kept, key
        return worker

    def _see_to_the_sources(self) -> None:
        """Begin anew if the kit is no longer what was imported."""
        sources = tuple(_sources())
        if sources != self._sources:
            self._sources = sources
            self._kept.clear()
            self.close()

    def _fork(
        self, request: dict[str, Any], limits: Limits, directory: Path, trusted: bool
    ) -> Worker:
        """A worker forked by the server; a server that died is replaced once."""
        nonce = secrets.token_hex(16)
        whole = {
            **request,
            "nonce": nonce,
            "limits": limits.to_data(),
            "directory": str(directory),
        }
        data = json.dumps(whole).encode()
        for last in (False, True):
            serving = self._server()
            with _pipes() as (ours, theirs):
                try:
                    head = len(data).to_bytes(server.HEADER, "big")
                    socket.send_fds(serving.socket, [head], theirs)
                    serving.socket.sendall(data)
                except OSError as error:
                    self.close()
                    if last:
                        raise GradingError(
                            f"cannot start a process to grade in: {error.strerror}"
                        ) from None
                    continue
                channel, output, report = (os.dup(each) for each in ours)
            kind = _Watched if trusted else Worker
            forked = Forked(report, output, serving.process)
            return kind(
                forked,
                channel,
                nonce,
                limits,
                mark=serving.mark,
                server=serving.process.pid,
            )
        raise AssertionError

    def _server(self) -> _Serving:
        """The server, started if there is none."""
        if self._serving is not None and self._serving.process.poll() is not None:
            self.close()
        if self._serving is None:
            self._serving = _started()
        return self._serving


@contextmanager
def _pipes() -> Iterator[tuple[list[int], list[int]]]:
    """Three pipes, our ends and the server's; all closed afterwards."""
    pairs = [os.pipe() for _ in range(3)]
    try:
        yield [each[0] for each in pairs], [each[1] for each in pairs]
    finally:
        for pair in pairs:
            for each in pair:
                os.close(each)


def _started() -> _Serving:
    """Start a server, with next to no environment.

    Raises:
        GradingError: no process can be started here.
    """
    mark = secrets.token_hex(16)
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", server.__file__]
    try:
        running = subprocess.Popen(
            [*command, str(CLONE), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env={"PATH": os.defpath, "LANG": "C.UTF-8", orphans.MARK: mark},
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise GradingError(
            f"cannot start a process to grade in: {error.strerror}"
        ) from None
    finally:
        theirs.close()
    process.LIVE.add(running.pid)
    orphans.adopt()
    return _Serving(running, ours, mark)


def _sources() -> Iterator[tuple[str, int, int]]:
    """Name, time and size of every source file of the kit."""
    for path in sorted((CLONE / "thpkit").rglob("*.py")):
        with suppress(OSError):
            seen = path.stat()
            yield str(path), seen.st_mtime_ns, seen.st_size
