"""Where kernel state may live: structures, fixed arrays, sorted dictionaries and intrusive lists.

State lives *only* in fields of :class:`KObject`, items of :class:`KArray` and items of :class:`KDict`.
So one mechanism records, rewinds, compares and explores all of it: :func:`hooked` puts a hook on these
three base classes while somebody watches, and takes it away again. Without a watcher a field write costs
a plain slot write.

Models: no kernel file; the intrusive list follows include/linux/list.h.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
F = TypeVar("F", bound=Callable[..., object])
Node = TypeVar("Node", bound="ListNode")


@dataclass(slots=True, eq=False, repr=False)
class KObject:
    """Base of every kernel structure: an identity with a name that does not depend on time or address."""

    kname: str
    """Stable name, for example ``page#3`` or ``xa_node#12``."""

    def __repr__(self) -> str:
        return self.kname


@dataclass_transform(eq_default=False, kw_only_default=True, field_specifiers=(field,))
def kstruct(cls: type[T]) -> type[T]:
    """Make ``cls`` a kernel structure: slots, identity comparison, and a generated constructor.

    The constructor takes the name first and everything else by keyword. It is generated so that no stepped
    file holds one: a structure appears in one step.
    """
    return dataclass(slots=True, eq=False, repr=False, kw_only=True)(cls)


class KArray(list[T]):
    """A fixed number of slots. Items are stored one at a time; the size never changes."""

    __slots__ = ()

    @classmethod
    def filled(cls, size: int, value: T) -> KArray[T]:
        """An array of ``size`` slots, each holding ``value``."""
        return cls([value] * size)

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError(
            "a KArray has a fixed size: store single items only, as the kernel does"
        )

    append = extend = insert = pop = remove = clear = sort = reverse = _refuse
    __delitem__ = __iadd__ = __imul__ = _refuse


class KDict(dict[K, V]):
    """A dictionary that is always read in key order, so that nothing depends on insertion order.

    Left out: the trees (rbtree, interval tree, dentry hash) that the kernel uses where this stands.
    """

    __slots__ = ()

    def __iter__(self) -> Iterator[K]:
        return iter(sorted(super().keys()))  # type: ignore[type-var]

    def keys(self) -> list[K]:  # type: ignore[override]
        """The keys, sorted."""
        return sorted(super().keys())  # type: ignore[type-var]

    def values(self) -> list[V]:  # type: ignore[override]
        """The values, by rising key."""
        return [self[key] for key in self.keys()]

    def items(self) -> list[tuple[K, V]]:  # type: ignore[override]
        """Pairs of key and value, by rising key."""
        return [(key, self[key]) for key in self.keys()]

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("a KDict changes by single stores and deletions only")

    update = setdefault = pop = popitem = clear = _refuse
    __ior__ = _refuse


# ---- intrusive lists ------------------------------------------------------------------------------------


@kstruct
class ListNode(KObject):
    """A structure that can stand in one circular list; a list's anchor is a plain ListNode."""

    next: ListNode | None = None
    """The following node; None while in no list."""
    prev: ListNode | None = None
    """The preceding node; None while in no list."""


PRIMITIVES: Final[set[CodeType]] = set()
"""Code of the functions that the stepper never enters: their writes belong to the caller's statement."""


def primitive(function: F) -> F:
    """Mark a function as one indivisible act (a lock, an atomic, a flag test): never stepped into."""
    assert isinstance(function, FunctionType)
    PRIMITIVES.add(function.__code__)
    return function


@primitive
def INIT_LIST_HEAD(anchor: ListNode) -> None:
    """Make ``anchor`` an empty list."""
    anchor.next = anchor
    anchor.prev = anchor


@primitive
def list_add(node: ListNode, anchor: ListNode) -> None:
    """Put ``node`` directly behind ``anchor``: at the front of the list."""
    first = anchor.next
    assert first is not None and node.next is None, (
        "list_add: list not initialised or node already listed"
    )
    node.prev = anchor
    node.next = first
    first.prev = node
    anchor.next = node


@primitive
def list_del(node: ListNode) -> None:
    """Take ``node`` out of its list."""
    before, after = node.prev, node.next
    assert before is not None and after is not None, "list_del: node is in no list"
    before.next = after
    after.prev = before
    node.next = None
    node.prev = None


@primitive
def list_entries(anchor: ListNode, kind: type[Node]) -> Iterator[Node]:
    """The members of the list, from the front; ``kind`` is the type they are known to have."""
    node = anchor.next
    while node is not None and node is not anchor:
        assert isinstance(node, kind), f"{node} does not belong in this list"
        yield node
        node = node.next


# ---- names ----------------------------------------------------------------------------------------------


class Namer:
    """Hands out stable names: the n-th object of a kind is ``kind#n``."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self.suffix = ""
        """What distinguishes the CPU that creates: empty on the first one, ``@cpu1`` and so on elsewhere."""

    def name(self, kind: str) -> str:
        """The next name of this kind."""
        key = kind + self.suffix
        number = self._counts.get(key, 0) + 1
        self._counts[key] = number
        return f"{kind}#{number}{self.suffix}"


# ---- watching -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Watcher:
    """Four plain functions that see every write. Each must perform the write itself, unhooked:
    with ``object.__setattr__``, ``list.__setitem__``, ``dict.__setitem__`` and ``dict.__delitem__``."""

    on_field: Callable[[KObject, str, object], None]
    """A field of a structure is being set. The first write of a field is its construction."""
    on_item: Callable[[KArray[Any], int, object], None]
    """A slot of an array is being set."""
    on_key: Callable[[KDict[Any, Any], object, object], None]
    """An item of a dictionary is being set."""
    on_delete: Callable[[KDict[Any, Any], object], None]
    """An item of a dictionary is being removed."""


_watching = False


@contextmanager
def hooked(watcher: Watcher) -> Iterator[None]:
    """Let ``watcher`` see and perform every write until the block ends.

    The hooks sit on the base classes, so ordinary code pays nothing when nobody watches.

    Raises:
        RuntimeError: somebody is watching already; there can be only one.
    """
    global _watching
    if _watching:
        raise RuntimeError(
            "kernel state is being watched already: finish that recording or exploration first"
        )
    _watching = True
    hooks: tuple[tuple[type, str, object], ...] = (
        (KObject, "__setattr__", watcher.on_field),
        (KArray, "__setitem__", watcher.on_item),
        (KDict, "__setitem__", watcher.on_key),
        (KDict, "__delitem__", watcher.on_delete),
    )
    for cls, name, hook in hooks:
        setattr(cls, name, hook)
    try:
        yield
    finally:
        for cls, name, _hook in hooks:
            delattr(cls, name)
        _watching = False
