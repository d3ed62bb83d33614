"""The registry of what may be in a saved recording: the kernel's classes, functions and constants, by name."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import is_dataclass
from enum import Enum
from types import ModuleType
from typing import Any, Final

from thpkit.kernel.kobject import KObject
from thpkit.kernel.splat import KernelStop

ROOM: Final = "thpkit.kernel"
"""The package whose classes may be in a recording."""

_NAME: Final = re.compile(r"[\w.]+:[\w.<>]+")


class CodecError(ValueError):
    """Data that does not describe a value, or a structure that cannot be described."""


class Inert:
    """Stands for a function that is not among the kernel's; it has the name, and cannot be called."""

    def __init__(self, module: str, qualname: str) -> None:
        self.__module__ = module
        self.__qualname__ = qualname
        self.__name__ = qualname.rpartition(".")[2]

    def __call__(self, *_args: object, **_kwargs: object) -> object:
        raise KernelStop(
            f"{self.__qualname__} is only known by name: this recording was saved elsewhere"
        )

    def __repr__(self) -> str:
        return self.__qualname__


def of_room(name: str) -> bool:
    """Whether a module lies in the kernel's package."""
    return name == ROOM or name.startswith(ROOM + ".")


def name_of(thing: Any) -> str:
    """``module:qualname`` of a class or a function."""
    return f"{thing.__module__}:{thing.__qualname__}"


def lookup(name: str) -> Any:
    """What the kernel's package calls ``module:qualname``.

    Raises:
        CodecError: it is not in the kernel's package, or does not exist.
    """
    module_name, _, qualname = name.partition(":")
    if not _NAME.fullmatch(name) or not of_room(module_name):
        raise CodecError(f"{name} is not part of the simulated kernel")
    try:
        found: Any = importlib.import_module(module_name)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        raise CodecError(
            f"this version of the simulated kernel has no {name}"
        ) from None
    return found


def class_of(name: str) -> type:
    """The class ``module:qualname`` of the kernel: a structure, an enumeration or a value type.

    Raises:
        CodecError: it is none of these, or does not exist.
    """
    found = lookup(name)
    if (
        not isinstance(found, type)
        or name_of(found) != name
        or not is_value_type(found)
    ):
        raise CodecError(f"{name} is no structure and no value type")
    return found


def is_value_type(cls: type) -> bool:
    """Structures, enumerations, named tuples and frozen dataclasses."""
    if issubclass(cls, (KObject, Enum)):
        return True
    if issubclass(cls, tuple):
        return hasattr(cls, "_fields")
    params = getattr(cls, "__dataclass_params__", None)
    return params is not None and bool(params.frozen)


def constants() -> dict[int, tuple[str, int | None, object]]:
    """Objects that exist once in the kernel's modules, such as poisons: id → name, place in a tuple, object."""
    found: dict[int, tuple[str, int | None, object]] = {}
    for module_name, module in sorted(sys.modules.items()):
        if of_room(module_name) and module_name != f"{ROOM}.current":
            _constants_of(module, found)
    return found


def _constants_of(
    module: ModuleType, found: dict[int, tuple[str, int | None, object]]
) -> None:
    for name, value in vars(module).items():
        where = f"{module.__name__}:{name}"
        if _is_constant(value):
            found.setdefault(id(value), (where, None, value))
        elif type(value) is tuple:
            for at, each in enumerate(value):
                if _is_constant(each):
                    found.setdefault(id(each), (where, at, each))


def _is_constant(value: object) -> bool:
    if isinstance(value, type):
        return False
    return isinstance(value, KObject) or (
        is_dataclass(value) and is_value_type(type(value))
    )
