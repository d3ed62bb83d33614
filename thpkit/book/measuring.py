"""The functions that an expression of the book can use: each looks at one thing in a run."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple, TypeAlias

from thpkit.book import executed
from thpkit.book.executed import ExecutedError
from thpkit.checks import CHECKS
from thpkit.checks.census import take
from thpkit.kernel import units
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import KDict, KObject
from thpkit.trace import stops
from thpkit.trace.cells import INDEX_NAMES, Cell, field_names, reachable
from thpkit.trace.stops import StopError
from thpkit.trace.tape import MISSING
from thpkit.trace.timeline import Timeline
from thpkit.view.values import short

Value: TypeAlias = int | str | bool


class MeasureError(ValueError):
    """Something cannot be measured in a run. The message says what is wrong, and what comes nearest."""


class Fact(NamedTuple):
    """Something that was looked at in a run."""

    sentence: str
    """Without a full stop: ``page#1._refcount is 527 at step 93000``."""
    step: int | None
    """Where it can be seen; None if nowhere in particular."""


def step_of(timeline: Timeline, place: str) -> int:
    """The step that a place leads to: a stop's title, ``function::statement@visit``, ``start`` or ``end``.

    Raises:
        MeasureError: there is no such place in this run.
    """
    place = place.strip()
    if place in ("start", "end"):
        return 0 if place == "start" else max(len(timeline) - 1, 0)
    titled = [each.step for each in timeline.stops if each.stop.title == place]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise MeasureError(f"{len(titled)} stops are called {place!r}")
    if "::" in place:
        try:
            return stops.step_of(timeline, place)
        except StopError as error:
            raise MeasureError(str(error)) from None
    titles = [each.stop.title for each in timeline.stops]
    folded = {each.casefold(): each for each in titles}
    near = get_close_matches(place.casefold(), folded, 1, 0.4)
    hint = f"; the nearest is {folded[near[0]]!r}" if near else ""
    if timeline.ending:
        hint += f"; this run ends early: {timeline.ending}"
    raise MeasureError(
        f"no stop is called {place!r}{hint}; a place is a stop's title, function::statement@visit, start or end"
    )


