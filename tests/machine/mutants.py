"""Kernel functions with one realistic mistake each, made by editing their source.

A mutant is a :class:`~thpkit.kernel.variant.Variant` like every other version of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from tests.machine.edits import edited
from thpkit.kernel import filemap, huge_memory, memory, mmap, rmap, swap, truncate
from thpkit.kernel.variant import Variant


class Mutant(NamedTuple):
    """A function, and the text in it that is changed."""

    name: str
    function: Callable[..., object]
    old: str
    """Stands in the function exactly once."""
    new: str

    def variant(self) -> Variant:
        """The kernel with this one mistake."""
        return edited(self.name, self.function, self.old, self.new)


MUTANTS: Final = (
    Mutant(
        "the fault keeps its reference after NOPAGE",
        filemap.filemap_huge_fault,
        "if ret & flags.VM_FAULT_NOT_MAPPED:\n        swap.put_page(page)",
        "if ret & flags.VM_FAULT_ERROR:\n        swap.put_page(page)",
    ),
    Mutant(
        "the page lock is forgotten after mapping",
        filemap.filemap_huge_fault,
        "ret = ret | memory.finish_fault(vmf)\n    locks.unlock_page(page)",
        "ret = ret | memory.finish_fault(vmf)",
    ),
    Mutant(
        "the size of the file is not looked at again",
        filemap.filemap_huge_fault,
        "if hindex + units.HPAGE_PMD_NR > end:",
        "if False:",
    ),
    Mutant(
        "the 512 references are not taken",
        filemap.thp_add_to_page_cache,
        "page_h.page_ref_add(page, units.HPAGE_PMD_NR)",
        "page_h.page_ref_add(page, 1)",
    ),
    Mutant(
        "nodes of a failed insertion stay",
        filemap.thp_add_to_page_cache,
        "forget_empty_nodes(mapping, hindex, units.HPAGE_PMD_ORDER)",
        "pass",
    ),
    Mutant(
        "nodes are cleared although others use the block",
        filemap.forget_empty_nodes,
        "if xarray.xas_find_conflict(xas) is None:",
        "if True:",
    ),
    Mutant(
        "one store too few",
        filemap.thp_fill_block,
        "for i in range(units.HPAGE_PMD_NR):",
        "for i in range(units.HPAGE_PMD_NR - 1):",
    ),
    Mutant(
        "nrpages is not counted",
        filemap.thp_fill_block,
        "mapping.nrpages = mapping.nrpages + units.HPAGE_PMD_NR",
        "pass",
    ),
    Mutant(
        "a writer that came meanwhile is not noticed",
        filemap.thp_fill_block,
        "if fs.inode_is_open_for_write(mapping.host):",
        "if False:",
    ),
    Mutant(
        "the charge is not cancelled",
        filemap.huge_fault_new_page,
        "if error:\n        memcg.mem_cgroup_cancel_charge(page, charge)",
        "if error:",
    ),
    Mutant(
        "aligned is taken for congruent",
        huge_memory.transhuge_vma_suitable,
        "vma.vm_pgoff & units.HPAGE_CACHE_INDEX_MASK",
        "0",
    ),
    Mutant(
        "fault-around passes the end of the mapping",
        memory.do_fault_around,
        "vma_end = ",
        "vma_end = 4 + ",
    ),
    Mutant(
        "a block that sticks out of the mapping is suitable",
        huge_memory.transhuge_vma_suitable,
        "haddr + units.HPAGE_PMD_SIZE > vma.vm_end",
        "haddr >= vma.vm_end",
    ),
    Mutant(
        "a split keeps the mapping's reference",
        huge_memory.__split_huge_pmd,
        "locks.spin_unlock(ptl)\n    swap.put_page(page)",
        "locks.spin_unlock(ptl)",
    ),
    Mutant(
        "unmapping counts one side only",
        rmap.page_remove_file_rmap,
        "vmstat.dec_node_page_state(vmstat.NR_FILE_PMDMAPPED)",
        "pass",
    ),
    Mutant(
        "a second mapping counts as the first",
        rmap.page_add_file_rmap,
        "if not page_h.atomic_inc_and_test_compound_mapcount(page):",
        "if page_h.atomic_inc_and_test_compound_mapcount(page) and False:",
    ),
    Mutant(
        "the PTE lock is not released",
        memory.finish_fault,
        "locks.spin_unlock(vmf_ptl(vmf))\n        vmf.pte = None",
        "vmf.pte = None",
    ),
    Mutant(
        "a huge mapping counts one resident page",
        memory.do_set_pmd,
        "add_mm_counter(vma.vm_mm, mm_counter_file(page), units.HPAGE_PMD_NR)",
        "add_mm_counter(vma.vm_mm, mm_counter_file(page), 1)",
    ),
    Mutant(
        "truncation spares the page at the cut",
        truncate.truncate_inode_pages,
        "start = units.pages_in(lstart)",
        "start = Pgoff(units.pages_in(lstart) + 1)",
    ),
    Mutant(
        "the upper part of a cut mapping keeps the old index",
        mmap.split_vma,
        "pgoff = memory.linear_page_index(vma, addr)",
        "pgoff = vma.vm_pgoff",
    ),
    Mutant(
        "a dying page stays on its list",
        swap.__page_cache_release,
        "if page_h.PageLRU(page):",
        "if False:",
    ),
)
"""Mistakes that people have made, or nearly made."""
