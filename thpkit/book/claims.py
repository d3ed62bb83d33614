"""What the docstrings of the stepped kernel functions claim, read into data.

The labelled sentences and the grammar of *Locks* are described in :mod:`~thpkit.book.fidelity`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.kernel.locks import LOCK_ORDER
from thpkit.trace import policy
from thpkit.trace.statements import ROOT

RCU: Final = "RCU"
"""The name of an RCU section among the locks."""
CLASSES: Final = frozenset(LOCK_ORDER) | {RCU}
OBSERVERS: Final = frozenset({"xarray/dump.py", "xarray/invariants.py"})
"""Kernel files that only look, from outside: no kernel code calls them."""

MODES: Final = {"for reading": "read", "for writing": "write"}
_LABEL: Final = re.compile(
    r"(?:^|(?<=\s))"
    r"(Locks|References|Models|Left out|Differs(?: from v\d+\.\d+)?|Returns|Raises):\s"
)
_SOURCE: Final = re.compile(
    r"^(?P<file>[\w/.-]+\.[chS]): (?P<symbols>[\w, ]+) "
    r"\((?P<version>v\d+\.\d+)(?P<remark>[^()]*)\)(?P<tail>(?:[,:] .*)?)$"
)
_VERSION: Final = re.compile(r"\bv\d+\.\d+")
_NONE: Final = re.compile(r"^no (?:kernel function|file system)\b")
_REMARK: Final = re.compile(r"\s*\([^()]*\)")


class Wanted(NamedTuple):
    """A lock as a docstring names it."""

    cls: str
    mode: str | None = None
    """``read``, ``write``, or None: either."""


@dataclass(frozen=True)
class LockLine:
    """What a *Locks* sentence declares."""

    entry: tuple[frozenset[Wanted], ...] = ()
    """Of each group one lock is held at the entry."""
    takes: frozenset[Wanted] = frozenset()
    drops: frozenset[Wanted] = frozenset()
    returns_with: frozenset[Wanted] = frozenset()
    may_sleep: bool = False


class Function(NamedTuple):
    """A stepped function and what its docstring says."""

    path: str
    """File below ``thpkit/kernel``."""
    name: str
    line: int
    sections: dict[str, str]
    """The labelled sentences without their labels; *Differs from v5.3* counts as *Differs*."""

    @property
    def key(self) -> str:
        """``filemap.py::find_get_page``."""
        return f"{self.path}::{self.name}"


class Source(NamedTuple):
    """The kernel code a function stands for."""

    place: str
    """File and symbols, these as Markdown code, or the sentence that says there is none."""
    version: str
    """``v5.3``, perhaps with a remark; empty if there is no such code."""


def sections(docstring: str) -> dict[str, str]:
    """The labelled sentences of a docstring; what stands before the first label is left aside."""
    text = " ".join(docstring.split())
    pieces = _LABEL.split(text)
    found: dict[str, str] = {}
    for label, sentence in zip(pieces[1::2], pieces[2::2], strict=True):
        name = label.partition(" from ")[0]
        told = sentence.strip()
        if name != label:
            told = f"from {label.partition(' from ')[2]}: {told}"
        found[name] = f"{found[name]} {told}" if name in found else told
    return found


def functions_of(path: str, text: str) -> list[Function]:
    """The stepped functions of a kernel file, private helpers left out: they belong to who calls them."""
    found = []
    for node in ast.parse(text, path).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        marks = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
        private = node.name.startswith("_") and not node.name.startswith("__")
        if not private and "primitive" not in marks:
            told = sections(ast.get_docstring(node) or "")
            found.append(Function(path, node.name, node.lineno, told))
    return found


def functions(root: Path = ROOT) -> list[Function]:
    """The stepped functions of the kernel of the project at ``root``, by file and place."""
    kernel = root / "thpkit" / "kernel"
    plumbing = {Path(each).name for each in policy.PLUMBING}
    found: list[Function] = []
    for file in sorted(kernel.rglob("*.py")):
        path = file.relative_to(kernel).as_posix()
        if path not in plumbing | OBSERVERS:
            found.extend(functions_of(path, file.read_text(encoding="utf-8")))
    return found


def sources(models: str) -> list[Source]:
    """The kernel code that a *Models* sentence names.

    Raises:
        ValueError: it names no file, symbol and version; the message says what is wrong.
    """
    if _NONE.match(models):
        if not _VERSION.search(models):
            raise ValueError(f"Models: {models!r} names no version, such as v5.3")
        return [Source(models.rstrip("."), "")]
    found = []
    for part in models.rstrip(".").split("; "):
        match = _SOURCE.match(part)
        if match is None:
            raise ValueError(
                f"Models: {part!r} is not 'path/file.c: symbol, symbol (v5.3)'"
            )
        version = match["version"] + match["remark"]
        symbols = ", ".join(f"`{each}`" for each in match["symbols"].split(", "))
        found.append(Source(f"{match['file']}: {symbols}{match['tail']}", version))
    return found


def parse_locks(sentence: str) -> LockLine:
    """What a *Locks* sentence declares.

    Raises:
        ValueError: it is not of the grammar; the message says what is wrong.
    """
    text = _REMARK.sub("", sentence)
    if not text.endswith(".") or "(" in text or ")" in text:
        raise ValueError(f"Locks: {sentence!r} is not one sentence")
    groups: dict[str, list[frozenset[Wanted]]] = {}
    plain: list[str] = []
    for clause in text[:-1].split("; "):
        verb = next((each for each in _VERBS if clause.startswith(each + " ")), None)
        if verb is None:
            plain.append(clause)
        elif verb in groups:
            raise ValueError(f"Locks: {verb!r} stands twice in {sentence!r}")
        else:
            groups[verb] = [_lock(each) for each in _listed(clause, verb)]
    sleep = [each for each in plain if each in ("may sleep", "never sleeps")]
    other = [each for each in plain if each not in ("may sleep", "never sleeps")]
    if len(sleep) != 1:
        raise ValueError(f"Locks: {sentence!r} says not once whether it may sleep")
    if other != ([] if groups else ["none"]):
        raise ValueError(f"Locks: {sentence!r} has a clause that is not understood")
    return LockLine(
        entry=tuple(groups.get("entry", ())),
        takes=frozenset().union(*groups.get("takes", ())),
        drops=frozenset().union(*groups.get("drops", ())),
        returns_with=frozenset().union(*groups.get("returns with", ())),
        may_sleep=sleep == ["may sleep"],
    )


_VERBS: Final = ("entry", "takes", "drops", "returns with")


def _listed(clause: str, verb: str) -> list[str]:
    return clause.removeprefix(verb + " ").split(", ")


def _lock(text: str) -> frozenset[Wanted]:
    """``mmap_sem for reading or i_mmap_rwsem`` as a group."""
    found = set()
    for each in text.split(" or "):
        mode = next((name for name in MODES if each.endswith(" " + name)), None)
        cls = each.removesuffix(f" {mode}") if mode else each
        if cls not in CLASSES:
            raise ValueError(f"Locks: {cls!r} is no class of locks")
        found.add(Wanted(cls, MODES[mode] if mode else None))
    return frozenset(found)


def faults(function: Function) -> Iterator[str]:
    """What a docstring lacks, or says in a way that cannot be read."""
    where = f"thpkit/kernel/{function.path}:{function.line}: {function.name}"
    for label in ("Locks", "Models", "Left out"):
        if label not in function.sections:
            yield f"{where}: there is no '{label}:'"
    try:
        sources(function.sections.get("Models", "no kernel function (v5.3)"))
        parse_locks(function.sections.get("Locks", "none; never sleeps."))
    except ValueError as error:
        yield f"{where}: {error}"
