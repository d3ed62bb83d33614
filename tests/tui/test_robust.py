"""Whatever the window, the terminal, the locale, and whoever presses the keys: no crash, no trace, no lost place."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui.asked import asked_target
from tests.tui.learner import Learner
from tests.tui.playing import painted, play
from tests.tui.small import small_run, target, write
from tests.tui.terminal import LEFT, SHOWN, Terminal
from tui import paths
from tui.actions import ACTIONS
from tui.app import ThpApp
from tui.asking import AskScreen
from tui.exercise import ExerciseScreen
from tui.home import Home
from tui.page import Page
from tui.pair import Pair
from tui.prompt import Prompt
from tui.state import Store
from tui.stepper import Stepper
from tui.where import Target, resolve

SIZES: Final = (
    *((20, 5), (59, 15), (60, 16), (80, 24)),
    *((99, 30), (120, 40), (300, 100)),
)
"""The smallest, the largest, and both sides of the edges of the layouts."""
QUIET: Final = {"quit", "contents"}
"""Actions that leave the stepper for good."""


@pytest.fixture(scope="module")
def compared() -> Iterator[Target]:
    """The small story on the patch as posted, beside the correct version."""
    folder = Path(small_run().name).parent
    run = resolve(str(write(folder, name="pair.py")), "v3", "ref").open()
    yield Target("pair", "Two versions", lambda: run)


async def through_all_sizes(pilot: Pilot[str], app: ThpApp) -> None:
    """Every size, small and large by turns, painted each time."""
    top = app.screen
    for size in (*SIZES[::2], *SIZES[-2::-2]):
        await pilot.resize_terminal(*size)
        await pilot.pause()
        lines = painted(app)
        assert len(lines) == size[1] and all(len(each) == size[0] for each in lines)
        assert app.screen is top


# ---- sizes ----------------------------------------------------------------------------------------------


def test_the_stepper_fits_every_size(tmp_path: Path) -> None:
    """All panes, zoomed and not, the list of keys, and a prompt."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = app.screen
        assert isinstance(screen, Stepper)
        screen.action_do("next_stop")
        screen.action_pane("counters")
        await through_all_sizes(pilot, app)
        screen.action_do("zoom")
        for size in SIZES[::3]:
            await pilot.resize_terminal(*size)
            screen.action_do("into")
            await pilot.pause()
            painted(app)
        for name, kind in (("help", Page), ("goto", Prompt)):
            screen.action_do(name)
            await pilot.pause()
            assert isinstance(app.screen, kind)
            for size in SIZES[::3]:
                await pilot.resize_terminal(*size)
            await pilot.press("escape")
        assert app.screen is screen

    play(scene, tmp_path, opened=target())


def test_two_runs_fit_every_size(tmp_path: Path, compared: Target) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.pause()
        assert isinstance(app.screen, Pair)
        await through_all_sizes(pilot, app)

    play(scene, tmp_path, opened=compared)


