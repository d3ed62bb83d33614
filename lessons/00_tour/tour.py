"""The tour: one huge page of a file, from mmap to truncate, seen by two processes.

A maps a 4 MiB file and reads one byte of its second half: 2 MiB are read and mapped by one entry. B maps the same
file and finds the page. Both unmap it, and the file is cut to nothing.
"""

from __future__ import annotations

from thpkit.kernel import page as page_h
from thpkit.kernel import rmap, units, vmstat
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.kernel.page import Page
from thpkit.kernel.variant import Variant, replaces
from thpkit.scenario import Scenario
from thpkit.scenario.why import why
from thpkit.trace.stops import Stop

PATH = "/lib/libbig.so"
SIZE = 4 << 20


def boot(machine: Machine) -> None:
    """A file of two huge pages, and two processes whose layouts differ."""
    machine.create(PATH, size=SIZE)
    machine.spawn("A", mmap_base=0x7F00005FF000)
    machine.spawn("B", mmap_base=0x7E55559FF000)


def tour(machine: Machine) -> None:
    """What the two programs do, in order."""
    a = machine.processes["A"]
    b = machine.processes["B"]

    fd_a = a.open(PATH)
    at_a = a.mmap(SIZE, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd_a)
    a.touch(at_a + 0x203ABC)

    fd_b = b.open(PATH)
    at_b = b.mmap(SIZE, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd_b)
    b.touch(at_b + 0x203000)

    b.munmap(at_b, SIZE)
    a.munmap(at_a, SIZE)
    a.truncate(PATH, 0)

    a.close(fd_a)
    b.close(fd_b)
    a.exit()
    b.exit()


