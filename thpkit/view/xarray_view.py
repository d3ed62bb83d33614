"""The page cache of the file in question: its XArray as a tree, with the cursors of the code that runs."""

from __future__ import annotations

from collections.abc import Sequence

from thpkit.kernel.fs import AddressSpace
from thpkit.kernel.xarray import XaNode, XaState
from thpkit.kernel.xarray.nodes import XA_RCU_FREE
from thpkit.kernel.xarray.state import xas_size
from thpkit.view import subject, values
from thpkit.view.layout import fact, flow, span_of_range, state_pane
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, row
from thpkit.view.xarray_tree import Sight, node_rows, tree_rows


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """The tree, the cursors, and the nodes that are in no tree (any more, or yet)."""
    mapping = subject.mapping_of(moment)
    if mapping is None:
        return state_pane([row(("no file", Role.DIM))], moment.glyphs)
    room = width - 2
    cursors = cursors_of(moment, mapping)
    sight = Sight(moment.lens, cursors)
    rows = header(mapping, subject.path_of(moment, mapping.host), moment.lens, room)
    for name, xas in cursors:
        rows += cursor_rows(name, xas, moment.lens, room)
    tree = tree_rows(mapping.i_pages, sight, room)
    fallback = next(
        (len(rows) + at for at, line in enumerate(tree) if _has_cursor(line)), 0
    )
    rows += tree
    for node, why in loose_nodes(moment, cursors):
        first = row((f"{why}: ", Role.BAD if why == "freed" else Role.DIM))
        rows += node_rows(node, 0, first, sight, room, True)
    return state_pane(rows, moment.glyphs, fallback)


def _has_cursor(line: Row) -> bool:
    return any(span.role is Role.NEXT for span in line)


def header(mapping: AddressSpace, path: str, lens: Lens, width: int) -> list[Row]:
    """Whose cache it is and how much is in it."""
    inode = mapping.host
    first = row((path, Role.HEADING), (f"  {mapping.i_pages.kname}", Role.DIM))
    facts = [
        fact("nrpages", lens.value(mapping, "nrpages")),
        fact("nr_thps", lens.value(mapping, "nr_thps")),
    ]
    if mapping.nrexceptional or lens.change(mapping, "nrexceptional"):
        facts.append(fact("nrexceptional", lens.value(mapping, "nrexceptional")))
    facts.append(fact("size", lens.show(inode, "i_size", values.size(inode.i_size))))
    writers = inode.i_writecount
    if writers or lens.change(inode, "i_writecount"):
        facts.append(fact("i_writecount", lens.value(inode, "i_writecount")))
    owner = mapping.i_pages.xa_lock.owner
    if owner is not None or lens.change(mapping.i_pages.xa_lock, "owner"):
        text = "free" if owner is None else f"held by {owner}"
        role = Role.DIM if owner is None else Role.LOCK
        facts.append(
            fact("xa_lock", lens.show(mapping.i_pages.xa_lock, "owner", text, role))
        )
    return flow(facts, width, first=first)


# ---- cursors --------------------------------------------------------------------------------------------


def cursors_of(moment: Moment, mapping: AddressSpace) -> list[tuple[str, XaState]]:
    """The cursors into this array that frames on the stack hold, by name of the variable; outermost frame first."""
    found: dict[int, tuple[str, XaState]] = {}
    for known in reversed(moment.locals):
        for name, value in known.items():
            if isinstance(value, XaState) and value.xa is mapping.i_pages:
                found.setdefault(id(value), (name, value))
    return list(found.values())


def cursor_rows(name: str, xas: XaState, lens: Lens, width: int) -> list[Row]:
    """One cursor: index, shift, siblings, and where it is."""
    last = xas.xa_index + xas_size(xas) - 1
    covers = span_of_range(xas.xa_index, last, lens.glyphs)
    facts = [
        fact("index", lens.value(xas, "xa_index")),
        fact("shift", lens.value(xas, "xa_shift")),
        fact("sibs", lens.value(xas, "xa_sibs")),
        fact("covers", covers),
        fact("at", lens.show(xas, "xa_node", cursor_place(xas))),
    ]
    if isinstance(xas.xa_node, XaNode):
        facts.append(fact("offset", lens.value(xas, "xa_offset")))
    if xas.xa_alloc is not None or lens.change(xas, "xa_alloc"):
        facts.append(fact("spare", lens.value(xas, "xa_alloc")))
    return flow(facts, width, first=row((f"{name} ", Role.NEXT)), gap=2)


def cursor_place(xas: XaState) -> str:
    """Where a cursor stands."""
    place = xas.xa_node
    if place is None:
        return "the head"
    return place.kname if isinstance(place, XaNode) else repr(place)


def loose_nodes(
    moment: Moment, cursors: Sequence[tuple[str, XaState]]
) -> list[tuple[XaNode, str]]:
    """Nodes in no tree: spares of cursors, nodes just freed, freed nodes that somebody still stands on."""
    found: dict[str, tuple[XaNode, str]] = {}
    for _name, xas in cursors:
        if xas.xa_alloc is not None:
            found[xas.xa_alloc.kname] = (xas.xa_alloc, "spare")
    held = [value for known in moment.locals for value in known.values()]
    held += [xas.xa_node for _name, xas in cursors]
    held += [write.target for write in moment.writes]
    for value in held:
        if isinstance(value, XaNode) and value.array is XA_RCU_FREE:
            found.setdefault(value.kname, (value, "freed"))
    return list(found.values())
