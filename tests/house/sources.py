"""Parsed source files, and what their functions are: primitive, stepped, re-exported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

KERNEL: Final = "thpkit.kernel"


class Function(NamedTuple):
    """One function or method of a module."""

    name: str
    """Bare, or ``Class.method``."""
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def decorators(self) -> set[str]:
        """Last names of its decorators: ``primitive`` for ``@kobject.primitive``."""
        called = (
            each.func if isinstance(each, ast.Call) else each
            for each in self.node.decorator_list
        )
        return {ast.unparse(each).rpartition(".")[2] for each in called}

    @property
    def is_special(self) -> bool:
        """Whether it is a method that Python itself calls, such as ``__repr__``."""
        name = self.node.name
        return "." in self.name and name.startswith("__") and name.endswith("__")


@dataclass
class Module:
    """One source file."""

    path: str
    name: str
    """Dotted; a package's ``__init__`` has the package's name."""
    tree: ast.Module
    lines: list[str]
    functions: list[Function] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    """Local name to dotted name, for everything imported at any level."""

    @classmethod
    def parse(cls, path: str, text: str) -> Module:
        """The module of the file at ``path``, relative to the project's root."""
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        module = cls(path, name, ast.parse(text, path), text.splitlines())
        module.functions = list(_functions(module.tree))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                for alias in node.names:
                    local = alias.asname or alias.name
                    module.aliases[local] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    module.aliases[alias.asname or alias.name] = alias.name
        return module

    @property
    def in_kernel(self) -> bool:
        """Whether this is a file of the simulated kernel."""
        return self.name == KERNEL or self.name.startswith(KERNEL + ".")

    @property
    def replacements(self) -> set[str]:
        """Functions of this file that stand in for others."""
        return {each.name for each in self.functions if "replaces" in each.decorators}

    def dotted(self, node: ast.expr) -> str:
        """The full dotted name that an expression such as ``page_h.put`` means here."""
        text = ast.unparse(node)
        head, dot, rest = text.partition(".")
        if head in self.aliases:
            return self.aliases[head] + dot + rest
        return f"{self.name}.{text}"


def _functions(tree: ast.Module) -> Iterator[Function]:
    """Functions at module level and methods of classes there."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Function(node.name, node)
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield Function(f"{node.name}.{inner.name}", inner)


class Index:
    """All modules together: resolves names across them."""

    def __init__(
        self, modules: list[Module], exempt: frozenset[str], classes: frozenset[str]
    ) -> None:
        self._modules = {module.name: module for module in modules}
        self._exempt = {f"{KERNEL}.{name}" for name in exempt}
        self._exempt_classes = {f"{KERNEL}.{name}" for name in classes}
        self._functions: dict[str, tuple[Module, Function]] = {}
        for module in modules:
            for function in module.functions:
                self._functions[f"{module.name}.{function.name}"] = (module, function)
        self._helpers = {
            name: helpers(module) for name, module in self._modules.items()
        }

    def resolve(self, dotted: str) -> str:
        """``dotted``, through the re-exports of packages."""
        home, _, name = dotted.rpartition(".")
        module = self._modules.get(home)
        if module is None or dotted in self._functions:
            return dotted
        return self.resolve(module.aliases[name]) if name in module.aliases else dotted

    def is_module(self, dotted: str) -> bool:
        """Whether ``dotted`` is one of the modules."""
        return dotted in self._modules

    def is_function(self, dotted: str) -> bool:
        """Whether ``dotted`` is a function, possibly a re-exported one."""
        return self.resolve(dotted) in self._functions

    def is_stepped_name(self, dotted: str) -> bool:
        """Whether a call of ``dotted`` would be entered."""
        found = self._functions.get(self.resolve(dotted))
        return found is not None and self.is_stepped(*found)

    def is_stepped(self, module: Module, function: Function) -> bool:
        """Whether a recording enters ``function``."""
        if function.is_special or "primitive" in function.decorators:
            return False
        if module.name in self._exempt:
            return False
        if f"{module.name}.{function.name.partition('.')[0]}" in self._exempt_classes:
            return False
        return function.name not in self._helpers[module.name]


def helpers(module: Module) -> set[str]:
    """Private functions whose every use in the module is by primitives or other helpers.

    What a primitive calls is not entered either, so these may be written freely.
    """
    users: dict[str, set[str]] = {}
    private = {each.name for each in module.functions if each.name.startswith("_")}
    private -= {name for name in private if name.startswith("__")}
    for function in module.functions:
        for node in ast.walk(function.node):
            if isinstance(node, ast.Name) and node.id in private:
                users.setdefault(node.id, set()).add(function.name)
    hidden = {each.name for each in module.functions if "primitive" in each.decorators}
    found: set[str] = set()
    while True:
        more = {
            name
            for name in private - found
            if users.get(name) and users[name] <= hidden | found | {name}
        }
        if not more:
            return found
        found |= more
