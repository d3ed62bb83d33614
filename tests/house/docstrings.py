"""Who must say what: docstrings of public code, and the kernel source behind each function.

:func:`missing` and :func:`unsourced` report sentences about one file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

KERNEL_FILE: Final = re.compile(
    r"\b(?:arch|fs|include|init|kernel|lib|mm)/[\w/.-]+\.[chS]\b"
)
"""A path in the kernel's tree."""

NO_MODEL: Final = {
    "variant": "the machinery of variants; no kernel has it",
    "machine": "user space and the boot loader",
}
"""Kernel modules that mirror nothing, and why."""

SCREEN_HOOKS: Final = re.compile(
    r"(?:action|on|watch|validate|compute|key|render|get|check)_\w+|compose|render|refresh"
)
"""Methods of screens that Textual calls by name; their name says it."""


def public(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Public functions, classes and their methods, with their qualified names."""
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Definition) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def decorators(node: Definition) -> set[str]:
    """Last names of the decorators of a definition."""
    names = (ast.unparse(each).partition("(")[0] for each in node.decorator_list)
    return {name.rpartition(".")[2] for name in names}


def missing(path: str, text: str) -> list[str]:
    """What of the file has no docstring and should have one."""
    tree = ast.parse(text, path)
    found = (
        [] if ast.get_docstring(tree) else [f"{path}:1: the module has no docstring"]
    )
    for name, node in public(tree):
        if ast.get_docstring(node) or decorators(node) & {"overload", "setter"}:
            continue
        is_hook = path.startswith("tui/") and SCREEN_HOOKS.fullmatch(node.name)
        if not ("." in name and is_hook):
            found.append(f"{path}:{node.lineno}: {name} has no docstring")
    return found


def unsourced(path: str, text: str) -> list[str]:
    """Stepped functions of a kernel file for which nothing says what they model.

    ``Models:`` in the module's docstring speaks for the whole file.
    """
    tree = ast.parse(text, path)
    if "Models:" in (ast.get_docstring(tree) or ""):
        return []
    found = []
    for name, node in public(tree):
        if isinstance(node, ast.ClassDef) or "primitive" in decorators(node):
            continue
        told = ast.get_docstring(node) or ""
        if "Models:" not in told and not KERNEL_FILE.search(told):
            found.append(
                f"{path}:{node.lineno}: {name} does not say which kernel code it models"
            )
    return found