STOPS = (
    Stop(
        "__thp_get_unmapped_area::addr = addr + (@1+",
        "A place that agrees with the file",
        "A asks for 4 MiB. The search was for 6 MiB, and the address has moved up inside that hole until address "
        "and file offset agree modulo 2 MiB. Only then can one entry of the page table show one huge page.",
        pane="stack",
    ),
    Stop(
        "handle_mm_fault::vmstat.count_vm_event@1+",
        "A touches 0x7f0000203abc: a page fault",
        "Nothing is mapped and nothing is cached. The address belongs to page 515 of the file, so to the block "
        "of 512 pages that begins at 512. PGFAULT counts the fault; every other counter is still zero.",
        pane="counters",
    ),
    Stop(
        "filemap_huge_fault::@call@2",
        "The file system is asked for 2 MiB",
        "The walk has built a PUD table and a PMD table, 8192 bytes, and found the PMD empty. The first call of "
        "this function asked for 1 GiB and was refused with FALLBACK. This one asks for a PMD.",
        pane="pagetable",
    ),
    Stop(
        "huge_fault_new_page::page = page_alloc.alloc_pages@1",
        "All conditions hold, and the block is empty",
        "A read, a suitable mapping, no writer, a file system that can fill a huge page, a block wholly inside "
        "the file, and none of its 512 indices in use: a huge page may be made.",
        pane="xarray",
    ),
    Stop(
        "huge_fault_new_page::error = thp_add_to_page_cache@1",
        "A huge page nobody knows yet",
        "512 frames, one reference, the memory control group charged. Its lock is taken while nobody else can see "
        "it: whoever finds it from now on will have to wait.",
        pane="pages",
    ),
    Stop(
        "thp_add_to_page_cache::xarray.xas_create_range@1+",
        "Room in the tree: nine nodes, no entry",
        "All nodes the 512 entries will need exist, so that the stores below cannot fail half way. The eight "
        "leaves are empty: their count is 0. The cursor stands on the first slot.",
        pane="xarray",
    ),
    Stop(
        "huge_fault_new_page::memcg.mem_cgroup_commit_charge@1",
        "In the page cache",
        "512 slots hold the 512 sub-pages, and the cache holds 512 references, one for each. With the fault's own "
        "that makes 513. The page can be found, but it is locked and not uptodate: finders wait.",
        pane="xarray",
    ),
    Stop(
        "huge_fault_new_page::mapping.a_ops.readpage@1",
        "On the LRU list, about to be read",
        "A huge page does not wait in a batch: it is on the inactive list at once, 512 pages longer now. The fault "
        "is counted as major, because storage has to be read.",
        pane="pages",
    ),
    Stop(
        "huge_fault_new_page::return page@1",
        "Read and unlocked",
        "The file system has filled all 512 sub-pages, declared them uptodate and unlocked the page. From here "
        "on anybody may use it.",
        pane="pages",
    ),
    Stop(
        "filemap_huge_fault::vmf.page = page_h.nth_page@1",
        "Locked again, and still ours",
        "Between the read and this lock anything could have happened: so the owner, uptodate and the size of the "
        "file were looked at once more, under the lock.",
        pane="pages",
    ),
    Stop(
        "do_set_pmd::@return@1",
        "Mapped by one entry",
        "One PMD shows 2 MiB. 512 sub-pages and the whole each had a count of −1; all 513 are 0 now. Each was the "
        "first mapping, so the page counters moved. By how much?",
        pane="pagetable",
    ),
    Stop(
        "do_user_addr_fault::@return@1",
        "A goes on: 513 = 512 + 1",
        "The fault took no reference for the mapping: the one it held itself has become the mapping's. 512 belong "
        "to the cache, one to A's PMD, and none is left over.",
        pane="pages",
    ),
    Stop(
        "filemap_huge_fault::inserted = page is None@2",
        "B looks the block up and finds it",
        "Another process, another address, the same index 512. No allocation, no read: one look-up, which takes a "
        "reference. 514.",
        pane="pages",
    ),
    Stop(
        "filemap_huge_fault::vmf.page = page_h.nth_page@2",
        "B holds the page lock",
        "The same checks under the same lock, for the second time. Had A still been reading, B would have waited "
        "here.",
        pane="pages",
    ),
    Stop(
        "do_set_pmd::@return@2",
        "Mapped a second time: two counters that stay",
        "The map counts go from 0 to 1. NR_FILE_MAPPED and NR_FILE_PMDMAPPED do not move: they count pages that are "
        "mapped, not mappings.",
        pane="counters",
    ),
    Stop(
        "do_user_addr_fault::@return@2",
        "514 = 512 + 2, and a minor fault",
        "Nothing was read for B. Two processes share 2 MiB of memory, and each spent one entry on it.",
        pane="pages",
    ),
    Stop(
        "sys_munmap::@return@1",
        "B unmaps",
        "B's entry is gone, its resident counter back at 0, its page tables freed. The reference was dropped last, "
        "after the flush. A still maps, so the page counters stand still again.",
        pane="pagetable",
    ),
    Stop(
        "sys_munmap::@return@2",
        "A unmaps: the last mapping",
        "All 513 counts are −1 again, and this was the last mapping, so both page counters fall. The page stays "
        "cached: 512 references, all of them the cache's.",
        pane="pages",
    ),
    Stop(
        "truncate_without_waiting::locked_pvec = @1",
        "Truncate looks up fifteen entries",
        "A batch holds the head and 14 tails, and each look-up took a reference on the head: 527.",
        pane="pages",
    ),
    Stop(
        "truncate_without_waiting::filemap.delete_from_page_cache_batch@1",
        "One lock for 512 pages",
        "The head could be locked; for the 14 tails the same lock was tried again, and it was taken. So exactly one "
        "page stands in the batch to be removed.",
        pane="pages",
    ),
    Stop(
        "page_cache_free_page::@call@1",
        "Out of the cache",
        "512 slots were emptied one by one, and with its last entry each leaf was freed, then the top: the tree is "
        "NULL. The page has no owner any more, but it keeps its index and 527 references.",
        pane="xarray",
    ),
    Stop(
        "delete_from_page_cache_batch::@return@1",
        "The cache's 512 references go at once",
        "527 − 512 = 15: what is left belongs to the batch of fifteen look-ups.",
        pane="pages",
    ),
    Stop(
        "truncate_without_waiting::index = Pgoff(index + 1)@1",
        "The last reference",
        "Dropping the fifteenth took the page off the LRU list, took its charge back and gave 512 frames back to the "
        "allocator, which checked each of them.",
        pane="pages",
    ),
    Stop(
        "sys_truncate::@return@1",
        "Nothing is left",
        "Every gauge is 0. Only events remember: two faults, one of them major, one huge page made, two mappings of "
        "it, 512 pages allocated and 512 freed.",
        pane="counters",
    ),
)

SCENARIO = Scenario(
    name="00_tour",
    title="One huge page of a file, from mmap to truncate",
    boot=boot,
    tasks=(tour,),
    stops=STOPS,
)


def surprise() -> list[str]:
    """Why anybody wants huge pages: the same program on both kinds of file system."""
    return why().lines()


# ---- a kernel that counts otherwise, for a question ------------------------------------------------------


@replaces(rmap.page_add_file_rmap)
def count_each_mapping(page: Page, compound: bool) -> None:
    """Move the page counters at every mapping of a page, and not at the first one only."""
    nr = units.HPAGE_PMD_NR if compound else 1
    for i in range(nr):
        page_h.atomic_inc_and_test_mapcount(page_h.nth_page(page, i))
    if compound:
        page_h.atomic_inc_and_test_compound_mapcount(page)
        vmstat.inc_node_page_state(vmstat.NR_FILE_PMDMAPPED)
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, nr)


COUNTS_MAPPINGS = Variant(
    "counts-mappings",
    functions=[count_each_mapping],
    about="counts mappings, where the kernel counts pages that are mapped",
)
