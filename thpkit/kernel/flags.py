"""Flag words by their kernel names and values.

Cold flags (protection, mapping, VMA, fault, allocation) are IntFlags: they print by name. Hot flags, those
of a struct page and of a page-table entry, are bits of *one* integer, as in the kernel, and are only
touched through the predicates of :mod:`~thpkit.kernel.page` and :mod:`~thpkit.kernel.pgtable`.

Models: include/uapi/asm-generic/mman-common.h, include/linux/mm.h, mm_types.h, page-flags.h, gfp.h,
arch/x86/include/asm/pgtable_types.h (v5.3).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Prot(IntFlag):
    """Access that mmap or mprotect asks for."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXEC = 4


class MapFlags(IntFlag):
    """Flags of mmap. The low four bits are one number, not bits: SHARED_VALIDATE is 3."""

    SHARED = 0x1
    PRIVATE = 0x2
    SHARED_VALIDATE = 0x3
    TYPE = 0xF
    FIXED = 0x10
    ANONYMOUS = 0x20
    GROWSDOWN = 0x100
    DENYWRITE = 0x800
    EXECUTABLE = 0x1000
    LOCKED = 0x2000
    NORESERVE = 0x4000
    POPULATE = 0x8000
    FIXED_NOREPLACE = 0x100000


class VmFlags(IntFlag):
    """Flags of a VMA. Each MAY bit is its access bit shifted left by four; mprotect relies on that."""

    NONE = 0
    READ = 0x1
    WRITE = 0x2
    EXEC = 0x4
    SHARED = 0x8
    MAYREAD = 0x10
    MAYWRITE = 0x20
    MAYEXEC = 0x40
    MAYSHARE = 0x80
    GROWSDOWN = 0x100
    PFNMAP = 0x400
    DENYWRITE = 0x800
    LOCKED = 0x2000
    HUGETLB = 0x400000
    MIXEDMAP = 0x10000000
    HUGEPAGE = 0x20000000
    NOHUGEPAGE = 0x40000000


class FaultFlags(IntFlag):
    """What kind of access faulted and what the handler may do (FAULT_FLAG_*)."""

    NONE = 0
    WRITE = 0x01
    MKWRITE = 0x02
    ALLOW_RETRY = 0x04
    RETRY_NOWAIT = 0x08
    KILLABLE = 0x10
    TRIED = 0x20
    USER = 0x40
    REMOTE = 0x80
    INSTRUCTION = 0x100


class VmFault(IntFlag):
    """What a fault handler answers (VM_FAULT_*). NOPAGE and RETRY are not part of ERROR."""

    NONE = 0
    OOM = 0x1
    SIGBUS = 0x2
    MAJOR = 0x4
    WRITE = 0x8
    HWPOISON = 0x10
    HWPOISON_LARGE = 0x20
    SIGSEGV = 0x40
    NOPAGE = 0x100
    LOCKED = 0x200
    RETRY = 0x400
    FALLBACK = 0x800
    DONE_COW = 0x1000
    NEEDDSYNC = 0x2000


VM_FAULT_ERROR: Final = (
    VmFault.OOM
    | VmFault.SIGBUS
    | VmFault.SIGSEGV
    | VmFault.HWPOISON
    | VmFault.HWPOISON_LARGE
    | VmFault.FALLBACK
)
"""The results that mean: nothing was mapped, and the access cannot go on."""

VM_FAULT_NOT_MAPPED: Final = VM_FAULT_ERROR | VmFault.NOPAGE | VmFault.RETRY
"""The results after which the handler's reference was *not* handed over to a mapping."""


class PageEntrySize(IntEnum):
    """How large an entry ``vm_ops.huge_fault`` is asked to install (enum page_entry_size)."""

    PTE = 0
    PMD = 1
    PUD = 2


