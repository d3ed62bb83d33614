"""The program in a real (pseudo-)terminal, with keys pressed, sizes changed and signals sent."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from contextlib import suppress
from pathlib import Path
from time import monotonic

from thpkit.trace.statements import ROOT

PATIENCE = 60.0
LEFT = "\x1b[?1049l"
"""What a program writes that leaves the alternate screen."""
SHOWN = "\x1b[?25h"
"""What a program writes that shows the cursor again."""


class Terminal:
    """A program in a terminal, of 80x24 at first."""

    def __init__(
        self,
        state: Path,
        *arguments: str,
        size: tuple[int, int] = (80, 24),
        **environment: str,
    ) -> None:
        """Start it; ``size`` in columns and rows."""
        self.data = b""
        """All that was written."""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            for name in ("NO_COLOR", "THP_DEBUG"):
                os.environ.pop(name, None)
            os.environ |= {
                "THP_STATE_DIR": str(state),
                "TERM": "xterm-256color",
                **environment,
            }
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, "-m", "tui", *arguments])
        self._before = termios.tcgetattr(self._fd)
        self.resize(*size)

    @property
    def text(self) -> str:
        """All that was written, as text."""
        return self.data.decode(errors="replace")

    @property
    def as_it_was(self) -> bool:
        """Whether the terminal's own settings (echo, lines) are those from before."""
        return termios.tcgetattr(self._fd)[:4] == self._before[:4]

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program is told by the terminal."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def wait_for(self, text: str) -> None:
        """Read until ``text`` has been written since the last key."""
        until = monotonic() + PATIENCE
        seen = b""
        while text.encode() not in seen:
            assert monotonic() < until, (
                f"{text!r} did not appear: {self.text[-2000:]!r}"
            )
            seen += self.read(1.0)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Read to the end; the exit status. Whether the terminal is as it was is checked on the way."""
        until = monotonic() + PATIENCE
        restored = False
        while monotonic() < until:
            with suppress(termios.error):
                restored = self.as_it_was
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self.read(0.05)
            if found:
                while self.read(0.1):
                    pass
                with suppress(termios.error):
                    restored = self.as_it_was
                os.close(self._fd)
                assert restored, "the terminal's settings were not put back"
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f"it did not end: {self.text[-2000:]!r}")

    def read(self, seconds: float) -> bytes:
        """What is written within so many seconds; empty if nothing."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return b""
        self.data += data
        return data
