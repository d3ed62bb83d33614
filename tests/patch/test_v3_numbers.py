"""The numbers of the posted patch after a clean first fault, and later: FACTS §10.7, and §10.8 for v4 and v5.

The file system reads the whole huge page. Real sizes, the production kernel.
"""

from __future__ import annotations

import pytest

from thpkit.checks import broken
from thpkit.kernel import flags, fs, page_alloc, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import VmFlags
from thpkit.kernel.fs import Inode
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.mm_types import MmCounter
from thpkit.kernel.page import Page
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import V3, V4, V5, variant_named
from thpkit.patch.scene import PATH, Setting, Stage
from thpkit.patch.scenes.page import force_out


class First:
    """A machine on which A has faulted once, at page 515 of the file."""

    def __init__(self, variant: Variant, debug: bool = False) -> None:
        self.machine: Machine = Setting(debug=debug).machine(variant)
        self.on = Stage(self.machine)
        self.a: Process = self.on.a
        self.inode: Inode = self.on.inode
        self.at = self.on.map(self.a)
        assert self.on.touch(self.a, self.at, 515) == "page 515"

    @property
    def head(self) -> Page:
        return self.on.pages()[0]

    def mapcounts(self) -> tuple[int, set[int]]:
        with self.machine.installed():
            pages = [page_h.nth_page(self.head, i) for i in range(512)]
        return pages[1].compound_mapcount, {page._mapcount for page in pages}

    def nodes_and_entries(self) -> tuple[int, int]:
        with self.machine.installed():
            nodes = [n for n, _first in xarray.walk_nodes(self.on.mapping.i_pages)]
        entries = sum(isinstance(each, Page) for node in nodes for each in node.slots)
        return len(nodes), entries


def test_counters_after_the_first_fault() -> None:
    """§10.7: every counter of the machine that is not zero, and no other."""
    assert First(V3).machine.counters() == {
        "NR_FILE_PAGES": 512,
        "NR_SHMEM": 512,
        "NR_SHMEM_THPS": 1,
        "NR_SHMEM_PMDMAPPED": 1,
        "NR_FILE_MAPPED": 512,
        "THP_FILE_ALLOC": 1,
        "THP_FILE_MAPPED": 2,
        "PGFAULT": 1,
        "PGALLOC": 512,
    }


def test_the_page_after_the_first_fault() -> None:
    """§10.7: what is written on the page, in the tree, in the file, in the process and in its control group."""
    first = First(V3)
    head = first.head
    assert head._refcount == 513
    assert head.flags >> flags.PG_locked & 1, "locked, for ever"
    assert head.flags >> flags.PG_uptodate & 1
    assert not head.flags >> flags.PG_lru & 1
    assert first.mapcounts() == (0, {0})
    assert first.nodes_and_entries() == (9, 512)
    assert first.on.mapping.nrpages == 0
    assert first.machine.kernel.memcg.charged == 0
    assert first.a.mm.rss_stat[MmCounter.MM_FILEPAGES] == 512
    assert first.a.task.maj_flt == 0


def test_maywrite_is_gone() -> None:
    """§10.7: the posted mmap takes the right to become writable away, the correct one does not."""
    for variant, kept in ((V3, False), (REF, True)):
        vma = First(variant).a.mm.mmap
        assert vma is not None
        assert bool(vma.vm_flags & VmFlags.MAYWRITE) is kept


BROKEN = {
    "I4": "the PMD mapping is counted as shmem's: NR_FILE_PMDMAPPED 0 (D8)",
    "I5": "nrpages 0, 512 entries (D7)",
    "I6": "NR_SHMEM +512, NR_SHMEM_THPS +1 (D8)",
    "I8": "locked and on no list (D5, D6)",
    "I11": "A holds the page lock outside every call (D5)",
    "I12": "memcg charge 0 (D26)",
    "I14": "v5.3 has no count of huge pages: nr_thps 0 (D29)",
    "splats": "the lock order was broken on the way (D12)",
}
"""From the table of §10.7: each row that differs from the correct version breaks these invariants."""


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
def test_broken_invariants_after_the_first_fault(debug: bool) -> None:
    """Exactly those that follow from §10.7; a debug kernel does not stop at a clean fault."""
    found = [each.id for each in broken(First(V3, debug).machine.kernel)]
    assert found == list(BROKEN)


