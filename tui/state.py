"""What is remembered between two visits: where the reader stood, how far each lesson got, and the look.

One small JSON file in the user's state directory (``THP_STATE_DIR`` names another). It is written whole, beside the
old one, and then put in its place, so a crash leaves the old or the new one and never half a file. A file that
cannot be read is set aside; a directory that cannot be written only means that nothing is remembered.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tui.answers import Answers, answers_of
from tui.attempts import Attempts, attempts_of

VERSION: Final = 1
FILE: Final = "progress.json"
MOST_STOPS: Final = 1000
"""More stops than any lesson has."""


@dataclass
class Place:
    """How far the reader got in one lesson, exercise or file."""

    step: int = 0
    """Where the reader stood last."""
    steps: int = 0
    """Length of the recording then: a step number means nothing in another one."""
    stop: int = 0
    """The last stop at or before that step, counted from 1; 0 is before the first."""
    furthest: int = 0
    """The furthest stop ever reached."""
    stops: int = 0
    """Stops that there are."""
    visited: list[int] = field(default_factory=list)
    """Numbers of the stops that were ever stood on, from 1, in order."""
    passed: bool = False
    """For an exercise: whether it has ever been passed."""
    misses: int = 0
    """Wrong answers and failed checks so far."""
    attempts: Attempts = field(default_factory=Attempts)
    """For an exercise: what was tried, and what help was given."""

    @property
    def begun(self) -> bool:
        """Whether there is anything to continue."""
        return self.steps > 0

    @property
    def done(self) -> bool:
        """Whether every stop has been visited, or the exercise passed. To jump to the end is not enough."""
        return self.passed or 0 < self.stops <= len(self.visited)

    def visit(self, stops: Iterable[int]) -> None:
        """More stops have been stood on."""
        found = {*self.visited, *stops}
        self.visited = sorted(each for each in found if 1 <= each <= self.stops)


@dataclass
class Memory:
    """The whole file."""

    places: dict[str, Place] = field(default_factory=dict)
    """By name, as in ``thp step NAME``."""
    look: str = ""
    """The chosen look; empty until one is chosen."""
    pane: str = ""
    """The state pane that narrow screens show."""
    answers: Answers = field(default_factory=dict)
    """What was answered, by lesson and question."""
    silent: bool = False
    """Whether questions are no longer asked by themselves."""
    reading: bool = False
    """Whether the lesson's text is shown beside the run."""


class Store:
    """Reads and writes the file. It never raises: what went wrong is in :attr:`notice`."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or default_directory()
        self.notice = ""
        """One sentence for the reader, or nothing."""
        self.memory = self._read()

    @property
    def path(self) -> Path:
        """The file."""
        return self.directory / FILE

    def place(self, name: str) -> Place:
        """What is known of a place; a fresh one if nothing is."""
        return self.memory.places.get(name) or Place()

    def keep(self, name: str, place: Place) -> bool:
        """Remember a place, and what other running copies have written meanwhile; False if that is impossible."""
        self.reload()
        self.memory.places[name] = place
        return self.save()

    def change(self, name: str, alter: Callable[[Place], object]) -> bool:
        """Alter what is known of a place *now*, other running copies included; False if it cannot be kept."""
        self.reload()
        place = self.place(name)
        alter(place)
        self.memory.places[name] = place
        return self.save()

    def reload(self) -> None:
        """Take up what other running copies have written meanwhile."""
        if not self.path.exists():  # nobody has, and what we know is kept
            return
        fresh = self._read(quiet=True)
        fresh.look = self.memory.look or fresh.look
        fresh.pane = self.memory.pane or fresh.pane
        self.memory = fresh

    def save(self) -> bool:
        """Write the file; False if that is impossible."""
        try:
            self._write()
        except OSError as error:
            self.notice = (
                f"your place cannot be kept: {self.directory}: {error.strerror or error}; "
                "set THP_STATE_DIR to a directory that can be written"
            )
            return False
        return True

    def _write(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"version": VERSION, **asdict(self.memory)}, indent=1)
        handle, name = tempfile.mkstemp(dir=self.directory, prefix=FILE, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _read(self, quiet: bool = False) -> Memory:
        """The file's content; an empty memory if there is none or it makes no sense."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Memory()
        except (OSError, UnicodeDecodeError) as error:
            return self._set_aside(str(error), quiet)
        try:
            return _memory(json.loads(text))
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
        ) as error:
            return self._set_aside(str(error), quiet)

    def _set_aside(self, why: str, quiet: bool) -> Memory:
        """Keep an unreadable file under another name and begin anew."""
        aside = self.path.with_suffix(".json.corrupt")
        try:
            self.path.replace(aside)
            kept = f"it is kept as {aside}"
        except OSError:
            kept = "and it cannot be moved away"
        if not quiet:
            self.notice = f"the file with your progress cannot be read ({why}); {kept}, and a new one is begun"
        return Memory()


def default_directory() -> Path:
    """``THP_STATE_DIR``, or the user's state directory."""
    named = os.environ.get("THP_STATE_DIR")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_state_dir

    return Path(user_state_dir("thp", appauthor=False))


def _memory(data: Any) -> Memory:
    """A memory from plain data.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    if data["version"] != VERSION:
        raise ValueError(f"it has version {data['version']}, not {VERSION}")
    places = {str(name): _place(each) for name, each in data["places"].items()}
    return Memory(
        places,
        str(data.get("look", "")),
        str(data.get("pane", "")),
        answers_of(data.get("answers")),
        bool(data.get("silent", False)),
        bool(data.get("reading", False)),
    )


def _place(data: Any) -> Place:
    numbers = {
        name: max(int(data.get(name, 0)), 0)
        for name in ("step", "steps", "stop", "furthest", "stops", "misses")
    }
    return Place(
        **numbers,
        visited=_visited(data, numbers),
        passed=bool(data.get("passed", False)),
        attempts=attempts_of(data.get("attempts")),
    )


def _visited(data: Any, numbers: dict[str, int]) -> list[int]:
    """The visited stops. Older files only knew the furthest one: then all up to it count."""
    stops = numbers["stops"]
    known = data.get("visited")
    if known is None:
        return list(range(1, min(numbers["furthest"], stops, MOST_STOPS) + 1))
    return sorted({each for each in map(int, known) if 1 <= each <= stops})