def test_a_question_fits_every_size(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = app.screen
        assert isinstance(screen, Stepper)
        for _ in range(3):
            screen.action_do("next_stop")
        await pilot.pause()
        assert isinstance(app.screen, AskScreen)
        for size in SIZES[::2]:
            await pilot.resize_terminal(*size)
            assert isinstance(app.screen, AskScreen)
        await pilot.press("1", "enter")
        for size in SIZES[::3]:
            await pilot.resize_terminal(*size)

    play(scene, tmp_path, opened=asked_target())


def test_an_exercise_fits_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = Learner.at(tmp_path)
    monkeypatch.setattr(paths, "ROOT", learner.root)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        app.show_exercise("ex:ex01")
        while not isinstance(app.screen, ExerciseScreen):
            await pilot.pause()
        await through_all_sizes(pilot, app)

    play(scene, learner.state)


# ---- a thousand actions -----------------------------------------------------------------------------------


def _do(screen: Screen[Any], name: str) -> None:
    """An action on whatever is on top; what takes text is left."""
    own = getattr(screen, "action_do", None)
    if own is None:
        screen.dismiss(None)
    else:
        own(name)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_random_actions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """On every screen that they lead to: the contents, the stepper with questions, pages, prompts, questions."""
    opened = asked_target if seed == 2 else target
    monkeypatch.setattr("tui.home.resolve", lambda _name: opened())
    monkeypatch.setattr("tui.home.contents.exercises", list)
    monkeypatch.setattr(ThpApp, "exit", lambda *_args, **_more: None)
    random_ = random.Random(seed)
    names = [each.id for each in ACTIONS]
    seen: set[type] = set()

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        for count in range(500):
            if isinstance(app.screen, Stepper) and random_.random() < 0.1:
                app.screen.action_pane(random_.choice(("source", "xarray", "pages")))
            seen.add(type(app.screen))
            top = app.screen
            _do(top, random_.choice(names))
            if count % 20 == 0 or app.screen is not top:
                await pilot.pause()
        await pilot.pause()
        painted(app)

    play(scene, tmp_path)
    assert {Home, Stepper, Page, Prompt} <= seen


def test_random_actions_on_two_runs(tmp_path: Path, compared: Target) -> None:
    names = [each.id for each in ACTIONS if each.id not in {*QUIET, "leave", "zoom"}]

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.pause()
        random_ = random.Random(3)
        for count in range(100):
            top = app.screen
            _do(top, random_.choice(names))
            if count % 20 == 0 or app.screen is not top:
                await pilot.pause()
        painted(app)

    play(scene, tmp_path, (100, 30), opened=compared)


# ---- real terminals ---------------------------------------------------------------------------------------

KEYS: Final = [
    *"nNsSfFxXcCtTwWoObz.,=}{[]123456789 ljkpye",
    *("\t", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x7f"),
    *("?", "g", "/", ":", "\r", "\x1b"),
]
"""Keys as a terminal sends them."""


def test_a_hundred_random_keys_while_the_window_changes(tmp_path: Path) -> None:
    """Through a terminal, with a new size every tenth key. Then q still quits, and the place is kept."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("step 0 of")
    random_ = random.Random(11)
    for count in range(100):
        terminal.press(random_.choice(KEYS))
        terminal.read(0.01)
        if count % 10 == 0:
            terminal.resize(*random_.choice(SIZES))
    terminal.resize(80, 24)
    for _ in range(4):  # out of whatever is open
        terminal.press("\x1b")
        while terminal.read(0.15):
            pass
    terminal.press("\x11")
    assert terminal.end() == 0
    assert LEFT in terminal.text and SHOWN in terminal.text
    assert "Traceback" not in terminal.text and "mistake in thp" not in terminal.text
    assert str(path) in Store(tmp_path / "state").memory.places


def test_without_utf_8_only_ascii_is_sent(tmp_path: Path) -> None:
    """LC_ALL=C: on the stepper, in the list of keys, in prompts, and in the contents."""
    path = str(write(tmp_path))
    terminal = Terminal(tmp_path / "state", "step", path, LC_ALL="C", TERM="linux")
    terminal.wait_for("step 0 of")
    terminal.press(" n7\x1b[Bw3z?")
    terminal.wait_for("Through the story")
    terminal.press("\x1b[6~?g")
    terminal.wait_for("Go to")
    terminal.press("\x1b")
    while terminal.read(0.3):
        pass
    terminal.press("z\x1b")
    while terminal.read(0.3):
        pass
    terminal.press("\x1b")
    terminal.wait_for("Lessons")
    terminal.press("q")
    assert terminal.end() == 0
    assert [hex(each) for each in terminal.data if each > 127] == []
    assert "Traceback" not in terminal.text


def test_a_signal_ends_it_whatever_is_open(tmp_path: Path) -> None:
    """A prompt, after a page: the terminal is put back, and the place kept."""
    path = write(tmp_path)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("step 0 of")
    terminal.press(" ?")
    terminal.wait_for("Through the story")
    terminal.press("?g")
    terminal.wait_for("Go to")
    terminal.signal(signal.SIGTERM)
    terminal.end()
    assert LEFT in terminal.text and SHOWN in terminal.text
    assert "Traceback" not in terminal.text
    assert Store(tmp_path / "state").place(str(path)).stop == 1


# ---- scenarios that never end, or fail --------------------------------------------------------------------

FOREVER: Final = """
from pathlib import Path

from thpkit.scenario import Scenario


def boot(machine):
    machine.create("/bin/app", size=0x10000)
    machine.spawn("A")


def run(machine):
    machine.processes["A"].open("/bin/app")
    Path(__file__).with_suffix(".runs").touch()
    exec(compile("while True: pass", "<loop>", "exec"))  # no step, so no budget that ends it


SCENARIO = Scenario(name="forever", title="Never done", boot=boot, tasks=(run,))
"""


def test_a_scenario_that_never_ends_is_left_with_q(tmp_path: Path) -> None:
    """While it is recorded, the screen is alive."""
    path = write(tmp_path, FOREVER)
    terminal = Terminal(tmp_path / "state", "step", str(path))
    terminal.wait_for("recording")
    while not path.with_suffix(".runs").exists():
        terminal.read(0.05)
    terminal.press("q")
    assert terminal.end() == 0
    assert LEFT in terminal.text and "Traceback" not in terminal.text


def test_a_scenario_that_never_ends_is_left_with_ctrl_c(tmp_path: Path) -> None:
    """Without a screen: the status that shells give an interrupted program, and no traceback."""

    async def interrupted() -> tuple[int | None, bytes]:
        path = write(tmp_path, FOREVER)
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui", "step", str(path), "--plain"),
            cwd=paths.ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        while not path.with_suffix(".runs").exists():
            await asyncio.sleep(0.05)
        program.send_signal(signal.SIGINT)
        out, error = await asyncio.wait_for(program.communicate(), 60)
        return program.returncode, out + error

    status, said = asyncio.run(interrupted())
    assert status == 130 and b"Traceback" not in said
