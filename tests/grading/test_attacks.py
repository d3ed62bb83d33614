"""Files that try to pass without a fix, by accident or on purpose. None passes, hangs, or leaves anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.grading import workshop
from tests.grading.attacks import ATTACKS, EX, LIMITS, LONG, Attack, text_of
from tests.grading.attacks_on_the_judge import FORGERIES, INTERPRETER, TEXTS
from tests.grading.attacks_on_the_worker import PROCESSES
from thpkit.grading import grade, orphans, process
from thpkit.grading.exercise import RUNS
from thpkit.grading.limits import Limits
from thpkit.grading.process import GRACE_SECONDS, GradingError


def left_behind() -> list[str]:
    """Processes that sleep for LONG."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = each.read_bytes().split(b"\0")
        except OSError:
            continue
        if LONG.encode() in command:
            found.append(each.parent.name)
    return found


def limits_of(attack: Attack) -> Limits:
    """The limits under which it runs."""
    return replace(
        LIMITS,
        case_seconds=attack.case,
        cpu_seconds=attack.cpu,
        wall_seconds=attack.wall,
    )


def withstand(attack: Attack, root: Path) -> None:
    """Grade the attack's file: no pass, in time, with a report that a reader can use, and nothing is left."""
    workshop.hand_in(root, EX, text_of(attack))
    started = time.monotonic()
    result = grade(EX.id, root, limits=limits_of(attack))
    assert time.monotonic() - started < attack.wall + GRACE_SECONDS
    assert not result.passed
    first = result.first_failure
    assert first is not None
    assert attack.says in " ".join(first.message.split()), first.message
    assert "Traceback" not in first.message
    report = result.text() + json.dumps(result.to_json(), ensure_ascii=False)
    assert all(each.isprintable() or each == "\n" for each in report)
    assert len(report) < 50_000
    assert (
        not any(each.id != RUNS and each.passed for each in result.checks)
        or not attack.last
    )
    assert left_behind() == []


ALL: Final = [*ATTACKS, *FORGERIES, *INTERPRETER, *TEXTS, *PROCESSES]
SECOND: Final = frozenset({
    "loop that ignores signals", "lifts its limits", "recursion without a limit", "busy threads",
    "os._exit at import", "sys.exit at import", "forges an answer and leaves", "forges an answer at exit of a thread",
    "uses pytest", "missing module", "forgets the decorator", "raises in the call", "interrupts", "daemon",
    "kills its group", "leaves threads", "walks the frames for expected values",
    "walks the frames and answers nothing", "profiles the grader", "hooks the imports", "empties sys.modules",
    "endless message", "evil text", "message that raises", "children that print for ever", "reads standard input",
    "output flood", "large number",
})  # fmt: skip
"""Attacks that are much like another one, or take long: only ``THP_LONG=1`` tries them."""
TRIED: Final = [
    each for each in ALL if os.environ.get("THP_LONG") == "1" or each.name not in SECOND
]


def test_there_are_many_attacks() -> None:
    """And what is left for the long run is named rightly."""
    assert len(TRIED) >= 40
    assert {each.name for each in ALL} >= SECOND


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place to work in; every attack is a new file in it."""
    return workshop.place(tmp_path_factory.mktemp("root"))


@pytest.mark.parametrize("attack", TRIED, ids=lambda each: each.name.replace(" ", "-"))
def test_attack(attack: Attack, root: Path) -> None:
    withstand(attack, root)


KILLS_THE_KIT: Final = """
import os
watcher = os.getppid()
parent = lambda pid: int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
for each in filter(str.isdigit, os.listdir("/proc")):
    try:
        if int(each) != watcher and parent(each) == parent(watcher):
            if b"worker.py" in open(f"/proc/{each}/cmdline", "rb").read():
                os.kill(int(each), 9)
    except OSError:
        pass
"""


def test_without_the_kits_run_there_is_no_verdict(root: Path) -> None:
    """The kit runs at the same time, and a learner's code could kill that."""
    workshop.hand_in(root, EX, f"{workshop.shipped(EX)}\n{KILLS_THE_KIT}")
    token = process.STARTER.set(None)
    try:
        assert not grade(EX.id, root, limits=LIMITS).passed  # if the kit was faster
    except GradingError as error:
        assert "the kit itself could not run" in str(error)
    finally:
        process.STARTER.reset(token)


def test_only_orphans_of_a_worker_are_killed() -> None:
    """Not what ran before, not what is known, and not what stayed in this session."""
    command = [sys.executable, "-c", "import sys; sys.stdin.read()"]

    def child(*, session: bool) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, start_new_session=session
        )

    before = child(session=True)
    time.sleep(0.05)  # the clock of /proc has a hundred ticks a second
    since = orphans.ticks()
    known, ours, orphan = child(session=True), child(session=False), child(session=True)
    try:
        orphans.kill_adopted(since, {known.pid})
        assert orphan.wait(10) != 0 or orphans.look_at(orphan.pid) is None
        assert [each.poll() for each in (before, known, ours)] == [None] * 3
    finally:
        for each in (before, known, ours, orphan):
            each.kill()
            each.communicate()
