"""Who may import whom: the arrows of the design, read from the sources.

An import under ``TYPE_CHECKING`` or inside a function counts like any other: an arrow is
about what a room needs to know.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ARROWS: Final = (
    ("kernel",),
    ("checks",),
    ("trace",),
    ("scenario",),
    ("patch",),
    ("smp",),
    ("view",),
    ("book", "grading"),
    ("tui",),
)
"""Each room may import itself and every room of an earlier row."""

RANK: Final = {room: rank for rank, row in enumerate(ARROWS) for room in row}
PROJECT: Final = frozenset({"thpkit", "tui", "tests", "lessons", "exercises"})
PURE: Final = sys.stdlib_module_names | {"thpkit", "typing_extensions"}
"""What the kernel may import; the last is for type checkers only, a test sees to that."""
SCREEN: Final = frozenset({"textual", "rich"})


class Import(NamedTuple):
    """One module named by one import statement."""

    line: int
    module: str
    """Absolute dotted name; for ``from a import b`` both ``a`` and ``a.b`` are listed."""
    at_start: bool
    """Whether it happens when the file is imported: not in a function, not for type checkers only."""


# ---- reading imports -------------------------------------------------------------------------------------


def imports_of(path: Path, root: Path) -> list[Import]:
    """Every import of a file, relative ones made absolute, ``import_module("x")`` included."""
    package = ".".join(path.relative_to(root).parts[:-1])
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    lazy = _lazy_nodes(tree)
    found: list[Import] = []
    for node in ast.walk(tree):
        for name in _named(node, package):
            found.append(Import(node.lineno, name, node not in lazy))  # type: ignore[attr-defined]
    return sorted(set(found))


def _named(node: ast.AST, package: str) -> Iterator[str]:
    """The modules that one node imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = package.split(".")
            base = ".".join(
                [*parts[: len(parts) - node.level + 1], *([base] if base else [])]
            )
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("import_module", "__import__") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value


def _lazy_nodes(tree: ast.Module) -> set[ast.AST]:
    """Nodes that do not run when the module is imported."""
    lazy: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            lazy.update(ast.walk(node))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith(
            "TYPE_CHECKING"
        ):
            lazy.update(
                inner for statement in node.body for inner in ast.walk(statement)
            )
    return lazy


def room_of(module: str) -> str | None:
    """The room that a module lives in; None outside the rooms (``thpkit`` itself, other packages)."""
    first, _, rest = module.partition(".")
    if first == "tui":
        return "tui"
    room = rest.partition(".")[0]
    return room if first == "thpkit" and room in RANK else None


# ---- the rules -------------------------------------------------------------------------------------------


def violations(root: Path) -> list[str]:
    """A sentence for each import under ``root`` that goes against an arrow."""
    found: list[str] = []
    for top in ("thpkit", "tui", "lessons", "exercises"):
        for path in sorted((root / top).rglob("*.py")):
            where = path.relative_to(root)
            module = ".".join(where.with_suffix("").parts).removesuffix(".__init__")
            judge = _judge_content if top in ("lessons", "exercises") else _judge_room
            seen: set[str] = set()
            for each in imports_of(path, root):
                sentence = judge(module, each)
                if sentence is not None and sentence not in seen:
                    seen.add(sentence)
                    found.append(f"{where}:{each.line}: {sentence}")
    return found


def _judge_room(module: str, each: Import) -> str | None:
    """What is wrong with an import in thpkit or tui, or None."""
    home, target = room_of(module), room_of(each.module)
    top = each.module.partition(".")[0]
    if home is None:
        if module not in ("thpkit", "tui"):
            return f"{module} is in no room: put it into one of {', '.join(RANK)}"
        if top in PROJECT | SCREEN:
            return f"the package {module} itself imports nothing of the project, nor the screen: {top}"
        return None
    if home != "tui" and top in SCREEN:
        return f"thpkit must run without a screen: {top} may be imported in tui only"
    if home == "kernel" and top not in PURE:
        return f"kernel is pure: only the standard library and itself, not {top}"
    if top in PROJECT - {"thpkit", "tui"}:
        return f"{home} imports {top}; {top} is loaded by path, or is not for programs at all"
    if target is not None and target != home and RANK[target] >= RANK[home]:
        return f"{home} imports {target}, against the arrow: it may import {_may_import(home)}"
    if module == "tui.cli" and top == "textual" and each.at_start:
        return "tui/cli.py must start fast: import textual inside the function that opens a screen"
    return None


def _may_import(room: str) -> str:
    """The rooms left of ``room``, in words."""
    left = [name for name, rank in RANK.items() if rank < RANK[room]]
    return ", ".join([*left, "itself"])


def _judge_content(module: str, each: Import) -> str | None:
    """What is wrong with an import in lessons or exercises, or None."""
    top = each.module.partition(".")[0]
    is_test = module.rpartition(".")[2].startswith(("test_", "conftest"))
    if (
        top == "thpkit"
        or top in sys.stdlib_module_names
        or (is_test and top == "pytest")
    ):
        return None
    return f"lessons and exercises import thpkit only, not {top or 'a neighbour by a relative name'}"
