"""How fast the stepper feels: start and key presses in a real pseudo-terminal, against an empty Textual app.

Both run in one go on the same machine, so their ratio says something even where the times do not.
"""

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
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final

SIZE: Final = (60, 200)
"""Rows and columns of the terminal."""
ROUNDS: Final = 5
"""Starts that are timed, the two apps in turn."""
KEYS: Final = 40
"""Key presses that are timed."""
SILENCE: Final = 0.06
"""Seconds without output after which a screen has settled."""
PATIENCE: Final = 60.0
QUERY, ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
"""Textual asks whether frames can be bracketed; the answer is yes, so that they can be counted."""
FRAME: Final = b"\x1b[?2026h"

READY: Final = b"page down"
"""On the screen when the tour is recorded: below its introduction, whatever that says."""

EMPTY: Final = """
from textual.app import App
from textual.reactive import reactive
from textual.widget import Widget

class Row(Widget):
    count = reactive(0)
    def render(self):
        return f"EMPTY {self.count}"

class Empty(App):
    ENABLE_COMMAND_PALETTE = False
    def compose(self):
        yield Row()
    def on_key(self):
        self.query_one(Row).count += 1

Empty().run()
"""
STEPPER: Final = "from tui.cli import main; main()"


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, code: str, *arguments: str, state: Path) -> None:
        """Start ``python -c code``."""
        self.started = perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ |= {
                "THP_STATE_DIR": str(state),
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
            }
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-c", code, *arguments])
        size = struct.pack("HHHH", *SIZE, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def read(self, seconds: float) -> bytes:
        """What is written within so many seconds; empty if nothing."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return b""
        if QUERY in data:
            os.write(self._fd, ANSWER)
        return data

    def wait_for(self, text: bytes) -> float:
        """Seconds from the start until ``text`` was written."""
        seen = b""
        while perf_counter() - self.started < PATIENCE:
            seen += self.read(0.5)
            if text in seen:
                return perf_counter() - self.started
        raise TimeoutError(f"{text!r} was not painted within {PATIENCE:.0f} seconds")

    def settle(self) -> tuple[float, int]:
        """When the last byte came before a silence, and how many came."""
        last, count = perf_counter(), 0
        while data := self.read(SILENCE):
            last = perf_counter()
            count += len(data)
        return last, count

    def press(self, key: str) -> tuple[float, int]:
        """Press a key: seconds until the screen has settled, and bytes it took."""
        begin = perf_counter()
        os.write(self._fd, key.encode())
        data = self.read(1.0)
        last, count = self.settle()
        return max(last - begin, 0.0), len(data) + count

    def hold(self, key: str, times: int) -> int:
        """Hold a key at 30 Hz; how many frames were painted meanwhile."""
        seen = b""
        for _ in range(times):
            os.write(self._fd, key.encode())
            until = perf_counter() + 1 / 30
            while (left := until - perf_counter()) > 0:
                seen += self.read(left)
        while data := self.read(SILENCE):
            seen += data
        return min(seen.count(FRAME), times)

    def close(self) -> None:
        """End the program."""
        with suppress(OSError):
            os.write(self._fd, b"\x11")
        sleep(0.2)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


def starts(state: Path) -> tuple[float, float, float]:
    """Seconds to the first paint: the empty app, the stepper, and the stepper with the recording on it."""
    empty, first, ready = [], [], []
    for round_ in range(ROUNDS):
        one = Terminal(EMPTY, state=state)
        empty.append(one.wait_for(b"EMPTY"))
        one.close()
        other = Terminal(STEPPER, "step", "00_tour", state=state / str(round_))
        first.append(other.wait_for(b"recording"))
        ready.append(other.wait_for(READY))
        other.close()
    return median(empty), median(first), median(ready)


def presses(terminal: Terminal, key: str) -> tuple[float, int]:
    """Median seconds of one press, and the bytes that nine of ten presses stay below."""
    found = [terminal.press(key) for _ in range(KEYS)]
    sizes = sorted(each[1] for each in found)
    return median(each[0] for each in found), sizes[KEYS * 9 // 10]


def rows() -> list[tuple[str, float, str]]:
    """The figures against their budgets."""
    with TemporaryDirectory() as folder:
        state = Path(folder)
        empty, first, ready = starts(state)
        idle = Terminal(EMPTY, state=state)
        idle.wait_for(b"EMPTY")
        idle.settle()
        nothing, _bytes = presses(idle, "n")
        idle.close()
        stepper = Terminal(STEPPER, "step", "00_tour", state=state)
        stepper.wait_for(READY)
        stepper.settle()
        for _ in range(6):
            stepper.press(" ")
        step, most = presses(stepper, "s")
        frames = stepper.hold("s", 60)
        stepper.close()
    return [
        ("first paint / empty app", first / empty, "<= 1.9x"),
        ("the tour recorded and shown, from start", ready * 1000, "report ms"),
        ("key to painted / empty app, 200x60", step / nothing, "<= 5x"),
        ("key to painted, median", step * 1000, "report ms"),
        ("bytes a step, nine of ten, 200x60", most / 1024, "<= 12 KB"),
        ("held key at 30 Hz: frames of 60", frames, ">= 58 of 60"),
    ]


if __name__ == "__main__":
    for name, measured, budget in rows():
        print(f"{name:45} {measured:8.2f}  {budget}")
