"""The fidelity table: which kernel function each function of this kernel stands for, and what it leaves out.

Everything is read from the docstrings of the stepped functions. Such a docstring ends with labelled sentences::

    Locks: entry page lock, i_pages; never sleeps.
    References: drops the cache's 512.
    Models: mm/filemap.c: page_cache_delete (v5.3). Left out: shadow entries.
    Differs from v5.3: a huge page need not be swap-backed.

*Models* names file, symbols and version, several of them with ``;`` between, or begins with ``no kernel function`` and
says what that version does instead. *Locks* is checked against what really happens, so it has a grammar: clauses with
``;`` between, and remarks in round brackets that are for the reader only.

========================  ==========================================================================
``entry A, B or C``       held at every call: A, and one of B and C
``takes A, B``            may be taken meanwhile, by the function or by what it calls; nothing else is
``drops A``               held at the entry, perhaps not at the return
``returns with A``        perhaps held at the return, not at the entry
``may sleep``             it may come to a point that needs a context in which sleeping is allowed
``never sleeps``          it never does, so it can be called under a spinlock
``none``                  needs nothing and takes nothing
========================  ==========================================================================

A lock is a class of :data:`~thpkit.kernel.locks.LOCK_ORDER`, or ``RCU`` for a section; ``for reading`` and ``for
writing`` may follow it. ``python -m thpkit.book.fidelity`` writes the table anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from thpkit.book.lesson import FOLDER
from thpkit.kernel.locks import LOCK_ORDER
from thpkit.trace import policy
from thpkit.trace.statements import ROOT

FILE: Final = "fidelity.md"
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
    r"\((?P<version>v\d+\.\d+)(?P<remark>[^()]*)\)"
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
    """``mm/filemap.c: page_cache_delete``, or the sentence that says there is none."""
    version: str
    """``v5.3``, perhaps with a remark; empty if there is no such code."""


# ---- reading docstrings ---------------------------------------------------------------------------------


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
    for part in models.split("; "):
        match = _SOURCE.match(part)
        if match is None:
            raise ValueError(
                f"Models: {part!r} is not 'path/file.c: symbol, symbol (v5.3)'"
            )
        version = match["version"] + match["remark"]
        found.append(Source(f"{match['file']}: {match['symbols']}", version))
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


# ---- the table ------------------------------------------------------------------------------------------

INTRO: Final = """# What stands for what

This page is made from the docstrings; do not edit it. `python -m thpkit.book.fidelity` writes it anew.

This kernel is a model. Its functions have the names of Linux functions and do what those do, in the order in which they
do it, as far as this book's subject reaches. The base is Linux 5.3; where a later version is meant, the table says so.
The version of the huge page fault that it teaches, REF, is what the review of the patch asked for, with the repairs
that it needs: **it never was a kernel**.

What the model does not have, whatever function is looked at:

- **memory order**: everybody sees every write at once and in the order it was made. A barrier only marks a place;
- **TLBs**: an entry that is cleared is gone for everybody at once; nothing is flushed, and nothing is late;
- **RCU grace periods**: a section forbids sleeping, and a freed node stays readable for ever;
- **per-CPU counters and lists**: one exact value, one batch for the whole machine;
- **reclaim, migration, swap, NUMA**: memory ends only where an experiment makes an allocation fail;
- **dirty pages and writeback**: a write is in storage when it returns;
- **anonymous huge pages, khugepaged, hugetlb, fork**.

*Locks* lists what must be held at the entry, what the function and its callees take, and whether it may sleep. A test
runs the kernel and compares. Where the real function may give way to others between two pieces of work (`cond_resched`)
and the model has nobody to give way to, it says *never sleeps*.
"""

_HEAD: Final = (
    "function",
    "stands for",
    "version",
    "locks",
    "left out",
    "differs",
)


def render(found: list[Function]) -> str:
    """The page, in Markdown."""
    lines = [INTRO]
    path = ""
    for function in found:
        if function.path != path:
            path = function.path
            lines += [f"\n## {path}\n", _row(_HEAD), _row(["---"] * len(_HEAD))]
        lines.append(_row(_cells(function)))
    return "\n".join(lines) + "\n"


def _cells(function: Function) -> list[str]:
    told = function.sections
    models = sources(told["Models"])
    versions = dict.fromkeys(each.version for each in models if each.version)
    return [
        f"`{function.name}`",
        "; ".join(each.place for each in models),
        "; ".join(versions) or "–",
        told["Locks"].rstrip("."),
        told["Left out"].rstrip("."),
        told.get("Differs", "").rstrip("."),
    ]


def _row(cells: list[str] | tuple[str, ...]) -> str:
    safe = (each.replace("``", "`").replace("|", "\\|") for each in cells)
    return "| " + " | ".join(safe) + " |"


def write(root: Path = ROOT) -> Path:
    """Write the page of the project at ``root`` and return its place."""
    page = root / FOLDER / FILE
    page.write_text(render(functions(root)), encoding="utf-8")
    return page


if __name__ == "__main__":
    write()
