"""Comparing states: a flat picture of everything reachable from a root, its digest, and the first difference.

Structures are told apart by name, so two machines that did the same have the same picture. What is not state is left
out: how the machine was configured, the name counters, the scheduling.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from thpkit.kernel.kobject import KArray, KDict, KObject, Namer
from thpkit.kernel.locks import OneCpu
from thpkit.kernel.splat import Config
from thpkit.trace.cells import INDEX_NAMES, Target, contents, reachable
from thpkit.trace.tape import MISSING

Plain: TypeAlias = bool | int | float | str | None

NOT_STATE: Final = (Config, Namer, OneCpu)
"""Types of values that are no state."""


def digest(root: KObject) -> str:
    """A sha256, in hexadecimal, of :func:`state_of` ``root``: equal digests mean equal states."""
    lines = [f"{path}={value!r}" for path, value in state_of(root).items()]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def state_of(root: KObject) -> dict[str, Plain]:
    """All state reachable from ``root``: path → plain value, nearest to the root first.

    A path is a cell's name, such as ``page#1._refcount``. Numbers, texts and None stand for themselves; a structure
    is written ``@page#1``, an enumeration's member ``VmFault.NOPAGE``, a function by its name.
    """
    state: dict[str, Plain] = {}
    names = _Paths()
    for target in reachable([root]):
        path = names.of(target)
        if isinstance(target, KDict):
            cells: Any = sorted(contents(target), key=lambda item: _key_order(item[0]))
        else:
            cells = contents(target)
        for key, value in cells:
            if isinstance(value, NOT_STATE) or key == "kname":
                continue
            cell = names.cell(target, path, key)
            if isinstance(value, (KArray, KDict)):
                names.note(value, cell, target, key)
                if not value:
                    state[cell] = "empty"
            else:
                state[cell] = plain(value)
    return state


def first_difference(
    a: dict[str, Plain], b: dict[str, Plain]
) -> tuple[str, object, object] | None:
    """The first path on which two pictures differ, in the order of ``a``, with both values; None if they are equal.

    MISSING stands for the value of a picture that does not have the path.
    """
    for path, value in a.items():
        other = b.get(path, MISSING)
        if type(other) is not type(value) or other != value:
            return path, value, other
    return next(
        ((path, MISSING, value) for path, value in b.items() if path not in a), None
    )


def plain(value: object) -> Plain:
    """``value`` as a number, a text or None; the same in every run."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name or value.value}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, KObject):
        return f"@{value.kname}"
    if isinstance(value, type) or not (is_dataclass(value) or isinstance(value, tuple)):
        return str(getattr(value, "__qualname__", type(value).__name__))
    return "".join(_compound(value))


def _compound(value: Any) -> Iterator[str]:
    """A tuple, a named tuple or a frozen dataclass, as text. A table of operations is its name."""
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        items = list(value)
    else:
        names = tuple(each.name for each in fields(value))
        items = [getattr(value, name) for name in names]
    kind = "" if names is None else type(value).__name__
    if names and names[0] == "name" and any(callable(each) for each in items):
        items = items[:1]
    yield kind + "("
    yield ", ".join(repr(plain(each)) for each in items)
    yield ")"


def _key_order(key: object) -> tuple[str, Any]:
    """Sorts keys of one dictionary even where their types differ."""
    return ("number", key) if isinstance(key, int) else (type(key).__name__, key)


class _Paths:
    """The names of structures, and of the arrays and dictionaries that hang on them."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._containers: dict[int, tuple[str, type[Enum] | None]] = {}

    def of(self, target: Target) -> str:
        """The name of ``target``; a second structure of the same name gets a number."""
        if not isinstance(target, KObject):
            return self._containers[id(target)][0]
        count = self._taken[target.kname] = self._taken.get(target.kname, 0) + 1
        return target.kname if count == 1 else f"{target.kname}~{count}"

    def note(self, container: Target, path: str, holder: Target, key: Any) -> None:
        """Remember where an array or a dictionary hangs."""
        names = (
            INDEX_NAMES.get((type(holder).__name__, key))
            if isinstance(key, str)
            else None
        )
        self._containers.setdefault(id(container), (path, names))

    def cell(self, target: Target, path: str, key: Any) -> str:
        """The path of one cell of ``target``, whose own path is ``path``."""
        if isinstance(target, KObject):
            return f"{path}.{key}"
        names = self._containers[id(target)][1]
        if names is not None and key in names._value2member_map_:
            return f"{path}[{names(key).name}]"
        return f"{path}[{key if isinstance(key, str) else repr(key)}]"
