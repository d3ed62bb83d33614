"""A small project of its own: one source file, and whatever texts a test writes."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''"""A module."""


def twice(page: int) -> int:
    """Say what is there."""
    nr = 1
    if page:
        nr = 2
        return nr
    for i in range(3):
        nr = nr + 1
    total = sum(
        [nr, page]
    )
    return nr


class Lock:
    def take(self) -> None:
        # Nobody waits.
        self.taken = True
        return


def once() -> int:
    nr = 7
    return nr
'''

FACTS = """
id = "01_small"
title = "A small lesson"
part = "One"
objectives = ["see"]
functions = ["kit/small.py::twice"]
"""


class Project:
    """Writes files below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("kit/small.py", SOURCE)

    def write(self, path: str, text: str) -> Path:
        """Make a file."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def lesson(self, text: str, facts: str = FACTS, name: str = "01_small") -> Path:
        """Make a lesson with this text."""
        self.write(f"lessons/{name}/lesson.toml", facts)
        self.write(f"lessons/{name}/README.md", text)
        self.write(f"lessons/{name}/{name[3:]}.py", "")
        return self.root / "lessons" / name

    def commentary(self, text: str, name: str = "small.md") -> Path:
        """Make a commentary with this text."""
        return self.write(f"lessons/commentary/{name}", text)
