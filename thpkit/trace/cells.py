"""Cells: the smallest places of kernel state, their names, and finding them by name.

A cell is a field of a structure, a slot of an array or a key of a dictionary. Its name says how to reach it:
``page#1._refcount``, ``xa_node#1.slots[8]``, ``vmstat.node[NR_FILE_PAGES]``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import Enum, IntEnum
from typing import Any, Final, NamedTuple, TypeAlias

from thpkit.kernel.kobject import KArray, KDict, KObject
from thpkit.kernel.mm_types import MmCounter
from thpkit.kernel.swap import LruList
from thpkit.kernel.vmstat import NodeStat, VmEvent

Target: TypeAlias = KObject | KArray[Any] | KDict[Any, Any]
"""What holds cells."""

INDEX_NAMES: Final[dict[tuple[str, str], type[IntEnum]]] = {
    ("VmStat", "node"): NodeStat,
    ("VmStat", "events"): VmEvent,
    ("MmStruct", "rss_stat"): MmCounter,
    ("Lruvec", "lists"): LruList,
}
"""Arrays that are indexed by an enumeration, by class and field."""


class Cell(NamedTuple):
    """One place of kernel state. Two cells are equal if they are the same place, whatever it holds."""

    target: Target
    key: Any
    """Field name, slot number or dictionary key."""

    def ident(self) -> tuple[int, Any]:
        """What tells this cell from all others while its target lives."""
        return id(self.target), self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.ident() == other.ident()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.ident())


class Write(NamedTuple):
    """One write of a cell."""

    step: int
    """The step whose statement made it: it is done at the next step."""
    target: Target
    key: Any
    old: Any
    """MISSING if a dictionary had no such key."""
    new: Any
    """MISSING if the key was removed."""

    @property
    def cell(self) -> Cell:
        """The cell that was written."""
        return Cell(self.target, self.key)


class Owner(NamedTuple):
    """Where an array or a dictionary hangs."""

    holder: Target
    key: Any


def field_names(cls: type) -> tuple[str, ...]:
    """The fields of a structure's class, in order, ``kname`` first."""
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = tuple(each.name for each in fields(cls))
    return found


_FIELDS: Final[dict[type, tuple[str, ...]]] = {}


def inside(value: object) -> Iterator[KObject | KArray[Any] | KDict[Any, Any]]:
    """The state that a value leads to directly: itself, or what a tuple holds."""
    if isinstance(value, (KObject, KArray, KDict)):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from inside(each)


def contents(target: Target) -> Iterable[tuple[Any, Any]]:
    """Key and value of every cell of ``target``. A field that was never set is skipped."""
    if isinstance(target, KObject):
        names = field_names(type(target))
        return [
            (name, getattr(target, name)) for name in names if hasattr(target, name)
        ]
    if isinstance(target, KArray):
        return enumerate(target)
    return list(dict.items(target))


def reachable(starts: Iterable[object]) -> Iterator[Target]:
    """Everything that can be reached from ``starts``, each once; nearest first."""
    seen: set[int] = set()
    queue: list[Target] = [each for start in starts for each in inside(start)]
    for target in queue:  # grows while it is read
        if id(target) in seen:
            continue
        seen.add(id(target))
        yield target
        for _key, value in contents(target):
            if not isinstance(value, (int, str)) and value is not None:
                queue.extend(each for each in inside(value) if id(each) not in seen)