def test_the_same_fault_in_the_correct_version() -> None:
    """§10.7, right column."""
    first = First(REF)
    assert broken(first.machine.kernel) == []
    assert first.machine.counters() == {
        "NR_FILE_PAGES": 512,
        "NR_FILE_THPS": 1,
        "NR_FILE_PMDMAPPED": 1,
        "NR_FILE_MAPPED": 512,
        "NR_INACTIVE_FILE": 512,
        "THP_FILE_ALLOC": 1,
        "THP_FILE_MAPPED": 1,
        "PGFAULT": 1,
        "PGMAJFAULT": 1,
        "PGALLOC": 512,
    }
    assert (first.head._refcount, first.on.mapping.nrpages) == (513, 512)
    assert first.machine.kernel.memcg.charged == 512


@pytest.mark.parametrize("variant", [V3, REF], ids=["v3", "ref"])
def test_after_munmap(variant: Variant) -> None:
    """§10.7: unmapping is right in both: only the references of the cache are left, and nothing counts as mapped."""
    first = First(variant)
    assert first.a.munmap(first.at, first.inode.i_size) == 0
    counters = first.machine.counters()
    assert first.head._refcount == 512
    assert first.mapcounts() == (-1, {-1})
    assert counters.get("NR_FILE_MAPPED", 0) == 0
    assert counters.get("NR_SHMEM_PMDMAPPED", 0) == 0
    assert counters.get("NR_FILE_PMDMAPPED", 0) == 0
    assert first.a.mm.rss_stat[MmCounter.MM_FILEPAGES] == 0


@pytest.mark.parametrize("how", ["truncate", "unlink"])
def test_nothing_happens_on_truncation_or_eviction(how: str) -> None:
    """§10.7: the file says it has no pages, so nobody looks for them: page, nodes and counters are lost."""
    first = First(V3)
    first.a.munmap(first.at, first.inode.i_size)
    if how == "truncate":
        assert first.a.truncate(PATH, 0) == 0
    else:
        assert first.a.unlink(PATH) == 0
        first.a.exit()
        assert PATH not in first.machine.kernel.inodes, "evicted"
    counters = first.machine.counters()
    assert counters["NR_FILE_PAGES"] == 512
    assert counters["NR_SHMEM"] == 512
    assert counters["NR_SHMEM_THPS"] == 1
    assert "PGFREE" not in counters
    assert first.machine.kernel.xa_nodes == 9
    assert first.nodes_and_entries() == (9, 512)
    assert first.head.mapping is first.on.mapping, (
        "it goes on naming a file that is gone"
    )


@pytest.mark.parametrize("how", ["truncate", "unlink"])
def test_truncation_and_eviction_in_the_correct_version(how: str) -> None:
    """§10.7, right column: no page, no node, no charge, nothing in the counters, and the memory is free."""
    first = First(REF)
    head = first.head
    first.a.munmap(first.at, first.inode.i_size)
    if how == "truncate":
        assert first.a.truncate(PATH, 0) == 0
        assert first.on.mapping.nrpages == 0
    else:
        assert first.a.unlink(PATH) == 0
        first.a.exit()
        assert PATH not in first.machine.kernel.inodes
    counters = first.machine.counters()
    gauges = {name for name in counters if name.startswith("NR_")}
    assert {name: counters[name] for name in gauges if counters[name]} == {}
    assert counters["PGFREE"] == 512
    assert (head._refcount, head.mapping) == (0, None)
    assert first.machine.kernel.xa_nodes == 0
    assert first.machine.kernel.memcg.charged == 0