class Measuring:
    """Looks at one run. It moves the timeline: who uses it puts the position back."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.facts: list[Fact] = []
        """What was looked at, in order."""

    def sizes(self) -> dict[str, int]:
        """The derived sizes of the run's geometry, by name."""
        root = self._timeline.root
        geometry = root.config.geometry if isinstance(root, Kernel) else units.REAL
        return geometry.derived()

    def at(self, place: str) -> int:
        """Go to a place; its step."""
        return self._timeline.seek(step_of(self._timeline, place))

    def find(self, name: str) -> Cell:
        """The cell of that name, as the frames at the present step see it.

        Raises:
            MeasureError: there is none.
        """
        found = self._timeline.resolve(name)
        if found is None:
            raise MeasureError(f"there is no cell {name!r}{self._near(name)}")
        return found

    def _near(self, name: str) -> str:
        """What comes nearest to a name that no cell has."""
        names = self._timeline.names()
        head, _, rest = name.partition(".")
        objects = names.objects(head)
        if objects:
            fields = field_names(type(objects[0]))
            wanted = rest.partition(".")[0].partition("[")[0]
            near = get_close_matches(wanted, fields, 2) or list(fields)
            return f"; {head} has {', '.join(near)}"
        counters = [
            each for every in INDEX_NAMES.values() for each in every.__members__
        ]
        near = get_close_matches(head, sorted(self._objects()), 3) if rest else []
        near = near or get_close_matches(name, counters, 2)
        return f"; the nearest is {' or '.join(near)}" if near else ""

    def _objects(self) -> set[str]:
        """Names of all structures of the run."""
        tape = self._timeline.tape
        known = reachable([self._timeline.root, *tape.born])
        return {each.kname for each in known if isinstance(each, KObject)}

    # ---- what an expression can ask ---------------------------------------------------------------------

    def cell(self, name: str, place: str) -> Value:
        """The value of a cell at a place."""
        step = self.at(place)
        cell = self.find(name)
        value = _plain(self._timeline.value_at(cell, step))
        shown = self.show(cell, value)
        self.facts.append(Fact(f"{name} is {shown} at step {step}", step))
        return value

    def show(self, cell: Cell, value: object) -> str:
        """A value as the panes write it."""
        if value is MISSING:
            return "nothing"
        return short(value, cell.key if isinstance(cell.key, str) else "")

    def change(self, name: str, first: str, last: str) -> int:
        """How much a cell moves between two places."""
        before, after = self.cell(name, first), self.cell(name, last)
        if isinstance(before, str) or isinstance(after, str):
            what = before if isinstance(before, str) else after
            raise MeasureError(f"{name} holds {what!r}, which is no number")
        return after - before

    def local(self, name: str, place: str) -> Value:
        """The value of a local variable of the function that runs at a place."""
        step = self.at(place)
        frame = self._timeline.frame_at(step)
        known = self._timeline.locals_of(frame, step)
        if name not in known:
            near = get_close_matches(name, known, 1) or sorted(known)
            told = f"it has {', '.join(near)}" if near else "it has none yet"
            raise MeasureError(
                f"{frame.function.qualname} has no variable {name!r} at step {step}; {told}"
            )
        value = _plain(known[name])
        self.facts.append(Fact(f"{name} is {short(value, name)} at step {step}", step))
        return value

    def writes(self, name: str) -> int:
        """How often a cell is written in the run."""
        self.at("end")
        found = self._timeline.writes_of(self.find(name))
        times = _times(len(found))
        first = found[0].step if found else None
        where = "" if first is None else f", first at step {first}"
        self.facts.append(Fact(f"{name} is written {times}{where}", first))
        return len(found)

    def writer(self, name: str, place: str) -> str:
        """Qualified name of the function that wrote a cell last before a place."""
        step = self.at(place)
        cell = self.find(name)
        write = self._timeline.last_write_before(cell, step)
        if write is None:
            after = self._timeline.first_write_after(cell, step)
            hint = "" if after is None else f"; its first write is at step {after.step}"
            raise MeasureError(
                f"nothing wrote {name} before step {step} ({place}){hint}"
            )
        function = self._timeline.frame_at(write.step).function.qualname
        fact = f"{name} was written last at step {write.step}, in {function}"
        self.facts.append(Fact(fact, write.step))
        return function

    def visits(self, place: str) -> int:
        """How often a statement runs."""
        return self._count(executed.visits, place, "runs")

    def calls(self, function: str) -> int:
        """How often a function is called."""
        return self._count(executed.calls, function, "is called")

    def _count(
        self, find: Callable[[Timeline, str], list[int]], what: str, verb: str
    ) -> int:
        try:
            steps = find(self._timeline, what)
        except ExecutedError as error:
            raise MeasureError(str(error)) from None
        first = steps[0] if steps else None
        where = "" if first is None else f", first at step {first}"
        times = f"{verb} {_times(len(steps))}" if steps else f"never {verb}"
        self.facts.append(Fact(f"{what} {times}{where}", first))
        return len(steps)

    def holds(self, invariant: str, place: str) -> bool:
        """Whether an invariant of :mod:`thpkit.checks` holds at a place."""
        known = {each.id: each for each in CHECKS}
        if invariant not in known:
            near = get_close_matches(invariant, known, 1, 0.4) or list(known)
            raise MeasureError(
                f"there is no invariant {invariant!r}; the nearest is {', '.join(near)}"
            )
        step = self.at(place)
        root = self._timeline.root
        if not isinstance(root, Kernel):
            raise MeasureError("invariants are about a kernel, and this run has none")
        with self._timeline.running():
            sentence = known[invariant].function(root, take(root))
        told = "holds" if sentence is None else f"is broken ({sentence})"
        self.facts.append(Fact(f"{invariant} {told} at step {step}", step))
        return sentence is None

    def splats(self, place: str) -> int:
        """How many broken rules have been reported at a place."""
        step = self.at(place)
        reports = getattr(self._timeline.root, "splats", None)
        count = len(reports) if isinstance(reports, KDict) else 0
        self.facts.append(Fact(f"{count} reports by step {step}", step))
        return count

    def ending(self) -> str:
        """Why the run stopped early; empty if it finished."""
        last = len(self._timeline) - 1
        told = self._timeline.ending
        self.facts.append(
            Fact(f"the run ends early: {told}", last)
            if told
            else Fact("the run finishes", last)
        )
        return told or ""


class Function(NamedTuple):
    """A function that expressions can call."""

    measure: Callable[..., Value]
    """The method of :class:`Measuring`; each argument is a string."""
    takes: tuple[str, ...]


FUNCTIONS: Final[dict[str, Function]] = {
    "cell": Function(Measuring.cell, ("NAME", "PLACE")),
    "change": Function(Measuring.change, ("NAME", "FROM", "TO")),
    "local": Function(Measuring.local, ("NAME", "PLACE")),
    "writes": Function(Measuring.writes, ("NAME",)),
    "writer": Function(Measuring.writer, ("NAME", "PLACE")),
    "visits": Function(Measuring.visits, ("function::statement",)),
    "calls": Function(Measuring.calls, ("function",)),
    "holds": Function(Measuring.holds, ("INVARIANT", "PLACE")),
    "splats": Function(Measuring.splats, ("PLACE",)),
    "ending": Function(Measuring.ending, ()),
}
"""What an expression can call, by name."""


def _plain(value: Any) -> Value:
    """A value of kernel state as an expression sees it: a number, or what the panes write."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if value is MISSING:
        return "nothing"
    return value if type(value) is str else str(short(value))


def _times(count: int) -> str:
    return "never" if not count else "once" if count == 1 else f"{count} times"
