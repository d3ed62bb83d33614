"""What the docstrings say about locks is what happens: the kernel runs, and each sentence is compared.

Both ways: nothing may happen that a sentence does not declare, and nothing may be declared that never happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from tests.kernel_docs.judge import contradictions, unproven
from tests.kernel_docs.observe import Hold, Observer, Seen, watched
from tests.kernel_docs.stories import DOORS, STORIES
from thpkit.book.claims import Function, functions, functions_of, parse_locks
from thpkit.kernel import locks
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.trace.statements import ROOT

FUNCTIONS: Final = {each.key: each for each in functions()}

DEAD_FILE: Final = (
    "the second pass waits for a page, but nobody holds one of a file that nobody uses"
)
NO_TABLE: Final = (
    "the PMD would have to become none between do_set_pmd and the look below it: "
    "MADV_DONTNEED does that, and this kernel has none"
)
UNPROVEN: Final = {
    ("fs.py::fput", "may sleep"): DEAD_FILE,
    ("fs.py::vfs_unlink", "may sleep"): DEAD_FILE,
    ("fs.py::evict", "may sleep"): DEAD_FILE,
    ("mmap.py::remove_vma", "may sleep"): DEAD_FILE,
    ("syscalls.py::sys_close", "may sleep"): DEAD_FILE,
    ("syscalls.py::sys_unlink", "may sleep"): DEAD_FILE,
    ("memory.py::finish_fault", "may sleep"): NO_TABLE,
    ("memory.py::alloc_set_pte", "may sleep"): NO_TABLE,
}
"""Clauses that stand although no story shows them, and why."""


def _watch(*stories: Callable[[], None]) -> dict[str, Seen]:
    """What the stories show, by function."""
    names = {
        (f"thpkit/kernel/{each.path}", each.name): each.key
        for each in FUNCTIONS.values()
    }
    observer = Observer(names, ROOT, DOORS)
    with watched(observer):
        for story in stories:
            story()
    return observer.seen


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """What all stories together show."""
    return _watch(*STORIES)


def _complaints(function: Function, seen: Seen) -> list[str]:
    line = parse_locks(function.sections["Locks"])
    return [f"{function.key} {each}" for each in contradictions(line, seen)]


def test_every_function_is_watched(seen: dict[str, Seen]) -> None:
    assert sorted(FUNCTIONS.keys() - seen.keys()) == []


def test_nothing_happens_that_is_not_declared(seen: dict[str, Seen]) -> None:
    found = [
        each for key in FUNCTIONS for each in _complaints(FUNCTIONS[key], seen[key])
    ]
    assert not found, "\n".join(["mend 'Locks:' (or the code):", *found])


def test_nothing_is_declared_that_never_happens(seen: dict[str, Seen]) -> None:
    found = {
        (key, clause)
        for key, function in FUNCTIONS.items()
        for clause in unproven(parse_locks(function.sections["Locks"]), seen[key])
    }
    assert found == UNPROVEN.keys()


# ---- the comparison bites -------------------------------------------------------------------------------

LIES: Final = (
    (
        "filemap.py::page_cache_delete",
        "entry lru_lock, i_pages; never sleeps.",
        "entered without lru_lock, holding i_pages (write), mmap_sem (read), page lock (write)",
    ),
    (
        "filemap.py::page_read_again",
        "entry page lock; may sleep.",
        "drops page lock (write)",
    ),
    (
        "filemap.py::lock_if_mappable",
        "entry RCU; takes page lock, lru_lock; never sleeps.",
        "returns with page lock (write)",
    ),
    (
        "filemap.py::delete_from_page_cache",
        "entry page lock; never sleeps.",
        "takes i_pages (write)",
    ),
    (
        "mmap.py::vma_link",
        "entry mmap_sem for reading; takes i_mmap_rwsem; may sleep.",
        "entered without mmap_sem (read), holding mmap_sem (write)",
    ),
    (
        "memory.py::unmap_mapping_pages",
        "takes i_mmap_rwsem for reading, ptl, lru_lock; may sleep.",
        "takes i_mmap_rwsem (write)",
    ),
    ("filemap.py::find_get_entry", "takes lru_lock; never sleeps.", "takes RCU (read)"),
    ("fault.py::do_user_addr_fault", "none; never sleeps.", "reached might_sleep"),
)


@pytest.mark.parametrize(("key", "sentence", "complaint"), LIES)
def test_a_wrong_docstring_is_found(
    seen: dict[str, Seen], key: str, sentence: str, complaint: str
) -> None:
    function = FUNCTIONS[key]
    text = (ROOT / "thpkit" / "kernel" / function.path).read_text(encoding="utf-8")
    before = f"Locks: {function.sections['Locks']}"
    at = text.index(before, text.index(f"def {function.name}("))
    text = text[:at] + f"Locks: {sentence}" + text[at + len(before) :]
    wrong = {each.name: each for each in functions_of(function.path, text)}
    assert f"{key} {complaint}" in _complaints(wrong[function.name], seen[key])


def test_a_clause_too_many_is_found(seen: dict[str, Seen]) -> None:
    line = parse_locks("takes i_pages, lru_lock, RCU; returns with RCU; may sleep.")
    idle = unproven(line, seen["filemap.py::find_get_entry"])
    assert list(idle) == ["takes i_pages", "returns with RCU", "may sleep"]


def test_an_interruption_is_watched_by_itself() -> None:
    """What B takes in the middle of A's look-up is not put down to that look-up."""

    def story() -> None:
        machine = Machine()
        machine.create("/f", 2 << 20)
        a, b = machine.spawn("A"), machine.spawn("B")
        fd, other = a.open("/f"), b.open("/f")

        def map_it(_machine: Machine) -> None:
            b.mmap(2 << 20, Prot.READ, MapFlags.PRIVATE, other)

        machine.interrupt(locks.rcu_read_lock, 1, map_it)
        a.read(fd, 0)

    seen = _watch(story)
    assert seen["syscalls.py::sys_mmap"].taken >= {Hold("mmap_sem", "write")}
    assert seen["filemap.py::find_get_entry"].taken == {Hold("RCU", "read")}
    assert not seen["filemap.py::find_get_entry"].slept