def test_a_forced_delete() -> None:
    """§10.7, last row: what comes down was never taken up, and the other way round."""
    first = First(V3)
    first.a.munmap(first.at, first.inode.i_size)
    force_out(first.machine)
    counters = first.machine.counters()
    assert counters.get("NR_FILE_PAGES", 0) == 0
    assert counters.get("NR_SHMEM_THPS", 0) == 0
    assert counters["NR_SHMEM"] == 512
    assert first.on.mapping.nrpages == -512
    assert first.machine.kernel.xa_nodes == 0


def test_unlocking_alone_lets_nrpages_wrap() -> None:
    """CORRECTIONS B4: v3 waits for ever in the second pass; with D5 repaired alone nrpages wraps by −512."""
    for name, result, nrpages in (("v3", "waits for ever", 0), ("v3+D5", "0", -512)):
        first = First(variant_named(name))
        first.a.munmap(first.at, first.inode.i_size)
        fd = first.on.b.open(PATH)
        first.on.b.read(fd, 0)
        assert first.on.mapping.nrpages == 1, "one small page besides"
        assert first.on.cut(first.on.b) == result
        assert first.on.mapping.nrpages == nrpages


def test_second_block_first() -> None:
    """§12.3 (i-b) and D1: block 1 is cached; block 0 becomes huge in REF (17 nodes), and never in v3."""
    for variant, pages, nodes in ((V3, 513, 10), (REF, 1024, 17)):
        first = First(variant)
        assert first.on.touch(first.a, first.at, 1) == "page 1"
        assert first.on.gauge("NR_FILE_PAGES") == pages
        assert first.machine.kernel.xa_nodes == nodes


# ---- the later versions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variant", "references", "nrpages"),
    [(V4, 514, 0), (V5, 513, 512)],
    ids=["v4", "v5"],
)
def test_later_versions(variant: Variant, references: int, nrpages: int) -> None:
    """§10.8: one reference too many in v4, which keeps the page for ever; v5 has the right count, and nrpages too."""
    first = First(variant)
    assert first.head._refcount == references
    assert first.on.mapping.nrpages == nrpages
    assert not first.head.flags >> flags.PG_locked & 1, "D5 is fixed"
    assert first.on.gauge("THP_FILE_MAPPED") == 2, "D9 is not"
    assert first.on.gauge("NR_SHMEM") == 512, "D8 is not"
    assert first.on.rules() == (), "no lock is taken in the wrong order (D12)"
    assert first.a.unlink(PATH) == 0
    first.a.exit()
    freed = first.on.gauge("PGFREE")
    assert freed == (512 if variant is V5 else 0)


def test_v5_drops_one_reference_too_many() -> None:
    """§10.8: when a read fails v5 unlocks what is not locked, and lets go of one reference two times."""
    machine = Setting().machine(V5)
    on = Stage(machine)
    machine.fail("read")
    assert on.touch(on.a, on.map(on.a), 515) == "SIGBUS"
    assert on.rules() == ("unlock of a page not locked", "reference underflow")
    assert on.mapping.nrpages == 0 and on.nodes() == 0


def test_v4_leaves_a_page_without_owner() -> None:
    """§10.8: when a read fails in v4 the cache goes on holding a page without owner; small faults wait for it."""
    machine = Setting().machine(V4)
    on = Stage(machine)
    machine.fail("read")
    assert on.touch(on.a, on.map(on.a), 515) == "waits for ever"
    head = on.pages()[0]
    assert on.cached(512) is head and head.mapping is None


def test_v4_never_finds_the_page_at_its_second_look() -> None:
    """CORRECTIONS A18 names what would happen with a cached page there; D3, still open in v4, keeps it from that."""
    machine = Setting().machine(V4)
    on = Stage(machine)
    at, other = on.map(on.a), on.map(on.b)
    raced: list[bool] = []

    def race(_machine: Machine) -> None:
        if not raced:
            raced.append(True)
            on.touch(on.b, other, 515)

    machine.interrupt(page_alloc.alloc_pages, 1, race)
    # The second look begins at the second index, so it finds a tail and gives up.
    assert on.touch(on.a, at, 515) == "page 515"
    assert fs.inode_mapping(on.inode).i_pages.xa_lock.owner is None
