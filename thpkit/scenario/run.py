"""Running a scenario under the recorder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from thpkit.kernel.machine import Machine
from thpkit.kernel.variant import Variant, code_of
from thpkit.scenario.model import Scenario
from thpkit.trace import recorder, stops
from thpkit.trace.policy import Follow
from thpkit.trace.stops import ResolvedStop, Stop, StopError
from thpkit.trace.timeline import Timeline

STEP_BUDGET: Final = 2_000_000
"""Steps after which a recording stops by itself."""


@dataclass(frozen=True)
class Recording:
    """A scenario that has run."""

    scenario: Scenario
    machine: Machine
    timeline: Timeline
    stops: tuple[ResolvedStop, ...]
    """The scenario's stops with the steps they stand at."""


def build(scenario: Scenario, variant: Variant | None = None) -> Machine:
    """The scenario's machine, booted but with no task run; ``variant`` replaces the scenario's own."""
    machine = Machine(variant=variant or scenario.variant, config=scenario.config)
    scenario.boot(machine)
    for each in scenario.interruptions:
        machine.interrupt(each.function, each.visit, each.call)
    return machine


def record(
    scenario: Scenario, variant: Variant | None = None, budget: int = STEP_BUDGET
) -> Recording:
    """Boot the scenario's machine, run its tasks under the recorder and resolve its stops.

    A kernel that stops (a bug, a deadlock, the budget) ends the timeline; that is no error here.

    Raises:
        StopError: a stop names no step of this run, and the run did not end early.
    """
    machine = build(scenario, variant)
    files = {code_of(task).co_filename for task in scenario.tasks}

    def run() -> None:
        for task in scenario.tasks:
            task(machine)

    follow = Follow.of(machine.variant, files)
    timeline = recorder.record(
        run, root=machine.kernel, follow=follow, budget=budget, title=scenario.title
    )
    found = _resolve(timeline, scenario, strict=machine.variant is scenario.variant)
    return Recording(scenario, machine, timeline, tuple(found))


def _resolve(
    timeline: Timeline, scenario: Scenario, strict: bool
) -> list[ResolvedStop]:
    """The stops of this run. A run that ended early, or of another variant, may not reach all of them."""
    if strict and timeline.ending is None:
        return stops.attach(timeline, scenario.stops)
    reached = [stop for stop in scenario.stops if _leads_somewhere(timeline, stop)]
    if not strict:
        reached = [_of_another_run(stop, scenario.variant.name) for stop in reached]
    return stops.attach(timeline, reached)


def _of_another_run(stop: Stop, own: str) -> Stop:
    """The same place, without what was said about the scenario's own run: here it may be wrong."""
    text = f"The lesson stops here in its run on {own}, and speaks of that run; what happens here may differ."
    return Stop(stop.where, stop.title, text, stop.pane)


def _leads_somewhere(timeline: Timeline, stop: Stop) -> bool:
    try:
        stops.step_of(timeline, stop.where)
    except StopError:
        return False
    return True
