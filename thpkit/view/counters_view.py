"""All counters, grouped, with what the last step did to them and what has happened since the stop and the call began.

Counters that stay zero for the whole recording only say so, in one paragraph at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from thpkit.kernel.init import IDLE_PID, Kernel
from thpkit.kernel.kobject import KObject
from thpkit.kernel.mm_types import MmCounter
from thpkit.kernel.vmstat import NodeStat, VmEvent
from thpkit.trace.cells import Cell, Target, read
from thpkit.view import subject, values
from thpkit.view.layout import padded, state_pane, wrapped
from thpkit.view.moment import Moment, view
from thpkit.view.rows import Rendered, Role, Row, Span, row

LRU: Final = (
    NodeStat.NR_INACTIVE_FILE,
    NodeStat.NR_ACTIVE_FILE,
    NodeStat.NR_INACTIVE_ANON,
    NodeStat.NR_ACTIVE_ANON,
)
NAME: Final = 22
"""Columns of a counter's name."""
NUMBER: Final = 7
"""Columns of a number."""
NARROW: Final = 6
"""Columns of a number where there is little room."""
SHORTEST: Final = 18
"""Columns that a name needs so that most names can be read."""


class Grid(NamedTuple):
    """How wide names and numbers are, and which numbers there is room for."""

    name: int
    number: int
    labels: tuple[str, ...]

    @classmethod
    def fitting(cls, moment: Moment, width: int) -> Grid:
        """The grid for a column of counters ``width`` wide: changes since the stop give way first."""
        labels = full_labels(moment)
        number = NUMBER if width >= NAME + NUMBER * len(labels) else NARROW
        for spare in ("stop", "call"):
            if width - number * len(labels) < SHORTEST and len(labels) > 2:
                labels = tuple(each for each in labels if each != spare)
        return cls(max(min(NAME, width - number * len(labels)), 1), number, labels)


def full_labels(moment: Moment) -> tuple[str, ...]:
    """Everything that can be said of a counter."""
    return ("now", "step", "stop", "call") if moment.stops else ("now", "step", "call")


class Gauge(NamedTuple):
    """One counter and where it is kept."""

    name: str
    target: Target
    key: Any

    @property
    def value(self) -> int:
        """What it counts now."""
        return int(read(Cell(self.target, self.key), 0))


class Group(NamedTuple):
    """Counters that belong together."""

    title: str
    gauges: Sequence[Gauge]


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The groups, in two columns if there is room."""
    room = width - 2
    every = list(groups(moment))
    idle = idle_names(moment, every)
    moving = [
        Group(title, [each for each in gauges if not never_moves(moment, each)])
        for title, gauges in every
    ]
    moving = [group for group in moving if group.gauges]
    wide = NAME + NUMBER * len(full_labels(moment))
    if room < 2 * wide + 2:
        rows = _column(moment, moving, Grid.fitting(moment, room))
    else:
        grid = Grid.fitting(moment, wide)
        left, right = (_column(moment, half, grid) for half in _halves(moving))
        rows = beside(left, right, (room - 2) // 2)
    if idle:
        rows.append(())
        text = f"always 0 in this run: {', '.join(idle)}"
        rows += wrapped(row((text, Role.DIM)), room, 2)
    return state_pane(rows, moment.glyphs)


def never_moves(moment: Moment, gauge: Gauge) -> bool:
    """Whether a counter is zero from the first step to the last."""
    if gauge.value:
        return False
    cell = Cell(gauge.target, gauge.key)
    return not moment.timeline.history().places(cell)


def idle_names(moment: Moment, every: Sequence[Group]) -> list[str]:
    """The counters that never move: by name if that is so in all groups that have one, else with the group."""
    idle: dict[str, list[str]] = {}
    count: dict[str, int] = {}
    for title, gauges in every:
        for gauge in gauges:
            count[gauge.name] = count.get(gauge.name, 0) + 1
            if never_moves(moment, gauge):
                idle.setdefault(gauge.name, []).append(title.removeprefix("process "))
    return [
        name if len(where) == count[name] else f"{name} of {' and '.join(where)}"
        for name, where in idle.items()
    ]


# ---- which counters there are -----------------------------------------------------------------------------


def groups(moment: Moment) -> Iterator[Group]:
    """All counters of the machine; of files only those in question."""
    kernel = moment.kernel
    node, events = kernel.vmstat.node, kernel.vmstat.events
    stats = [stat for stat in NodeStat if stat not in LRU]
    stats.sort(key=lambda stat: not stat.name.startswith("NR_FILE"))
    yield Group("pages", [Gauge(stat.name, node, stat.value) for stat in stats])
    yield Group("LRU lists", [Gauge(stat.name, node, stat.value) for stat in LRU])
    mapping = subject.mapping_of(moment)
    if mapping is not None:
        names = ("nrpages", "nr_thps", "nrexceptional")
        path = subject.path_of(moment, mapping.host)
        name = path.rpartition("/")[2]
        yield Group(f"cache of {name}", _fields(mapping, names))
    machine = [
        Gauge("memcg charged", kernel.memcg, "charged"),
        Gauge("xa_nodes", kernel, "xa_nodes"),
    ]
    yield Group("machine", machine)
    yield Group("events", [Gauge(each.name, events, each.value) for each in VmEvent])
    yield from process_groups(kernel)


def process_groups(kernel: Kernel) -> Iterator[Group]:
    """Resident pages, page tables and faults of each process."""
    for task in kernel.tasks.values():
        if task.pid == IDLE_PID:
            continue
        gauges = []
        if task.mm is not None:
            rss = task.mm.rss_stat
            gauges += [Gauge(each.name, rss, each.value) for each in MmCounter]
            gauges += _fields(task.mm, ("pgtables_bytes",))
        gauges += _fields(task, ("maj_flt", "min_flt"))
        yield Group(f"process {task}", gauges)


def _fields(target: KObject, names: Sequence[str]) -> list[Gauge]:
    return [Gauge(name, target, name) for name in names]


def snapshot(kernel: Kernel) -> Mapping[tuple[int, Any], int]:
    """Every counter's value at some step, by identity of its home and key."""
    found: dict[tuple[int, Any], int] = {}
    for array in (kernel.vmstat.node, kernel.vmstat.events):
        found.update({(id(array), at): value for at, value in enumerate(array)})
    for group in process_groups(kernel):
        for gauge in group.gauges:
            found[id(gauge.target), gauge.key] = gauge.value
    for inode in kernel.inodes.values():
        if inode.i_mapping is not None:
            for gauge in _fields(
                inode.i_mapping, ("nrpages", "nr_thps", "nrexceptional")
            ):
                found[id(gauge.target), gauge.key] = gauge.value
    found[id(kernel.memcg), "charged"] = kernel.memcg.charged
    found[id(kernel), "xa_nodes"] = kernel.xa_nodes
    return found


