"""Sizes, units and the numbers of the interface: FACTS §1, typed from there."""

from __future__ import annotations

import pytest

from thpkit.kernel import flags, units
from thpkit.kernel.flags import (
    VM_FAULT_ERROR,
    FaultFlags,
    MapFlags,
    PageEntrySize,
    Prot,
    VmFault,
    VmFlags,
)
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config
from thpkit.kernel.units import REAL, SMALL, Pgoff, VirtAddr

pytestmark = pytest.mark.real_size


@pytest.mark.parametrize(
    ("address", "slots", "offset"),
    [
        (0x7F0000203ABC, (254, 0, 1, 3), 0xABC),
        (0x7E5555603000, (252, 341, 171, 3), 0),
        (0x7E5555604000, (252, 341, 171, 4), 0),
        (0, (0, 0, 0, 0), 0),
        (0x7FFFFFFFEFFF, (255, 511, 511, 510), 0xFFF),
    ],
)
def test_an_address_is_four_slots_and_an_offset(
    address: int, slots: tuple[int, int, int, int], offset: int
) -> None:
    """FACTS §1.3: 9 + 9 + 9 + 9 + 12 bits; the first two rows are its worked ones."""
    addr = VirtAddr(address)
    found = (
        units.pgd_index(addr),
        units.pud_index(addr),
        units.pmd_index(addr),
        units.pte_index(addr),
    )
    assert (found, address & 0xFFF) == (slots, offset)


def test_sizes_are_those_of_x86_64() -> None:
    """FACTS §1.1 and §1.2."""
    assert (units.PAGE_SHIFT, units.PAGE_SIZE) == (12, 4096)
    assert (units.PMD_SHIFT, units.PMD_SIZE) == (21, 0x200000)
    assert (units.PUD_SHIFT, units.PUD_SIZE) == (30, 0x40000000)
    assert units.PGDIR_SHIFT == 39
    assert units.PTRS_PER_TABLE == 512
    assert (units.HPAGE_PMD_ORDER, units.HPAGE_PMD_NR) == (9, 512)
    assert (units.HPAGE_PMD_SIZE, units.HPAGE_PMD_MASK) == (0x200000, ~0x1FFFFF)
    assert units.HPAGE_CACHE_INDEX_MASK == 511
    assert units.PAGEVEC_SIZE == 15
    assert units.FAULT_AROUND_BYTES == 65536
    assert units.TASK_SIZE == 0x7FFFFFFFF000
    assert (units.XA_CHUNK_SHIFT, units.XA_CHUNK_SIZE) == (6, 64)


def test_module_values_are_those_of_the_real_geometry() -> None:
    """The sizes that stand in the module before any machine runs are what REAL derives."""
    assert {name: getattr(units, name) for name in REAL.derived()} == REAL.derived()


def test_rounding_to_blocks() -> None:
    """FACTS §0.3: hindex and haddr are rounded down; §12.2's fault: pgoff 515 → 512, address → 0x7f0000200000."""
    assert units.hpage_floor(Pgoff(515)) == 512
    assert units.hpage_floor(Pgoff(511)) == 0
    assert units.hpage_floor(Pgoff(512)) == 512
    assert units.hpage_ceil(Pgoff(1)) == 512
    assert units.hpage_ceil(Pgoff(512)) == 512
    assert units.pmd_floor(VirtAddr(0x7F0000203ABC)) == 0x7F0000200000
    assert units.page_align(VirtAddr(0x1001)) == 0x2000
    assert units.page_align(VirtAddr(0x1000)) == 0x1000


@pytest.mark.parametrize(
    ("length", "pages"), [(0, 0), (1, 1), (4096, 1), (4097, 2), (4 << 20, 1024)]
)
def test_the_last_partial_page_is_a_page(length: int, pages: int) -> None:
    """DIV_ROUND_UP(i_size, PAGE_SIZE), as filemap_fault computes it (FACTS §7.6 step 1)."""
    assert units.pages_in(length) == pages