class Names:
    """Names of all cells that a recording knows: those reachable from ``starts`` in the present state."""

    def __init__(self, starts: Iterable[object]) -> None:
        self._owners: dict[int, Owner] = {}
        self._objects: dict[str, list[KObject]] = {}
        for target in reachable(starts):
            if isinstance(target, KObject):
                self._objects.setdefault(target.kname, []).append(target)
            for key, value in contents(target):
                if isinstance(value, (KArray, KDict)):
                    self._owners.setdefault(id(value), Owner(target, key))

    def objects(self, kname: str) -> list[KObject]:
        """The structures of this name, nearest to the root first; cursors, for example, share one name."""
        return self._objects.get(kname, [])

    def of(self, cell: Cell) -> str:
        """The name of ``cell``."""
        target, key = cell
        if isinstance(target, KObject):
            return f"{target.kname}.{key}"
        return f"{self._container(target)}[{self._key(target, key)}]"

    def enum_of(self, target: Target) -> type[IntEnum] | None:
        """The enumeration that indexes an array, or None."""
        owner = self._owners.get(id(target))
        return (
            None
            if owner is None
            else INDEX_NAMES.get((type(owner.holder).__name__, owner.key))
        )

    def find(self, name: str, prefer: Iterable[KObject] = ()) -> Cell | None:
        """The cell called ``name``, or None.

        A bare counter (``NR_FILE_PAGES``) is enough where only one array has it. Among several structures of the
        same name one of ``prefer`` wins, then the one nearest to the root. Fields may be followed:
        ``mm#1.mmap.vm_start``.
        """
        name = name.strip()
        counter = self._counter(name, list(prefer))
        if counter is not None:
            return counter
        for cut in _dots(name):
            preferred = [each for each in prefer if each.kname == name[:cut]]
            for start in [*preferred, *self.objects(name[:cut])]:
                cell = self._walk(start, name[cut + 1 :])
                if cell is not None:
                    return cell
        return None

    # ---- parts ------------------------------------------------------------------------------------------

    def _container(self, target: Target) -> str:
        owner = self._owners.get(id(target))
        if owner is None:
            return "array" if isinstance(target, list) else "dictionary"
        return self.of(Cell(owner.holder, owner.key))

    def _key(self, target: Target, key: Any) -> str:
        names = self.enum_of(target)
        if names is not None and key in names._value2member_map_:
            return names(key).name
        if isinstance(key, Enum):
            return key.name
        return key if isinstance(key, str) else repr(key)

    def _counter(self, name: str, prefer: list[KObject]) -> Cell | None:
        """A counter by its bare name; of several the first preferred holder's, then the nearest to the root."""
        found: list[Cell] = []
        for (_cls, field), names in INDEX_NAMES.items():
            if name not in names.__members__ or names is LruList:
                continue
            for each in [
                *prefer,
                *(obj for objs in self._objects.values() for obj in objs),
            ]:
                if type(each).__name__ == _cls:
                    found.append(Cell(getattr(each, field), names[name].value))
        return found[0] if found else None

    def _walk(self, start: KObject, path: str) -> Cell | None:
        """Follow ``path`` (``a.b[key].c``) from ``start``; the cell it ends at."""
        cell: Cell | None = None
        value: Any = start
        while path:
            if path[0] == "[" and isinstance(value, (KArray, KDict)):
                end = path.find("]")
                key, path = self._parse_key(value, path[1:end]), path[end + 1 :]
            elif isinstance(value, KObject):
                path = path.removeprefix(".")
                end = min(
                    (at for at in (path.find("."), path.find("[")) if at >= 0),
                    default=len(path),
                )
                key, path = path[:end], path[end:]
            else:
                return None
            cell = Cell(value, key)
            value = read(cell, None)
            if value is None and path:
                return None
        return cell if cell is not None and exists(cell) else None

    def _parse_key(self, target: Target, text: str) -> Any:
        """The key that ``text`` writes: a name of the array's enumeration, a literal, or the text itself."""
        names = self.enum_of(target)
        if names is not None and text in names.__members__:
            return names[text].value
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text


def _dots(name: str) -> list[int]:
    """Where a structure's name may end in ``name``: every dot outside brackets, the last one first."""
    head = name.split("[")[0]
    return [at for at in range(len(head) - 1, 0, -1) if head[at] == "."]


def read(cell: Cell, default: Any) -> Any:
    """The present value of ``cell``, or ``default`` if there is none."""
    target, key = cell
    if isinstance(target, KObject):
        return (
            getattr(target, key, default)
            if key in field_names(type(target))
            else default
        )
    if isinstance(target, KArray):
        return (
            target[key] if isinstance(key, int) and 0 <= key < len(target) else default
        )
    return target.get(key, default)


def exists(cell: Cell) -> bool:
    """Whether the target can have such a cell (a key that is absent now may appear later)."""
    target, key = cell
    if isinstance(target, KObject):
        return key in field_names(type(target))
    if isinstance(target, KArray):
        return isinstance(key, int) and 0 <= key < len(target)
    return True
