"""The fidelity table: which kernel function each function of this kernel stands for, and what it leaves out.

Everything is read from the docstrings of the stepped functions. Such a docstring ends with labelled sentences::

    Locks: entry page lock, i_pages; never sleeps.
    References: drops the cache's 512.
    Models: mm/filemap.c: page_cache_delete (v5.3). Left out: shadow entries.
    Differs from v5.3: a huge page need not be swap-backed.

*Models* names file, symbols and version, several of them with ``;`` between, or it begins with ``no kernel function``
or ``no file system``. *Locks* is checked against what really happens, so it has a grammar: clauses with ``;``
between, and remarks in round brackets that are for the reader only.

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

from pathlib import Path
from typing import Final

from thpkit.book.claims import Function, faults, functions, sources
from thpkit.book.lesson import FOLDER
from thpkit.trace.statements import ROOT

FILE: Final = "fidelity.md"

INTRO: Final = """# What stands for what

This page is made from the docstrings; do not edit it. `python -m thpkit.book.fidelity` writes it anew.

This kernel is a model. Its functions have the names of Linux functions and do what those do, in the order in which
they do it, as far as this book's subject reaches. The base is Linux 5.3; where another version is meant, the table
says so: the XArray is that of 5.4. The huge page fault that it teaches, REF, is what the review of the patch asked
for, with the repairs that it needs: **it never was a kernel**.

What the model does not have, whatever function is looked at:

- **memory order**: everybody sees every write at once and in the order it was made. A barrier only marks a place;
- **TLBs**: an entry that is cleared is gone for everybody at once; nothing is flushed, and nothing is late;
- **RCU grace periods**: a section forbids sleeping, and a freed node stays readable for ever;
- **per-CPU counters and lists**: one exact value, one batch for the whole machine;
- **reclaim, migration, swap, NUMA**: memory ends only where an experiment makes an allocation fail;
- **dirty pages and writeback**: a write is in storage when it returns;
- **anonymous huge pages, khugepaged, hugetlb, fork**.

Listed are the functions that the stepper enters. What it never enters (taking a lock, an atomic operation, a test of
a flag, a counter) is one act here and a few lines of header files there.

*Locks* lists what is held at the entry, what the function and its callees may take, and whether it may sleep. A test
runs the kernel and compares. It speaks of the model: the real function may also sleep in an allocation that the model
does not make, or give way to others between two pieces of work (`cond_resched`), where this one *never sleeps*.
`ptl` is any lock of page tables, `i_pages` the lock of any XArray, and `RCU` stands for a section, which is no lock.
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


def main() -> None:
    """Write the page, or say which docstrings must be mended first."""
    wrong = [each for function in functions() for each in faults(function)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    write()


if __name__ == "__main__":
    main()
