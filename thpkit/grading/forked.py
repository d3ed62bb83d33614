"""A worker's process that a server has forked, as its user sees it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, Final

END_SECONDS: Final = 2.0
"""A worker that was killed has this long until its end is reported; then the server is killed too."""


class Forked:
    """A worker's process that the server has forked: like a :class:`subprocess.Popen`."""

    def __init__(self, report: int, output: int, parent: subprocess.Popen[bytes]):
        self.returncode: int | None = None
        self.stdout: IO[bytes] | None = os.fdopen(output, "rb", buffering=0)
        self._parent = parent
        self._report = report
        self._pid = 0
        self._said = b""
        os.set_blocking(report, False)

    @property
    def pid(self) -> int:
        """Its process id; 0 until it is reported."""
        if not self._pid and b"\n" in self._said:
            self._pid = int(self._said.partition(b"\n")[0])
        return self._pid

    def poll(self) -> int | None:
        """How it ended, or None while it runs."""
        if self.returncode is None and not self._listen():
            lines = self._said.split(b"\n")
            complete = len(lines) == 3
            # a report that breaks off: the server itself was killed, and all its workers with it
            self.returncode = int(lines[1]) if complete else -signal.SIGKILL
            os.close(self._report)
        return self.returncode

    def _listen(self) -> bool:
        """Read what was reported; False at the end of it."""
        try:
            data = os.read(self._report, 64)
        except BlockingIOError:
            return True
        self._said += data
        return bool(data)

    def kill(self) -> None:
        """Kill it. Its end is reported to whoever polls."""
        if self.pid and self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end, a short time; then the server is killed with all that it runs."""
        until = time.monotonic() + END_SECONDS
        while self.poll() is None:
            if time.monotonic() > until:
                self._parent.kill()
            time.sleep(0.002)
        assert self.returncode is not None
        return self.returncode
