"""The tree of an XArray as rows: one for each node, its slots folded into runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from thpkit.kernel import units
from thpkit.kernel.page import Page
from thpkit.kernel.xarray import XaNode, XArray, XaState
from thpkit.kernel.xarray.nodes import XA_MAX_MARKS, xa_marked
from thpkit.view import values
from thpkit.view.layout import fact, flow, span_of_range
from thpkit.view.moment import Lens
from thpkit.view.rows import Role, Row, Span, row
from thpkit.view.xarray_runs import Run, entry_text, goes_on, runs_of

MANY_LEAVES: Final = 16
"""In a tree with more leaves than this, neighbours that are full and go on from one another share a row."""


ROOMY: Final = 72
"""In panes this wide a node's offset is shown even where its slot in the parent says the same."""


TIGHT: Final = 50
"""In panes narrower than this a leaf's shift is left out: it is 0."""


@dataclass(frozen=True, eq=False)
class Sight:
    """What is drawn around the tree: what changed, and where cursors stand."""

    lens: Lens
    cursors: Sequence[tuple[str, XaState]] = ()
    """Cursors by the name of their variable."""

    def on(self, node: XaNode) -> list[tuple[str, int]]:
        """Name and slot of each cursor on a node."""
        return [
            (name, xas.xa_offset) for name, xas in self.cursors if xas.xa_node is node
        ]

    def touched(self, node: XaNode) -> bool:
        """Whether something about a node must be seen: a change, or a cursor."""
        changed = self.lens.changed or {}
        targets = {id(node), id(node.slots), id(node.marks)}
        return bool(self.on(node)) or any(target in targets for target, _key in changed)


def tree_rows(xa: XArray, sight: Sight, width: int) -> list[Row]:
    """The whole tree."""
    lens = sight.lens
    arrow = lens.glyphs.arrow
    head = xa.xa_head
    marks = [str(mark) for mark in range(XA_MAX_MARKS) if xa_marked(xa, mark)]
    label = row(("xa_head ", Role.DIM))
    if marks:
        text = f"(marks {' '.join(marks)}) "
        label = (*label, lens.show(xa, "xa_flags", text))
    label = (*label, lens.show(xa, "xa_head", f"{arrow} "))
    if not isinstance(head, XaNode):
        here = _here_text([name for name, xas in sight.cursors if _on_head(xas)], lens)
        text = entry_text(head, 1, lens)
        what = lens.show(xa, "xa_head", text, Role.DIM if head is None else Role.LINK)
        return flow([row(what), here], width, first=label)
    few = sum(1 for _leaf in _leaves(head)) <= MANY_LEAVES
    return node_rows(head, 0, label, sight, width, few)


def _on_head(xas: XaState) -> bool:
    return xas.xa_node is None


def _leaves(node: XaNode) -> Iterator[XaNode]:
    """The leaves below a node, or the node itself if it is one."""
    if not node.shift:
        yield node
    else:
        for entry in node.slots:
            if isinstance(entry, XaNode):
                yield from _leaves(entry)


def node_rows(
    node: XaNode, base: int, first: Row, sight: Sight, width: int, few: bool
) -> list[Row]:
    """A node and everything below it. ``base``: the first index it covers; ``first`` stands in front of its name."""
    runs = runs_of(node)
    lead = "".join(span.text for span in first)
    indent = len(lead) - len(lead.lstrip())
    facts = node_facts(node, base, _slot_in(lead), sight, width)
    held = [run for run in runs if run.entry is not None]
    if not node.shift and len(held) <= 1:
        facts += [_run_fact(node, run, base, sight) for run in held or runs]
        facts += [_cursor_fact(name, slot, sight.lens) for name, slot in sight.on(node)]
        return flow(facts, width, first=first, hang=indent + 4)
    rows = flow(facts, width, first=first, hang=indent + 4)
    return rows + _slots(node, base, runs, indent + 2, sight, width, few)


def _slot_in(lead: str) -> str:
    """The slot that stands in brackets in front of a node; nothing if none does."""
    return lead.partition("[")[2].partition("]")[0]


def node_facts(
    node: XaNode, base: int, slot: str, sight: Sight, width: int
) -> list[Row]:
    """Name, shift, place in the parent, counts and marks of a node. ``slot`` is what its offset should be."""
    lens = sight.lens
    facts = [
        row((node.kname, Role.LINK)),
        fact("shift", lens.value(node, "shift")),
        fact("offset", lens.value(node, "offset")),
        fact("count", lens.value(node, "count")),
    ]
    if width < ROOMY and str(node.offset) == slot:
        del facts[2]
        if width < TIGHT and not node.shift:
            del facts[1]
    if node.nr_values or lens.change(node, "nr_values"):
        facts.append(fact("nr_values", lens.value(node, "nr_values")))
    if node.shift:
        last = base + (units.XA_CHUNK_SIZE << node.shift) - 1
        facts.append(fact("covers", span_of_range(base, last, lens.glyphs)))
    for mark, bitmap in enumerate(node.marks):
        if bitmap:
            slots = [at for at in range(len(node.slots)) if bitmap >> at & 1]
            text = " ".join(_ranges(slots, lens))
            facts.append(fact(f"mark {mark}:", lens.show(node.marks, mark, text)))
    return facts


