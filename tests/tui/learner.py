"""A learner at his desk: a root of its own with exercises and work, and ``thp`` that works in it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.grading import workshop
from thpkit.grading.exercise import load
from thpkit.grading.model import CLONE, Exercise

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

    def save(self, text: str) -> None:
        """Save the copy as most editors do: under another name, and then in its place."""
        other = self.file.with_name(f"{self.file.name}~")
        other.write_text(text, encoding="utf-8")
        other.replace(self.file)
