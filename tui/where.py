"""What ``thp step WHERE`` names, and opening it: a lesson, an exercise, a scenario file or a saved recording.

Nothing is recorded before :meth:`Target.open` is called, so a screen can be painted first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui import contents
from tui.paths import UserError

if TYPE_CHECKING:
    from thpkit.kernel.variant import Variant
    from thpkit.trace.timeline import Timeline
    from thpkit.view.explanations import Explanations

SAVED: Final = ".thprec"
"""Suffix of a saved recording."""


@dataclass(frozen=True)
class Run:
    """Something recorded, ready to be looked at."""

    name: str
    """As in ``thp step NAME``: under this the reader's place is kept."""
    title: str
    timeline: Timeline
    explanations: Explanations | None = None
    """What the book says about a statement; None if nothing."""
    notices: tuple[str, ...] = ()
    """Sentences for the reader, before anything else."""
    start: int | None = None
    """The step to open at, if not the first: where an exercise goes wrong."""


@dataclass(frozen=True)
class Target:
    """Something that can be opened."""

    name: str
    title: str
    open: Callable[[], Run] = field(compare=False)
    """Record it, or read it. Raises UserError."""
    exercise: bool = False


def resolve(where: str, variant: str | None = None) -> Target:
    """The target that WHERE names.

    Raises:
        UserError: there is none; the sentence names what comes nearest.
    """
    chosen = variant_of(variant)
    if where.startswith("ex:"):
        return _exercise(where)
    path = Path(where).expanduser()
    if where.endswith(SAVED):
        return _saved(path)
    if where.endswith(".py") or "/" in where.rstrip("/"):
        return _file(path, chosen)
    return _lesson(where.rstrip("/"), chosen)


def variant_of(name: str | None) -> Variant | None:
    """The variant of a name; None for None: the scenario's own.

    Raises:
        UserError: there is no such variant.
    """
    if name is None:
        return None
    from thpkit.kernel.variant import REF

    known = {REF.name: REF}
    if name in known:
        return known[name]
    raise UserError(
        f"there is no kernel variant {name!r}; there is {' and '.join(known)}"
    )


def _lesson(name: str, variant: Variant | None) -> Target:
    entries = contents.lessons()
    names = [each.name for each in entries]
    fits = [
        each for each in entries if name in (each.name, each.name.partition("_")[2])
    ]
    fits = fits or [
        each
        for each in entries
        if name
        and (each.name.startswith(name) or each.name.partition("_")[2].startswith(name))
    ]
    if len(fits) == 1:
        entry = fits[0]
        return Target(entry.name, entry.title, lambda: _record_lesson(entry, variant))
    if fits:
        raise UserError(
            f"{name!r} could be {' or '.join(each.name for each in fits)}: write more of it"
        )
    known = [*names, *(each.name for each in contents.exercises())]
    raise UserError(f"there is no lesson {name!r}; {_nearest(name, known)}")


def _nearest(name: str, known: list[str]) -> str:
    """What to write instead."""
    short = {each.partition("_")[2] or each.removeprefix("ex:"): each for each in known}
    near = [
        *get_close_matches(name, known, 2, 0.5),
        *(short[each] for each in get_close_matches(name, short, 2, 0.5)),
    ]
    if near:
        return f"did you mean {' or '.join(dict.fromkeys(near))}?"
    if not known:
        return "there are no lessons yet"
    return f"there is {', '.join(known)}; a file ends in .py or {SAVED}"


def _record_lesson(entry: contents.Entry, variant: Variant | None) -> Run:
    path = contents.scenario_of(entry.folder)
    assert path is not None
    run = _record(path, entry.name, variant)
    return Run(run.name, entry.title, run.timeline, _book_of(entry.folder), run.notices)


def _book_of(folder: Path) -> Explanations | None:
    """What the lesson's text and the commentary say about statements."""
    return None


def _file(path: Path, variant: Variant | None) -> Target:
    if path.is_dir():
        raise UserError(
            f"{path} is a directory; give the .py file in it that defines SCENARIO"
        )
    if not path.is_file():
        near = get_close_matches(path.name, _neighbours(path), 1, 0.5)
        hint = f"; did you mean {path.parent / near[0]}?" if near else ""
        raise UserError(f"there is no file {path}{hint}")
    name = str(path.resolve())
    return Target(name, path.name, lambda: _record(path, name, variant))


def _neighbours(path: Path) -> list[str]:
    try:
        return [
            each.name for each in path.parent.iterdir() if each.suffix == path.suffix
        ]
    except OSError:
        return []


def _record(path: Path, name: str, variant: Variant | None) -> Run:
    """Run a scenario file under the recorder."""
    from thpkit.scenario import ScenarioError, load_file, record
    from thpkit.trace.stops import StopError

    try:
        scenario = load_file(path)
        recording = record(scenario, variant)
    except (ScenarioError, StopError) as error:
        raise UserError(str(error)) from None
    except Exception as error:
        raise UserError(
            f"{path}: its machine cannot be booted: {type(error).__name__}: {error}"
        ) from error
    timeline = recording.timeline
    if not timeline.stops:
        timeline.stops = sorted(recording.stops, key=lambda each: each.step)
    if not len(timeline):
        raise UserError(
            f"{path}: nothing was recorded: its tasks run no statement of the simulated kernel"
            + (f" ({timeline.ending})" if timeline.ending else "")
        )
    return Run(name, scenario.title, timeline)


def _saved(path: Path) -> Target:
    if not path.is_file():
        near = get_close_matches(path.name, _neighbours(path), 1, 0.5)
        hint = f"; did you mean {path.parent / near[0]}?" if near else ""
        raise UserError(f"there is no saved recording {path}{hint}")
    return Target(str(path.resolve()), path.name, lambda: _open_saved(path))


def _open_saved(path: Path) -> Run:
    raise UserError(f"{path}: saved recordings cannot be opened yet")


def _exercise(where: str) -> Target:
    wanted = where.removeprefix("ex:")
    entries = contents.exercises()
    for entry in entries:
        if wanted in (entry.name.removeprefix("ex:"), entry.folder.name):
            return Target(entry.name, entry.title, lambda: _open_exercise(entry), True)
    known = [each.name for each in entries]
    if not known:
        raise UserError(f"there is no exercise {wanted!r}; there are no exercises yet")
    near = get_close_matches(where, known, 2, 0.5) or known
    raise UserError(f"there is no exercise {wanted!r}; there is {', '.join(near)}")


def _open_exercise(entry: contents.Entry) -> Run:
    raise UserError(f"{entry.name}: exercises cannot be stepped yet")
