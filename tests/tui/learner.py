"""A learner at his desk: a root of its own with exercises and work, and ``thp`` that works in it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.grading import workshop
from thpkit.grading import judge, process
from thpkit.grading.exercise import learner_file, load
from thpkit.grading.model import CLONE, Exercise
from thpkit.grading.results import Result
from thpkit.grading.warm import Warm
from tui import cli, paths

CODE: Final = """
import sys
from pathlib import Path
from tui import paths
paths.ROOT = Path(sys.argv.pop(1))
exec(sys.argv.pop(1))
from tui.cli import main
main()
"""
"""Runs the command line with another root; ``exec`` is for what a test wants to be different."""


@dataclass(frozen=True)
class Learner:
    """Where somebody learns."""

    root: Path
    exercise: Exercise

    @classmethod
    def at(cls, tmp_path: Path) -> Learner:
        """Somebody who has done nothing yet."""
        root = workshop.place(tmp_path / "clone")
        (root / "lessons").symlink_to(CLONE / "lessons")
        return cls(root, load("ex01", root))

    @property
    def file(self) -> Path:
        """His copy of the first exercise."""
        return self.root / "work" / "ex01" / self.exercise.file

    @property
    def solution(self) -> str:
        """What passes."""
        return workshop.kit_solution(self.exercise)

    @property
    def shipped(self) -> str:
        """What the exercise comes with."""
        return workshop.shipped(self.exercise)

    @property
    def state(self) -> Path:
        """Where his progress is kept."""
        return self.root.parent / "state"

    def environment(self) -> dict[str, str]:
        """What his commands see."""
        own = {"THP_STATE_DIR": str(self.state), "TERM": "xterm-256color"}
        return {**os.environ, **own, "NO_COLOR": "1"}

    def command(self, *arguments: str, before: str = "pass") -> list[str]:
        """``thp`` with arguments; ``before`` is run first, in the same process."""
        return [sys.executable, "-c", CODE, str(self.root), before, *arguments]

    def thp(
        self, *arguments: str, before: str = "pass"
    ) -> subprocess.CompletedProcess[str]:
        """Run ``thp`` without a terminal."""
        return subprocess.run(
            self.command(*arguments, before=before),
            env=self.environment(),
            cwd=CLONE,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def here(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``thp`` without a terminal in this process, which is faster."""
        out, err = _Written(), _Written()
        with (
            chdir(CLONE),
            patch.object(paths, "ROOT", self.root),
            patch.dict(os.environ, self.environment()),
            patch.multiple(sys, stdin=io.StringIO(), stdout=out, stderr=err),
            patch.object(sys, "argv", ["thp", *arguments]),
        ):
            try:
                cli.main()
            except SystemExit as ended:
                status = ended.code
        assert isinstance(status, int)
        return subprocess.CompletedProcess(arguments, status, out.text, err.text)

    def save(self, text: str) -> None:
        """Save the copy as most editors do: under another name, and then in its place."""
        other = self.file.with_name(f"{self.file.name}~")
        other.write_text(text, encoding="utf-8")
        other.replace(self.file)


class _Written(io.TextIOWrapper):
    """A standard stream that keeps what was written."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8")

    @property
    def text(self) -> str:
        """All of it."""
        self.flush()
        return self._bytes.getvalue().decode()


class GradedOnce(Warm):
    """Grades as ``thp watch`` does, from a server; and the same text of the same exercise only once."""

    def __init__(self) -> None:
        super().__init__()
        self._results: dict[tuple[str, bytes, bool], Result] = {}

    def grade(self, exercise_id: str, root: Path | None = None) -> Result:
        """What :func:`thpkit.grading.grade` returns; from any thread.

        Raises:
            ExerciseError: there is no such exercise.
            GradingError: this machine cannot grade.
        """
        file = learner_file(load(exercise_id, root), root)
        key = exercise_id, file.read_bytes(), "work" in file.parts
        if key not in self._results:
            token = process.STARTER.set(self.start)
            try:
                self._results[key] = judge.grade(exercise_id, root)
            finally:
                process.STARTER.reset(token)
        return replace(self._results[key], file=file)
