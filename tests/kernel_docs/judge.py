"""Comparing what a *Locks* sentence declares with what was seen."""

from __future__ import annotations

from collections.abc import Iterator

from tests.kernel_docs.observe import Hold, Seen
from thpkit.book.claims import LockLine, Wanted


def contradictions(line: LockLine, seen: Seen) -> Iterator[str]:
    """Sentences about everything that was seen and not declared."""
    for group in line.entry:
        for held in sorted(seen.entries, key=sorted):
            if not any(_fits(hold, group) for hold in held):
                yield f"entered without {_names(group)}, holding {_holds(held)}"
    for verb, taken, declared in (
        ("takes", seen.taken, line.takes),
        ("returns with", seen.kept, line.returns_with),
        ("drops", seen.dropped, line.drops),
    ):
        for hold in sorted(taken):
            if not _fits(hold, declared):
                yield f"{verb} {_holds({hold})}"
    if seen.slept and not line.may_sleep:
        yield "reached might_sleep"


def unproven(line: LockLine, seen: Seen) -> Iterator[str]:
    """Clauses that nothing of what was seen needs: ``takes i_pages``, ``may sleep``."""
    for verb, declared, taken in (
        ("takes", line.takes, seen.taken),
        ("returns with", line.returns_with, seen.kept),
        ("drops", line.drops, seen.dropped),
    ):
        for wanted in sorted(declared, key=str):
            if not any(_fits(hold, {wanted}) for hold in taken):
                yield f"{verb} {wanted.cls}"
    if line.may_sleep and not seen.slept:
        yield "may sleep"


def _fits(hold: Hold, group: frozenset[Wanted] | set[Wanted]) -> bool:
    """Whether a hold is one of those wanted."""
    return any(
        hold.cls == each.cls and each.mode in (None, hold.mode) for each in group
    )


def _names(group: frozenset[Wanted]) -> str:
    return " or ".join(
        each.cls + (f" ({each.mode})" if each.mode else "")
        for each in sorted(group, key=str)
    )


def _holds(held: frozenset[Hold] | set[Hold]) -> str:
    return ", ".join(f"{each.cls} ({each.mode})" for each in sorted(held)) or "no lock"
