"""A moment: one step of a recording, and what a renderer may ask about it.

Everything a view shows is a function of the recording and the number of the step. What was on the screen before plays
no part, so stepping back paints exactly what stepping forward painted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Any, NamedTuple, Protocol

from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import KObject
from thpkit.trace import folds, sections
from thpkit.trace.cells import Cell, Target, Write
from thpkit.trace.folds import Fold
from thpkit.trace.sections import Section
from thpkit.trace.stops import ResolvedStop
from thpkit.trace.tape import MISSING, Kind
from thpkit.trace.timeline import Level, Step, Timeline
from thpkit.view.explanations import NO_EXPLANATIONS, Explanations
from thpkit.view.glyphs import UNICODE, Glyphs
from thpkit.view.layout import fitted
from thpkit.view.rows import Rendered, Role, Span
from thpkit.view.values import short


class Change(NamedTuple):
    """What happened to one cell between two steps."""

    old: Any
    new: Any


@dataclass(frozen=True, eq=False)
class Lens:
    """How cells are shown: which of them have just changed, and with what signs."""

    glyphs: Glyphs = UNICODE
    changed: Mapping[tuple[int, Any], Change] | None = None

    def change(self, target: Target, key: Any) -> Change | None:
        """What the last step did to a cell; None if it left it alone."""
        return self.changed.get((id(target), key)) if self.changed else None

    def show(
        self, target: Target, key: Any, text: str, role: Role = Role.PLAIN
    ) -> Span:
        """A span that shows a cell, marked if the last step changed it."""
        role = role if self.change(target, key) is None else Role.CHANGED
        return Span(text, role, Cell(target, key))

    def value(self, target: Target, key: Any, role: Role = Role.PLAIN) -> Span:
        """A field shown by its own value, and by its former one too if the last step changed it."""
        text = short(getattr(target, key), key)
        change = self.change(target, key)
        if change is not None and change.old is not MISSING:
            text = f"{text} (was {short(change.old, key)})"
        return self.show(target, key, text, role)


@dataclass(frozen=True, eq=False)
class Moment:
    """One step of a recording. Making a moment puts the timeline there.

    Raises:
        ValueError: the recording has no step at all.
    """

    timeline: Timeline
    n: int
    """The step. A number outside the recording becomes the nearest one inside."""
    stops: tuple[ResolvedStop, ...] = ()
    """The lesson's stops, by step."""
    explanations: Explanations = NO_EXPLANATIONS
    glyphs: Glyphs = UNICODE

    def __post_init__(self) -> None:
        if not len(self.timeline):
            raise ValueError("this recording has no step: its tasks did nothing")
        object.__setattr__(self, "n", self.timeline.seek(self.n))

    @classmethod
    def of(
        cls,
        timeline: Timeline,
        n: int,
        explanations: Explanations = NO_EXPLANATIONS,
        glyphs: Glyphs = UNICODE,
    ) -> Moment:
        """A moment of a recording with the stops that are attached to it."""
        return cls(timeline, n, tuple(timeline.stops), explanations, glyphs)

    def at(self, n: int) -> Moment:
        """Another moment of the same recording."""
        return Moment(self.timeline, n, self.stops, self.explanations, self.glyphs)

    @contextmanager
    def present(self) -> Iterator[None]:
        """Puts the timeline at this step and lets its kernel be the running one for a block."""
        self.timeline.seek(self.n)
        with self.timeline.running():
            yield

    # ---- where we are -----------------------------------------------------------------------------------

    @property
    def kernel(self) -> Kernel:
        """Root of all state."""
        root = self.timeline.root
        assert isinstance(root, Kernel), "views show recordings of a whole kernel"
        return root

    @cached_property
    def step(self) -> Step:
        """The step itself."""
        return self.timeline.step(self.n)

    @cached_property
    def stack(self) -> tuple[Level, ...]:
        """The call stack, innermost first."""
        return tuple(reversed(self.timeline.stack(self.n)))

    @cached_property
    def locals(self) -> tuple[dict[str, Any], ...]:
        """The local variables of each level of :attr:`stack`."""
        read = self.timeline.locals_of
        return tuple(read(level.frame, self.n) for level in self.stack)

    @cached_property
    def section(self) -> Section | None:
        """The system call or fault this step lies in; between two of them, the one that ended last."""
        inside = sections.section_at(self.timeline, self.n)
        if inside is not None:
            return inside
        every = sections.sections(self.timeline)
        begun = bisect_left(every, self.n, key=lambda each: each.first)
        return every[begun - 1] if begun else None

    @property
    def in_kernel(self) -> bool:
        """Whether kernel code runs; False between system calls."""
        return sections.section_at(self.timeline, self.n) is not None

    @cached_property
    def fold(self) -> Fold | None:
        """The fold that hides this step, if one does."""
        return folds.fold_at(self.timeline, self.n)

    @cached_property
    def stop(self) -> int | None:
        """Which stop this step belongs to: it, or the last one before; counted from 1. None before the first."""
        begun = bisect_left(self.stops, self.n + 1, key=lambda each: each.step)
        return begun or None

    @property
    def at_stop(self) -> bool:
        """Whether this very step is a stop."""
        return self.stop is not None and self.stops[self.stop - 1].step == self.n

    @cached_property
    def last_stop(self) -> int:
        """The step of the last stop *before* this one, or the first step."""
        begun = bisect_left(self.stops, self.n, key=lambda each: each.step)
        return self.stops[begun - 1].step if begun else 0

    # ---- what has changed -------------------------------------------------------------------------------

    @cached_property
    def writes(self) -> list[Write]:
        """The writes of the step before: what has just been done when this one is reached."""
        return self.timeline.writes(self.n - 1) if self.n else []

    @cached_property
    def changed(self) -> Mapping[tuple[int, Any], Change]:
        """The cells that the step before changed, by identity of the target and key.

        What it made as well had no value before.
        """
        changed = merged(self.writes)
        for write in self.writes:
            if isinstance(write.target, KObject):
                if self.timeline.created(write.target) == self.n - 1:
                    ident = (id(write.target), write.key)
                    changed[ident] = Change(MISSING, write.new)
        return changed

    @cached_property
    def lens(self) -> Lens:
        """Shows cells of this moment."""
        return Lens(self.glyphs, self.changed)

    def in_section(self, build: Callable[[Kernel], Any]) -> Any:
        """What ``build`` reads from the state at which :attr:`section` began; the first step if there is none."""
        return self.before(0 if self.section is None else self.section.first, build)

    def before(self, n: int, build: Callable[[Kernel], Any]) -> Any:
        """What ``build`` reads from the state at step ``n``. Kept: each step is visited once for each builder."""

        def look() -> Any:
            try:
                self.timeline.seek(n)
                return build(self.kernel)
            finally:
                self.timeline.seek(self.n)

        return self.timeline.memo(f"{build.__module__}.{build.__name__} at {n}", look)


