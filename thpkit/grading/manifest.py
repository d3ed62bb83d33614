"""Which files of the grader differ from those that were checked in: not forbidden, but every report says so.

``exercises/manifest.json`` holds the SHA-256 of what a verdict depends on: the exercises' metadata, cases, tests and
mutants, the grader, and the kit itself, which is the reference. ``python -m thpkit.grading.manifest`` writes it anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from thpkit.grading.model import CLONE, Exercise

NAME: Final = "manifest.json"
"""Name of the file beside the exercises."""
CONFIG: Final = "pyproject.toml"
"""The project's file; of it only what is for pytest is counted."""
TREES: Final = ("thpkit/grading", "thpkit/kernel", "thpkit/checks")
"""Directories that are counted as one: each Python file of them matters to every exercise."""
KEPT: Final = ("meta.toml", "cases.toml", "hints.toml", "test_*.py", "*_mutant.py")
"""What is counted of an exercise's folder; not the file that the learner edits, nor what he reads."""
STEERING: Final = (
    *("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml"),
    *("tox.ini", "setup.cfg", "sitecustomize.py", "usercustomize.py", "*.pth"),
)
"""What steers pytest or Python from where it stands. Beside the exercises there is one conftest.py, and no other."""


def modified(exercise: Exercise, root: Path | None = None) -> tuple[str, ...]:
    """What the verdict on an exercise depends on and differs from the manifest, by path; empty if nothing does."""
    base = root or CLONE
    try:
        known = json.loads((base / "exercises" / NAME).read_text(encoding="utf-8"))
        expected: dict[str, str] = {str(key): str(known[key]) for key in known}
    except (OSError, ValueError, TypeError, RecursionError):
        return (f"exercises/{NAME}",)
    own = f"exercises/{exercise.name}/"
    found = dict(_strangers(base, exercise))
    found.update(_exercise_files(base, exercise.folder))
    found.update(_shared(base))
    mine = {
        key: value
        for key, value in expected.items()
        if key.startswith(own) or key.count("/") <= 1
    }
    names = sorted({*mine, *found})
    return tuple(name for name in names if mine.get(name) != found.get(name))


def current(root: Path | None = None) -> dict[str, str]:
    """The manifest as it should be now: path, from the root, and SHA-256."""
    base = root or CLONE
    found = dict(_shared(base))
    for folder in sorted((base / "exercises").glob("ex[0-9]*_*")):
        found.update(_exercise_files(base, folder))
    return dict(sorted(found.items()))


def write(root: Path | None = None) -> Path:
    """Write the manifest anew, in one go; its path."""
    path = (root or CLONE) / "exercises" / NAME
    part = path.with_suffix(".part")
    part.write_text(json.dumps(current(root), indent=1) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def _exercise_files(base: Path, folder: Path) -> Iterator[tuple[str, str]]:
    for pattern in KEPT:
        for path in sorted(folder.glob(pattern)):
            if path.is_file():
                yield path.relative_to(base).as_posix(), _digest(path)


def _strangers(base: Path, exercise: Exercise) -> Iterator[tuple[str, str]]:
    """What came with nobody and could have a say in a verdict: Python files, and what steers pytest or Python."""
    places = {
        base: STEERING,
        base / "exercises": ("*.py", *STEERING),
        exercise.folder: ("*.py", *STEERING),
    }
    for folder, patterns in places.items():
        for path in sorted({each for name in patterns for each in folder.glob(name)}):
            if path != exercise.shipped:
                yield path.relative_to(base).as_posix(), "not ours"


def _shared(base: Path) -> Iterator[tuple[str, str]]:
    """What every exercise depends on."""
    conftest = base / "exercises" / "conftest.py"
    if conftest.is_file():
        yield "exercises/conftest.py", _digest(conftest)
    yield f"{CONFIG} [tool.pytest]", _pytest_options(CLONE / CONFIG)
    for tree in TREES:
        digest = hashlib.sha256()
        for path in _python_files(CLONE / tree):
            digest.update(f"{path.relative_to(CLONE).as_posix()}\0".encode())
            digest.update(path.read_bytes())
        yield tree, digest.hexdigest()


def _pytest_options(path: Path) -> str:
    """The digest of what pytest reads in the project's file; the rest of it has no say in a verdict."""
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
        options = json.dumps(tool.get("pytest"), sort_keys=True, default=str)
    except (OSError, ValueError, AttributeError, RecursionError):
        return "unreadable"
    return hashlib.sha256(options.encode()).hexdigest()


def _python_files(tree: Path) -> list[Path]:
    return sorted(
        Path(parent, name)
        for parent, _folders, names in os.walk(tree)
        for name in names
        if name.endswith(".py")
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.stdout.write(f"written: {write()}\n")
