"""Stops: the steps a lesson points at, written so that they survive edits of the code.

A place is written ``function::statement@visit``::

    filemap_huge_fault::page_ref_add(page@1        the first time this statement is about to run
    filemap_huge_fault::page_ref_add(page@1+       just after that: its effects are visible
    filemap.find_get_entry::@return@-1             the last return of the function
    rmap.page_add_file_rmap::@call@2               its second call

``function`` is a qualified name, with the module in front if needed. ``statement`` is a piece of code that stands in
the first line of exactly one statement of that function. ``@visit`` counts from 1, or from the end if negative; it is
1 if left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple

from thpkit.trace.statements import Statement
from thpkit.trace.tape import FrameRecord, Function, Kind
from thpkit.trace.timeline import Timeline

_PLACE: Final = re.compile(
    r"(?P<function>[\w.<>]+)::(?P<statement>@return|@call|.+?)(?:@(?P<visit>-?\d+))?(?P<after>\+)?",
    re.DOTALL,
)


class StopError(ValueError):
    """A place does not lead to a step; the message says why and what comes nearest."""


@dataclass(frozen=True)
class Stop:
    """A place in the code that a reader should see."""

    where: str
    """``function::statement@visit``; see the module."""
    title: str
    text: str = ""
    """A sentence or two for the reader, or nothing."""
    pane: str = ""
    """Name of the pane of state that shows what the text speaks of; empty: whichever the reader has chosen."""


class ResolvedStop(NamedTuple):
    """A stop and the step that it leads to."""

    step: int
    stop: Stop


class _Place(NamedTuple):
    """The parts of a place, taken apart."""

    where: str
    function: str
    statement: str
    visit: int
    after: bool


def resolve(timeline: Timeline, stops: Iterable[Stop]) -> list[ResolvedStop]:
    """The step of each stop, in the order given.

    Raises:
        StopError: a stop does not resolve.
    """
    return [ResolvedStop(step_of(timeline, each.where), each) for each in stops]


def attach(timeline: Timeline, stops: Iterable[Stop]) -> list[ResolvedStop]:
    """Resolve ``stops`` and make them those of the timeline, which moves go to; sorted by step.

    Raises:
        StopError: a stop does not resolve.
    """
    found = sorted(resolve(timeline, stops), key=lambda each: each.step)
    timeline.stops = found
    return found


def step_of(timeline: Timeline, where: str) -> int:
    """The step that a place leads to.

    Raises:
        StopError: there is none, or more than one statement fits.
    """
    match = _PLACE.fullmatch(where.strip())
    if match is None:
        raise StopError(f"{where!r}: a stop is written function::statement@visit")
    place = _Place(
        where,
        match["function"],
        match["statement"].strip(),
        int(match["visit"] or 1),
        match["after"] is not None,
    )
    frames = _frames(timeline, place)
    if place.statement == "@call":
        steps: Sequence[int] = [each.first_step for each in frames]
    elif place.statement == "@return":
        return _after(timeline, place, _return_of(timeline, place, frames))
    else:
        statement = _statement(place, [each.function for each in frames])
        steps = timeline.visits(statement)
    return _after(timeline, place, _pick(place, steps))


def _frames(timeline: Timeline, place: _Place) -> list[FrameRecord]:
    """The activations of the function that ``place`` names."""
    frames = [
        each for each in timeline.tape.frames if place.function in _names(each.function)
    ]
    if frames:
        return frames
    ran = sorted(
        {name for each in timeline.tape.frames for name in _names(each.function)}
    )
    near = get_close_matches(place.function, ran, 3) or get_close_matches(
        place.function.split(".")[-1], ran, 3
    )
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise StopError(
        f"{place.where!r}: no function {place.function} runs in this recording{hint}"
    )


def _names(function: Function) -> tuple[str, str]:
    return function.qualname, f"{function.module}.{function.qualname}"


def _statement(place: _Place, functions: Iterable[Function]) -> Statement:
    """The one statement whose text holds the fragment."""
    known = list(
        dict.fromkeys(
            each for function in functions for each in function.statements.values()
        )
    )
    found = [each for each in known if place.statement == each.text]
    found = found or [each for each in known if place.statement in each.text]
    if len(found) == 1:
        return found[0]
    if found:
        lines = "; ".join(
            f"{each.file} line {each.first}: {each.text}" for each in found
        )
        raise StopError(f"{place.where!r}: {len(found)} statements fit: {lines}")
    near = get_close_matches(place.statement, [each.text for each in known], 1, 0.4)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    raise StopError(
        f"{place.where!r}: no statement of {place.function} holds {place.statement!r}{hint}"
    )


def _pick(place: _Place, steps: Sequence[int]) -> int:
    """The step of the wanted visit."""
    if not steps:
        raise StopError(f"{place.where!r}: the statement never runs in this recording")
    at = place.visit - 1 if place.visit > 0 else len(steps) + place.visit
    if place.visit == 0 or not 0 <= at < len(steps):
        times = "once" if len(steps) == 1 else f"{len(steps)} times"
        raise StopError(
            f"{place.where!r}: there is no visit {place.visit}; it runs {times}"
        )
    return steps[at]


def _return_of(timeline: Timeline, place: _Place, frames: list[FrameRecord]) -> int:
    """The RETURN step of the wanted call."""
    first = _pick(place, [each.first_step for each in frames])
    frame = timeline.frame_at(first)
    last = timeline.own_before(frame, frame.last_step + 1)
    if last is None or timeline.kind_at(last) is not Kind.RETURN:
        raise StopError(
            f"{place.where!r}: that call does not return: an exception leaves it, or the run ends in it"
        )
    return last


def _after(timeline: Timeline, place: _Place, step: int) -> int:
    """``step``, or with a ``+`` the first step after the statement is done."""
    if not place.after:
        return step
    frame = timeline.frame_at(step)
    for n in range(step + 1, frame.last_step + 1):
        if timeline.tape.who[n] == frame.index:
            return n
    after = frame.last_step + 1
    if after < len(timeline):
        return after
    raise StopError(
        f"{place.where!r}: the recording ends before that statement is done"
    )