def merged(writes: list[Write]) -> dict[tuple[int, Any], Change]:
    """What many writes did to each cell; cells that got back the value they had are left out."""
    found: dict[tuple[int, Any], Change] = {}
    for write in writes:
        key = (id(write.target), write.key)
        first = found.get(key)
        found[key] = Change(write.old if first is None else first.old, write.new)
    return {key: each for key, each in found.items() if differs(each)}


def differs(change: Change) -> bool:
    """Whether a cell has another value than before."""
    old, new = change
    if old is MISSING or new is MISSING:
        return old is not new
    return type(old) is not type(new) or bool(old != new)


class Renderer(Protocol):
    """A view: what it shows of a moment in a given width. ``height`` is a hint; rows may be more."""

    def __call__(
        self, moment: Moment, width: int, height: int | None = None
    ) -> Rendered:
        """The rows, none wider than ``width`` columns."""


def view(render: Callable[[Moment, int, int | None], Rendered]) -> Renderer:
    """Makes a view of a function: it sees the state at the moment, and its rows are cut to the width."""

    @wraps(render)
    def rendered(moment: Moment, width: int, height: int | None = None) -> Rendered:
        with moment.present():
            return fitted(render(moment, width, height), width, moment.glyphs)

    return rendered


def verb(kind: Kind) -> str:
    """What a step of this kind says about its statement."""
    return {
        Kind.LINE: "about to run",
        Kind.CALL: "just called",
        Kind.RETURN: "just ran",
        Kind.EXCEPTION: "just ran and raised",
    }[kind]
