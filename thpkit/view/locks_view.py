"""What may happen here: the context of the CPU, the locks each task holds in order, and broken rules so far."""

from __future__ import annotations

from thpkit.kernel.sched import Cpu, Task
from thpkit.view import values
from thpkit.view.layout import fact, flow, state_pane, wrapped
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, row


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """CPU, locks by task, splats."""
    room = width - 2
    kernel = moment.kernel
    rows = cpu_rows(kernel.cpu, moment.lens, room)
    rows.append(())
    for task in kernel.tasks.values():
        if task.mm is not None or task.lockdep_depth or task is kernel.cpu.task:
            rows += task_rows(task, moment.lens, room)
    rows.append(())
    rows += splat_rows(moment, room)
    return state_pane(rows, moment.glyphs)


def cpu_rows(cpu: Cpu, lens: Lens, width: int) -> list[Row]:
    """Who runs, and whether it may sleep."""
    first = row(
        (cpu.kname, Role.HEADING), (" runs ", Role.DIM), lens.value(cpu, "task")
    )
    irqs = "off" if cpu.irqs_disabled else "on"
    change = lens.change(cpu, "irqs_disabled")
    if change is not None:
        irqs += f" (was {'off' if change.old else 'on'})"
    facts = [
        fact("irqs", lens.show(cpu, "irqs_disabled", irqs)),
        fact("preempt_count", lens.value(cpu, "preempt_count")),
        fact("rcu_depth", lens.value(cpu, "rcu_depth")),
        may_sleep(cpu),
    ]
    return flow(facts, width, first=first)


def may_sleep(cpu: Cpu) -> Row:
    """Whether a function that sleeps may be called here, and why not."""
    reasons = []
    if cpu.irqs_disabled:
        reasons.append("irqs off")
    if cpu.preempt_count:
        reasons.append("spinlock held")
    if cpu.rcu_depth:
        reasons.append("inside RCU")
    if not reasons:
        return row(("may sleep", Role.GOOD))
    return row((f"must not sleep: {', '.join(reasons)}", Role.LOCK))


def task_rows(task: Task, lens: Lens, width: int) -> list[Row]:
    """The locks of one task, outermost first."""
    rows: list[Row] = []
    depth = lens.change(task, "lockdep_depth")
    for at in range(task.lockdep_depth):
        held = task.held_locks[at]
        if held is None:
            continue
        first = row((f"  {at + 1}  ", Role.DIM))
        what = lens.show(task.held_locks, at, held.lock.kname, Role.LOCK)
        how = "" if held.cls == "page lock" else f", for {_mode(held.mode)}"
        facts = [row(what), row((f"{held.cls}{how}", Role.DIM))]
        rows += flow(facts, width, first=first, hang=5)
    text = values.count_of(task.lockdep_depth, "lock") if rows else "nothing"
    if depth is not None:
        text += f" (was {depth.old})"
    name = row((task.kname, Role.HEADING), (" holds ", Role.DIM))
    role = Role.PLAIN if rows else Role.DIM
    return [(*name, lens.show(task, "lockdep_depth", text, role)), *rows]


def _mode(mode: str) -> str:
    return "writing" if mode == "write" else "reading"


def splat_rows(moment: Moment, width: int) -> list[Row]:
    """The broken rules that have been reported up to here."""
    splats = moment.kernel.splats
    if not splats:
        return [row(("no rule broken so far", Role.DIM))]
    rows: list[Row] = []
    for number, splat in splats.items():
        role = Role.CHANGED if moment.lens.change(splats, number) else Role.BAD
        text = moment.lens.show(splats, number, f"{number} {splat.rule}", role)
        silent = " (a production kernel would say nothing)" if splat.silent else ""
        rows += wrapped(row(text, f": {splat.sentence}{silent}"), width, 4)
    return rows
