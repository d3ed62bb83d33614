"""What ``thp defects`` prints: the table, the verification, and the story of one record."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Final

from thpkit.kernel.variant import REF
from thpkit.patch.model import Kind, Record
from thpkit.patch.registry import known_ids, variant_named
from thpkit.patch.repairs.table import repair
from thpkit.patch.scenario import recording
from thpkit.patch.scene import Observation, Value
from thpkit.patch.verdicts import Verdict, observe, record, verify
from thpkit.trace.cells import Cell
from thpkit.trace.compare import Difference, compare
from thpkit.trace.sections import sections
from thpkit.trace.timeline import Timeline

WIDTH: Final = 80
"""Columns of a story."""
COLUMN: Final = 44
"""Columns of the table are aligned up to this width; what is longer is not cut."""


def table(verdicts: Iterable[Verdict] | None = None) -> list[str]:
    """One line a record: ID, class, what was seen in v3 and in the correct one, its fate in v4 and v5, title."""
    rows = [("ID", "class", "v3", "ref", "v4", "v5", "what")]
    for each in verify() if verdicts is None else verdicts:
        of = each.record
        rows.append((of.id, of.kind.value, *_seen(each), of.v4, of.v5, of.title))
    return _columns(rows, COLUMN)


def total(verdicts: Sequence[Verdict]) -> str:
    """What all the verdicts come to, in one line."""
    kinds = [each.record.kind for each in verdicts]
    counts = ", ".join(f"{kinds.count(kind)} {kind.value}" for kind in Kind)
    failed = [each.record.id for each in verdicts if each.failure]
    found = f"FAILED: {', '.join(failed)}" if failed else "all as the records say"
    return (
        f"{len(kinds)} {'record' if len(kinds) == 1 else 'records'}: {counts}; {found}"
    )


def verification(verdicts: Iterable[Verdict] | None = None) -> list[str]:
    """One line a record: ID, class, what was seen in v3 and in the correct version. Lines are never cut."""
    rows = [("ID", "class", "v3", "ref", "")]
    for each in verify() if verdicts is None else verdicts:
        v3, ref = _seen(each)
        rows.append(
            (
                each.record.id,
                each.record.kind.value,
                v3,
                ref,
                f"FAILED: {each.failure}" if each.failure else "",
            )
        )
    return _columns(rows)


def _seen(verdict: Verdict) -> tuple[str, str]:
    """What stands in the two columns of a verification."""
    kind = verdict.record.kind
    if kind is Kind.EQUIVALENT:
        return f"{verdict.cases} cases agree", "the same"
    if kind is Kind.ARGUED:
        return "not run", "not run"
    keys = [key for key in verdict.v3 if verdict.v3[key] != verdict.ref.get(key)]
    v3 = sentence({key: verdict.v3[key] for key in keys})
    if verdict.record.after:
        v3 += f" (in {verdict.record.base})"
    return v3, sentence({key: verdict.ref.get(key) for key in keys})


def sentence(seen: Observation) -> str:
    """An observation in one line."""
    return "; ".join(f"{key}: {value_in_words(value)}" for key, value in seen.items())


def value_in_words(value: Value) -> str:
    """One observed value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value in ("", None) else str(value)


