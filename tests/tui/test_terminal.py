"""The program in a real (pseudo-)terminal: it opens, it ends, and it leaves the terminal as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from pathlib import Path
from time import monotonic

import pytest

from tests.tui.small import write
from thpkit.trace.statements import ROOT
from tui.state import Store

PATIENCE = 60.0
LEFT = "\x1b[?1049l"
"""What a program writes that leaves the alternate screen."""


class Terminal:
    """A program in a terminal of 80x24."""

    def __init__(self, state: Path, *arguments: str, **environment: str) -> None:
        self.text = ""
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
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def wait_for(self, text: str) -> None:
        """Read until ``text`` has been written since the last key."""
        until = monotonic() + PATIENCE
        seen = ""
        while text not in seen:
            assert monotonic() < until, (
                f"{text!r} did not appear: {self.text[-2000:]!r}"
            )
            seen += self._read(1.0)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def end(self) -> int:
        """Read to the end; the exit status."""
        until = monotonic() + PATIENCE
        while monotonic() < until:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self._read(0.05)
            if found:
                while self._read(0.1):
                    pass
                os.close(self._fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        raise AssertionError(f"it did not end: {self.text[-2000:]!r}")

    def _read(self, seconds: float) -> str:
        if not select.select([self._fd], [], [], seconds)[0]:
            return ""
        try:
            data = os.read(self._fd, 1 << 16).decode(errors="replace")
        except OSError:
            return ""
        self.text += data
        return data


def test_it_opens_steps_and_quits(tmp_path: Path) -> None:
    """q ends it with status 0, leaves the alternate screen, and keeps the place."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("step 0 of")
    terminal.press(" ")
    terminal.wait_for("A fault")
    terminal.press("q")
    assert terminal.end() == 0
    assert LEFT in terminal.text
    assert "Traceback" not in terminal.text
    assert Store(tmp_path / "state").place(str(path)).stop == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_is_like_quitting(tmp_path: Path, number: int) -> None:
    """The terminal is restored and the place kept."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("step 0 of")
    terminal.press(" ")
    terminal.wait_for("A fault")
    os.kill(terminal.pid, number)
    terminal.end()
    assert LEFT in terminal.text
    assert Store(tmp_path / "state").place(str(path)).stop == 1


def test_without_colours_none_are_sent(tmp_path: Path) -> None:
    """NO_COLOR: only bold, underline and reverse."""
    terminal = Terminal(tmp_path / "state", "step", str(write(tmp_path)), NO_COLOR="1")
    terminal.wait_for("step 0 of")
    terminal.press(" n7wq")
    assert terminal.end() == 0
    for colour in ("38;2;", "38;5;", "48;2;", "48;5;", "\x1b[31m", "\x1b[32m"):
        assert colour not in terminal.text


def test_a_dumb_terminal_gets_the_plain_walk(tmp_path: Path) -> None:
    """No escape sequence at all."""
    path = str(write(tmp_path))
    terminal = Terminal(tmp_path / "state", "step", path, TERM="dumb")
    assert terminal.end() == 0
    assert "A fault" in terminal.text and "\x1b" not in terminal.text


def test_what_cannot_be_opened_ends_with_a_sentence(tmp_path: Path) -> None:
    """The screen goes away, the sentence stays, status 2."""
    path = write(tmp_path, "SCENARIO = 3\n")
    terminal = Terminal(tmp_path / "state", "step", str(path))
    assert terminal.end() == 2
    last = terminal.text.rpartition(LEFT)[2]
    assert "thp: " in last and "defines no SCENARIO" in " ".join(last.split())
    assert "Traceback" not in terminal.text


def test_a_mistake_of_ours_ends_with_a_sentence(tmp_path: Path) -> None:
    """No traceback, and the terminal is restored."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import tui.progress\n"
        "def bad(*_): raise KeyError('oops')\n"
        "tui.progress.resume = bad\n",
        encoding="utf-8",
    )
    path = str(write(tmp_path))
    terminal = Terminal(tmp_path / "state", "step", path, PYTHONPATH=f"{broken}:{ROOT}")
    assert terminal.end() == 1
    assert LEFT in terminal.text and "Traceback" not in terminal.text
    assert "a mistake in thp itself: KeyError" in " ".join(terminal.text.split())


def test_the_tour_from_the_contents(tmp_path: Path) -> None:
    """Enter opens the tour with its introduction; space begins the walk."""
    terminal = Terminal(tmp_path / "state")
    terminal.wait_for("00_tour")
    terminal.press("\r")
    terminal.wait_for("Why anybody wants this")
    terminal.press(" ")
    terminal.wait_for("stop 1 of")
    terminal.press("q")
    assert terminal.end() == 0
    again = Terminal(tmp_path / "state", "step", "tour")
    again.wait_for("continued at step")
    again.press("q")
    assert again.end() == 0
