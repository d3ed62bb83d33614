"""One kernel, many versions: a variant is a set of functions that stand in for the kernel's own.

Only *functions* vary, never structures, so identities, views and rewinding stay the same. A replacement
names what it replaces, and mypy refuses a wrong signature::

    @replaces(rmap.page_remove_file_rmap)
    def page_remove_file_rmap(page: Page, compound: bool) -> None: ...

    V3 = Variant("v3", functions=[page_remove_file_rmap])
    machine = Machine(variant=V3)

While a machine is installed, the module globals of the replaced functions are bound to the replacements.
This works because kernel code calls across modules only through the module (``rmap.page_add_file_rmap(…)``),
which a lint test keeps.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Final, TypeAlias, TypeVar

F = TypeVar("F", bound=Callable[..., object])

_REPLACES: Final[dict[CodeType, Callable[..., object]]] = {}


def replaces(target: F) -> Callable[[F], F]:
    """Declare that the decorated function stands in for ``target``, a kernel function or a variant's own."""

    def declare(function: F) -> F:
        _REPLACES[code_of(function)] = target
        return function

    return declare


def code_of(function: Callable[..., object]) -> CodeType:
    """The code object of a plain function.

    Raises:
        TypeError: ``function`` is not a plain function (a method, a builtin, a class).
    """
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        raise TypeError(
            f"only plain functions can be replaced or replace; {function!r} is not one"
        )
    return code


def replaced_by(function: Callable[..., object]) -> Callable[..., object]:
    """The kernel function that ``function`` stands in for, through any chain of replacements.

    Raises:
        ValueError: the function was not declared with :func:`replaces`.
    """
    target = _REPLACES.get(code_of(function))
    if target is None:
        raise ValueError(
            f"{function.__qualname__} replaces nothing: decorate it with @replaces(<function>)"
        )
    while code_of(target) in _REPLACES:
        target = _REPLACES[code_of(target)]
    return target


Name: TypeAlias = tuple[str, str]
"""A module and the name of a function in it."""

Bindings: TypeAlias = dict[Name, Callable[..., object]]
"""What stands in for which function."""

_in_force: Bindings = {}
_originals: Final[Bindings] = {}
_places: Final[dict[Name, list[ModuleType]]] = {}
"""Modules in which a replaced name stands: its home, and packages that re-export it."""


def name_of(function: Callable[..., object]) -> Name:
    """Where a kernel function is at home."""
    return function.__module__, function.__name__


@contextmanager
def bound(bindings: Bindings) -> Iterator[None]:
    """Let the named functions be these for the time of the block, and *all others* the kernel's own.

    So blocks of different variants nest: an inner one does not see what an outer one replaced.
    """
    global _in_force
    before = _in_force
    _bind(bindings, before)
    _in_force = bindings
    try:
        yield
    finally:
        _bind(before, bindings)
        _in_force = before


def _bind(wanted: Bindings, present: Bindings) -> None:
    """Change the module globals from ``present`` to ``wanted``."""
    for name in {**present, **wanted}:
        _remember(name)
        function = wanted.get(name, _originals[name])
        for module in _places[name]:
            setattr(module, name[1], function)


def _remember(name: Name) -> None:
    """Note what a name means, and where it stands, before it is bound for the first time."""
    if name in _originals:
        return
    module_name, attribute = name
    original = getattr(sys.modules[module_name], attribute)
    _originals[name] = original
    _places[name] = [
        module
        for each, module in list(sys.modules.items())
        if each.startswith("thpkit.") and module.__dict__.get(attribute) is original
    ]


@dataclass(frozen=True)
class Variant:
    """A named version of the kernel: a base and the functions that differ from it; later ones win."""

    name: str
    functions: Sequence[Callable[..., object]] = ()
    base: Variant | None = None
    about: str = ""
    """One sentence for the reader."""
    _bindings: Bindings = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.base is not None:
            self._bindings.update(self.base._bindings)
        for function in self.functions:
            target = replaced_by(function)
            self._bindings[name_of(target)] = function

    def bindings(self) -> Bindings:
        """Module and name of every replaced function, with its replacement."""
        return dict(self._bindings)

    def files(self) -> frozenset[str]:
        """Source files of the replacements: what a recorder must follow besides the kernel."""
        return frozenset(
            code_of(function).co_filename for function in self._bindings.values()
        )

    def installed(self) -> AbstractContextManager[None]:
        """Bind this variant's functions, and nobody else's, for the time of a block."""
        return bound(self._bindings)


REF: Final = Variant(
    "ref",
    about="the correct version: the algorithm REF with its repairs; it never was a kernel",
)
"""The kernel as it stands in this package."""
