"""``thp watch``: every save gives a verdict, on a terminal a screenful, else lines; and it always ends well."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.tui.learner import Learner
from thpkit.grading import orphans
from thpkit.grading.model import CLONE

PATIENCE = 60.0
NO_REPORTS = "sys.modules['watchfiles'] = None"
"""Where nothing reports changes."""


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    """Somebody with a copy to work on."""
    found = Learner.at(tmp_path)
    found.here("start", "ex01")
    return found


class Watching:
    """``thp watch`` with pipes."""

    def __init__(self, learner: Learner, before: str = "pass") -> None:
        self._process = subprocess.Popen(
            learner.command("watch", "ex01", before=before),
            env=learner.environment(),
            cwd=CLONE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None and self._process.stdin is not None
        self._out, self._in = self._process.stdout.fileno(), self._process.stdin
        self._rest = ""

    def wait_for(self, text: str) -> str:
        """Read up to and with ``text``; what was read."""
        until = monotonic() + PATIENCE
        while text not in self._rest:
            assert monotonic() < until, f"{text!r} did not come: {self._rest!r}"
            if select.select([self._out], [], [], 1.0)[0]:
                data = os.read(self._out, 1 << 16)
                assert data, f"it ended: {self._rest!r}"
                self._rest += data.decode()
        read, _, self._rest = self._rest.partition(text)
        return read + text

    def type(self, text: str) -> None:
        """Type a line."""
        self._in.write(text.encode() + b"\n")
        self._in.flush()

    def end(self, number: int | None = None) -> int:
        """End it, with ``q`` or with a signal; the exit status."""
        if number is None:
            self.type("q")
        else:
            self._process.send_signal(number)
        self._process.communicate(timeout=PATIENCE)
        return self._process.returncode


@pytest.fixture
def watching(learner: Learner, request: pytest.FixtureRequest) -> Iterator[Watching]:
    """It runs, and the first verdict has come; a parameter is what runs before."""
    found = Watching(learner, getattr(request, "param", "pass"))
    found.wait_for("not passed yet: 1 of 10 points")
    yield found
    found._process.kill()
    found._process.communicate()


def test_every_save_is_graded(learner: Learner, watching: Watching) -> None:
    """Whether the editor replaces the file or writes into it, and on Enter; what is broken is named."""
    learner.save(learner.solution)
    assert "your file" in watching.wait_for("passed: 10 of 10 points")
    learner.file.write_text("def broken(:\n", encoding="utf-8")
    assert "line 1 of rmap_exercise.py" in watching.wait_for("not passed yet")
    watching.type("")
    watching.wait_for("not passed yet")
    _goes_and_comes_back(learner, watching)
    assert watching.end() == 0


@pytest.mark.parametrize("watching", [NO_REPORTS], indirect=True, ids=["polled"])
def test_a_machine_that_reports_no_changes(
    learner: Learner, watching: Watching
) -> None:
    """Then the file is looked at."""
    learner.file.write_text("def broken(:\n", encoding="utf-8")
    watching.wait_for("line 1 of rmap_exercise.py")
    _goes_and_comes_back(learner, watching)


def _goes_and_comes_back(learner: Learner, watching: Watching) -> None:
    """It says that the file is gone, and goes on when it is there again."""
    learner.file.unlink()
    watching.wait_for("thp start ex01")
    learner.save(learner.solution)
    watching.wait_for("passed: 10 of 10 points")


def test_a_kill_leaves_no_process(watching: Watching) -> None:
    """The server ends too."""
    _ends_with_its_server(watching, signal.SIGKILL)


def _ends_with_its_server(watching: Watching, number: int) -> None:
    """A signal ends it, and nothing of it is left."""
    servers = _children(watching._process.pid)
    assert servers
    watching.end(number)
    until = monotonic() + 10
    while any(map(_runs, servers)):
        assert monotonic() < until
        sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process still runs. Whoever graded here before has adopted it, and does not ask how it ended."""
    seen = orphans.look_at(pid)
    return seen is not None and seen.state != "Z"


def _children(parent: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(each.parent.name))
    return found


def test_a_code_that_kills_everything_it_finds(
    learner: Learner, watching: Watching
) -> None:
    """The next save is graded as if nothing had been; ctrl-c ends it, and the server with it."""
    deadly = "import os, signal\nfor up in range(2):\n    pid = os.getppid()\n"
    deadly += (
        "stat = open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()\n"
        "os.kill(int(stat[1]), signal.SIGKILL)\n"
    )
    learner.save(f"{learner.solution}\n{deadly}")
    watching.wait_for("not passed yet: 0 of 10 points")
    learner.save(learner.solution)
    watching.wait_for("passed: 10 of 10 points")
    _ends_with_its_server(watching, signal.SIGINT)


STALE = {"COLUMNS": "200", "LINES": "60"}
"""The size of another window, as some shells export it."""


def test_a_screenful(learner: Learner) -> None:
    """No verdict is taller or wider than the terminal; keys work alone; the terminal is as it was afterwards."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = learner.command("watch", "ex01")
        os.chdir(CLONE)
        os.execve(command[0], command, {**learner.environment(), **STALE})
    _resize(terminal, 80, 24)
    before = termios.tcgetattr(terminal)
    seen = _screen(terminal, "points")
    _fits(seen, 80, 24)
    assert "rmap_exercise.py" in seen
    assert "expected 0, got 1" in " ".join(seen.split())
    _resize(terminal, 40, 10)
    _fits(_screen(terminal, "points"), 40, 10)
    os.write(terminal, b"\n")
    seen = _screen(terminal, "expected")
    assert "expected 0, got 1" in " ".join(seen.split())
    learner.save(learner.solution)
    passed = _screen(terminal, "passed: 10 of 10 points")
    os.write(terminal, b"h")
    helped = _screen(terminal, "thp hint ex01")
    for each in (seen, passed, helped):
        _fits(each, 40, 10)
    os.write(terminal, b"q")
    with pytest.raises(OSError, match="Input/output error"):
        while True:
            os.read(terminal, 1 << 16)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert termios.tcgetattr(terminal)[3] == before[3]
    os.close(terminal)


def _resize(terminal: int, columns: int, lines: int) -> None:
    """Give the window another size."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def _fits(screen: str, columns: int, lines: int) -> None:
    """Nothing is cut off by the window, and the keys stand in the last row."""
    rows = screen.replace("\r", "").split("\n")
    assert len(rows) <= lines
    assert max(len(line) for line in rows) < columns
    assert "q quit" in rows[-1]


def _screen(terminal: int, text: str) -> str:
    """The first whole screenful with ``text`` in it."""
    until = monotonic() + PATIENCE
    seen = ""
    while True:
        for screen in seen.split("\x1b[H\x1b[2J")[1:]:
            if text in screen and "q quit" in screen:
                return screen
        assert monotonic() < until, f"{text!r} did not come: {seen!r}"
        if select.select([terminal], [], [], 1.0)[0]:
            seen += os.read(terminal, 1 << 16).decode()
