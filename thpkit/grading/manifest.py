"""Which files of the grader differ from those that were checked in: not forbidden, but every report says so.

``exercises/manifest.json`` holds the SHA-256 of what a verdict depends on: the exercises' metadata, cases, tests and
mutants, the grader, and the kit itself, which is the reference. ``python -m thpkit.grading.manifest`` writes it anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from thpkit.grading.model import CLONE, Exercise

NAME: Final = "manifest.json"
"""Name of the file beside the exercises."""
TREES: Final = ("thpkit/grading", "thpkit/kernel", "thpkit/checks")
"""Directories that are counted as one: each Python file of them matters to every exercise."""
KEPT: Final = ("meta.toml", "cases.toml", "hints.toml", "test_*.py", "*_mutant.py")
"""What is counted of an exercise's folder; not the file that the learner edits, nor what he reads."""


def modified(exercise: Exercise, root: Path | None = None) -> tuple[str, ...]:
    """What the verdict on an exercise depends on and differs from the manifest, by path; empty if nothing does."""
    base = root or CLONE
    try:
        known = json.loads((base / "exercises" / NAME).read_text(encoding="utf-8"))
        expected: dict[str, str] = {str(key): str(known[key]) for key in known}
    except (OSError, ValueError, TypeError):
        return (f"exercises/{NAME}",)
    own = f"exercises/{exercise.name}/"
    found = dict(_exercise_files(base, exercise.folder))
    found.update(_shared(base))
    mine = {
        key: value
        for key, value in expected.items()
        if key.startswith(own) or key.count("/") == 1
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
            yield path.relative_to(base).as_posix(), _digest(path)


def _shared(base: Path) -> Iterator[tuple[str, str]]:
    """What every exercise depends on."""
    conftest = base / "exercises" / "conftest.py"
    if conftest.is_file():
        yield "exercises/conftest.py", _digest(conftest)
    for tree in TREES:
        digest = hashlib.sha256()
        for path in _python_files(CLONE / tree):
            digest.update(f"{path.relative_to(CLONE).as_posix()}\0".encode())
            digest.update(path.read_bytes())
        yield tree, digest.hexdigest()


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
