"""What pages count: references, map counts, charges."""

from __future__ import annotations

from thpkit.checks import census
from thpkit.checks.census import Census
from thpkit.kernel import page as page_h
from thpkit.kernel.init import Kernel
from thpkit.kernel.page import Page
from thpkit.kernel.vmstat import NodeStat


def references(kernel: Kernel, counted: Census) -> str | None:
    """I1: each reference has a holder. Pages that wait for the LRU hold one more."""
    waiting = [page.pfn for page in kernel.lruvec.add_pvec.pages.values()]
    for head in census.live_heads(kernel):
        nr = len(census.sub_pages(kernel, head))
        cache = nr if head.pfn in counted.heads else 0
        pmds, ptes = census.mappings_of(counted, kernel, head)
        queued = waiting.count(head.pfn)
        if head._refcount != cache + pmds + ptes + queued:
            return (
                f"{head} has {head._refcount} references, but {cache} belong to the page cache, {pmds} to "
                f"PMD mappings, {ptes} to PTE mappings and {queued} to the LRU queue"
            )
    return None


def map_counts(kernel: Kernel, counted: Census) -> str | None:
    """I2: the counts of every sub-page and of the whole huge page."""
    for head in census.live_heads(kernel):
        pmds, ptes = census.mappings_of(counted, kernel, head)
        if page_h.compound_mapcount(head) != pmds:
            return f"{head} counts {page_h.compound_mapcount(head)} PMD mappings; there are {pmds}"
        for page in census.sub_pages(kernel, head):
            covering = pmds + counted.pte_maps[page.pfn]
            if page._mapcount + 1 != covering:
                return (
                    f"{page} counts {page._mapcount + 1} mappings; {covering} cover it"
                )
        if page_h.total_mapcount(head) != pmds + ptes:
            return f"total_mapcount of {head} is {page_h.total_mapcount(head)}, not {pmds + ptes}"
    return None


def _file_heads(kernel: Kernel) -> list[Page]:
    return [head for head in census.live_heads(kernel) if not page_h.PageAnon(head)]


def file_mapped(kernel: Kernel, counted: Census) -> str | None:
    """I3: pages, not mappings."""
    mapped = sum(
        page._mapcount >= 0
        for head in _file_heads(kernel)
        for page in census.sub_pages(kernel, head)
    )
    gauge = kernel.vmstat.node[NodeStat.NR_FILE_MAPPED]
    if gauge != mapped:
        return f"NR_FILE_MAPPED is {gauge}; file pages that are mapped: {mapped}"
    return None


def pmd_mapped(kernel: Kernel, counted: Census) -> str | None:
    """I4: huge pages, not mappings."""
    mapped = sum(page_h.compound_mapcount(head) > 0 for head in _file_heads(kernel))
    gauge = kernel.vmstat.node[NodeStat.NR_FILE_PMDMAPPED]
    if gauge != mapped:
        return f"NR_FILE_PMDMAPPED is {gauge}; huge pages mapped by a PMD: {mapped}"
    return None


def charges(kernel: Kernel, counted: Census) -> str | None:
    """I12: every cached page and every anonymous page is charged, and nothing else."""
    charged = 0
    for head in census.live_heads(kernel):
        nr = len(census.sub_pages(kernel, head))
        if head.mem_cgroup is not None:
            charged += nr
        elif head.pfn in counted.heads:
            return f"{head} is cached but charged to nobody"
    if kernel.memcg.charged != charged:
        return f"the memory control group has {kernel.memcg.charged} pages charged; {charged} pages are"
    return None


def findable(kernel: Kernel, counted: Census) -> str | None:
    """I13: who is mapped can be looked up. Broken by mapping a page before it is in the cache."""
    for head in _file_heads(kernel):
        mapping = page_h.page_mapping(head)
        for page in census.sub_pages(kernel, head):
            if page._mapcount < 0:
                continue
            index = page_h.page_to_pgoff(page)
            if mapping is None:
                return f"{page} is mapped but belongs to no file any more"
            if counted.cached.get(mapping.kname, {}).get(index) is not page:
                return f"{page} is mapped but not found in {mapping} at index {index}"
            if not page_h.PageUptodate(page):
                return f"{page} is mapped but was never read (not uptodate)"
    return None
