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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import CodeType, ModuleType
from typing import Any, Final, TypeVar

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


@contextmanager
def _bound(
    module_name: str, name: str, function: Callable[..., object]
) -> Iterator[None]:
    """Let ``name`` of a module mean ``function`` for the time of the block, wherever that name is re-exported."""
    former = getattr(sys.modules[module_name], name)
    modules = _modules_that_name(name, former)
    try:
        for module in modules:
            setattr(module, name, function)
        yield
    finally:
        for module in modules:
            setattr(module, name, former)


@contextmanager
def rebound(
    target: Callable[..., object],
    around: Callable[[Callable[..., object]], Callable[..., object]],
) -> Iterator[None]:
    """Put ``around`` around whatever a kernel function's name is bound to, for the time of the block."""
    home = sys.modules[target.__module__]
    with _bound(
        target.__module__, target.__name__, around(getattr(home, target.__name__))
    ):
        yield


def _modules_that_name(name: str, function: object) -> list[ModuleType]:
    """Modules of this project in which ``name`` is ``function``: its home, and packages that re-export it."""
    return [
        module
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("thpkit.") and module.__dict__.get(name) is function
    ]


@dataclass(frozen=True)
class Variant:
    """A named version of the kernel: a base and the functions that differ from it; later ones win."""

    name: str
    functions: Sequence[Callable[..., object]] = ()
    base: Variant | None = None
    about: str = ""
    """One sentence for the reader."""
    _bindings: dict[tuple[str, str], Any] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.base is not None:
            self._bindings.update(self.base._bindings)
        for function in self.functions:
            target = replaced_by(function)
            self._bindings[(target.__module__, target.__name__)] = function

    def bindings(self) -> dict[tuple[str, str], Callable[..., object]]:
        """Module and name of every replaced function, with its replacement."""
        return dict(self._bindings)

    def files(self) -> frozenset[str]:
        """Source files of the replacements: what a recorder must follow besides the kernel."""
        return frozenset(
            code_of(function).co_filename for function in self._bindings.values()
        )

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Bind the replacements for the time of the block."""
        with ExitStack() as stack:
            for (module_name, name), function in self._bindings.items():
                stack.enter_context(_bound(module_name, name, function))
            yield


REF: Final = Variant(
    "ref",
    about="the correct version: the algorithm REF with its repairs; it never was a kernel",
)
"""The kernel as it stands in this package."""
