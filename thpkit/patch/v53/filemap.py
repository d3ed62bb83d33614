"""The page cache of v5.3 as the patch found it (D30): whoever looks a page up may get a tail, and nobody expects it.

A page of a file knows its owner in ``page->mapping``. A *tail* has a poison there and no index of its own, so every
comparison with it fails, for ever. Before this patch only shmem had huge pages in its cache, and shmem looks pages up
with functions of its own.

Models: mm/filemap.c (v5.3).
Left out: as in the kernel's own filemap.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from thpkit.kernel import (
    filemap,
    fs,
    locks,
    memory,
    page_alloc,
    splat,
    swap,
    units,
    vmstat,
    xarray,
)
from thpkit.kernel import page as page_h
from thpkit.kernel.filemap import Fgp
from thpkit.kernel.flags import Gfp, VmFault
from thpkit.kernel.kobject import primitive
from thpkit.kernel.variant import replaces

if TYPE_CHECKING:
    from thpkit.kernel.fs import AddressSpace, File
    from thpkit.kernel.mm_types import VmFaultInfo
    from thpkit.kernel.page import Page
    from thpkit.kernel.swap import Pagevec
    from thpkit.kernel.units import Pgoff


@replaces(filemap.unaccount_page_cache_page)
def unaccount_page_cache_page(mapping: AddressSpace, page: Page) -> None:
    """Take a page out of the counters. ``page`` is locked and unmapped; the i_pages lock is held.

    Models: mm/filemap.c: unaccount_page_cache_page (v5.3): a page that is not swap-backed must not be huge.
    Left out: cleancache, dirty accounting, hugetlb.
    """
    splat.VM_BUG_ON_PAGE(page_h.PageTail(page), page, "a tail is not removed by itself")
    splat.VM_BUG_ON_PAGE(
        page_h.page_mapped(page), page, "still mapped while it leaves the page cache"
    )
    if page_h.page_mapped(page):
        splat.report("bad page cache", f"{page} is removed while mapped", silent=False)
    nr = page_h.hpage_nr_pages(page)
    vmstat.mod_node_page_state(vmstat.NR_FILE_PAGES, -nr)
    if page_h.PageSwapBacked(page):
        vmstat.mod_node_page_state(vmstat.NR_SHMEM, -nr)
        if page_h.PageTransHuge(page):
            vmstat.dec_node_page_state(vmstat.NR_SHMEM_THPS)
    else:
        splat.VM_BUG_ON_PAGE(
            page_h.PageTransHuge(page), page, "a huge page that is not shmem"
        )


@replaces(filemap.page_cache_delete_batch)
def page_cache_delete_batch(mapping: AddressSpace, pvec: Pagevec) -> None:
    """Take all pages of a batch out of i_pages in one walk. The i_pages lock is held.

    Models: mm/filemap.c: page_cache_delete_batch (v5.3), with the assertion in the branch for tails: it reckons from
    the index of a tail, which means nothing, and compares with a batch element that may lie beyond the end.
    Left out: shadow entries.
    """
    xas = xarray.XA_STATE(mapping.i_pages, pvec.pages[0].index)
    total_pages = 0
    taken = 0
    tail_pages = 0
    entry = xarray.xas_find(xas, xarray.ULONG_MAX)
    while entry is not None:
        if taken >= swap.pagevec_count(pvec) and not tail_pages:
            break
        if filemap.is_page(entry) and (tail_pages or entry is pvec.pages[taken]):
            if tail_pages:
                splat.VM_BUG_ON_PAGE(
                    not batch_tail_index_fits(entry, tail_pages, pvec, taken),
                    entry,
                    "the index of a tail, which means nothing, does not fit the batch",
                )
                tail_pages = tail_pages - 1
            else:
                if page_h.PageTransHuge(entry):
                    tail_pages = units.HPAGE_PMD_NR - 1
                entry.mapping = None
                taken = taken + 1
            xarray.xas_store(xas, None)
            total_pages = total_pages + 1
        entry = xarray.xas_next_entry(xas, xarray.ULONG_MAX)
    mapping.nrpages = mapping.nrpages - total_pages


@primitive
def batch_tail_index_fits(
    tail: Page, tail_pages: int, pvec: Pagevec, taken: int
) -> bool:
    """What the assertion of v5.3 asks about a tail: it takes the element *after* the head for the head itself."""
    other = pvec.pages.get(taken)
    computed = tail.index + units.HPAGE_PMD_NR - tail_pages
    return other is not None and computed == other.index


@replaces(filemap.forget_empty_nodes)
def forget_empty_nodes(mapping: AddressSpace, index: Pgoff, order: int) -> None:
    """Nothing: v5.3 leaves the nodes that an insertion made before it ran out of memory.

    Models: no kernel function, like the one it replaces. Left out: nothing.
    """


@replaces(filemap.pagecache_get_page)
def pagecache_get_page(
    mapping: AddressSpace, offset: Pgoff, fgp: Fgp, gfp: Gfp
) -> Page | None:
    """Look a page up and, as ``fgp`` asks, create it, lock it, mark it accessed.

    Models: mm/filemap.c: pagecache_get_page (v5.3): with LOCK it compares the *sub-page's* mapping, so for a tail it
    begins again for ever. Left out: as in v5.4's form; the note that the loop turns without hope is the kit's.
    """
    while True:
        page = filemap.find_get_page(mapping, offset)
        if page is None:
            break
        if fgp & Fgp.LOCK:
            locks.lock_page(page)
            if page.mapping is not mapping:
                locks.unlock_page(page)
                swap.put_page(page)
                if page_h.PageTail(page):
                    locks.cpu_relax(f"{page} is a tail, and a tail belongs to no file")
                continue
            splat.VM_BUG_ON_PAGE(page.index != offset, page, f"found at {offset}")
        if fgp & Fgp.ACCESSED:
            swap.mark_page_accessed(page)
        return page
    if not fgp & Fgp.CREAT:
        return None
    page = page_alloc.alloc_pages(gfp, 0)
    if page is None:
        return None
    error = filemap.add_to_page_cache_lru(page, mapping, offset, gfp)
    if error:
        swap.put_page(page)
        return (
            filemap.pagecache_get_page(mapping, offset, fgp, gfp)
            if error == -errno.EEXIST
            else None
        )
    if fgp & Fgp.FOR_MMAP:
        locks.unlock_page(page)
    return page


@replaces(filemap.filemap_fault)
def filemap_fault(vmf: VmFaultInfo) -> VmFault:
    """Find the page of one fault in the cache, reading it if it is absent. mmap_sem is held; may sleep.

    Models: mm/filemap.c: filemap_fault (v5.3): compares the sub-page's mapping and index, so a tail is looked up, put
    and looked up again for ever. Left out: as in v5.4's form; the note that the loop turns without hope is the kit's.
    """
    file = memory.vma_file(vmf.vma)
    mapping = file.f_mapping
    offset = vmf.pgoff
    ret = VmFault.MAJOR if vmf.major else VmFault.NONE
    if offset >= fs.i_size_pages(mapping.host):
        return VmFault.SIGBUS

    page = filemap.find_get_page(mapping, offset)
    if page is None and not vmf.major:
        vmstat.count_vm_event(vmstat.PGMAJFAULT)
        vmf.major = True
        ret = VmFault.MAJOR

    while True:
        if page is None:
            page = filemap.pagecache_get_page(
                mapping, offset, Fgp.CREAT | Fgp.FOR_MMAP, vmf.gfp_mask
            )
        if page is None:
            return VmFault.OOM
        locks.lock_page(page)
        if page.mapping is not mapping:
            locks.unlock_page(page)
            swap.put_page(page)
            if page_h.PageTail(page):
                locks.cpu_relax(f"{page} is a tail, and a tail belongs to no file")
            page = filemap.find_get_page(mapping, offset)
            continue
        splat.VM_BUG_ON_PAGE(page.index != offset, page, f"found at {offset}")
        if page_h.PageUptodate(page):
            break
        error = filemap.page_read_again(file, page)
        swap.put_page(page)
        if error:
            return VmFault.SIGBUS
        page = filemap.find_get_page(mapping, offset)

    if offset >= fs.i_size_pages(mapping.host):
        locks.unlock_page(page)
        swap.put_page(page)
        return VmFault.SIGBUS
    vmf.page = page
    return ret | VmFault.LOCKED


@replaces(filemap.page_read_again)
def page_read_again(file: File, page: Page) -> int:
    """Read a locked page that is not uptodate; it comes back unlocked.

    Models: mm/filemap.c: the page_not_uptodate part of filemap_fault (v5.3): hands ->readpage whatever sub-page was
    looked up, and clears PG_error unasked. Left out: AOP_TRUNCATED_PAGE.
    """
    page_h.ClearPageError(page)
    error = file.f_mapping.a_ops.readpage(file, page)
    if error:
        return error
    locks.wait_on_page_locked(page)
    if not page_h.PageUptodate(page):
        return -errno.EIO
    return 0


@replaces(filemap.generic_perform_write)
def generic_perform_write(file: File, index: Pgoff) -> int:
    """Write one whole page of a file through the cache and to storage. i_rwsem is held for writing.

    Models: mm/filemap.c: generic_perform_write (v5.3). Differs from the kit's own: no assertion that the page is
    small, because nothing keeps a huge one away. Left out: as there.
    """
    mapping = file.f_mapping
    page = filemap.pagecache_get_page(
        mapping, index, Fgp.LOCK | Fgp.CREAT, mapping.gfp_mask
    )
    if page is None:
        return -errno.ENOMEM
    fs.write_block(mapping.host, index)
    fs.fill_page(page, fs.read_block(mapping.host, index))
    page_h.SetPageUptodate(page)
    locks.unlock_page(page)
    swap.put_page(page)
    return 0


@replaces(filemap.lock_if_mappable)
def lock_if_mappable(xas: xarray.XaState, page: Page, mapping: AddressSpace) -> bool:
    """Get a cached page ready for mapping without waiting: reference, lock, uptodate, inside the file.

    Models: mm/filemap.c: the body of filemap_map_pages (v5.3): compares the sub-page's mapping, so every tail is
    passed over. Left out: readahead marks, poisoned pages.
    """
    head = page_h.compound_head(page)
    if page_h.PageLocked(head):
        return False
    if not page_h.page_cache_get_speculative(head):
        return False
    if page_h.compound_head(page) is not head or xarray.xas_reload(xas) is not page:
        swap.put_page(head)
        return False
    if not page_h.PageUptodate(page) or not locks.trylock_page(page):
        swap.put_page(head)
        return False
    if page.mapping is mapping and page_h.PageUptodate(page):
        if page.index < fs.i_size_pages(mapping.host):
            return True
    locks.unlock_page(page)
    swap.put_page(head)
    return False
