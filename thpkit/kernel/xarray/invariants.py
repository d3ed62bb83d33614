"""Whether a tree is well formed: every rule of its shape, tested from outside.

Models: no kernel function; the rules follow from include/linux/xarray.h and lib/xarray.c (v5.4).
"""

from __future__ import annotations

from thpkit.kernel import units
from thpkit.kernel.xarray.dump import walk_nodes
from thpkit.kernel.xarray.entries import (
    RETRY_ENTRY,
    ZERO_ENTRY,
    Entry,
    Sibling,
    XaError,
    XaValue,
)
from thpkit.kernel.xarray.nodes import (
    XA_FLAGS_MARK_SHIFT,
    XA_FLAGS_TRACK_FREE,
    XA_FREE_MARK,
    XA_MAX_MARKS,
    XaNode,
    XArray,
)


def check(
    xa: XArray, allow_empty_nodes: bool = False, allow_any_width: bool = False
) -> str | None:
    """The first broken rule of the tree of ``xa``, as a sentence with the numbers; None if it is sound.

    ``allow_empty_nodes``: nodes with count 0 are all right, as after a failed allocation or between the
    creation of a range and its filling. ``allow_any_width``: a run of siblings need not make a power of
    two, as after ``xa_store_range``.
    """
    head = xa.xa_head
    if not isinstance(head, XaNode):
        return _check_lone_head(xa, head)
    if head.parent is not None:
        return f"{xa}: the topmost node {head} has a parent, {head.parent}"
    for node, _first in walk_nodes(xa):
        for sentence in (
            _check_node(xa, node, allow_empty_nodes),
            _check_siblings(node, allow_any_width),
            _check_children(node),
            _check_marks(xa, node),
        ):
            if sentence is not None:
                return sentence
    return _check_head_marks(xa, head)


def _check_lone_head(xa: XArray, head: Entry) -> str | None:
    """The rules of an array without nodes."""
    if (
        isinstance(head, (Sibling, XaError))
        or head is RETRY_ENTRY
        or head is ZERO_ENTRY
    ):
        return f"{xa}: {head!r} may not be the head"
    if head is None and not xa.xa_flags & XA_FLAGS_TRACK_FREE:
        for mark in range(XA_MAX_MARKS):
            if xa.xa_flags >> XA_FLAGS_MARK_SHIFT + mark & 1:
                return f"{xa} is empty, but its flag of mark {mark} is set"
    return None


def _check_node(xa: XArray, node: XaNode, allow_empty: bool) -> str | None:
    """Counters, level and owner of one node."""
    if node.array is not xa:
        return f"{xa}: {node} is in the tree, but belongs to {node.array}"
    if node.shift % units.XA_CHUNK_SHIFT != 0 or node.shift < 0:
        return f"{node} has shift {node.shift}, which is no multiple of {units.XA_CHUNK_SHIFT}"
    full = sum(1 for content in node.slots if content is not None)
    if node.count != full:
        return f"{node} counts {node.count} entries, but {full} of its slots are full"
    values = sum(
        1
        for slot in range(units.XA_CHUNK_SIZE)
        if isinstance(_behind(node, slot), XaValue)
    )
    if node.nr_values != values:
        return (
            f"{node} counts {node.nr_values} values, but {values} of its slots hold one"
        )
    if full == 0 and not allow_empty:
        return f"{node} (shift {node.shift}, offset {node.offset}) is empty and still in the tree"
    return None


def _behind(node: XaNode, slot: int) -> Entry:
    """What slot ``slot`` stands for: its content, or that of the slot a sibling names."""
    content = node.slots[slot]
    return node.slots[content.number] if isinstance(content, Sibling) else content


def _check_siblings(node: XaNode, any_width: bool) -> str | None:
    """Each run of siblings follows the entry it names and is as wide as an order allows; no retry entries."""
    slot = 0
    while slot < units.XA_CHUNK_SIZE:
        content = node.slots[slot]
        if content is RETRY_ENTRY or isinstance(content, XaError):
            return f"{node} is in the tree, but its slot {slot} holds {content!r}"
        if isinstance(content, Sibling):
            return f"slot {slot} of {node} holds {content!r}, but does not follow slot {content.number}"
        end = slot + 1
        while end < units.XA_CHUNK_SIZE and _is_sibling_of(node.slots[end], slot):
            end = end + 1
        width = end - slot
        if width > 1 and (content is None or isinstance(content, XaNode)):
            return (
                f"slot {slot} of {node} has {width - 1} siblings, but holds {content!r}"
            )
        if width > 1 and not any_width and (width & (width - 1) or slot % width):
            return f"the entry in slot {slot} of {node} is {width} slots wide, which no order gives"
        slot = end
    return None


def _is_sibling_of(content: Entry, slot: int) -> bool:
    """Whether ``content`` refers to ``slot``."""
    return isinstance(content, Sibling) and content.number == slot


def _check_children(node: XaNode) -> str | None:
    """Links down and up agree, and levels follow without a gap."""
    for slot, content in enumerate(node.slots):
        if not isinstance(content, XaNode):
            continue
        if content.parent is not node or content.offset != slot:
            return (
                f"{node} links to {content} in slot {slot}, but that says its parent is {content.parent} "
                f"and its slot {content.offset}"
            )
        if content.shift != node.shift - units.XA_CHUNK_SHIFT:
            return f"{content} has shift {content.shift} below {node} with shift {node.shift}"
    return None


def _check_marks(xa: XArray, node: XaNode) -> str | None:
    """A child's marks are gathered in the link to it; only full slots carry marks, siblings never."""
    for mark in range(XA_MAX_MARKS):
        free = xa.xa_flags & XA_FLAGS_TRACK_FREE and mark == XA_FREE_MARK
        if node.marks[mark] >> units.XA_CHUNK_SIZE:
            return f"{node} carries mark {mark} beyond its last slot: {node.marks[mark]:#x}"
        for slot, content in enumerate(node.slots):
            marked = bool(node.marks[mark] >> slot & 1)
            if isinstance(content, XaNode) and marked != bool(content.marks[mark]):
                return (
                    f"slot {slot} of {node} {'carries' if marked else 'lacks'} mark {mark}, "
                    f"but the bitmap of {content} is {content.marks[mark]:#x}"
                )
            if (
                marked
                and not free
                and (content is None or isinstance(content, Sibling))
            ):
                return (
                    f"slot {slot} of {node} carries mark {mark}, but holds {content!r}"
                )
    return None


def _check_head_marks(xa: XArray, head: XaNode) -> str | None:
    """The array's flags say what the topmost node's bitmaps say."""
    for mark in range(XA_MAX_MARKS):
        flag = bool(xa.xa_flags >> XA_FLAGS_MARK_SHIFT + mark & 1)
        if flag != bool(head.marks[mark]):
            return (
                f"{xa}: the flag of mark {mark} is {'set' if flag else 'clear'}, "
                f"but the bitmap of {head} is {head.marks[mark]:#x}"
            )
    return None
