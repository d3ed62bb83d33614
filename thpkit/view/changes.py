"""What has changed between two steps, in a few sentences: for readers who go from stop to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from thpkit.kernel import flags, units
from thpkit.kernel.init import Kernel
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import Level, PageTable
from thpkit.kernel.xarray import XaNode, XArray
from thpkit.trace.cells import Target
from thpkit.trace.timeline import Timeline
from thpkit.view import counters_view, values
from thpkit.view.moment import Change, Moment, differs
from thpkit.view.pagetable_view import target_text

NO_BREAK: Final = "\u00a0"
"""A space at which no line is broken; whoever prints makes an ordinary one of it."""

Changes: TypeAlias = Mapping[tuple[int, Any], tuple[Target, Change]]
"""Cells by identity of the target and key, with the target and what happened."""


def between(timeline: Timeline, first: int, last: int) -> Changes:
    """The cells whose values differ between two steps."""
    journal, at = timeline.tape.journal, timeline.tape.at
    part = journal[at[first] : at[last]]
    found: dict[tuple[int, Any], tuple[Target, Change]] = {}
    for target, key, old, new in zip(
        part[::4], part[1::4], part[2::4], part[3::4], strict=True
    ):
        ident = (id(target), key)
        if ident in found:
            old = found[ident][1].old
        found[ident] = (target, Change(old, new))
    return {ident: each for ident, each in found.items() if differs(each[1])}


def sentences(moment: Moment, since: int) -> list[str]:
    """What is different from step ``since``: counters, pages, trees, page-table entries, mappings."""
    changes = between(moment.timeline, since, moment.n)
    found = [
        *_counters(moment, since),
        *_pages(moment, changes),
        *_trees(moment, since),
        *_entries(moment, changes),
        *_mappings(moment, changes),
    ]
    return found


def _counters(moment: Moment, since: int) -> Iterator[str]:
    """Counters that moved, in one sentence."""
    before = moment.before(since, counters_view.snapshot)
    moved = []
    for group in counters_view.groups(moment):
        name = group.title.removeprefix("process ")
        owner = f" of {name}" if group.title.startswith("process ") else ""
        for gauge in group.gauges:
            old = before.get((id(gauge.target), gauge.key), 0)
            delta = values.signed(gauge.value - old, moment.glyphs)
            if delta:
                moved.append(kept_together(f"{gauge.name}{owner} {delta}"))
    if moved:
        yield ", ".join(moved)


def kept_together(text: str) -> str:
    """``text`` with spaces at which no line is broken."""
    return text.replace(" ", NO_BREAK)


# ---- pages ------------------------------------------------------------------------------------------------


def _pages(moment: Moment, changes: Changes) -> Iterator[str]:
    """For each page one sentence about references, flags, map counts, owner."""
    by_head: dict[int, list[tuple[Page, str, Change]]] = {}
    for (_ident, key), (target, change) in changes.items():
        if isinstance(target, Page) and isinstance(key, str):
            head = _whole(moment, target)
            by_head.setdefault(head.pfn, []).append((target, key, change))
    for count, pfn in enumerate(sorted(by_head)):
        if count == 4:
            yield f"and {len(by_head) - 4} more pages"
            return
        whole = moment.kernel.zone.memmap.get(units.Pfn(pfn))
        if whole is not None:
            said = list(_page(moment, whole, by_head[pfn]))
            if said:
                yield f"{whole}: {', '.join(said)}"


def _whole(moment: Moment, page: Page) -> Page:
    """The page that a sub-page is, was or will be part of: its name tells."""
    name, plus, offset = page.kname.partition("+")
    if not plus:
        return page
    first = units.Pfn(page.pfn - int(offset))
    former = moment.kernel.zone.memmap.get(first)
    return page if former is None or former.kname != name else former


def _page(
    moment: Moment, head: Page, changes: list[tuple[Page, str, Change]]
) -> Iterator[str]:
    """What happened to one page."""
    arrow = moment.glyphs.arrow
    counts: dict[tuple[int, int], int] = {}
    for page, key, (old, new) in sorted(changes, key=_by_interest):
        if key == "_mapcount":
            counts[old, new] = counts.get((old, new), 0) + 1
        elif key == "compound_mapcount":
            yield f"compound_mapcount {old} {arrow} {new}"
        elif page is head and key == "_refcount":
            yield f"references {old} {arrow} {new}"
        elif page is head and key == "flags":
            yield from _flags(old, new)
        elif page is head and key == "mapping":
            yield f"mapping {_pointer(old)} {arrow} {_pointer(new)}"
    for (old, new), count in counts.items():
        which = "_mapcount" if count == 1 else f"_mapcount of {count} sub-pages"
        yield f"{which} {old} {arrow} {new}"


def _by_interest(change: tuple[Page, str, Change]) -> int:
    """References first, then the flags, then the rest in the order in which it happened."""
    order = ("_refcount", "flags", "mapping")
    return order.index(change[1]) if change[1] in order else len(order)


def _pointer(value: object) -> str:
    return "NULL" if value is None else values.short(value)


def _flags(old: int, new: int) -> Iterator[str]:
    for name in flags.page_flag_names(new & ~old):
        yield f"+{name}"
    for name in flags.page_flag_names(old & ~new):
        yield f"-{name}"


# ---- trees ------------------------------------------------------------------------------------------------


def shapes(kernel: Kernel) -> dict[str, tuple[int, int]]:
    """Nodes and occupied slots of each page cache, by name of its array."""
    return {
        inode.i_mapping.i_pages.kname: shape(inode.i_mapping.i_pages)
        for inode in kernel.inodes.values()
        if inode.i_mapping is not None
    }


def shape(xa: XArray) -> tuple[int, int]:
    """Nodes and occupied slots of one array."""
    if not isinstance(xa.xa_head, XaNode):
        return 0, int(xa.xa_head is not None)
    nodes = entries = 0
    below = [xa.xa_head]
    while below:
        node = below.pop()
        nodes += 1
        for entry in node.slots:
            if isinstance(entry, XaNode):
                below.append(entry)
            elif entry is not None:
                entries += 1
    return nodes, entries


def shape_text(found: tuple[int, int]) -> str:
    """``9 nodes, 512 entries``."""
    nodes, entries = found
    if not nodes and not entries:
        return "empty"
    word = "entry" if entries == 1 else "entries"
    return f"{values.count_of(nodes, 'node')}, {entries} {word}"


def _trees(moment: Moment, since: int) -> Iterator[str]:
    """Page caches whose tree has another shape."""
    before = moment.before(since, shapes)
    for name, now in shapes(moment.kernel).items():
        old = before.get(name, (0, 0))
        if old != now:
            arrow = moment.glyphs.arrow
            yield f"{name}: {shape_text(old)} {arrow} {shape_text(now)}"


# ---- page tables and mappings -----------------------------------------------------------------------------


def _entries(moment: Moment, changes: Changes) -> Iterator[str]:
    """Entries that map pages: which were set, which cleared."""
    zone = moment.kernel.zone
    known = [
        *zone.tables.values(),
        *(change.old for _target, change in changes.values()),
    ]
    tables = {id(each.entries): each for each in known if isinstance(each, PageTable)}
    small: dict[str, int] = {}
    for (ident, slot), (_target, (old, new)) in changes.items():
        table = tables.get(ident)
        if table is None or table.level > Level.PMD:
            continue
        if table.level is Level.PMD:
            if (old | new) & flags.PAGE_PSE:
                yield _entry(moment, table, slot, old, new)
        elif bool(old) != bool(new):
            how = "set" if new else "cleared"
            label = f"entries of {table} {how}"
            small[label] = small.get(label, 0) + 1
    for label, count in small.items():
        yield f"{count} {label}"


def _entry(moment: Moment, table: PageTable, slot: int, old: int, new: int) -> str:
    before = target_text(moment.kernel, table, old)
    after = target_text(moment.kernel, table, new)
    bits = f" ({values.entry_flags(new)})" if new else ""
    return f"PMD {table}[{slot}]: {before} {moment.glyphs.arrow} {after}{bits}"


def _mappings(moment: Moment, changes: Changes) -> Iterator[str]:
    """Mappings that were made or removed."""
    for task in moment.kernel.tasks.values():
        if task.mm is None or (id(task.mm), "map_count") not in changes:
            continue
        old, new = changes[id(task.mm), "map_count"][1]
        yield f"{task}: mappings {old} {moment.glyphs.arrow} {new}"