# ---- rows -------------------------------------------------------------------------------------------------


def _column(moment: Moment, shown: Sequence[Group], grid: Grid) -> list[Row]:
    """Groups one below the other."""
    since = {
        "call": moment.in_section(snapshot),
        "stop": moment.before(moment.last_stop, snapshot),
    }
    rows: list[Row] = []
    for group in shown:
        if rows:
            rows.append(())
        labels = "".join(f"{label:>{grid.number}}" for label in grid.labels)
        title = f"{group.title[: grid.name - 1]:<{grid.name}}"
        rows.append(row((title, Role.HEADING), (labels, Role.DIM)))
        rows += [_gauge_row(moment, gauge, grid, since) for gauge in group.gauges]
    return rows


def _gauge_row(
    moment: Moment,
    gauge: Gauge,
    grid: Grid,
    since: Mapping[str, Mapping[tuple[int, Any], int]],
) -> Row:
    """A counter, its value, and its changes by the last step, since the stop before and since the call began."""
    ident = (id(gauge.target), gauge.key)
    value = gauge.value
    change = moment.lens.change(gauge.target, gauge.key)
    deltas = {label: value - before.get(ident, 0) for label, before in since.items()}
    deltas["step"] = 0
    if change is not None and isinstance(change.old, int):
        deltas["step"] = value - change.old
    role = Role.PLAIN if value or any(deltas.values()) else Role.DIM
    moved = Role.UP if deltas["step"] > 0 else Role.DOWN
    spans = [Span(f"{gauge.name[: grid.name - 1]:<{grid.name}}", role)]
    for label in grid.labels:
        if label == "now":
            text = f"{value:>{grid.number}}"
            spans.append(moment.lens.show(gauge.target, gauge.key, text, role))
            continue
        text = f"{values.signed(deltas[label], moment.glyphs):>{grid.number}}"
        stepped = label == "step" and deltas[label]
        spans.append(Span(text, moved if stepped else Role.DIM))
    return tuple(spans)


def _halves(shown: Sequence[Group]) -> tuple[list[Group], list[Group]]:
    """The groups in two columns of about the same height, in order."""
    heights = [len(group.gauges) + 2 for group in shown]
    best = min(
        range(len(shown) + 1),
        key=lambda at: max(sum(heights[:at]), sum(heights[at:])),
    )
    return list(shown[:best]), list(shown[best:])


def beside(left: Sequence[Row], right: Sequence[Row], width: int) -> list[Row]:
    """Two columns, the left one ``width`` wide."""
    return [
        (*padded(one, width), Span("  "), *other)
        for one, other in zip_longest(left, right, fillvalue=())
    ]
