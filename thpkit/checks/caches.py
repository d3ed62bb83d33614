"""What page caches hold: counters, trees, flags, content."""

from __future__ import annotations

from thpkit.checks import census
from thpkit.checks.census import Census
from thpkit.kernel import fs, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.init import Kernel
from thpkit.kernel.kobject import list_entries
from thpkit.kernel.page import Page
from thpkit.kernel.swap import LruList
from thpkit.kernel.units import Pgoff
from thpkit.kernel.vmstat import NodeStat, VmEvent


def file_pages(kernel: Kernel, counted: Census) -> str | None:
    """I5: one truth told three times."""
    total = 0
    for mapping in census.mappings(kernel):
        entries = len(counted.cached[mapping.kname])
        if mapping.nrpages != entries:
            return f"{mapping} says nrpages {mapping.nrpages}; its tree holds {entries} pages"
        total += entries
    gauge = kernel.vmstat.node[NodeStat.NR_FILE_PAGES]
    if gauge != total:
        return f"NR_FILE_PAGES is {gauge}; the caches hold {total} pages"
    return None


def file_thps(kernel: Kernel, counted: Census) -> str | None:
    """I6: huge pages of regular files are no shmem."""
    thps = sum(page_h.PageHead(head) for head in counted.heads.values())
    gauge = kernel.vmstat.node[NodeStat.NR_FILE_THPS]
    if gauge != thps:
        return f"NR_FILE_THPS is {gauge}; huge pages in the caches: {thps}"
    for stat in (
        NodeStat.NR_SHMEM,
        NodeStat.NR_SHMEM_THPS,
        NodeStat.NR_SHMEM_PMDMAPPED,
    ):
        if kernel.vmstat.node[stat]:
            return f"{stat.name} is {kernel.vmstat.node[stat]}; there is no shmem"
    return None


def locked_and_listed(kernel: Kernel, counted: Census) -> str | None:
    """I8: nobody forgot the page lock, and reclaim can find every page (small ones may still be queued)."""
    waiting = {page.pfn for page in kernel.lruvec.add_pvec.pages.values()}
    for head in counted.heads.values():
        if page_h.PageLocked(head):
            return f"{head} is cached and locked although no operation is running"
        if not page_h.PageLRU(head) and head.pfn not in waiting:
            return f"{head} is cached but on no LRU list: it can never be reclaimed or moved"
    return None


def trees(kernel: Kernel, counted: Census) -> str | None:
    """I9: REF's own rule is stricter than the kernel's, which may leave empty nodes after running out of memory."""
    for mapping in census.mappings(kernel):
        problem = xarray.check(mapping.i_pages)
        if problem is not None:
            return f"{mapping.i_pages}: {problem}"
        for index, page in counted.cached[mapping.kname].items():
            if (
                page_h.page_mapping(page) is not mapping
                or page_h.page_to_pgoff(page) != index
            ):
                return f"{mapping} holds {page} at index {index}, but the page says it belongs elsewhere"
            if page_h.page_count(page) == 0:
                return f"{mapping} holds {page} at index {index}, which was freed"
    return None


def events(kernel: Kernel, counted: Census) -> str | None:
    """I10, as far as a state can tell: what exists now was counted when it was made."""
    made = kernel.vmstat.events[VmEvent.THP_FILE_ALLOC]
    thps = sum(page_h.PageHead(head) for head in counted.heads.values())
    if made < thps:
        return f"THP_FILE_ALLOC is {made}, but huge pages in the caches: {thps}"
    mapped = kernel.vmstat.events[VmEvent.THP_FILE_MAPPED]
    existing = sum(counted.pmd_maps.values())
    if mapped < existing:
        return f"THP_FILE_MAPPED is {mapped}, but PMD mappings that exist: {existing}"
    return None


def no_thp_with_writer(kernel: Kernel, counted: Census) -> str | None:
    """I14: the promise that a huge page of a file is never written."""
    for mapping in census.mappings(kernel):
        pages = counted.cached[mapping.kname].values()
        thps = sum(page_h.PageHead(page) for page in pages)
        if mapping.nr_thps != thps:
            return (
                f"{mapping} says nr_thps {mapping.nr_thps}; huge pages it holds: {thps}"
            )
        if thps and mapping.host.i_writecount > 0:
            return (
                f"{mapping} holds {thps} huge pages while the file is open for writing"
            )
    return None


def inside(kernel: Kernel, counted: Census) -> str | None:
    """Truncation will not come back for a page that a fault put beyond the end of the file.

    Small pages that nobody maps are spared: the kernel's own small fault may leave one there.
    """
    for mapping in census.mappings(kernel):
        end = fs.i_size_pages(mapping.host)
        for index, page in counted.cached[mapping.kname].items():
            if index >= end and (page_h.PageCompound(page) or page._mapcount >= 0):
                return (
                    f"{mapping} holds {page} at index {index}, beyond its end at {end}"
                )
    return None


def lru_counters(kernel: Kernel, counted: Census) -> str | None:
    """Each list's counter is its length in pages of 4 KiB."""
    for which in LruList:
        listed = list(list_entries(kernel.lruvec.lists[which], Page))
        length = sum(page_h.hpage_nr_pages(page) for page in listed)
        gauge = kernel.vmstat.node[which]
        if gauge != length:
            return f"{NodeStat(which).name} is {gauge}; the list holds {length} pages"
        for page in listed:
            if not page_h.PageLRU(page) or page._refcount == 0:
                return (
                    f"{page} is on an LRU list but is free, or does not say so (PG_lru)"
                )
    return None


def content(kernel: Kernel, counted: Census) -> str | None:
    """No reader sees another block's data, or memory nobody wrote for him."""
    for mapping in census.mappings(kernel):
        for index, page in counted.cached[mapping.kname].items():
            wanted = fs.read_block(mapping.host, Pgoff(index))
            if page_h.PageUptodate(page) and page.content != wanted:
                return f"{page} at index {index} holds {page.content}; storage holds {wanted}"
    return None


def live_nodes(kernel: Kernel, counted: Census) -> str | None:
    """No node leaked."""
    reachable = sum(
        1
        for mapping in census.mappings(kernel)
        for _node in xarray.walk_nodes(mapping.i_pages)
    )
    if kernel.xa_nodes != reachable:
        return f"{kernel.xa_nodes} XArray nodes live; {reachable} are in a tree"
    return None
