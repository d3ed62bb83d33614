"""The table of invariants, and running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from thpkit.checks import caches, census, mappings, pages, rules
from thpkit.checks.census import Census
from thpkit.kernel import init
from thpkit.kernel.init import Kernel


class Check(NamedTuple):
    """One invariant."""

    id: str
    """``I1`` … ``I14``, or a name."""
    title: str
    """What must hold, in one line."""
    function: Callable[[Kernel, Census], str | None]
    """None, or a sentence with the numbers."""


class Broken(NamedTuple):
    """An invariant that does not hold."""

    id: str
    sentence: str


CHECKS: Final = (
    Check(
        "I1",
        "references = 512 or 1 if cached + PMD mappings + PTE mappings + waiting",
        pages.references,
    ),
    Check("I2", "map counts = mappings that cover each sub-page", pages.map_counts),
    Check("I3", "NR_FILE_MAPPED = file pages mapped at least once", pages.file_mapped),
    Check(
        "I4",
        "NR_FILE_PMDMAPPED = huge pages mapped by a PMD at least once",
        pages.pmd_mapped,
    ),
    Check(
        "I5", "NR_FILE_PAGES = sum of nrpages = pages in all caches", caches.file_pages
    ),
    Check(
        "I6",
        "NR_FILE_THPS = huge pages in caches; no shmem is counted",
        caches.file_thps,
    ),
    Check("I7", "resident counters = what the page tables hold", mappings.resident),
    Check(
        "I8",
        "no cached page is locked; each is on an LRU list",
        caches.locked_and_listed,
    ),
    Check("I9", "every XArray is well formed and has no empty node", caches.trees),
    Check("I10", "THP events are at least what exists now", caches.events),
    Check("I11", "no lock is held, irqs are on", rules.quiet),
    Check("I12", "memcg charge = charged pages", pages.charges),
    Check("I13", "every mapped file page is found in its cache", pages.findable),
    Check(
        "I14",
        "nr_thps = huge pages cached, never beside a writer",
        caches.no_thp_with_writer,
    ),
    Check(
        "inside",
        "no huge or mapped page lies beyond the end of its file",
        caches.inside,
    ),
    Check("lru", "LRU counters = lengths of the lists", caches.lru_counters),
    Check("content", "an uptodate page holds what storage holds", caches.content),
    Check("tables", "pgtables_bytes = page tables that exist", mappings.table_bytes),
    Check(
        "vmas",
        "mappings are ordered, disjoint, linked to their file",
        mappings.vma_order,
    ),
    Check(
        "huge entries",
        "every huge PMD is suitable, aligned and maps a head",
        mappings.huge_entries,
    ),
    Check("writers", "i_writecount = writers minus denials", rules.write_counts),
    Check("nodes", "live nodes = nodes reachable from the arrays", caches.live_nodes),
    Check("splats", "no rule was broken so far", rules.no_splats),
)
"""Every invariant, in the order in which they are reported."""


def broken(kernel: Kernel) -> list[Broken]:
    """The invariants that do not hold now. Call it when the machine is quiet: between system calls."""
    with init.running(kernel):
        counted = census.take(kernel)
        results = ((check.id, check.function(kernel, counted)) for check in CHECKS)
        return [
            Broken(name, sentence) for name, sentence in results if sentence is not None
        ]


def first_broken(kernel: Kernel) -> str | None:
    """The first broken invariant as one sentence, or None: what ``first_step_where`` can be given."""
    found = broken(kernel)
    return f"{found[0].id}: {found[0].sentence}" if found else None
