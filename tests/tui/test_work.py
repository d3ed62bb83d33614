"""The learner's files when the program is killed in the middle: nothing he wrote is lost, nothing is half there.

A child process does what ``thp start`` and ``thp reset`` do and kills itself (SIGKILL) before or after a call to the
operating system: at the first such place, the second … until it gets through. Then the learner looks at what he has.
"""

from __future__ import annotations

import builtins
import io
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Final

import pytest

from tests.tui.learner import Learner
from tui.work import Desk

CALLS: Final = (
    "open", "link", "rename", "replace", "unlink", "mkdir", "fsync", "fchmod", "chmod", "write", "close", "rmdir",
)  # fmt: skip
"""Calls before and after which the child dies."""


def child(do: Callable[[], object]) -> int:
    """Do something in a child process; its id. The child never comes back."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
        finally:
            os._exit(0)
    return pid


def killed(desk: Desk, verb: str, at: int) -> bool:
    """Let a child do ``verb`` and die at its ``at``-th place; whether it got that far."""
    pid = child(lambda: _dying(desk, verb, at))
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def _dying(desk: Desk, verb: str, at: int) -> None:
    """In the child: do it, with every call to the operating system counted on both sides."""
    made = 0

    def here() -> None:
        nonlocal made
        made += 1
        if made == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            here()
            result = real(*arguments, **more)
            here()
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    io.open = builtins.open = counted(io.open)  # type: ignore[assignment]
    getattr(desk, verb)()


def named(learner: Learner) -> list[str]:
    """The texts of all files that have the name of the learner's file, in ``work/ex01/`` and its backups."""
    folder = learner.file.parent
    files = [learner.file, *sorted(folder.glob("backup-*/*"))]
    return [each.read_text(encoding="utf-8") for each in files if each.is_file()]


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    """Somebody who has done nothing yet."""
    return Learner.at(tmp_path)


@pytest.fixture
def desk(learner: Learner) -> Desk:
    """His desk."""
    return Desk(learner.exercise, learner.root)


def test_start_killed_anywhere(learner: Learner, desk: Desk) -> None:
    """There is no copy, or the whole of it; and the next start makes it."""
    rounds = 0
    while killed(desk, "start", rounds + 1):
        rounds += 1
        assert named(learner) in ([], [learner.shipped])
        desk.start()
        assert named(learner) == [learner.shipped]
        shutil.rmtree(desk.folder)
    assert rounds > 10


def test_reset_killed_anywhere(learner: Learner, desk: Desk) -> None:
    """The copy says the old or the new, never anything else; what the learner wrote is there under a name."""
    rounds = 0
    mine = "what I wrote\n" * 500
    desk.start()
    learner.save(mine)
    while killed(desk, "reset", rounds + 1):
        rounds += 1
        assert learner.file.read_text(encoding="utf-8") in (mine, learner.shipped)
        assert mine in named(learner)
        desk.reset()
        assert learner.file.read_text(encoding="utf-8") == learner.shipped
        assert mine in named(learner)
        shutil.rmtree(desk.folder)
        desk.start()
        learner.save(mine)
    assert rounds > 20


def test_killed_at_any_time(learner: Learner, desk: Desk) -> None:
    """A hundred times in a row on one desk, by the clock: what a reset took away is still there."""
    desk.start()
    taken: set[str] = set()
    for number in range(100):
        text = f"version {number}\n"
        learner.save(text)
        pid = child(desk.reset)
        sleep(number * 0.00004)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert learner.file.read_text(encoding="utf-8") in (text, learner.shipped)
        assert text in named(learner)
        if learner.file.read_text(encoding="utf-8") == learner.shipped:
            taken.add(text)
    assert taken <= set(named(learner))


def test_an_editor_that_saves_while_it_is_reset(
    learner: Learner, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is saved after the backup was made gets a backup of its own."""
    desk.start()
    learner.save("first\n")
    real = os.link
    saves = ["second\n", "third\n"]

    def link(one: Path, other: Path) -> None:
        real(one, other)
        if saves:
            learner.save(saves.pop(0))

    monkeypatch.setattr(os, "link", link)
    desk.reset()
    assert {"first\n", "second\n", "third\n", learner.shipped} == set(named(learner))


def test_a_file_system_without_second_names(
    learner: Learner, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies do as well."""

    def refuse(*_arguments: Path, **_more: bool) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert desk.start() and not desk.start()
    learner.save("mine\n")
    backup = desk.reset()
    assert backup is not None and backup.read_text(encoding="utf-8") == "mine\n"
    assert desk.backups() == [backup]
    assert learner.file.read_text(encoding="utf-8") == learner.shipped


def test_a_backup_never_takes_a_name_that_is_taken(
    learner: Learner, desk: Desk
) -> None:
    """Even if somebody deleted one in between, or put something else there."""
    desk.start()
    (desk.folder / "backup-1").write_text("a file of mine\n", encoding="utf-8")
    learner.save("mine\n")
    backup = desk.reset()
    assert backup == desk.folder / "backup-2" / learner.file.name
    assert (desk.folder / "backup-1").read_text(encoding="utf-8") == "a file of mine\n"