def _ranges(numbers: Sequence[int], lens: Lens) -> list[str]:
    stretches = values.runs(numbers, lambda each, first, far: each == first + far)
    return [
        span_of_range(numbers[first], numbers[last], lens.glyphs)
        for first, last in stretches
    ]


def _slots(
    node: XaNode,
    base: int,
    runs: Sequence[Run],
    indent: int,
    sight: Sight,
    width: int,
    few: bool,
) -> list[Row]:
    """The slots of a node that does not fit into one row."""
    rows: list[Row] = []
    cursors = sight.on(node)
    skip = -1
    for run in runs:
        if run.first <= skip:
            continue
        here = [name for name, slot in cursors if run.first <= slot <= run.last]
        if isinstance(run.entry, XaNode):
            stretch = [] if few else _full_leaves(node, run.first, sight)
            if len(stretch) > 1:
                skip = run.first + len(stretch) - 1
                rows.append(_stretch_row(node, run.first, stretch, base, indent, sight))
                continue
            rows += _child(node, run.first, base, indent, sight, width, few)
        else:
            text = row(" " * indent, *_run_fact(node, run, base, sight))
            rows += flow([_here_text(here, sight.lens)], width, first=text)
    outside = [each for each in cursors if not 0 <= each[1] < len(node.slots)]
    for name, slot in outside:
        rows.append(row(" " * indent, *_cursor_fact(name, slot, sight.lens)))
    return rows


def _child(
    node: XaNode,
    slot: int,
    base: int,
    indent: int,
    sight: Sight,
    width: int,
    few: bool,
) -> list[Row]:
    """The node that a slot links to."""
    lens = sight.lens
    text = f"{' ' * indent}[{slot}] {lens.glyphs.arrow} "
    first = row(lens.show(node.slots, slot, text, Role.DIM))
    here = [name for name, at in sight.on(node) if at == slot]
    if here:
        first = (*first, *_here_text(here, lens), Span(" "))
    child = node.slots[slot]
    assert isinstance(child, XaNode)
    return node_rows(child, base + (slot << node.shift), first, sight, width, few)


def _full_leaves(node: XaNode, slot: int, sight: Sight) -> list[XaNode]:
    """From ``slot`` on: full leaves whose pages go on from one another, and about which nothing new is to be seen."""
    found: list[XaNode] = []
    for entry in node.slots[slot:]:
        if not isinstance(entry, XaNode) or entry.shift or sight.touched(entry):
            break
        runs = runs_of(entry)
        if len(runs) != 1 or not isinstance(runs[0].entry, Page):
            break
        if found and not goes_on(
            entry.slots[0], found[0].slots[0], len(found) * units.XA_CHUNK_SIZE
        ):
            break
        found.append(entry)
    return found


def _stretch_row(
    node: XaNode,
    slot: int,
    leaves: Sequence[XaNode],
    base: int,
    indent: int,
    sight: Sight,
) -> Row:
    """One row for several full leaves."""
    glyphs = sight.lens.glyphs
    count = len(leaves) * units.XA_CHUNK_SIZE
    start = base + (slot << node.shift)
    slots = span_of_range(slot, slot + len(leaves) - 1, glyphs)
    page = leaves[0].slots[0]
    assert isinstance(page, Page)
    return row(
        (f"{' ' * indent}[{slots}] {glyphs.arrow} ", Role.DIM),
        f"{len(leaves)} full leaves  ",
        (f"{span_of_range(start, start + count - 1, glyphs)}: ", Role.DIM),
        (values.page_range(page, count, glyphs), Role.LINK),
    )


# ---- runs and entries -----------------------------------------------------------------------------------


def _run_fact(node: XaNode, run: Run, base: int, sight: Sight) -> Row:
    """The slots of a run and what they hold; a changed slot stands for the whole run."""
    lens = sight.lens
    slots = range(run.first, run.last + 1)
    key = next((at for at in slots if lens.change(node.slots, at)), run.first)
    if node.shift:
        word = "slot" if run.first == run.last else "slots"
        label = f"{word} {span_of_range(run.first, run.last, lens.glyphs)}: "
    else:
        label = f"{span_of_range(base + run.first, base + run.last, lens.glyphs)}: "
    text = entry_text(run.entry, len(slots), lens)
    role = Role.DIM if run.entry is None else Role.LINK
    return row((label, Role.DIM), lens.show(node.slots, key, text, role))


def _here_text(names: Sequence[str], lens: Lens) -> Row:
    """That cursors stand here; nothing if none does."""
    if not names:
        return ()
    return row((f"{lens.glyphs.here} {', '.join(names)}", Role.NEXT))


def _cursor_fact(name: str, slot: int, lens: Lens) -> Row:
    return row((f"{lens.glyphs.here} {name} at slot {slot}", Role.NEXT))
