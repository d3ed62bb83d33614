"""Units and sizes of x86-64 with four-level page tables, and rounding that keeps the unit.

A number in this kernel is a virtual address, a file index in pages, or a physical frame number. Each is
a type of its own, so that mypy refuses to mix them. Sizes are module variables, not constants: a
:class:`Geometry` rebinds the whole derived set while a machine is installed, so that property tests can
run the same code on a tiny tree. Kernel code therefore always reads them module-qualified
(``units.HPAGE_PMD_NR``).

Models: arch/x86/include/asm/page_types.h, pgtable_64_types.h, include/linux/huge_mm.h, xarray.h (v5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NewType, TypeVar

VirtAddr = NewType("VirtAddr", int)
"""A virtual address, in bytes."""

Pgoff = NewType("Pgoff", int)
"""A file offset, in pages of 4 KiB: the index of the page cache."""

Pfn = NewType("Pfn", int)
"""A physical page frame number: a physical address divided by 4 KiB."""

U = TypeVar("U", VirtAddr, Pgoff, Pfn, int)

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 1 << PAGE_SHIFT
PAGE_MASK: Final = ~(PAGE_SIZE - 1)
MMAP_MIN_ADDR: Final = 0x10000
"""Lowest address a user mapping may have, in bytes (vm.mmap_min_addr's usual setting)."""


@dataclass(frozen=True)
class Geometry:
    """The numbers every other size is derived from."""

    name: str
    table_shift: int
    """log2 of the entries in one page table (9 on x86-64)."""
    xa_chunk_shift: int
    """log2 of the slots in one XArray node (6 in every 64-bit build)."""
    fault_around_pages: int
    """Pages that one read fault may map around itself; a power of two."""
    pagevec_size: int
    """Entries that one lookup batch holds."""

    def derived(self) -> dict[str, int]:
        """Name and value of every size that follows from this geometry."""
        order = self.table_shift
        pmd_shift = PAGE_SHIFT + self.table_shift
        chunk = 1 << self.xa_chunk_shift
        return {
            "PTRS_PER_TABLE": 1 << self.table_shift,
            "TABLE_SHIFT": self.table_shift,
            "PMD_SHIFT": pmd_shift,
            "PMD_SIZE": 1 << pmd_shift,
            "PUD_SHIFT": pmd_shift + self.table_shift,
            "PUD_SIZE": 1 << (pmd_shift + self.table_shift),
            "PGDIR_SHIFT": pmd_shift + 2 * self.table_shift,
            "PGDIR_SIZE": 1 << (pmd_shift + 2 * self.table_shift),
            "TASK_SIZE": (1 << (pmd_shift + 3 * self.table_shift - 1)) - PAGE_SIZE,
            "HPAGE_PMD_ORDER": order,
            "HPAGE_PMD_NR": 1 << order,
            "HPAGE_PMD_SIZE": 1 << pmd_shift,
            "HPAGE_PMD_MASK": ~((1 << pmd_shift) - 1),
            "HPAGE_CACHE_INDEX_MASK": (1 << order) - 1,
            "XA_CHUNK_SHIFT": self.xa_chunk_shift,
            "XA_CHUNK_SIZE": chunk,
            "XA_CHUNK_MASK": chunk - 1,
            "FAULT_AROUND_BYTES": self.fault_around_pages << PAGE_SHIFT,
            "PAGEVEC_SIZE": self.pagevec_size,
        }


REAL: Final = Geometry(
    "real", table_shift=9, xa_chunk_shift=6, fault_around_pages=16, pagevec_size=15
)
"""x86-64: 4 KiB pages, 512 entries a table, 64 slots a node, huge pages of 512."""

SMALL: Final = Geometry(
    "small", table_shift=3, xa_chunk_shift=2, fault_around_pages=4, pagevec_size=3
)
"""A toy for property tests: 8 entries a table, 4 slots a node, huge pages of 8 (two leaves a block)."""

PTRS_PER_TABLE: int = 512
TABLE_SHIFT: int = 9
PMD_SHIFT: int = 21
PMD_SIZE: int = 1 << 21
PUD_SHIFT: int = 30
PUD_SIZE: int = 1 << 30
PGDIR_SHIFT: int = 39
PGDIR_SIZE: int = 1 << 39
TASK_SIZE: int = (1 << 47) - PAGE_SIZE
"""First address above user space, in bytes."""
HPAGE_PMD_ORDER: int = 9
"""log2 of the pages in one huge page."""
HPAGE_PMD_NR: int = 512
"""Pages of 4 KiB in one huge page."""
HPAGE_PMD_SIZE: int = 1 << 21
HPAGE_PMD_MASK: int = ~((1 << 21) - 1)
HPAGE_CACHE_INDEX_MASK: int = 511
XA_CHUNK_SHIFT: int = 6
XA_CHUNK_SIZE: int = 64
XA_CHUNK_MASK: int = 63
FAULT_AROUND_BYTES: int = 16 << PAGE_SHIFT
PAGEVEC_SIZE: int = 15


@contextmanager
def geometry(chosen: Geometry) -> Iterator[None]:
    """Rebind every derived size to ``chosen`` and restore the former set on the way out."""
    before = {name: globals()[name] for name in chosen.derived()}
    globals().update(chosen.derived())
    try:
        yield
    finally:
        globals().update(before)


def round_down(value: U, size: int) -> U:
    """``value`` rounded down to a multiple of ``size`` (a power of two), in the same unit."""
    return type_of(value, value & ~(size - 1))


def round_up(value: U, size: int) -> U:
    """``value`` rounded up to a multiple of ``size`` (a power of two), in the same unit."""
    return type_of(value, (value + size - 1) & ~(size - 1))


def type_of(unit: U, value: int) -> U:
    """``value`` in the unit of the first argument; units exist for mypy only, so nothing happens at run time."""
    return value  # type: ignore[return-value]


def page_align(addr: U) -> U:
    """``addr`` (bytes) rounded up to a whole page."""
    return round_up(addr, PAGE_SIZE)


def pmd_floor(addr: VirtAddr) -> VirtAddr:
    """Start of the 2 MiB block that holds ``addr``: ``haddr`` in the fault code."""
    return round_down(addr, HPAGE_PMD_SIZE)


def hpage_floor(index: Pgoff) -> Pgoff:
    """First index of the block of 512 that holds ``index``: ``hindex`` in the fault code."""
    return round_down(index, HPAGE_PMD_NR)


def hpage_ceil(index: Pgoff) -> Pgoff:
    """First block boundary at or above ``index``."""
    return round_up(index, HPAGE_PMD_NR)


def pages_in(length: int) -> Pgoff:
    """Number of pages needed for ``length`` bytes: DIV_ROUND_UP(length, PAGE_SIZE)."""
    return Pgoff((length + PAGE_SIZE - 1) >> PAGE_SHIFT)


def advance(addr: VirtAddr, nbytes: int) -> VirtAddr:
    """``addr`` moved by ``nbytes``."""
    return VirtAddr(addr + nbytes)


def pgd_index(addr: VirtAddr) -> int:
    """Slot of ``addr`` in the top-level table (bits 47..39)."""
    return (addr >> PGDIR_SHIFT) & (PTRS_PER_TABLE - 1)


def pud_index(addr: VirtAddr) -> int:
    """Slot of ``addr`` in its PUD table (bits 38..30)."""
    return (addr >> PUD_SHIFT) & (PTRS_PER_TABLE - 1)


def pmd_index(addr: VirtAddr) -> int:
    """Slot of ``addr`` in its PMD table (bits 29..21)."""
    return (addr >> PMD_SHIFT) & (PTRS_PER_TABLE - 1)


def pte_index(addr: VirtAddr) -> int:
    """Slot of ``addr`` in its PTE table (bits 20..12)."""
    return (addr >> PAGE_SHIFT) & (PTRS_PER_TABLE - 1)
