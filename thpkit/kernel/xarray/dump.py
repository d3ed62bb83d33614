"""A whole tree as plain data, for golden vectors and for views: no names, no identities, only shape.

The form is that of the golden vectors: ``{"m": flags, "h": head}``, a node as ``{"sh": shift, "o": offset,
"c": count, "v": values, "m": [three bitmaps in hex], "s": [[slot, content], ...]}``.

Models: nothing in the kernel.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import TypeAlias

from thpkit.kernel.xarray.entries import (
    RETRY_ENTRY,
    ZERO_ENTRY,
    Entry,
    Sibling,
    XaValue,
)
from thpkit.kernel.xarray.nodes import (
    XA_FLAGS_ALLOC_WRAPPED,
    XA_FLAGS_MARK_SHIFT,
    XA_MAX_MARKS,
    XaNode,
    XArray,
)

Tree: TypeAlias = dict[str, object]
"""A dumped tree or node: only dicts, lists, strings, numbers and None."""


def token(entry: Entry) -> str | None:
    """A short text for an entry that is no node link: ``v5``, ``s8``, ``r``, ``z``; a pointer by its name."""
    if entry is None:
        return None
    if isinstance(entry, XaValue):
        return f"v{entry.number}"
    if isinstance(entry, Sibling):
        return f"s{entry.number}"
    if entry is RETRY_ENTRY:
        return "r"
    if entry is ZERO_ENTRY:
        return "z"
    return repr(entry)


def dump_tree(xa: XArray, name: Callable[[Entry], str | None] = token) -> Tree:
    """The whole tree of ``xa``; ``name`` turns an entry that is no node link into text."""
    tree: Tree = {
        "m": xa.xa_flags >> XA_FLAGS_MARK_SHIFT & (1 << XA_MAX_MARKS) - 1,
        "h": _dump_entry(xa.xa_head, name),
    }
    if xa.xa_flags & XA_FLAGS_ALLOC_WRAPPED:
        tree["w"] = 1
    return tree


def _dump_entry(entry: Entry, name: Callable[[Entry], str | None]) -> Tree | str | None:
    """One slot's content: a node with everything below it, or the text of an entry."""
    if not isinstance(entry, XaNode):
        return name(entry)
    node: Tree = {
        "sh": entry.shift,
        "o": entry.offset,
        "c": entry.count,
        "v": entry.nr_values,
    }
    if any(entry.marks):
        node["m"] = [f"{bitmap:x}" for bitmap in entry.marks]
    node["s"] = [
        [slot, _dump_entry(content, name)]
        for slot, content in enumerate(entry.slots)
        if content is not None
    ]
    return node


def tree_hash(tree: Tree) -> str:
    """A short fingerprint of a dumped tree: the first 12 hex digits of the SHA-256 of its canonical JSON."""
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def walk_nodes(xa: XArray) -> Iterator[tuple[XaNode, int]]:
    """Every node of the tree with the first index it covers, parents before children, by rising slot."""
    if isinstance(xa.xa_head, XaNode):
        yield from _walk_below(xa.xa_head, 0)


def _walk_below(node: XaNode, first: int) -> Iterator[tuple[XaNode, int]]:
    """``node`` and every node below it."""
    yield node, first
    for slot, content in enumerate(node.slots):
        if isinstance(content, XaNode):
            yield from _walk_below(content, first + (slot << node.shift))
