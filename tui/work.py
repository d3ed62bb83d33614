"""A learner's files: ``work/ex01/`` beside ``exercises/``.

What a learner wrote is never overwritten and never lost. A file is made whole under another name and then put in
its place; what it takes the place of has a second name, in a ``backup-N`` directory, before that. So the end of the
program at any point leaves the old state or the new one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from tui.paths import UserError, book_root

if TYPE_CHECKING:
    from thpkit.grading.exercise import Exercise


def exercise_named(name: str) -> Exercise:
    """The exercise ``ex01``; ``ex:ex01`` and its folder's name are accepted too.

    Raises:
        UserError: there is none, or its folder has a mistake.
    """
    from thpkit.grading.exercise import ExerciseError, load

    try:
        return load(name.removeprefix("ex:").rstrip("/"), book_root())
    except ExerciseError as error:
        raise UserError(str(error)) from None


@dataclass(frozen=True)
class Desk:
    """Where a learner works on one exercise."""

    exercise: Exercise
    root: Path
    """The directory that holds ``exercises/`` and ``work/``."""

    @classmethod
    def of(cls, exercise: Exercise) -> Desk:
        """The desk in the clone."""
        return cls(exercise, book_root())

    @property
    def folder(self) -> Path:
        """The directory of the copy and its backups."""
        return self.root / "work" / self.exercise.id

    @property
    def file(self) -> Path:
        """The learner's copy, whether it is there or not."""
        return self.folder / self.exercise.file

    @property
    def name(self) -> str:
        """The copy as a reader types it."""
        return str(self.file.relative_to(self.root))

    @property
    def begun(self) -> bool:
        """Whether there is a copy."""
        return self.file.is_file()

    @property
    def untouched(self) -> bool:
        """Whether the copy says what the shipped file says."""
        try:
            return self.file.read_bytes() == self.exercise.shipped.read_bytes()
        except OSError:
            return False

    def start(self) -> bool:
        """Make the copy; False if there is one already, which is then left alone.

        Raises:
            OSError: it cannot be written.
        """
        if os.path.lexists(self.file):
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._fresh() as fresh:
            made = _put_new(fresh, self.file)
        _sync(self.folder)
        return made

    def reset(self) -> Path | None:
        """Begin anew; where the copy is kept that was there, or None if there was none.

        Raises:
            OSError: it cannot be written. Nothing is lost.
        """
        if not os.path.lexists(self.file):
            self.start()
            return None
        with self._fresh() as fresh:
            backup = self._backup()
            while not _same_file(backup, self.file):  # an editor has just saved
                backup = self._backup()
            fresh.replace(self.file)
        _sync(self.folder)
        return backup

    def backups(self) -> list[Path]:
        """The kept copies, the oldest first."""
        found = self.folder.glob(f"backup-*/{self.exercise.file}")
        numbers = ((each.parent.name.partition("-")[2], each) for each in found)
        known = [(int(number), each) for number, each in numbers if number.isdigit()]
        return [each for _number, each in sorted(known)]

    @contextmanager
    def _fresh(self) -> Iterator[Path]:
        """The file as shipped, complete and on the disk, under a name that nobody looks at."""
        handle, name = tempfile.mkstemp(
            dir=self.folder, prefix=f".{self.exercise.file}-", suffix=".new"
        )
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.exercise.shipped.read_bytes())
                stream.flush()
                os.fchmod(stream.fileno(), 0o644)
                os.fsync(stream.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _backup(self) -> Path:
        """Give the copy a second name in a new backup directory; that name."""
        part = Path(tempfile.mkdtemp(dir=self.folder, prefix=".backup-", suffix=".new"))
        try:
            part.chmod(0o755)
            _second_name(self.file, part / self.exercise.file)
            _sync(part)
            for number in count(len(self.backups()) + 1):
                place = self.folder / f"backup-{number}"
                if os.path.lexists(place):
                    continue
                part.rename(place)
                _sync(self.folder)
                return place / self.exercise.file
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        raise AssertionError


def _put_new(fresh: Path, place: Path) -> bool:
    """Put a complete file in its place; False if something stands there already."""
    try:
        os.link(fresh, place)
    except FileExistsError:
        return False
    except OSError:  # a file system without second names
        if os.path.lexists(place):
            return False
        fresh.rename(place)
    return True


def _second_name(file: Path, other: Path) -> None:
    """Let ``other`` name the same file; where that is impossible, a copy of it."""
    try:
        os.link(file, other)
    except OSError:
        shutil.copy2(file, other)
        with other.open("rb") as stream:
            os.fsync(stream.fileno())


def _same_file(backup: Path, file: Path) -> bool:
    """Whether what is kept is what stands there now."""
    if backup.samefile(file):
        return True
    return backup.read_bytes() == file.read_bytes()


def _sync(directory: Path) -> None:
    """See to it that the names in a directory are on the disk; where that is impossible, do without."""
    with suppress(OSError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
