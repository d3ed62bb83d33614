"""The pages in question: flags, references by holder, map counts, content.

Shown in full are the pages that local variables hold or that the last step changed, and huge pages; the small pages
that are only cached share a row where they are alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from thpkit.kernel import flags, units
from thpkit.kernel.fs import AddressSpace
from thpkit.kernel.page import Page, Poison
from thpkit.kernel.swap import LruList, page_lru
from thpkit.view import subject, values
from thpkit.view.holders import Holder
from thpkit.view.layout import fact, flow, span_of_range, state_pane
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, Span, row
from thpkit.view.world import World, cached_heads, is_head, sub_pages

MOST: Final = 6
"""Pages shown in full; runs shown of one property."""

LABEL: Final = 12
"""Columns of the names of a page's properties."""


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The pages in question, by frame number."""
    world = World.at(moment)
    near = subject.local_heads(moment) | subject.changed_heads(moment)
    every = near | cached_heads(subject.mapping_of(moment))
    full = [head for pfn, head in sorted(every.items()) if pfn in near or is_head(head)]
    alike = [head for pfn, head in sorted(every.items()) if head not in full]
    rows: list[Row] = []
    for head in full[:MOST]:
        rows += page_rows(world, head, width - 2)
        rows.append(())
    rest = full[MOST:] + alike
    rows += alike_rows(world, rest, width - 2)
    if not every:
        rows.append(row(("no page is cached or in use here", Role.DIM)))
    return state_pane(rows, moment.glyphs)


# ---- one page in full -------------------------------------------------------------------------------------


def page_rows(world: World, head: Page, width: int) -> list[Row]:
    """Everything about one page."""
    moment, lens = world.moment, world.moment.lens
    pages = sub_pages(moment, head)
    rows = flow(_title(moment, head, pages), width)
    rows += _labelled("flags", [_flags(head, lens)], width)
    rows += reference_rows(world, head, width)
    rows += _labelled("mapped", _map_counts(head, pages, lens), width)
    rows += _labelled("charged", [_charge(head, lens)], width)
    rows += _labelled("on LRU list", [_lru(moment, head, lens)], width)
    return rows + _labelled("content", _content(pages, lens), width)


def _labelled(label: str, facts: Sequence[Row], width: int) -> list[Row]:
    """Facts behind the name of a property."""
    first = row((f"  {label:<{LABEL}}", Role.DIM))
    return flow(facts, width, first=first, hang=LABEL + 2)


def _title(moment: Moment, head: Page, pages: Sequence[Page]) -> list[Row]:
    """Name, frames, and place in its file."""
    lens = moment.lens
    facts = [row((head.kname, Role.HEADING)), fact("pfn", f"{head.pfn:#x}")]
    if len(pages) > 1:
        order = pages[1].compound_order
        facts.append(fact("order", lens.show(pages[1], "compound_order", f"{order}")))
        facts.append(row((f"{len(pages)} pages", Role.DIM)))
    mapping = head.mapping
    last = head.index + len(pages) - 1
    indices = span_of_range(head.index, last, lens.glyphs)
    if isinstance(mapping, AddressSpace):
        path = subject.path_of(moment, mapping.host)
        facts.append(fact("mapping", lens.show(head, "mapping", path, Role.LINK)))
        facts.append(fact("index", lens.show(head, "index", indices)))
    else:
        text = "NULL" if mapping is None else repr(mapping)
        facts.append(fact("mapping", lens.show(head, "mapping", text, Role.DIM)))
    return facts


def _flags(head: Page, lens: Lens) -> Row:
    """The flags by name; those that the last step set or cleared are said."""
    text = values.page_flags(head.flags)
    change = lens.change(head, "flags")
    if change is not None and isinstance(change.old, int):
        gone = values.page_flags(change.old & ~head.flags)
        new = values.page_flags(head.flags & ~change.old)
        news = [f"+{each}" for each in new.split() if new != "none"]
        news += [f"-{each}" for each in gone.split() if gone != "none"]
        text = f"{text} ({' '.join(news)})"
    return row(lens.show(head, "flags", text, Role.FLAG))


def reference_rows(world: World, head: Page, width: int) -> list[Row]:
    """The reference count and its holders."""
    lens = world.moment.lens
    count = lens.value(head, "_refcount", Role.NUMBER)
    if head._refcount == 0:
        free = "free" if head.pfn not in world.cached else "frozen"
        return _labelled("references", [row(count), row((free, Role.DIM))], width)
    rows = _labelled("references", [row(count)], width)
    for each in world.holders(head):
        rows += holder_rows(each, lens, width)
    return rows


def holder_rows(holder: Holder, lens: Lens, width: int) -> list[Row]:
    """One holder: how many references, who, and where."""
    first = Span(f"  {holder.number:>8}  ", Role.NUMBER)
    role = holder.role
    cell = holder.cell
    if cell is None:
        who = Span(holder.who, role)
    else:
        who = lens.show(cell.target, cell.key, holder.who, role)
    note = row((holder.note, role if role is Role.BAD else Role.DIM))
    return flow([row(who), note], width, first=(first,), hang=LABEL + 2)


def _map_counts(head: Page, pages: Sequence[Page], lens: Lens) -> list[Row]:
    """Map counts as they are stored, one below the number of mappings, and in words."""
    facts: list[Row] = []
    if len(pages) > 1:
        tail = pages[1]
        count = tail.compound_mapcount
        said = f" = {values.count_of(count + 1, 'PMD mapping')}"
        shown = lens.value(tail, "compound_mapcount")
        facts.append(fact("compound_mapcount", shown, Span(said, Role.DIM)))
        if tail.flags >> flags.PG_double_map & 1:
            facts.append(row((("double_map"), Role.FLAG)))
    runs = values.equal_runs([page._mapcount for page in pages])
    for first, last in runs[:MOST]:
        facts.append(_run_of_counts(pages, first, last, lens))
    if len(runs) > MOST:
        facts.append(row((f"{len(runs) - MOST} more runs", Role.DIM)))
    return facts


def _run_of_counts(pages: Sequence[Page], first: int, last: int, lens: Lens) -> Row:
    """``_mapcount`` of neighbouring sub-pages; one that has just changed stands for all."""
    page = next(
        (each for each in pages[first : last + 1] if lens.change(each, "_mapcount")),
        pages[first],
    )
    label = "_mapcount"
    if len(pages) > 1:
        label += f" +{span_of_range(first, last, lens.glyphs)}:"
    count = page._mapcount
    said = f" = {values.count_of(count + 1, 'mapping')}"
    if len(pages) > 1:
        said += " each" if first != last else ""
    shown = lens.value(page, "_mapcount")
    return fact(label, shown, Span(said, Role.DIM))


def _charge(head: Page, lens: Lens) -> Row:
    text = "nobody" if head.mem_cgroup is None else str(head.mem_cgroup)
    role = Role.DIM if head.mem_cgroup is None else Role.PLAIN
    return row(lens.show(head, "mem_cgroup", text, role))


def _lru(moment: Moment, head: Page, lens: Lens) -> Row:
    """The list the page is on."""
    if head.next is None:
        return row(lens.show(head, "next", "none", Role.DIM))
    which = LruList(page_lru(head)).name.lower()
    return row(lens.show(head, "next", which))


def _content(pages: Sequence[Page], lens: Lens) -> list[Row]:
    """What the pages hold, in runs."""
    tokens = [page.content for page in pages]
    runs = values.runs(tokens, values.follows)
    facts = []
    for first, last in runs[:MOST]:
        page = next(
            (each for each in pages[first : last + 1] if lens.change(each, "content")),
            pages[first],
        )
        text = values.content(tokens[first : last + 1], lens.glyphs)
        label = (
            (f"+{span_of_range(first, last, lens.glyphs)}: ", Role.DIM)
            if len(pages) > 1
            else ""
        )
        facts.append(row(label, lens.show(page, "content", text)))
    if len(runs) > MOST:
        facts.append(row((f"{len(runs) - MOST} more runs", Role.DIM)))
    return facts


# ---- pages that are alike ---------------------------------------------------------------------------------


def alike_rows(world: World, heads: Sequence[Page], width: int) -> list[Row]:
    """Pages one after the other, those that are alike in one row."""
    rows: list[Row] = []
    lens = world.moment.lens
    looks = [_look(world, head) for head in heads]
    for first, last in values.runs(looks, _alike):
        head = heads[first]
        count = last - first + 1
        step = units.HPAGE_PMD_NR if is_head(head) else 1
        name = (
            head.kname
            if count == 1
            else f"{head.kname} {lens.glyphs.ellipsis} {heads[last].kname}"
        )
        indices = span_of_range(head.index, heads[last].index + step - 1, lens.glyphs)
        facts = [
            row((name, Role.LINK)),
            fact("index", indices),
            fact("flags", lens.show(head, "flags", values.page_flags(head.flags))),
            fact(
                "references",
                lens.show(head, "_refcount", f"{head._refcount} = {world.split(head)}"),
            ),
            fact("_mapcount", lens.show(head, "_mapcount", f"{head._mapcount}")),
        ]
        rows += flow(facts, width, hang=4)
    return rows


class Look(NamedTuple):
    """What two pages must share to stand in one row."""

    at: int
    flags: int
    references: int
    mapcount: int
    mapped_by: tuple[str, ...]
    owner: Any


def _look(world: World, head: Page) -> Look:
    tasks = tuple(each.owner for each in world.mappings(head))
    owner = None if isinstance(head.mapping, Poison) else id(head.mapping)
    return Look(head.index, head.flags, head._refcount, head._mapcount, tasks, owner)


def _alike(look: Look, first: Look, distance: int) -> bool:
    return look == first._replace(at=first.at + distance)
