"""Grading again and again in forked workers: the same verdicts, the same defence, and nothing is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.grading import workshop
from tests.grading.attacks import ATTACKS, LIMITS, Attack
from tests.grading.attacks_on_the_worker import PROCESSES
from tests.grading.test_attacks import withstand
from thpkit.grading import grade, process, warm
from thpkit.grading.exercise import load
from thpkit.grading.model import CLONE
from thpkit.grading.warm import Warm

EX: Final = load("ex01")
QUICK: Final = (
    "forges an answer", "daemon and leave", "kills its group", "escapes from a killed watcher",
    "kills its watcher and the server",
)  # fmt: skip
"""Attacks of the attack suite that could go otherwise here."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place to work in."""
    return workshop.place(tmp_path_factory.mktemp("root"))


@pytest.fixture
def root(place: Path) -> Path:
    """The same with nothing in ``work/``."""
    shutil.rmtree(place / "work")
    (place / "work").mkdir()
    return place


@pytest.fixture
def server() -> Iterator[Warm]:
    """What starts workers inside a test."""
    with Warm() as found:
        yield found


def test_the_verdicts_are_those_of_fresh_processes(root: Path) -> None:
    """With a wrong fix, and with the kit's functions; the second time as well."""
    cold = []
    texts = [workshop.changed(EX, EX.wrong_fixes[0]), workshop.kit_solution(EX)]
    for text in texts:
        workshop.hand_in(root, EX, text)
        cold.append(grade("ex01", root).to_json())
    with Warm():
        for text, verdict in zip(texts * 2, cold * 2, strict=True):
            workshop.hand_in(root, EX, text)
            assert grade("ex01", root).to_json() == verdict


def test_the_kit_runs_once(
    root: Path, server: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its sources are the same; when they change, a new server is started."""
    forked: list[bool] = []
    real = server._fork

    def fork(request: dict[str, object], *rest: object) -> process.Worker:
        forked.append(request["file"] is None)
        return real(request, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(server, "_fork", fork)
    grade("ex01", root)
    assert forked == [True, False]
    grade("ex01", root)
    assert forked == [True, False, False]
    before = server._serving
    monkeypatch.setattr(warm, "_sources", lambda: iter([("changed", 1, 1)]))
    grade("ex01", root)
    assert forked == [True, False, False, True, False]
    assert server._serving is not before


@pytest.mark.parametrize(
    "attack",
    [each for each in (*ATTACKS, *PROCESSES) if each.name in QUICK],
    ids=lambda each: each.name.replace(" ", "-"),
)
def test_attack(attack: Attack, root: Path, server: Warm) -> None:
    """It gets no pass and leaves nothing; the next file is graded as if it had not been there."""
    assert server is not None
    withstand(attack, root)
    workshop.hand_in(root, EX, workshop.kit_solution(EX))
    assert grade("ex01", root).passed


def test_a_code_that_kills_the_server(root: Path, server: Warm) -> None:
    """The next run gets another one."""
    grade("ex01", root)
    serving = server._serving
    assert serving is not None
    deadly = f"import os; os.kill({serving.process.pid}, 9)"
    workshop.hand_in(root, EX, f"{workshop.kit_solution(EX)}\n{deadly}\n")
    assert not grade("ex01", root).passed
    workshop.hand_in(root, EX, workshop.kit_solution(EX))
    assert grade("ex01", root).passed
    assert server._serving is not None
    assert server._serving.process.pid != serving.process.pid


def test_a_code_that_stops_the_server(
    root: Path, server: Warm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed after the deadline, and replaced."""
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.5)
    grade("ex01", root)
    serving = server._serving
    assert serving is not None
    deadly = f"import os, signal; os.kill({serving.process.pid}, signal.SIGSTOP)"
    text = f"{workshop.kit_solution(EX)}\n{deadly}\n"
    workshop.hand_in(root, EX, text)
    limits = replace(LIMITS, wall_seconds=0.5)
    assert not grade("ex01", root, limits=limits).passed
    workshop.hand_in(root, EX, workshop.kit_solution(EX))
    assert grade("ex01", root).passed


def test_a_worker_has_nothing_of_the_server_in_its_hands(
    root: Path, server: Warm
) -> None:
    """The descriptors are those that a fresh process has, and one for the answer."""
    assert server is not None
    asks = "import os; print(len(os.listdir('/proc/self/fd')))"
    workshop.hand_in(root, EX, f"{workshop.kit_solution(EX)}\n{asks}\n")
    mine = grade("ex01", root).printed
    server.__exit__()
    assert grade("ex01", root).printed == mine
    assert int(mine) == 5  # 0, 1, 2, the channel, and what lists them


def test_the_server_ends_with_its_user(root: Path) -> None:
    """Even when that is killed."""
    code = (
        "import sys; from pathlib import Path\n"
        "from thpkit.grading import grade; from thpkit.grading.warm import Warm\n"
        "w = Warm().__enter__(); grade('ex01', Path(sys.argv[1])); print(w._serving.process.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)],
        cwd=CLONE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as user:
        assert user.stdout is not None
        server_id = int(user.stdout.readline())
        os.kill(user.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while _runs(server_id):
        assert time.monotonic() < until
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Whether a process runs; one that nobody has asked for its end does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] != b"Z"