def _columns(rows: Sequence[tuple[str, ...]], most: int | None = None) -> list[str]:
    """Rows as lines with columns aligned up to a width of ``most``; the last column is as long as it is."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    widths = [width if most is None else min(width, most) for width in widths]
    return [
        "  ".join(
            [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            + [row[-1]]
        ).rstrip()
        for row in rows
    ]


# ---- one record -----------------------------------------------------------------------------------------


def story(id: str, *, divergence: bool = True) -> list[str]:
    """Everything about one record: what is wrong, what one expects, what happens, where the runs part, the repair.

    Raises:
        ValueError: there is no such record.
    """
    each = record(id)
    kind = "remark of the review" if each.id[0] == "K" else "not named in the review"
    lines = [f"{each.id}: {each.title} ({kind})", ""]
    lines += _told("where", f"{each.hunk}, {each.function}")
    lines += _told("what is wrong", each.wrong)
    if each.rule:
        lines += _told("rule", each.rule)
    lines += [""]
    lines += _shown(each, divergence) if each.kind is Kind.SHOWN else _not_shown(each)
    lines += [""]
    lines += _told("fate", f"v4: {each.v4}; v5: {each.v5}; correct version: {each.ref}")
    lines += _repair(each)
    lines += _told("to take along", each.lesson)
    return lines


def _told(head: str, text: str) -> list[str]:
    """A heading and a text that is wrapped beside it."""
    room = 16
    found = wrap(text, WIDTH - room, break_long_words=False, break_on_hyphens=False)
    return [
        f"{head if i == 0 else '':{room}}{line}" for i, line in enumerate(found or [""])
    ]


def _not_shown(each: Record) -> list[str]:
    head = "not run" if each.kind is Kind.ARGUED else "compared"
    cases = f" ({each.agree()} cases agree)" if each.agree is not None else ""
    return _told(head, each.reason + cases)


def _shown(each: Record, divergence: bool) -> list[str]:
    """The scene and what it sees."""
    assert each.act is not None
    v3 = observe(each, variant_named(each.base))
    ref = observe(each, REF)
    lines = _told("the scene", " ".join((inspect.getdoc(each.act) or "").split()))
    if each.after:
        hidden = " and ".join(each.after)
        lines += _told(
            "", f"In v3 itself this hides behind {hidden}; so {each.base} is shown."
        )
    lines += _told("one expects", sentence(ref))
    lines += _told("what happens", sentence(v3))
    lines += _other_kernel(each, v3)
    if divergence:
        lines += _told("first apart", _apart(each))
    return lines


def _other_kernel(each: Record, seen: Observation) -> list[str]:
    """What a kernel with, or without, debugging options makes of the same scene, if it makes something else."""
    assert each.act is not None
    setting = replace(each.setting, debug=not each.setting.debug)
    other = each.act(setting.machine(variant_named(each.base)))
    if other == seen:
        return []
    head = "debug kernel" if setting.debug else "without debug"
    return _told(head, sentence(other))


def first_divergence(each: Record) -> tuple[str, Difference | None]:
    """Where the version with the defect parts, in the scene of a record, from one without it, and which that is.

    It is the same version with the single repair, if there is one, so that only this defect is seen; else the correct
    version, without what differs from the first mmap on (K23) or is only the validator's list of held locks.
    """
    posted = recording(each, variant_named(each.base)).timeline
    name = each.repair or each.id
    if name in known_ids():
        other = f"{each.base}+{name}"
        repaired = recording(each, variant_named(other)).timeline
        return other, first_apart(posted, repaired, BESIDE_THE_POINT)
    correct = recording(each, REF).timeline
    return "ref", first_apart(posted, correct, (*BESIDE_THE_POINT, "vm_flags"))


def first_apart(
    left: Timeline, right: Timeline, ignore: Collection[str]
) -> Difference | None:
    """Where two recordings part, each with the step that writes the value which the call leaves behind."""
    found = compare(left, right, ignore)
    if found is None:
        return None
    return found._replace(
        left_step=_settled(left, found.path, found.left_step),
        right_step=_settled(right, found.path, found.right_step),
    )


def _settled(timeline: Timeline, path: str, step: int | None) -> int | None:
    """The last write of a cell in the call that writes it at ``step``."""
    call = next(
        (
            each
            for each in sections(timeline)
            if step is not None and each.first <= step <= each.last
        ),
        None,
    )
    if call is None:
        return step
    position = timeline.position
    timeline.seek(call.last)
    cell = timeline.resolve(path)
    timeline.seek(position)
    if not isinstance(cell, Cell):
        return step
    after = min(call.last + 1, len(timeline) - 1)
    write = timeline.last_write_before(cell, after)
    return step if write is None else max(write.step, step or 0)


BESIDE_THE_POINT: Final = (
    "lockdep_depth",
    "held_locks",
    "readers",
    "next_pfn",
    "tables",
)
"""Fields that differ wherever something does, and say less about it: the lock-order validator's notes, who reads
mmap_sem, the next free frame, the list of page tables."""


def _apart(each: Record) -> str:
    other, found = first_divergence(each)
    if found is None:
        return (
            f"After each call {each.base} and {other} are in the same state: "
            "it shows on the way, or to the caller."
        )
    step = (
        ""
        if found.left_step is None
        else f" (thp step defect:{each.id}, step {found.left_step})"
    )
    return found.sentence(f"in {each.base}", f"in {other}") + step


def _repair(each: Record) -> list[str]:
    """The single repair, if there is one."""
    name = each.repair or each.id
    if name not in known_ids():
        return []
    found = repair(name)
    lines = _told("repair", f"v3+{name}: {found.about}")
    return lines + (
        _told("", f"It uncovers: {found.uncovers}") if found.uncovers else []
    )
