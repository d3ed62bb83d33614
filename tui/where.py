"""What ``thp step WHERE`` names, and opening it: a lesson, a defect, an exercise, a scenario file, a saved recording.

Nothing is recorded before :meth:`Target.open` is called, so a screen can be painted first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui import apart, contents, opening
from tui.opening import Run
from tui.paths import UserError

if TYPE_CHECKING:
    from thpkit.kernel.variant import Variant

SAVED: Final = ".thprec"
"""Suffix of a saved recording."""


@dataclass(frozen=True)
class Target:
    """Something that can be opened."""

    name: str
    title: str
    open: Callable[[], Run] = field(compare=False)
    """Record it, or read it. Raises UserError."""
    exercise: bool = False


DEFECT: Final = "defect:"
EXERCISE: Final = "ex:"


def resolve(
    where: str, variant: str | None = None, against: str | None = None
) -> Target:
    """The target that WHERE names, run by another version of the kernel if ``variant`` names one.

    With ``against`` it opens where it parts from that version.

    Raises:
        UserError: there is none; the sentence names what comes nearest.
    """
    if against is not None:
        return _compared(where, variant, against)
    chosen = variant_of(variant, where)
    if chosen is not None and (where.startswith(EXERCISE) or where.endswith(SAVED)):
        raise UserError(
            f"{where} is what it is; --variant needs a lesson, a defect or a FILE.py"
        )
    target = _resolve(where, chosen)
    if chosen is None:
        return target
    name = f"{target.name}@{variant}"  # another run has another place to go on from
    return replace(target, name=name, open=lambda: replace(target.open(), name=name))


def _compared(where: str, variant: str | None, against: str) -> Target:
    """What WHERE names, to be opened where two versions of the kernel part."""
    other = variant_of(against, where)
    assert other is not None
    if where.startswith(EXERCISE) and other.name == "ref" and variant is None:
        return _beside_the_kit(_exercise(where))
    if where.startswith(EXERCISE) or where.endswith(SAVED):
        raise UserError(
            f"{where} cannot be recorded with another version; --against needs a lesson, a defect or a FILE.py"
        )
    left, right = resolve(where, variant), resolve(where, against)
    name = f"{left.name}|{other.name}"

    def run() -> Run:
        return replace(apart.opened(left.open, right.open, other.name), name=name)

    return replace(left, name=name, open=run)


def _beside_the_kit(target: Target) -> Target:
    """An exercise, to be opened with the kit's run beside it."""

    def run() -> Run:
        alone = target.open()
        if alone.other is None:
            raise UserError(
                f"{target.name} is not compared with the kit's run: finding the place is the exercise"
            )
        said = f"here your run and the kit's, {alone.other.version}, are about to part"
        notices = alone.notices if alone.start is None else (*alone.notices, said)
        return replace(alone, side_by_side=True, notices=notices)

    return replace(target, open=run)


def _resolve(where: str, variant: Variant | None) -> Target:
    if where.startswith(EXERCISE):
        return _exercise(where)
    if where.startswith(DEFECT):
        return _defect(where, variant)
    path = Path(where).expanduser()
    if where.endswith(SAVED):
        return _saved(path)
    if where.endswith(".py") or "/" in where.rstrip("/"):
        return _file(path, variant)
    return _lesson(where.rstrip("/"), variant)


def variant_of(name: str | None, where: str = "") -> Variant | None:
    """The version of the kernel of that name; None for None: the scenario's own.

    A lesson, named by ``where``, may define versions of its own.

    Raises:
        UserError: there is no such version.
    """
    if name is None:
        return None
    from thpkit.patch.registry import variant_named

    try:
        return variant_named(name)
    except ValueError as error:
        return _own_variant(name, where, str(error))


def _own_variant(name: str, where: str, otherwise: str) -> Variant:
    """A version that a lesson defines for itself.

    Raises:
        UserError: it has none of that name, and the sentence lists those that it has; or ``where`` is no lesson, and
            the sentence is ``otherwise``.
    """
    from tui import played

    try:
        lesson = _lesson(where.rstrip("/"), None).name
    except UserError:
        raise UserError(otherwise) from None
    return played.variant_of(lesson, name)


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
        name, title, folder = fits[0][:3]
        path = contents.scenario_of(folder)
        assert path is not None
        return Target(name, title, partial(opening.lesson, name, title, path, variant))
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
    return Target(name, path.name, partial(opening.scenario, path, name, variant))


def _neighbours(path: Path) -> list[str]:
    try:
        return [
            each.name for each in path.parent.iterdir() if each.suffix == path.suffix
        ]
    except OSError:
        return []


def _saved(path: Path) -> Target:
    if not path.is_file():
        near = get_close_matches(path.name, _neighbours(path), 1, 0.5)
        hint = f"; did you mean {path.parent / near[0]}?" if near else ""
        raise UserError(f"there is no saved recording {path}{hint}")
    name = str(path.resolve())
    return Target(name, path.name, partial(opening.saved, path, name))


def _defect(where: str, variant: Variant | None) -> Target:
    from thpkit.patch import record, scenario_for

    try:
        each = record(where.removeprefix(DEFECT))
        title = scenario_for(each.id).title
    except ValueError as error:
        raise UserError(str(error)) from None
    return Target(DEFECT + each.id, title, partial(opening.defect, each.id, variant))


def with_case(target: Target, case: str) -> Target:
    """An exercise, to be opened with another of its cases.

    Raises:
        UserError: it is no exercise.
    """
    if not target.exercise:
        raise UserError(
            f"{target.name} has no cases; --case needs an exercise, such as ex:ex01"
        )
    run = partial(opening.exercise, target.name, target.title, case)
    return replace(target, open=run)


def _exercise(where: str) -> Target:
    wanted = where.removeprefix(EXERCISE)
    entries = contents.exercises()
    for entry in entries:
        if wanted in (entry.name.removeprefix("ex:"), entry.folder.name):
            run = partial(opening.exercise, entry.name, entry.title)
            return Target(entry.name, entry.title, run, True)
    known = [each.name for each in entries]
    if not known:
        raise UserError(f"there is no exercise {wanted!r}; there are no exercises yet")
    near = get_close_matches(where, known, 2, 0.5) or known
    raise UserError(f"there is no exercise {wanted!r}; there is {', '.join(near)}")
