"""The function that runs with its local variables, and below it those that wait for it, the caller first."""

from __future__ import annotations

from typing import Any

from thpkit.kernel.memory import MmuGather
from thpkit.kernel.mm_types import VmArea, VmFaultInfo
from thpkit.kernel.page import Page
from thpkit.kernel.swap import Pagevec
from thpkit.kernel.xarray import XaState
from thpkit.trace.tape import MISSING
from thpkit.trace.timeline import Level
from thpkit.view import subject, values
from thpkit.view.layout import cut, fact, flow, state_pane
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, row
from thpkit.view.xarray_view import cursor_place


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """Innermost function first."""
    room = width - 2
    here, *callers = moment.stack
    rows = [level_row(moment, here, moment.glyphs.next, room)]
    rows += local_rows(moment, room)
    if callers:
        rows.append(row(("called by", Role.DIM)))
    for level in callers:
        rows.append(level_row(moment, level, moment.glyphs.caller, room))
    return state_pane(rows, moment.glyphs)


def level_row(moment: Moment, level: Level, sign: str, width: int) -> Row:
    """One level: function, place, statement."""
    function = level.frame.function
    line = function.line if level.statement is None else level.statement.first
    text = "" if level.statement is None else level.statement.text
    inner = level is moment.stack[0]
    return cut(
        row(
            (f"{sign} ", Role.NEXT if inner else Role.CALLER),
            (f"{function.name}  ", Role.HEADING if inner else Role.NAME),
            (f"{function.module}.py:{line}  ", Role.DIM),
            (text, Role.CODE),
        ),
        width,
        moment.glyphs,
    )


def local_rows(moment: Moment, width: int) -> list[Row]:
    """The local variables of the innermost function; those that the last statement changed are marked."""
    known = moment.locals[0]
    new = changed_locals(moment)
    rows: list[Row] = []
    column = min(max((len(name) for name in known), default=0), 16)
    for name, value in known.items():
        role = Role.CHANGED if name in new else Role.PLAIN
        label = {"<return>": "returns", "<exception>": "raised"}.get(name, name)
        first = row((f"  {label:<{column}} ", Role.DIM if role is Role.PLAIN else role))
        facts = [row((values.short(value, name), role)), *details(value, moment.lens)]
        rows += flow(facts, width, first=first, hang=column + 4)
    return rows


def changed_locals(moment: Moment) -> set[str]:
    """The local variables that differ from those at the function's step before."""
    frame = moment.stack[0].frame
    before = moment.timeline.own_before(frame, moment.n)
    if before is None:
        return set()
    old = moment.timeline.locals_of(frame, before)
    known = moment.locals[0]
    return {name for name, value in known.items() if _differs(old, name, value)}


def _differs(old: dict[str, Any], name: str, value: Any) -> bool:
    former = old.get(name, MISSING)
    if former is value:
        return False
    return type(former) is not type(value) or bool(former != value)


def details(value: object, lens: Lens) -> list[Row]:
    """The few fields of a structure that matter where it is a local variable."""
    if isinstance(value, VmFaultInfo):
        return _fault(value, lens)
    if isinstance(value, XaState):
        place = row(("at ", Role.DIM), lens.show(value, "xa_node", cursor_place(value)))
        return [fact("index", lens.value(value, "xa_index")), place]
    if isinstance(value, Page):
        head = subject.head_of(value)
        return [fact("references", lens.value(head, "_refcount"))]
    if isinstance(value, VmArea):
        span = f"{values.address(value.vm_start)}{lens.glyphs.dash}{values.address(value.vm_end)}"
        return [row((span, Role.DIM))]
    if isinstance(value, (Pagevec, MmuGather)):
        return [row((values.count_of(len(value.pages), "page"), Role.DIM))]
    return []


def _fault(vmf: VmFaultInfo, lens: Lens) -> list[Row]:
    """The parameter block of a fault: what is set of it."""
    facts = [
        fact("address", lens.value(vmf, "address")),
        fact("pgoff", lens.value(vmf, "pgoff")),
        fact("flags", lens.value(vmf, "flags")),
    ]
    for name in ("pmd", "pte", "page", "cow_page", "prealloc_pte"):
        if getattr(vmf, name) is not None or lens.change(vmf, name):
            facts.append(fact(name, lens.value(vmf, name)))
    if vmf.major or lens.change(vmf, "major"):
        facts.append(row(lens.show(vmf, "major", "major")))
    return facts
