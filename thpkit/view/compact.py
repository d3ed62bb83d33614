"""The state at a step in a few lines: what every stop of the plain walk ends with."""

from __future__ import annotations

from collections.abc import Iterator

from thpkit.kernel import pgtable
from thpkit.kernel.page import Page
from thpkit.kernel.units import VirtAddr
from thpkit.kernel.xarray import XaNode
from thpkit.view import changes, counters_view, subject, values
from thpkit.view.layout import span_of_range
from thpkit.view.moment import Moment
from thpkit.view.pagetable_view import target_text
from thpkit.view.world import World, cached_heads, sub_pages

MOST = 3
"""Pages that are described."""


def state(moment: Moment) -> Iterator[tuple[str, str]]:
    """Label and text of each line."""
    yield from _pages(moment)
    yield from _tree(moment)
    yield from _entry(moment)
    yield from _counters(moment)
    yield "locks", _locks(moment)
    if moment.kernel.splats:
        number, splat = moment.kernel.splats.items()[-1]
        yield "broken rules", f"{number}, the last: {splat.rule}: {splat.sentence}"


def _pages(moment: Moment) -> Iterator[tuple[str, str]]:
    """The pages in question: references by holder, flags, map counts."""
    world = World.at(moment)
    heads = subject.local_heads(moment)
    heads |= cached_heads(subject.mapping_of(moment))
    for count, (_pfn, head) in enumerate(sorted(heads.items())):
        if count == MOST:
            yield "", f"and {values.count_of(len(heads) - MOST, 'page')} more"
            return
        yield head.kname, page_text(world, head)


def page_text(world: World, head: Page) -> str:
    """One page in a sentence."""
    moment = world.moment
    if not head._refcount:
        return "free"
    text = f"{values.count_of(head._refcount, 'reference')} = {world.split(head)}"
    pages = sub_pages(moment, head)
    text += f"; {values.page_flags(head.flags)}"
    if len(pages) > 1:
        text += f"; {values.count_of(pages[1].compound_mapcount + 1, 'PMD mapping')}"
    counts = values.equal_runs([page._mapcount for page in pages])
    if len(counts) == 1:
        each = " each" if len(pages) > 1 else ""
        return f"{text}; _mapcount {head._mapcount}{each}"
    return f"{text}; {len(counts)} runs of _mapcount"


def _tree(moment: Moment) -> Iterator[tuple[str, str]]:
    """The tree of the file in question."""
    mapping = subject.mapping_of(moment)
    if mapping is None:
        return
    xa = mapping.i_pages
    text = changes.shape_text(changes.shape(xa))
    if isinstance(xa.xa_head, XaNode):
        head = xa.xa_head
        text += f"; top {head} shift {head.shift} count {head.count}"
    pages = cached_heads(mapping).values()
    for page in list(pages)[:MOST]:
        last = page.index + len(sub_pages(moment, page)) - 1
        text += f"; {page} at {span_of_range(page.index, last, moment.glyphs)}"
    yield xa.kname, text


def _entry(moment: Moment) -> Iterator[tuple[str, str]]:
    """The last entry of the walk to the address in question."""
    place = subject.place_of(moment)
    if place is None:
        return
    last = pgtable.walk(place.mm, VirtAddr(place.address))[-1]
    word = pgtable.entry_val(last)
    text = f"{last.table.level.name} {last}: {target_text(moment.kernel, last.table, word)}"
    if word:
        text += f" ({values.entry_flags(word)})"
    task = subject.task_of(moment, place.mm)
    name = place.mm.kname if task is None else task.kname
    yield f"{name} {place.address:#x}", text


def _counters(moment: Moment) -> Iterator[tuple[str, str]]:
    """The counters that are not zero: of the node and of each process."""
    node: list[str] = []
    for group in counters_view.groups(moment):
        shown = [f"{each.name} {each.value}" for each in group.gauges if each.value]
        if group.title.startswith("process "):
            if shown:
                yield group.title, ", ".join(shown)
        elif group.title in ("pages", "LRU lists", "events"):
            node += shown
    yield "counters", ", ".join(node) or "all 0"


def _locks(moment: Moment) -> str:
    """Who holds what, and whether the CPU may sleep."""
    held = []
    for task in moment.kernel.tasks.values():
        names = [
            f"{each.lock}{' (read)' if each.mode == 'read' else ''}"
            for each in task.holds()
        ]
        if names:
            held.append(f"{task} holds {', '.join(names)}")
    cpu = moment.kernel.cpu
    if cpu.irqs_disabled:
        held.append("irqs off")
    if cpu.rcu_depth:
        held.append("inside RCU")
    return "; ".join(held) or "none"
