"""/proc/PID/smaps of v5.3: a huge entry is anonymous, shmem or device memory, and nothing else (D43).

Models: fs/proc/task_mmu.c (v5.3).
Left out: as in the kernel's own proc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thpkit.kernel import page as page_h
from thpkit.kernel import pgtable, proc, splat, units
from thpkit.kernel.kobject import primitive
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.mm_types import MmStruct, VmArea

_of_v54 = proc.smaps
"""The kit's own, which knows huge pages of files."""


@replaces(proc.smaps)
@primitive
def smaps(mm: MmStruct) -> list[proc.SmapsEntry]:
    """The mappings of a process, by address.

    Models: fs/proc/task_mmu.c: smaps_pmd_entry (v5.3): asserts what the mapped huge page is. Left out: as in v5.4's.
    """
    vma = mm.mmap
    while vma is not None:
        _assert_known_kinds(vma)
        vma = vma.vm_next
    return _of_v54(mm)


def _assert_known_kinds(vma: VmArea) -> None:
    """The assertion for each huge entry of one mapping."""
    addr = vma.vm_start
    while addr < vma.vm_end:
        word = pgtable.entry_val(pgtable.walk(vma.vm_mm, addr)[-1])
        if pgtable.pmd_trans_huge(word):
            page = pgtable.entry_page(word)
            known = page_h.PageAnon(page) or page_h.PageSwapBacked(page)
            splat.VM_BUG_ON_PAGE(
                not known, page, "smaps meets a huge page that is no kind it knows"
            )
        addr = units.advance(units.pmd_floor(addr), units.HPAGE_PMD_SIZE)