class Gfp(IntFlag):
    """How an allocation may behave. Values are this model's own; only the distinctions are the kernel's."""

    NONE = 0
    RECLAIM = 0x01
    """May sleep: __GFP_DIRECT_RECLAIM."""
    IO = 0x02
    FS = 0x04
    HIGHMEM = 0x08
    MOVABLE = 0x10
    COMP = 0x20
    """Build a compound page: __GFP_COMP."""
    NOWARN = 0x40
    NORETRY = 0x80
    ZERO = 0x100
    ACCOUNT = 0x200
    KERNEL = RECLAIM | IO | FS
    NOWAIT = 0
    HIGHUSER_MOVABLE = RECLAIM | IO | FS | HIGHMEM | MOVABLE
    RECLAIM_MASK = RECLAIM | IO | FS | NOWARN | NORETRY


class Access(IntFlag):
    """What a user instruction does to an address."""

    READ = 1
    WRITE = 2
    EXEC = 4


class OpenFlags(IntFlag):
    """Flags of open(2), by their Linux values."""

    RDONLY = 0
    WRONLY = 1
    RDWR = 2
    ACCMODE = 3
    TRUNC = 0x200


class FMode(IntFlag):
    """How a struct file was opened (f_mode)."""

    NONE = 0
    READ = 1
    WRITE = 2
    EXEC = 0x20


# ---- bits of page->flags (numbers of include/linux/page-flags.h) ----------------------------------------

PG_locked: Final = 0
PG_referenced: Final = 1
PG_uptodate: Final = 2
PG_dirty: Final = 3
PG_lru: Final = 4
PG_active: Final = 5
PG_workingset: Final = 6
PG_waiters: Final = 7
PG_error: Final = 8
PG_slab: Final = 9
PG_owner_priv_1: Final = 10
PG_arch_1: Final = 11
PG_reserved: Final = 12
PG_private: Final = 13
PG_private_2: Final = 14
PG_writeback: Final = 15
PG_head: Final = 16
PG_mappedtodisk: Final = 17
PG_reclaim: Final = 18
PG_swapbacked: Final = 19
PG_unevictable: Final = 20
PG_mlocked: Final = 21
PG_double_map: Final = PG_private_2
"""Shares its bit with private_2, but is stored in the flags of the *first tail*."""

PAGE_FLAG_NAMES: Final = [
    "locked",
    "referenced",
    "uptodate",
    "dirty",
    "lru",
    "active",
    "workingset",
    "waiters",
    "error",
    "slab",
    "owner_priv_1",
    "arch_1",
    "reserved",
    "private",
    "private_2",
    "writeback",
    "head",
    "mappedtodisk",
    "reclaim",
    "swapbacked",
    "unevictable",
    "mlocked",
]
"""Name of each page flag, by bit number."""

PAGE_FLAGS_CHECK_AT_FREE: Final = (
    1 << PG_lru
    | 1 << PG_locked
    | 1 << PG_private
    | 1 << PG_private_2
    | 1 << PG_writeback
    | 1 << PG_reserved
    | 1 << PG_slab
    | 1 << PG_active
    | 1 << PG_unevictable
    | 1 << PG_mlocked
)
"""Flags with which no page may reach the allocator."""

# ---- bits of a page-table entry (x86-64) ----------------------------------------------------------------

PAGE_PRESENT: Final = 1 << 0
PAGE_RW: Final = 1 << 1
PAGE_USER: Final = 1 << 2
PAGE_ACCESSED: Final = 1 << 5
PAGE_DIRTY: Final = 1 << 6
PAGE_PROTNONE: Final = 1 << 8
"""The entry maps a page that nobody may touch: not present for the CPU, present for the kernel."""
PAGE_PSE: Final = 1 << 7
"""In a PMD: this entry maps 2 MiB itself instead of naming a PTE table."""
PAGE_NX: Final = 1 << 63
PTE_PFN_MASK: Final = ((1 << 52) - 1) & ~0xFFF
"""The bits of an entry that hold the frame number, already shifted to its place."""


def page_flag_names(word: int) -> list[str]:
    """Names of the flags set in a page's flag word, by rising bit number."""
    return [name for bit, name in enumerate(PAGE_FLAG_NAMES) if word >> bit & 1]
