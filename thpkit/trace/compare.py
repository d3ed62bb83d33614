"""Comparing two runs: where they part for the first time, as the name of a cell with both its values.

Runs are aligned by what they do, their system calls and page faults in order, and cells by name, never by step
number: two versions of a kernel take different steps to the same end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from thpkit.kernel.flags import page_flag_names
from thpkit.kernel.kobject import KObject
from thpkit.trace.cells import Cell
from thpkit.trace.digest import Plain, first_difference, plain, state_of
from thpkit.trace.sections import HEX_ABOVE, Section, sections
from thpkit.trace.tape import MISSING
from thpkit.trace.timeline import Timeline

NOTHING: Final = "(nothing)"
"""How the value of a cell is written that one of the two does not have."""


class Difference(NamedTuple):
    """The first thing in which two runs, or two states, differ."""

    during: str
    """The call in which they part, ``A: page fault(0x7f0000203000, …)``; empty for states."""
    path: str
    """Name of a cell; or ``call``, ``outcome``, ``ending``."""
    left: object
    right: object
    left_step: int | None = None
    """The step at which the cell got its value, if it has one."""
    right_step: int | None = None

    def sentence(self, left: str = "here", right: str = "there") -> str:
        """The difference in words; the two sides can be given names."""
        where = f"in {self.during}: " if self.during else ""
        ours, theirs = (shown(self.path, each) for each in (self.left, self.right))
        return f"{where}{self.path} is {ours} {left} and {theirs} {right}"


def shown(path: str, value: object) -> str:
    """A cell's value for readers: flags of a page by name, a report by its rule, what is great in hexadecimal."""
    if value is MISSING:
        return NOTHING
    if isinstance(value, str) and value.startswith("Splat("):
        return "a report: " + value.split("'")[1]
    if type(value) is int and _field(path) == "flags":
        return ", ".join(page_flag_names(value)) or "no flag"
    if type(value) is int and value > HEX_ABOVE:
        return hex(value)
    return str(value)


def compare_states(left: KObject, right: KObject) -> Difference | None:
    """The first cell that differs, nearest to the root; None if the states are equal."""
    found = first_difference(state_of(left), state_of(right))
    return None if found is None else Difference("", *found)


def compare(
    left: Timeline, right: Timeline, ignore: Collection[str] = ()
) -> Difference | None:
    """Where two recordings part for the first time; None if they never do. Both stand where they stood before.

    Of all cells that differ after the first call that ends differently, the one counts that was written first.
    Fields in ``ignore``, such as ``vm_flags``, do not count.
    """
    places = left.position, right.position
    try:
        return _compare(left, right, frozenset(ignore))
    finally:
        left.seek(places[0])
        right.seek(places[1])


def _compare(
    left: Timeline, right: Timeline, ignore: frozenset[str]
) -> Difference | None:
    ours, theirs = _outer(left), _outer(right)
    for mine, other in zip(ours, theirs, strict=False):
        if (mine.name, _who(mine)) != (other.name, _who(other)):
            return Difference(mine.title, "call", mine.title, other.title)
        found = _inside(left, mine, right, other, ignore)
        if found is not None:
            return found
    if len(ours) != len(theirs):
        extra = (ours if len(ours) > len(theirs) else theirs)[
            min(len(ours), len(theirs))
        ]
        mine_first = len(ours) > len(theirs)
        sides = (extra.title, MISSING) if mine_first else (MISSING, extra.title)
        return Difference("", "call", *sides)
    if left.ending != right.ending:
        return Difference("", "ending", left.ending, right.ending)
    return None


def _outer(timeline: Timeline) -> list[Section]:
    """The sections that lie in no other."""
    found: list[Section] = []
    for each in sections(timeline):
        if not found or each.first > found[-1].last:
            found.append(each)
    return found


def _who(section: Section) -> str:
    return section.title.partition(":")[0]


def _inside(
    left: Timeline,
    mine: Section,
    right: Timeline,
    other: Section,
    ignore: frozenset[str],
) -> Difference | None:
    """What differs after one call of each, or in what the calls came to."""
    ends = _outcome(left, mine), _outcome(right, other)
    states = _state_after(left, mine), _state_after(right, other)
    paths = [path for path in _differing(*states) if _field(path) not in ignore]
    steps = {path: _first_write(left, path, mine) for path in paths}
    known = [path for path in paths if steps[path] is not None]
    if known:
        path = min(known, key=_by(steps))
    elif paths:
        path = paths[0]
    elif ends[0] != ends[1]:
        return Difference(mine.title, "outcome", *ends, mine.last, other.last)
    else:
        return None
    return Difference(
        mine.title,
        path,
        states[0].get(path, MISSING),
        states[1].get(path, MISSING),
        steps[path],
        _first_write(right, path, other),
    )


def _field(path: str) -> str:
    """The last field of a cell's name: ``held_locks`` of ``A.held_locks[0]``."""
    return path.rpartition(".")[2].partition("[")[0]


def _by(steps: dict[str, int | None]) -> Callable[[str], int]:
    def step(path: str) -> int:
        return steps[path] or 0

    return step


def _outcome(timeline: Timeline, section: Section) -> Plain:
    """What a call returned, or the exception that ended it."""
    values = timeline.locals_of(section.frame, section.last)
    return plain(values.get("<exception>", values.get("<return>")))


def _state_after(timeline: Timeline, section: Section) -> dict[str, Plain]:
    timeline.seek(min(section.last + 1, len(timeline) - 1))
    return state_of(timeline.root)


def _differing(ours: dict[str, Plain], theirs: dict[str, Plain]) -> list[str]:
    """The cells that differ, in the order of the state; those that one side lacks last."""
    both = [path for path in ours if path in theirs and ours[path] != theirs[path]]
    alone = [path for path in ours if path not in theirs]
    return both + alone + [path for path in theirs if path not in ours]


def _first_write(timeline: Timeline, path: str, section: Section) -> int | None:
    """The step in a call at which a cell was written for the first time there; None if it was not."""
    timeline.seek(section.last)
    cell: Cell | Any = timeline.resolve(path)
    if not isinstance(cell, Cell):
        return None
    write = timeline.first_write_after(cell, section.first)
    return None if write is None or write.step > section.last else write.step
