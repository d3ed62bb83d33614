"""What may stand in the place of a learner's file or beside it: nothing of it passes, hangs, or breaks the judge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.grading import workshop
from thpkit.grading import grade, manifest
from thpkit.grading.exercise import RUNS, load
from thpkit.grading.model import CLONE
from thpkit.grading.process import GradingError

Spoil = Callable[[Path], object]

IDS: Final = ("ex01", "ex06", "ex08", "ex09", "ex10")
"""One exercise of each kind."""
PLACES: Final[dict[str, tuple[Spoil, str]]] = {
    "pipe": (os.mkfifo, "is a pipe"),
    "directory": (os.mkdir, "is a directory"),
    "device without an end": (lambda at: at.symlink_to("/dev/zero"), "is a device"),
    "link to itself": (lambda at: at.symlink_to(at.name), "cannot be read"),
    "link to nothing": (lambda at: at.symlink_to("nowhere"), "cannot be read"),
    "no text": (lambda at: at.write_bytes(b"\xff\xfe\0"), ""),
    "zero bytes": (lambda at: at.write_bytes(b"\0" * 100), ""),
    "too much": (lambda at: os.truncate(_made(at), 100 << 20), "is too long"),
    "empty": (lambda at: at.write_bytes(b""), ""),
}
"""What stands there, and what the report says."""
EVIL: Final = """
import pytest
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""


def _made(path: Path) -> Path:
    path.touch()
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A place to work in."""
    return workshop.place(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that many tests use, each with a learner's folder of its own."""
    return workshop.place(tmp_path_factory.mktemp("root"))


@pytest.mark.parametrize("name", PLACES, ids=lambda each: each.replace(" ", "-"))
@pytest.mark.parametrize("exercise_id", IDS)
def test_what_stands_in_the_place_of_the_file(
    exercise_id: str, name: str, shared: Path
) -> None:
    root = shared
    spoil, says = PLACES[name]
    exercise = load(exercise_id, root)
    place = root / "work" / exercise_id / exercise.file
    shutil.rmtree(place.parent, ignore_errors=True)
    place.parent.mkdir()
    spoil(place)
    result = grade(exercise_id, root)
    first = result.first_failure
    assert first is not None and first.id == RUNS and says in first.message
    assert not any(each.passed for each in result.checks)
    assert not result.shipped, "the file as shipped was graded in its place"
    assert all(each.isprintable() or each == "\n" for each in result.text())


def test_a_link_to_the_kit_is_no_fix(root: Path) -> None:
    """The kit's module is no file of an exercise: its functions replace nothing."""
    exercise = load("ex01", root)
    place = root / "work" / "ex01" / exercise.file
    place.parent.mkdir()
    place.symlink_to(CLONE / "thpkit" / "kernel" / "rmap.py")
    assert not grade("ex01", root).passed


def test_a_work_that_is_no_directory(root: Path) -> None:
    """Then there is no copy, and the report says which file was graded."""
    shutil.rmtree(root / "work")
    (root / "work").symlink_to("work")
    assert grade("ex08", root).shipped


def test_files_in_work_steer_nothing(root: Path) -> None:
    """Neither pytest's nor Python's: not for ``thp check`` and not for pytest."""
    exercise = load("ex01", root)
    mine = workshop.hand_in(root, exercise, workshop.shipped(exercise)).parent
    for folder in (mine, mine.parent):
        (folder / "conftest.py").write_text(EVIL, encoding="utf-8")
        for name in ("pytest.ini", "setup.cfg", "tox.ini"):
            section = "tool:pytest" if name == "setup.cfg" else "pytest"
            text = f"[{section}]\naddopts = --collect-only\n"
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "thpkit").mkdir()
        for name in (
            *("json", "os", "pytest", "thpkit", "thpkit/__init__", "runner"),
            *("sitecustomize", "usercustomize"),
        ):
            text = "import os; os._exit(0)\n"
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
    result = grade("ex01", root)
    assert not result.passed and result.points < result.max_points
    ended = _pytest(root, exercise.folder)
    assert ended.returncode == 1 and "not passed yet" in ended.stdout, ended.stdout
    assert f"Graded: work/ex01/{exercise.file} (your file)" in ended.stdout


def test_files_beside_the_exercise_are_named(root: Path) -> None:
    """They can steer pytest, and even what it prints; ``thp check`` shows that they are there."""
    exercise = load("ex01", root)
    manifest.write(root)
    assert grade("ex01", root).modified == ()
    places = (root, root / "exercises", exercise.folder)
    for folder in places:
        if not (folder / "conftest.py").exists():
            (folder / "conftest.py").write_text(EVIL, encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    named = {Path(each).name for each in grade("ex01", root).modified}
    assert named == {"conftest.py", "pytest.ini"}
    assert len(grade("ex01", root).modified) == 5  # one conftest.py is ours
    (exercise.folder / "pytest.ini").unlink()  # it would take the table from pytest
    ended = _pytest(root, exercise.folder)
    assert "not as checked in" in ended.stdout, ended.stdout


def test_an_edited_case_is_named(root: Path) -> None:
    """The verdict is then about other cases, and every report says so."""
    exercise = load("ex01", root)
    manifest.write(root)
    cases = exercise.folder / "cases.toml"
    cases.write_text(f"{cases.read_text()}\n# weaker\n", encoding="utf-8")
    assert grade("ex01", root).notice == (
        f"not as checked in: exercises/{exercise.name}/cases.toml"
    )


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "\0", "x = 1"])
def test_a_spoiled_exercise_is_a_sentence(text: str, root: Path) -> None:
    """The exercise's own files are the learner's too."""
    from thpkit.grading import exercise as exercises

    folder = load("ex01", root).folder
    (folder / "meta.toml").write_text(text, encoding="utf-8")
    with pytest.raises((exercises.ExerciseError, GradingError)):
        grade("ex01", root)


def _pytest(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder)]
    return subprocess.run(
        command,
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(CLONE),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # ours need a second
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
