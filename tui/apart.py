"""Two versions of the kernel in the same scenario: opening one of them where it parts from the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from tui.opening import Run
from tui.paths import UserError

if TYPE_CHECKING:
    from thpkit.trace.compare import Difference
    from thpkit.trace.timeline import Timeline


def opened(left: Callable[[], Run], right: Callable[[], Run], against: str) -> Run:
    """Record both, and open the left one at the step where they part; a notice and a stop say in what.

    Raises:
        UserError: one of them cannot be recorded, or both are the same version.
    """
    run = left()
    if run.version == against:
        raise UserError(
            f"this runs on {against} anyway; --against needs another version"
        )
    other = right()
    found = _first(run.timeline, other.timeline)
    if found is None:
        notice = (
            f"after each call {run.version} and {other.version} are in the same state: "
            "what differs shows on the way, or to the caller"
        )
        return replace(
            run, notices=(*run.notices, notice), other=other, side_by_side=True
        )
    return _at(run, other, found)


def _first(left: Timeline, right: Timeline) -> Difference | None:
    """The first difference that says something; None if there is none.

    The CPU's counts of locks, and what the posted version does to the flags of every mapping, count only if nothing
    else differs.
    """
    from thpkit.patch import report

    beside = report.BESIDE_THE_POINT
    cpu = ("preempt_count", "irqs_disabled")
    for more in (("vm_flags", *cpu), ("vm_flags",), ()):
        found = report.first_apart(left, right, (*beside, *more))
        if found is not None:
            return found
    return None


def _at(run: Run, other: Run, found: Difference) -> Run:
    """The run, to be opened at a difference."""
    from thpkit.trace.stops import ResolvedStop, Stop

    ends = _end(run.timeline, other.timeline, found)
    step = ends[0] if found.left_step is None else found.left_step
    there = (
        f"the call ends at step {ends[1]}"
        if found.right_step is None
        else f"step {found.right_step}"
    )
    here = f"in {run.version}"
    theirs = f"in {other.version} ({there} there)"
    title = f"Here {run.version} and {other.version} part"
    short = found._replace(during="").sentence(here, theirs)
    sentence = found.sentence(here, theirs)
    stop = Stop("", title, f"{sentence[0].upper()}{sentence[1:]}.")
    run.timeline.stops = sorted(
        [*run.timeline.stops, ResolvedStop(step, stop)], key=lambda each: each.step
    )
    notice = f"{title}: {short}"
    beside = replace(other, start=found.right_step)
    notices = (*run.notices, notice)
    return replace(run, notices=notices, start=step, other=beside, side_by_side=True)


def _end(left: Timeline, right: Timeline, found: Difference) -> tuple[int, int]:
    """The last step, in each run, of the call in which they part; of the whole run if that is not known."""
    from thpkit.trace.sections import section_at, sections

    ours, theirs = sections(left), sections(right)
    known = [i for i, each in enumerate(ours) if each.title == found.during]
    if found.right_step is not None:
        inside = section_at(right, found.right_step)
        aligned = [i for i in known if i < len(theirs) and theirs[i] == inside]
        known = aligned or known
    if not known:
        return len(left) - 1, len(right) - 1
    at = known[0]
    other = theirs[at].last if at < len(theirs) else len(right) - 1
    return ours[at].last, other
