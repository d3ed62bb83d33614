"""What a user can see: /proc/meminfo, /proc/vmstat and /proc/PID/smaps.

Names are spelled here as those files spell them; everywhere else counters are upper case.

Models: fs/proc/meminfo.c, mm/vmstat.c, fs/proc/task_mmu.c (v5.4 for the file huge pages).
Left out: every field that this kernel has nothing to say about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from thpkit.kernel import flags, pgtable, units
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import VmFlags
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import primitive
from thpkit.kernel.mm_types import MmStruct, VmArea
from thpkit.kernel.vmstat import NodeStat, VmEvent

KB: Final = 1024

VM_FLAG_LETTERS: Final = (
    (VmFlags.READ, "rd"),
    (VmFlags.WRITE, "wr"),
    (VmFlags.EXEC, "ex"),
    (VmFlags.SHARED, "sh"),
    (VmFlags.MAYREAD, "mr"),
    (VmFlags.MAYWRITE, "mw"),
    (VmFlags.MAYEXEC, "me"),
    (VmFlags.MAYSHARE, "ms"),
    (VmFlags.GROWSDOWN, "gd"),
    (VmFlags.PFNMAP, "pf"),
    (VmFlags.DENYWRITE, "dw"),
    (VmFlags.LOCKED, "lo"),
    (VmFlags.HUGETLB, "ht"),
    (VmFlags.MIXEDMAP, "mm"),
    (VmFlags.HUGEPAGE, "hg"),
    (VmFlags.NOHUGEPAGE, "nh"),
)
"""The two letters of each VMA flag, in the order in which smaps prints them."""

VMSTAT_NAMES: Final = {
    NodeStat.NR_FILE_MAPPED: "nr_mapped",
    NodeStat.NR_FILE_DIRTY: "nr_dirty",
    NodeStat.NR_ANON_MAPPED: "nr_anon_pages",
    NodeStat.NR_SHMEM_THPS: "nr_shmem_hugepages",
    NodeStat.NR_FILE_THPS: "nr_file_hugepages",
}
"""Counters whose name in /proc/vmstat is not simply their own in lower case."""


@dataclass(frozen=True)
class SmapsEntry:
    """One mapping in /proc/PID/smaps; sizes in KiB."""

    start: int
    end: int
    perms: str
    """``r-xp`` and the like: rights, then s for shared or p for private."""
    offset: int
    """Bytes into the file."""
    size: int
    rss: int
    """Resident pages, file and private ones."""
    anonymous: int
    """Of these, private copies and anonymous memory."""
    file_pmd_mapped: int
    """Of these, pages mapped by huge entries."""
    vm_flags: str


@primitive
def meminfo(kernel: Kernel) -> dict[str, int]:
    """The page-cache lines of /proc/meminfo, in KiB."""
    node = kernel.vmstat.node
    page_kb = units.PAGE_SIZE // KB
    huge_kb = units.HPAGE_PMD_SIZE // KB
    return {
        "Cached": node[NodeStat.NR_FILE_PAGES] * page_kb,
        "Inactive(file)": node[NodeStat.NR_INACTIVE_FILE] * page_kb,
        "Active(file)": node[NodeStat.NR_ACTIVE_FILE] * page_kb,
        "AnonPages": node[NodeStat.NR_ANON_MAPPED] * page_kb,
        "Mapped": node[NodeStat.NR_FILE_MAPPED] * page_kb,
        "Shmem": node[NodeStat.NR_SHMEM] * page_kb,
        "ShmemHugePages": node[NodeStat.NR_SHMEM_THPS] * huge_kb,
        "ShmemPmdMapped": node[NodeStat.NR_SHMEM_PMDMAPPED] * huge_kb,
        "FileHugePages": node[NodeStat.NR_FILE_THPS] * huge_kb,
        "FilePmdMapped": node[NodeStat.NR_FILE_PMDMAPPED] * huge_kb,
    }


@primitive
def vmstat(kernel: Kernel) -> dict[str, int]:
    """All counters under the names of /proc/vmstat."""
    gauges = {
        VMSTAT_NAMES.get(stat, stat.name.lower()): kernel.vmstat.node[stat]
        for stat in NodeStat
    }
    events = {event.name.lower(): kernel.vmstat.events[event] for event in VmEvent}
    return gauges | events


@primitive
def smaps(mm: MmStruct) -> list[SmapsEntry]:
    """The mappings of a process, by address."""
    found = []
    vma = mm.mmap
    while vma is not None:
        found.append(_smaps_entry(vma))
        vma = vma.vm_next
    return found


def _smaps_entry(vma: VmArea) -> SmapsEntry:
    rss = anonymous = huge = 0
    addr = vma.vm_start
    while addr < vma.vm_end:
        ptr = pgtable.walk(vma.vm_mm, addr)[-1]
        word = pgtable.entry_val(ptr)
        step = units.PAGE_SIZE
        if word & flags.PAGE_PSE:
            step = min(units.HPAGE_PMD_SIZE, vma.vm_end - addr)
            rss += step
            huge += step
        elif word and ptr.table.level == pgtable.Level.PTE:
            rss += step
            anonymous += step * page_h.PageAnon(pgtable.entry_page(word))
        addr = units.advance(addr, step)
    return SmapsEntry(
        start=vma.vm_start,
        end=vma.vm_end,
        perms=perms(vma.vm_flags),
        offset=vma.vm_pgoff << units.PAGE_SHIFT if vma.vm_file is not None else 0,
        size=(vma.vm_end - vma.vm_start) // KB,
        rss=rss // KB,
        anonymous=anonymous // KB,
        file_pmd_mapped=huge // KB,
        vm_flags=" ".join(
            letters for bit, letters in VM_FLAG_LETTERS if vma.vm_flags & bit
        ),
    )


@primitive
def perms(vm_flags: VmFlags) -> str:
    """The four letters of a mapping's rights. A mapping that may be shared shows s even if it cannot be written."""
    return (
        ("r" if vm_flags & VmFlags.READ else "-")
        + ("w" if vm_flags & VmFlags.WRITE else "-")
        + ("x" if vm_flags & VmFlags.EXEC else "-")
        + ("s" if vm_flags & VmFlags.MAYSHARE else "p")
    )
