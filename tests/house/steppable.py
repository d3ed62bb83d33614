"""What code must look like so that a stepper can stop at each statement of it.

:func:`check` takes sources by their path in the project and reports sentences. It looks at
the kernel, and at files elsewhere that replace kernel functions. *Stepped* is a function
that a recording enters: no primitive, no special method, not in plumbing, and no private
helper that only such functions call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from tests.house.sources import Function, Index, Module

EXEMPT: Final = {
    "current": "stands for registers and per-CPU words",
    "entry": "surrounds system calls; runs before and after what is stepped",
    "flags": "names of bits",
    "init": "boot, before any recording starts",
    "kobject": "where state lives: the recorder itself stands on it",
    "machine": "user space and the boot loader",
    "sched": "a task's own words, read through small methods",
    "splat": "reports and assertions: never entered",
    "units": "stands for macros",
    "variant": "binds the functions; runs before what is stepped",
}
"""Kernel modules that are not stepped, and why. The stepping policy has the same list."""

EXEMPT_CLASSES: Final = {
    "locks.Scheduling": "a protocol: no code",
    "locks.OneCpu": "called by primitives only",
}
"""Classes whose methods are not stepped, and why."""

OBSERVERS: Final = {
    "xarray.dump": "shows a tree to views and tests",
    "xarray.invariants": "checks a tree for tests",
}
"""Kernel modules that only look, from outside: no kernel code calls them."""

MAY_BE_IMPORTED: Final = frozenset({"primitive", "kstruct", "system_call"})
"""Decorators; besides them whatever ``variant`` has may be imported by name."""

ADVICE: Final = {
    "one statement a line": "the stepper stops at lines: break it up",
    "no with": "take and release the lock by name, as the kernel does",
    "no nested function": "move it to module level; a lambda becomes a loop or a function",
    "no stepped call in a comprehension": "write the loop out, or make the callee a primitive",
    "no walrus": "assign on a line of its own",
    "no finally": "release on each way out, as the kernel does with labels",
    "no global": "state lives in KObject fields, KArray and KDict items only",
    "module-qualified calls": "import the module and call module.function(...): the reader "
    "sees the file, and a variant can replace it",
    "single stores": "a recorder sees single stores only: write item by item",
    "deterministic": "every run must be the same: no time, randomness, addresses, set order",
    "call through the kernel": "a replaced function is called through the kernel's module, "
    "so that a later variant can replace it again",
}
"""Every rule, and what to do instead."""

RANDOM_MODULES: Final = frozenset(
    {"time", "datetime", "random", "uuid", "secrets", "os", "threading", "asyncio"}
)
MUTATORS: Final = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"}
    | {"update", "setdefault", "popitem", "add", "discard"}
)
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
NESTED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

Hit: TypeAlias = tuple[int, str, str]
"""Line, rule, and what stands there."""


@dataclass
class Check:
    """The rules applied to one file."""

    index: Index
    module: Module
    hits: list[Hit] = field(default_factory=list)

    def run(self) -> list[str]:
        """Sentences ``file:line: rule: what — what to do``, by line."""
        self.file_rules()
        for function in self.module.functions:
            if self.index.is_stepped(self.module, function):
                self.function_rules(function)
        return [
            f"{self.module.path}:{line}: {rule}: {what} — {ADVICE[rule]}"
            for line, rule, what in sorted(set(self.hits))
        ]

    @property
    def only_looks(self) -> bool:
        """Whether the file is an observer's."""
        return self.module.name.removeprefix("thpkit.kernel.") in OBSERVERS

    def hit(self, node: ast.AST, rule: str, what: str) -> None:
        """Note that ``node`` breaks ``rule``."""
        self.hits.append((getattr(node, "lineno", 1), rule, what))

    # ---- rules for whole files ---------------------------------------------------------

    def file_rules(self) -> None:
        """Imports by name, and what would make two runs differ."""
        for node in ast.walk(self.module.tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.import_rules(node)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("id", "hash"):
                    self.hit(node, "deterministic", f"{node.func.id}()")
            elif isinstance(node, (ast.For, ast.comprehension)) and _is_set(node.iter):
                self.hit(node.iter, "deterministic", "a loop over a set")

    def import_rules(self, node: ast.Import | ast.ImportFrom) -> None:
        """No clocks and dice; no kernel function by its bare name."""
        if isinstance(node, ast.Import):
            tops = {alias.name.partition(".")[0] for alias in node.names}
        else:
            tops = {(node.module or "").partition(".")[0]}
        for name in sorted(tops & RANDOM_MODULES):
            self.hit(node, "deterministic", f"import of {name}")
        if isinstance(node, ast.Import) or self.module.path.endswith("__init__.py"):
            return
        for alias in node.names:
            target = f"{node.module}.{alias.name}"
            if alias.name in MAY_BE_IMPORTED or alias.name[0].isupper():
                continue
            if target.startswith("thpkit.kernel.variant.") or self.only_looks:
                continue
            if self.index.is_function(target):
                self.hit(node, "module-qualified calls", f"import of {target}")

    # ---- rules for stepped functions ---------------------------------------------------

    def function_rules(self, function: Function) -> None:
        """Everything that a stepped function must not contain."""
        for statement in function.node.body:
            for node in ast.walk(statement):
                self.shape(node)
                self.state(node)
                self.calls(node)

    def shape(self, node: ast.AST) -> None:
        """Constructs in which a stepper cannot stop where the reader looks."""
        if isinstance(node, ast.stmt):
            line = self.module.lines[node.lineno - 1].encode()
            if line[: node.col_offset].strip():
                self.hit(node, "one statement a line", ast.unparse(node).split("\n")[0])
        if isinstance(node, (ast.With, ast.AsyncWith)):
            self.hit(node, "no with", f"with {ast.unparse(node.items[0])}")
        elif isinstance(node, NESTED):
            self.hit(node, "no nested function", getattr(node, "name", "lambda"))
        elif isinstance(node, ast.NamedExpr):
            self.hit(node, "no walrus", ast.unparse(node))
        elif isinstance(node, (ast.Try, ast.TryStar)) and node.finalbody:
            self.hit(node.finalbody[0], "no finally", "finally")

    def state(self, node: ast.AST) -> None:
        """Writes that a recorder would not see."""
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            self.hit(node, "no global", ", ".join(node.names))
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            if not isinstance(node.ctx, ast.Load):
                self.hit(node, "single stores", ast.unparse(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            on_field = isinstance(owner, ast.Attribute) and not self.is_module(owner)
            if on_field and node.func.attr in MUTATORS:
                self.hit(node, "single stores", f"{ast.unparse(node.func)}()")

    def is_module(self, node: ast.expr) -> bool:
        """Whether an expression such as ``xarray.api`` names a module of the kernel."""
        return self.index.is_module(self.module.dotted(node))

    def calls(self, node: ast.AST) -> None:
        """Calls that would leave no frame, or would pass a later variant by."""
        if isinstance(node, COMPREHENSIONS):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call):
                    target = self.module.dotted(inner.func)
                    if self.index.is_stepped_name(target):
                        what = f"{ast.unparse(inner.func)}()"
                        self.hit(inner, "no stepped call in a comprehension", what)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in self.module.replacements:
                self.hit(node, "call through the kernel", f"{node.func.id}()")


def _is_set(node: ast.expr) -> bool:
    """Whether an expression is plainly a set: a display, a comprehension, ``set(...)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("set", "frozenset")
    return isinstance(node, (ast.Set, ast.SetComp))


def check(sources: dict[str, str]) -> list[str]:
    """Sentences about every kernel file and every file of replacements in ``sources``."""
    modules = [Module.parse(path, text) for path, text in sorted(sources.items())]
    index = Index(modules, frozenset(EXEMPT | OBSERVERS), frozenset(EXEMPT_CLASSES))
    found: list[str] = []
    for module in modules:
        if module.in_kernel or module.replacements:
            found.extend(Check(index, module).run())
    return found


def read(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every file that may hold stepped code."""
    for top in ("thpkit/kernel", "thpkit/patch", "exercises"):
        for path in sorted((root / top).rglob("*.py")):
            if not path.name.startswith(("test_", "conftest")):
                yield (
                    path.relative_to(root).as_posix(),
                    path.read_text(encoding="utf-8"),
                )
