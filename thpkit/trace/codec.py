"""Values of a recording as plain data, and back.

Only what is known to be harmless comes back: numbers, texts, structures and value types of the kernel, by a registry
of its classes. Anything else was written as the text it showed. Nothing in the data is ever executed: structures
are made without their constructors, and a function is looked up among the kernel's or replaced by a stand-in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from types import FunctionType
from typing import Any

from thpkit.kernel.kobject import KArray, KDict, KObject, Namer
from thpkit.kernel.locks import OneCpu
from thpkit.trace.cells import Target, contents, field_names
from thpkit.trace.registry import (
    CodecError,
    Inert,
    class_of,
    constants,
    is_value_type,
    lookup,
    name_of,
    of_room,
)
from thpkit.trace.tape import MISSING, Shown, set_field
from thpkit.trace.values import text_of


class Encoder:
    """Gives every value a number; equal plain values and the same object get the same one."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        """Plain data for each value; a value only refers to those before it, and to objects."""
        self.objects: list[Target] = []
        """Structures, arrays and dictionaries, by their number."""
        self.classes: dict[str, Sequence[str]] = {}
        """Structures by class name, with their fields."""
        self._numbers: dict[Any, int] = {}
        self._constants = constants()

    def number(self, value: object) -> int:
        """The number of ``value``."""
        key: Any = (
            (type(value), value) if isinstance(value, (int, str, float)) else id(value)
        )
        found = self._numbers.get(key)
        if found is None:
            data = self._data(value)
            shared = ("data", repr(data))
            found = self._numbers.get(shared)
            if found is None:
                found = self._numbers[shared] = len(self.values)
                self.values.append(data)
            if isinstance(value, (int, str, float, KObject, KArray, KDict)):
                self._numbers[key] = (
                    found  # other objects may die, and their id be used again
                )
        return found

    def contents(self) -> list[Any]:
        """The present content of every object; finds further objects while it goes on."""
        found = []
        for target in self.objects:  # grows while it is read
            kind: Any = type(target).__name__
            if isinstance(target, KObject):
                kind = name_of(type(target))
                numbers = [
                    self.number(getattr(target, each, MISSING))
                    for each in self.classes[kind]
                ]
            elif isinstance(target, KArray):
                numbers = [self.number(each) for each in target]
            else:
                numbers = [
                    self.number(each) for item in contents(target) for each in item
                ]
            found.append([kind, numbers])
        return found

    def _data(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, str):
            return value
        if value is MISSING:
            return ["missing"]
        if id(value) in self._constants:
            return ["constant", *self._constants[id(value)][:2]]
        if isinstance(value, (KObject, KArray, KDict)):
            return ["object", self._object(value)]
        if isinstance(value, Shown):
            return ["shown", str(value)]
        if type(value) is tuple:
            return ["tuple", [self.number(each) for each in value]]
        if isinstance(value, FunctionType):
            return ["function", name_of(value)]
        if isinstance(value, Namer):
            return ["namer", dict(value._counts), value.suffix]
        return self._of_class(value)

    def _of_class(self, value: Any) -> Any:
        """An enumeration's member, a named tuple or a frozen dataclass of the kernel; else the text it shows."""
        cls = type(value)
        if of_room(cls.__module__) and is_value_type(cls):
            if isinstance(value, Enum):
                return ["enum", name_of(cls), value.value]
            if isinstance(value, tuple):
                return ["named", name_of(cls), [self.number(each) for each in value]]
            items = [getattr(value, each.name) for each in fields(value)]
            return ["data", name_of(cls), [self.number(each) for each in items]]
        if hasattr(cls, "wait_until"):
            return ["scheduling"]
        return ["shown", str(text_of(value))]

    def _object(self, target: Target) -> int:
        if isinstance(target, KObject):
            cls = type(target)
            if not of_room(cls.__module__):
                raise CodecError(
                    f"{target} is a {cls.__qualname__}, which is no structure of the simulated kernel"
                )
            self.classes.setdefault(name_of(cls), field_names(cls))
        self.objects.append(target)
        return len(self.objects) - 1


class Decoder:
    """Makes the values again."""

    def __init__(self, classes: dict[str, list[str]]) -> None:
        """``classes`` are the structures with the fields they had.

        Raises:
            CodecError: a structure has other fields in this version of the kernel.
        """
        self._classes = {name: class_of(name) for name in classes}
        for name, names in classes.items():
            if (
                not issubclass(self._classes[name], KObject)
                or list(field_names(self._classes[name])) != names
            ):
                raise CodecError(
                    f"{name} has other fields in this version of the simulated kernel"
                )
        self.objects: list[Target] = []
        self.values: list[Any] = []

    def decode(
        self, kinds: Sequence[tuple[str, list[int]]], values: Sequence[Any]
    ) -> None:
        """Make all objects, then all values, then fill the objects."""
        for kind, numbers in kinds:
            self.objects.append(self._empty(kind, len(numbers)))
        for data in values:
            self.values.append(self._value(data))
        for target, (_kind, numbers) in zip(self.objects, kinds, strict=True):
            self._fill(target, [self.values[each] for each in numbers])

    def _empty(self, kind: str, size: int) -> Target:
        if kind == "KArray":
            return KArray.filled(size, None)
        if kind == "KDict":
            return KDict()
        made: KObject = object.__new__(self._classes[kind])
        return made

    def _fill(self, target: Target, items: list[Any]) -> None:
        if isinstance(target, KObject):
            for name, value in zip(field_names(type(target)), items, strict=True):
                if value is not MISSING:
                    set_field(target, name, value)
        elif isinstance(target, KArray):
            for at, value in enumerate(items):
                list.__setitem__(target, at, value)
        else:
            for key, value in zip(items[::2], items[1::2], strict=True):
                dict.__setitem__(target, key, value)

    def _value(self, data: Any) -> Any:
        if not isinstance(data, list):
            return data
        make: Callable[..., Any] = getattr(self, f"_make_{data[0]}")
        return make(*data[1:])

    def _make_missing(self) -> Any:
        return MISSING

    def _make_object(self, number: int) -> Any:
        return self.objects[number]

    def _make_shown(self, text: str) -> Any:
        return Shown(text)

    def _make_tuple(self, items: list[int]) -> Any:
        return tuple(self.values[each] for each in items)

    def _make_constant(self, name: str, at: int | None) -> Any:
        found = lookup(name)
        return found if at is None else found[at]

    def _make_enum(self, name: str, value: Any) -> Any:
        cls = class_of(name)
        if not issubclass(cls, Enum):
            raise CodecError(f"{name} is no enumeration")
        return cls(value)

    def _make_named(self, name: str, items: list[int]) -> Any:
        cls: Any = class_of(name)
        return cls._make([self.values[each] for each in items])

    def _make_data(self, name: str, items: list[int]) -> Any:
        cls: Any = class_of(name)
        made: Any = object.__new__(cls)
        for each, number in zip(fields(cls), items, strict=True):
            set_field(made, each.name, self.values[number])
        return made

    def _make_function(self, name: str) -> Any:
        module, _, qualname = name.partition(":")
        if of_room(module):
            try:
                found = lookup(name)
            except CodecError:
                found = None
            if isinstance(found, FunctionType):
                return found
        return Inert(module, qualname)

    def _make_namer(self, counts: dict[str, int], suffix: str) -> Any:
        namer = Namer()
        namer._counts.update(counts)
        namer.suffix = suffix
        return namer

    def _make_scheduling(self) -> Any:
        return OneCpu()
