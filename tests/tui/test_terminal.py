"""The program in a real (pseudo-)terminal: it opens, it ends, and it leaves the terminal as it was."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.tui.small import write
from tests.tui.terminal import LEFT, Terminal
from thpkit.trace.statements import ROOT
from tui.state import Store


def test_it_opens_steps_and_quits(tmp_path: Path) -> None:
    """q ends it with status 0, leaves the alternate screen, keeps the place; with NO_COLOR no colours are sent."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path), NO_COLOR="1")
    terminal.wait_for("step 0 of")
    terminal.press(" ")
    terminal.wait_for("A fault")
    terminal.press("7q")
    assert terminal.end() == 0
    assert LEFT in terminal.text
    assert "Traceback" not in terminal.text
    assert Store(tmp_path / "state").place(str(path)).stop == 1
    for colour in ("38;2;", "38;5;", "48;2;", "48;5;", "\x1b[31m", "\x1b[32m"):
        assert colour not in terminal.text


def test_being_asked_to_end_is_like_quitting(tmp_path: Path) -> None:
    """The terminal is restored and the place kept; for a window that is closed, see the tour below."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("step 0 of")
    terminal.press(" ")
    terminal.wait_for("A fault")
    terminal.signal(signal.SIGTERM)
    terminal.end()
    assert LEFT in terminal.text
    assert Store(tmp_path / "state").place(str(path)).stop == 1


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
    """Enter opens the tour with its introduction; space begins the walk; its end (SIGHUP) loses nothing."""
    terminal = Terminal(tmp_path / "state")
    terminal.wait_for("00_tour")
    terminal.press("\r")
    terminal.wait_for("A surprise")
    terminal.press(" ")
    terminal.wait_for("stop 1 of")
    terminal.signal(signal.SIGHUP)
    terminal.end()
    assert LEFT in terminal.text
    assert Store(tmp_path / "state").place("00_tour").stop == 1
