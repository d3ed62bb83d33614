"""Every stepped function says what it stands for, and the fidelity table says it after it."""

from __future__ import annotations

from typing import Final

import pytest

from tests.house import steppable
from tests.house.sources import Index, Module
from thpkit.book import fidelity
from thpkit.book.claims import (
    Function,
    LockLine,
    Source,
    Wanted,
    faults,
    functions,
    functions_of,
    parse_locks,
    sections,
    sources,
)
from thpkit.trace.statements import ROOT


def test_every_function_says_what_it_stands_for() -> None:
    found = [each for function in functions() for each in faults(function)]
    assert not found, "\n" + "\n".join(found)


def test_the_table_is_up_to_date() -> None:
    page = ROOT / "lessons" / fidelity.FILE
    assert page.read_text(encoding="utf-8") == fidelity.render(functions()), (
        "run: python -m thpkit.book.fidelity"
    )


def test_the_table_has_every_stepped_function() -> None:
    """Left aside are private helpers and the methods of the model's own structures."""
    modules = [Module.parse(*each) for each in steppable.read(ROOT)]
    exempt = frozenset(steppable.EXEMPT | steppable.OBSERVERS)
    index = Index(modules, exempt, frozenset(steppable.EXEMPT_CLASSES))
    wanted = {
        f"{module.path.removeprefix('thpkit/kernel/')}::{function.name}"
        for module in modules
        for function in module.functions
        if module.in_kernel and index.is_stepped(module, function)
        if "." not in function.name
        if not function.name.startswith("_") or function.name.startswith("__")
    }
    assert {each.key for each in functions()} == wanted


def test_the_table_looks_like_this() -> None:
    text = fidelity.render(functions_of("a.py", GOOD))
    assert text.startswith("# What stands for what")
    assert text.endswith(
        "## a.py\n\n"
        "| function | stands for | version | locks | left out | differs |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| `f` | mm/a.c: `f`; mm/b.c: `g`, `h`, its end | v5.3; v5.4, later "
        "| entry ptl; never sleeps | a \\| b | from v5.3: faster |\n"
        "| `g` | no kernel function (v5.3 has none) | – | none; may sleep | nothing |  |\n"
    )


# ---- reading --------------------------------------------------------------------------------------------

GOOD: Final = '''"""M."""
def f():
    """Do it.

    Returns:
        Left-overs.

    Locks: entry ptl; never sleeps.
    References: none.
    Models: mm/a.c: f (v5.3); mm/b.c: g, h (v5.4, later), its end. Left out: a | b.
    Differs from v5.3: faster.
    """
def g():
    """Locks: none; may sleep. Models: no kernel function (v5.3 has none). Left out: nothing."""
def _private(): ...
@primitive
def p():
    """Quick."""
class A:
    def m(self): ...
'''


def test_good_docstrings_are_accepted() -> None:
    found = functions_of("a.py", GOOD)
    assert [each.name for each in found] == ["f", "g"]
    assert [fault for each in found for fault in faults(each)] == []


BAD: Final = {
    "no locks": ("Models: mm/a.c: f (v5.3). Left out: x.", "there is no 'Locks:'"),
    "no models": ("Locks: none; may sleep. Left out: x.", "there is no 'Models:'"),
    "no left out": (
        "Locks: none; may sleep. Models: mm/a.c: f (v5.3).",
        "there is no 'Left out:'",
    ),
    "no version": (
        "Locks: none; may sleep. Models: mm/a.c: f. Left out: x.",
        "Models: 'mm/a.c: f' is not 'path/file.c: symbol, symbol (v5.3)'",
    ),
    "no symbol": (
        "Locks: none; may sleep. Models: mm/a.c (v5.3). Left out: x.",
        "Models: 'mm/a.c (v5.3)' is not 'path/file.c: symbol, symbol (v5.3)'",
    ),
    "no version of nothing": (
        "Locks: none; may sleep. Models: no kernel function. Left out: x.",
        "Models: 'no kernel function.' names no version, such as v5.3",
    ),
    "one of two sources": (
        "Locks: none; may sleep. Models: mm/a.c: f (v5.3); mm/b.c: g. Left out: x.",
        "Models: 'mm/b.c: g' is not 'path/file.c: symbol, symbol (v5.3)'",
    ),
    "bad locks": (
        "Locks: entry big_lock; may sleep. Models: mm/a.c: f (v5.3). Left out: x.",
        "Locks: 'big_lock' is no class of locks",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_docstring_is_reported(name: str) -> None:
    docstring, complaint = BAD[name]
    function = Function("a.py", "f", 7, sections(docstring))
    assert list(faults(function)) == [f"thpkit/kernel/a.py:7: f: {complaint}"]


def test_sources_are_read() -> None:
    assert sources("mm/a.c: f, g (v5.3 with the patch), as REF.") == [
        Source("mm/a.c: `f`, `g`, as REF", "v5.3 with the patch")
    ]


def test_a_locks_sentence_is_read() -> None:
    assert parse_locks(
        "entry mmap_sem for reading or i_mmap_rwsem, ptl; drops ptl (always); takes lru_lock, RCU; "
        "returns with page lock (if True); may sleep (for a table)."
    ) == LockLine(
        entry=(
            frozenset({Wanted("mmap_sem", "read"), Wanted("i_mmap_rwsem")}),
            frozenset({Wanted("ptl")}),
        ),
        drops=frozenset({Wanted("ptl")}),
        takes=frozenset({Wanted("lru_lock"), Wanted("RCU")}),
        returns_with=frozenset({Wanted("page lock")}),
        may_sleep=True,
    )
    assert parse_locks("none (at all); never sleeps.") == LockLine()


@pytest.mark.parametrize(
    "sentence",
    [
        "never sleeps.",
        "none.",
        "none; never sleeps",
        "none; entry ptl; never sleeps.",
        "entry ptl; entry i_pages; never sleeps.",
        "entry ptl; may sleep; never sleeps.",
        "holds ptl; never sleeps.",
        "entry ptl and i_pages; never sleeps.",
        "entry ptl for ever; never sleeps.",
        "entry ptl (; never sleeps.",
    ],
)
def test_what_is_not_of_the_grammar_is_refused(sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^Locks: "):
        parse_locks(sentence)
