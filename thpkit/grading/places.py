"""Places in a recorded run at which a rule breaks, or holds again: found in the recording, never written down.

A place is a step at which a statement is *about to run*, with the state still right, after which it is wrong.
Recording changes what all kernel state of a process does, so the grader has it done in a worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from thpkit.checks import census
from thpkit.checks.registry import CHECKS
from thpkit.grading.cases import Case
from thpkit.grading.recording import timeline_of
from thpkit.grading.wanted import Wanted
from thpkit.kernel.init import Kernel
from thpkit.kernel.machine import Machine
from thpkit.trace.sections import Section, sections
from thpkit.trace.statements import Statement
from thpkit.trace.tape import FrameRecord, Kind
from thpkit.trace.timeline import Timeline

BUDGET: Final = 200_000
"""Steps after which such a recording is given up."""
RULES: Final = {each.id: each for each in CHECKS}
CACHES_ONLY: Final = frozenset({"I9", "I13"})
"""Rules that look at page caches and pages alone, so that page tables need not be walked at every step."""


class PlaceError(ValueError):
    """There is no such place in the run; the message is a sentence for the author."""


@dataclass(frozen=True)
class Found:
    """A place."""

    step: int
    statement: Statement
    function: str
    """Qualified name of the function it stands in."""


class Run:
    """A case, recorded on a machine that has not run yet."""

    def __init__(self, machine: Machine, case: Case) -> None:
        self._kernel: Kernel = machine.kernel
        self._known: dict[Wanted, Found] = {}
        self.timeline: Timeline = timeline_of(machine, case, BUDGET)

    def find(self, wanted: Wanted) -> Found:
        """The place.

        Raises:
            PlaceError: the run has no such place.
        """
        if wanted not in self._known:
            self._known[wanted] = self.found_at(self._step(wanted))
        return self._known[wanted]

    def found_at(self, step: int) -> Found:
        """The statement that is about to run at a step.

        Raises:
            PlaceError: none is.
        """
        statement = self.timeline.statement_at(step)
        if statement is None or self.timeline.kind_at(step) is not Kind.LINE:
            raise PlaceError(f"at step {step} no statement is about to run")
        return Found(step, statement, self.timeline.frame_at(step).function.qualname)

    def broken_at(self, step: int, wanted: Wanted) -> str | None:
        """How the rule is broken at a step; None if it holds, or is not looked at there."""
        before = self.timeline.position
        self.timeline.seek(step)
        try:
            with self.timeline.running():
                return self._broken(wanted)
        finally:
            self.timeline.seek(before)

    def functions_at(self, step: int) -> tuple[str, ...]:
        """The names of the functions that are active at a step, the innermost last."""
        levels = self.timeline.stack(step)
        return tuple(each.frame.function.qualname for each in levels)

    def statements_at(self, step: int) -> tuple[Statement, ...]:
        """The statements that are being executed at a step, the innermost last."""
        levels = self.timeline.stack(step)
        return tuple(each.statement for each in levels if each.statement is not None)

    # ---- looking ----------------------------------------------------------------------------------------

    def _step(self, wanted: Wanted) -> int:
        section = self.section(wanted.during)
        steps: Sequence[int] = range(section.first, section.last + 1)
        if wanted.within:
            frame = self._activation(wanted.within, section)
            steps = range(frame.first_step, frame.last_step + 1)
        if wanted.inside:
            steps = self._own_steps(wanted.inside, section)
        if wanted.asks == "returns":
            return steps[-1]
        before = self._until_broken(wanted, steps)
        if wanted.asks == "breaks":
            return steps[before]
        for n in range(before + 1, len(steps) - 1):
            if self.broken_at(steps[n + 1], wanted) is None:
                return steps[n]
        raise PlaceError(f"{wanted.rule} never holds again in {section.title}")

    def _until_broken(self, wanted: Wanted, steps: Sequence[int]) -> int:
        """Which of ``steps`` is the last one before the rule is broken."""
        if isinstance(steps, range):
            found = self.timeline.first_step_where(
                lambda: self._broken(wanted), steps.start, steps.stop
            )
            if found is not None and found[0] > steps.start:
                return found[0] - 1 - steps.start
        else:
            for n in range(1, len(steps)):
                if self.broken_at(steps[n], wanted) is not None:
                    return n - 1
        raise PlaceError(f"{wanted.rule} does not break there")

    def _broken(self, wanted: Wanted) -> str | None:
        """What the rule says about the state the objects are in now."""
        if wanted.unlocked and any(
            each.i_pages.xa_lock.owner is not None
            for each in census.mappings(self._kernel)
        ):
            return None
        rule = RULES[wanted.rule].function
        if wanted.rule in CACHES_ONLY:
            return rule(self._kernel, _caches(self._kernel))
        return rule(self._kernel, census.take(self._kernel))

    def section(self, number: int) -> Section:
        """The n-th section of the run, from 1.

        Raises:
            PlaceError: there are fewer.
        """
        known = sections(self.timeline)
        if not 1 <= number <= len(known):
            raise PlaceError(f"the run has {len(known)} sections, not {number}")
        return known[number - 1]

    def _own_steps(self, function: str, section: Section) -> list[int]:
        """The steps at which a statement of a function itself is about to run, in its first activation there."""
        frame = self._activation(function, section)
        return [
            n
            for n in range(frame.first_step, frame.last_step + 1)
            if self.timeline.tape.who[n] == frame.index
            and self.timeline.kind_at(n) is Kind.LINE
        ]

    def _activation(self, function: str, section: Section) -> FrameRecord:
        """The first activation of a function in a section."""
        for frame in self.timeline.tape.frames:
            if (
                frame.function.qualname == function
                and section.first <= frame.first_step <= section.last
            ):
                return frame
        raise PlaceError(f"{function} does not run in {section.title}")


def _caches(kernel: Kernel) -> census.Census:
    """The part of a census that is about page caches."""
    cached = {
        each.kname: dict(census.cached_pages(each)) for each in census.mappings(kernel)
    }
    return census.Census(cached=cached)


def facts_of(
    machine: Machine,
    case: Case,
    asked: Sequence[Mapping[str, Any]],
    steps: Mapping[str, int],
) -> dict[str, Any]:
    """What :class:`~thpkit.grading.wanted.RunFacts` says about a case's run on a machine, as plain data.

    ``asked`` are the places, ``steps`` the steps that a learner has named for them.

    Raises:
        PlaceError: there is no such place.
    """
    run = Run(machine, case)
    frames = run.timeline.tape.frames
    return {
        "length": len(run.timeline),
        "functions": sorted({each.function.qualname for each in frames}),
        "places": [
            _located(run, Wanted(**each), steps.get(str(each["id"]))) for each in asked
        ],
    }


def _located(run: Run, wanted: Wanted, named: int | None) -> dict[str, Any]:
    """One place, as plain data."""
    found = run.find(wanted)
    statements = run.timeline.frame_at(found.step).function.statements.values()
    said = None
    if named is not None and wanted.rule and 0 <= named < len(run.timeline):
        said = run.broken_at(named, wanted)
    return {
        "id": wanted.id,
        "step": found.step,
        "function": found.function,
        "file": found.statement.file,
        "line": found.statement.first,
        "text": found.statement.text,
        "active": list(run.functions_at(found.step)),
        "calling": [each.text for each in run.statements_at(found.step)[:-1]],
        "others": [each.text for each in {*statements} - {found.statement}],
        "said": said,
    }