def test_a_geometry_is_rebound_and_restored() -> None:
    """DESIGN §3 rule 2: 8 entries a table, 4 slots a node, order 3; the former set comes back, also on error."""
    before = {name: getattr(units, name) for name in REAL.derived()}
    with units.geometry(SMALL):
        assert (units.HPAGE_PMD_NR, units.HPAGE_PMD_ORDER) == (8, 3)
        assert (units.XA_CHUNK_SIZE, units.PTRS_PER_TABLE) == (4, 8)
        assert units.HPAGE_PMD_NR // units.XA_CHUNK_SIZE == 2, "two leaves a block"
        assert units.pmd_index(VirtAddr(3 * units.PMD_SIZE)) == 3
        with units.geometry(REAL):
            assert units.HPAGE_PMD_NR == 512
        assert units.HPAGE_PMD_NR == 8
    with pytest.raises(RuntimeError), units.geometry(SMALL):
        raise RuntimeError
    assert {name: getattr(units, name) for name in REAL.derived()} == before


def test_machines_of_both_geometries_alternate() -> None:
    """Every call enters the geometry of its own machine, and leaves the module as it was."""
    small, real = Machine(config=Config(geometry=SMALL)), Machine()
    for machine, nr in ((small, 8), (real, 512), (small, 8)):
        with machine.installed():
            assert nr == units.HPAGE_PMD_NR
        assert units.HPAGE_PMD_NR == 512


def test_fault_codes() -> None:
    """FACTS §1.6: values, and what belongs to the error mask: FALLBACK does, NOPAGE and RETRY do not."""
    values = {
        "OOM": 0x1,
        "SIGBUS": 0x2,
        "MAJOR": 0x4,
        "WRITE": 0x8,
        "HWPOISON": 0x10,
        "HWPOISON_LARGE": 0x20,
        "SIGSEGV": 0x40,
        "NOPAGE": 0x100,
        "LOCKED": 0x200,
        "RETRY": 0x400,
        "FALLBACK": 0x800,
        "DONE_COW": 0x1000,
        "NEEDDSYNC": 0x2000,
    }
    assert {name: int(VmFault[name]) for name in values} == values
    assert int(VM_FAULT_ERROR) == 0x1 | 0x2 | 0x40 | 0x10 | 0x20 | 0x800
    assert not VM_FAULT_ERROR & (VmFault.NOPAGE | VmFault.RETRY | VmFault.MAJOR)
    assert [int(size) for size in PageEntrySize] == [0, 1, 2]


def test_flags_have_their_linux_values() -> None:
    """FACTS §1.7: the MAY bits are the access bits shifted by four; SHARED_VALIDATE contains both other types."""
    for name in ("READ", "WRITE", "EXEC"):
        assert VmFlags[name] << 4 == VmFlags[f"MAY{name}"]
    assert VmFlags.SHARED << 4 == VmFlags.MAYSHARE
    assert (Prot.READ, Prot.WRITE, Prot.EXEC) == (1, 2, 4)
    assert MapFlags.SHARED_VALIDATE == MapFlags.SHARED | MapFlags.PRIVATE
    assert int(MapFlags.SHARED_VALIDATE) == 3
    assert (MapFlags.FIXED, MapFlags.ANONYMOUS) == (0x10, 0x20)
    assert (MapFlags.DENYWRITE, MapFlags.FIXED_NOREPLACE) == (0x800, 0x100000)
    assert (VmFlags.DENYWRITE, VmFlags.HUGEPAGE) == (0x800, 0x20000000)
    assert (FaultFlags.WRITE, FaultFlags.USER, FaultFlags.INSTRUCTION) == (1, 64, 256)


def test_entry_bits() -> None:
    """FACTS §1.4."""
    bits = {
        flags.PAGE_PRESENT: 0,
        flags.PAGE_RW: 1,
        flags.PAGE_USER: 2,
        flags.PAGE_ACCESSED: 5,
        flags.PAGE_DIRTY: 6,
        flags.PAGE_PSE: 7,
        flags.PAGE_NX: 63,
    }
    assert all(word == 1 << bit for word, bit in bits.items())


def test_page_flag_bits() -> None:
    """FACTS §3.2."""
    expected = (
        "locked 0, referenced 1, uptodate 2, dirty 3, lru 4, active 5, workingset 6, waiters 7, error 8, slab 9, "
        "owner_priv_1 10, arch_1 11, reserved 12, private 13, private_2 14, writeback 15, head 16, mappedtodisk 17, "
        "reclaim 18, swapbacked 19, unevictable 20, mlocked 21"
    )
    for each in expected.split(", "):
        name, number = each.split(" ")
        assert getattr(flags, f"PG_{name}") == int(number)
        assert flags.PAGE_FLAG_NAMES[int(number)] == name
    assert flags.PG_double_map == flags.PG_private_2
