"""struct page, its flags, and compound pages.

A huge page is 512 consecutive page structures: the *head* and 511 *tails*. Most facts live on the head; the
tests here redirect where the kernel's own flag policy redirects. All flags of a page are one integer.

Models: include/linux/mm_types.h, page-flags.h, mm.h, page_ref.h, mm/util.c, mm/huge_memory.c (v5.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from thpkit.kernel import current, flags, splat, units
from thpkit.kernel.kobject import KObject, ListNode, kstruct, primitive
from thpkit.kernel.units import Pfn, Pgoff

if TYPE_CHECKING:
    from thpkit.kernel.content import Token
    from thpkit.kernel.fs import AddressSpace
    from thpkit.kernel.memcg import MemCgroup


@kstruct
class Poison(KObject):
    """A pointer value that must never be followed."""


TAIL_MAPPING: Final = Poison("TAIL_MAPPING")
"""What ``mapping`` of a tail holds: equal to no address space, so that a careless comparison fails."""

ANON_MAPPING: Final = Poison("PAGE_MAPPING_ANON")
"""Stands for an anon_vma pointer with bit 0 set: the page is anonymous. Left out: the anon_vma itself."""

NULL_COMPOUND_DTOR: Final = 0
COMPOUND_PAGE_DTOR: Final = 1
TRANSHUGE_PAGE_DTOR: Final = 3


@kstruct
class Page(ListNode):
    """One page frame's descriptor (struct page). The list node is ``page->lru``.

    The three ``compound_*`` fields are meaningful on the *first tail* only, as in the kernel, where they
    overlay other words of that tail.
    """

    pfn: Pfn
    """Physical frame number; the kernel derives it from the structure's address."""
    content: Token
    """What the 4 KiB hold, as a token instead of bytes."""
    flags: int = 0
    """The flag word; see :mod:`thpkit.kernel.flags`."""
    mapping: AddressSpace | Poison | None = None
    """Owner of the page: an address space, a poison on tails, None outside any cache."""
    index: Pgoff = Pgoff(0)
    """File index; meaningless on tails."""
    private: int = 0
    mem_cgroup: MemCgroup | None = None
    """Who is charged; set on the head."""
    compound_head: Page | None = None
    """On tails, the head; None on heads and small pages. Stands for the tagged pointer of the kernel."""
    compound_dtor: int = NULL_COMPOUND_DTOR
    compound_order: int = 0
    compound_mapcount: int = -1
    """PMD mappings minus one."""
    _mapcount: int = -1
    """Mappings of this sub-page minus one; on a file huge page PMD mappings count here too."""
    _refcount: int = 0
    """References; on a compound page only the head's is used."""


# ---- flag words -----------------------------------------------------------------------------------------


@primitive
def test_flag(page: Page, bit: int) -> bool:
    """Whether ``bit`` is set in this very structure's flag word."""
    return bool(page.flags >> bit & 1)


@primitive
def set_flag(page: Page, bit: int) -> None:
    """Set ``bit`` in this very structure's flag word."""
    page.flags = page.flags | 1 << bit


@primitive
def clear_flag(page: Page, bit: int) -> None:
    """Clear ``bit`` in this very structure's flag word."""
    page.flags = page.flags & ~(1 << bit)


@primitive
def PageTail(page: Page) -> bool:
    """True on sub-pages 1..511 of a compound page."""
    return page.compound_head is not None


@primitive
def PageHead(page: Page) -> bool:
    """True on the first sub-page of a compound page."""
    return test_flag(page, flags.PG_head)


@primitive
def PageCompound(page: Page) -> bool:
    """True on any sub-page of a compound page."""
    return PageHead(page) or PageTail(page)


@primitive
def compound_head(page: Page) -> Page:
    """The head of the compound page that ``page`` belongs to, or the page itself."""
    return page if page.compound_head is None else page.compound_head


@primitive
def PageTransHuge(page: Page) -> bool:
    """True on the head of a huge page; must not be asked of a tail."""
    splat.VM_BUG_ON_PAGE(PageTail(page), page, "PageTransHuge asked of a tail")
    return PageHead(page)


@primitive
def PageTransCompound(page: Page) -> bool:
    """With huge pages configured in, exactly :func:`PageCompound`."""
    return PageCompound(page)


@primitive
def PageHuge(page: Page) -> bool:
    """True for hugetlb pages, of which this kernel has none."""
    return False


@primitive
def PageLocked(page: Page) -> bool:
    """Whether the page lock is held; a tail stands for its head."""
    return test_flag(compound_head(page), flags.PG_locked)


@primitive
def PageUptodate(page: Page) -> bool:
    """Whether the content is valid; a tail stands for its head."""
    return test_flag(compound_head(page), flags.PG_uptodate)


@primitive
def SetPageUptodate(page: Page) -> None:
    """Declare the content valid. The kernel puts a write barrier before it."""
    splat.VM_BUG_ON_PAGE(PageTail(page), page, "SetPageUptodate on a tail")
    set_flag(page, flags.PG_uptodate)


@primitive
def PageError(page: Page) -> bool:
    """Whether reading or writing failed. In v5.3 this flag may not be *changed* on compound pages."""
    return test_flag(page, flags.PG_error)


@primitive
def SetPageError(page: Page) -> None:
    """Mark a failed read; in this era an assertion fires if the page is compound."""
    splat.VM_BUG_ON_PAGE(
        PageCompound(page), page, "PG_error may not be set on a compound page in v5.3"
    )
    set_flag(page, flags.PG_error)


@primitive
def ClearPageError(page: Page) -> None:
    """Forget a failed read; in this era an assertion fires if the page is compound."""
    splat.VM_BUG_ON_PAGE(
        PageCompound(page),
        page,
        "PG_error may not be cleared on a compound page in v5.3",
    )
    clear_flag(page, flags.PG_error)


@primitive
def PageLRU(page: Page) -> bool:
    """Whether the page is on an LRU list; a tail stands for its head."""
    return test_flag(compound_head(page), flags.PG_lru)


@primitive
def PageActive(page: Page) -> bool:
    """Whether the page is on an active list; a tail stands for its head."""
    return test_flag(compound_head(page), flags.PG_active)


@primitive
def PageSwapBacked(page: Page) -> bool:
    """Whether the page is anonymous or shmem; a tail stands for its head."""
    return test_flag(compound_head(page), flags.PG_swapbacked)


@primitive
def PageAnon(page: Page) -> bool:
    """Whether the page belongs to no file: bit 0 of the head's mapping pointer."""
    return compound_head(page).mapping is ANON_MAPPING


@primitive
def PageDoubleMap(page: Page) -> bool:
    """Whether a huge page is, or was, mapped by PTEs as well; the bit lives in the first tail."""
    splat.VM_BUG_ON_PAGE(
        not PageHead(page), page, "PageDoubleMap asked of a page that is no head"
    )
    return test_flag(nth_page(page, 1), flags.PG_double_map)


@primitive
def SetPageDoubleMap(page: Page) -> None:
    """Note that a huge page is mapped by PTEs."""
    splat.VM_BUG_ON_PAGE(
        not PageHead(page), page, "SetPageDoubleMap on a page that is no head"
    )
    set_flag(nth_page(page, 1), flags.PG_double_map)


# ---- compound geometry ----------------------------------------------------------------------------------


@primitive
def nth_page(page: Page, n: int) -> Page:
    """``page + n``: the page structure n frames further on."""
    return current.kernel.zone.memmap[Pfn(page.pfn + n)]


@primitive
def compound_order(page: Page) -> int:
    """log2 of the pages in the compound page: 0 unless ``page`` is a head."""
    return nth_page(page, 1).compound_order if PageHead(page) else 0


@primitive
def hpage_nr_pages(page: Page) -> int:
    """512 for the head of a huge page, 1 for a small page; never call it on a tail."""
    return units.HPAGE_PMD_NR if PageTransHuge(page) else 1


@primitive
def page_mapping(page: Page) -> AddressSpace | None:
    """The address space of a page, by way of its head, so valid for tails; None if anonymous or in none."""
    mapping = compound_head(page).mapping
    return None if isinstance(mapping, Poison) else mapping


@primitive
def page_to_pgoff(page: Page) -> Pgoff:
    """File index of any sub-page: for a tail, the head's index plus its distance."""
    head = compound_head(page)
    return Pgoff(head.index + (page.pfn - head.pfn))


# ---- references -----------------------------------------------------------------------------------------


@primitive
def page_count(page: Page) -> int:
    """References of the page, read from its head."""
    return compound_head(page)._refcount


@primitive
def get_page(page: Page) -> None:
    """Take a reference on the head; the caller must know that there is one already."""
    head = compound_head(page)
    splat.VM_BUG_ON_PAGE(
        head._refcount <= 0, head, "get_page on a page without references"
    )
    head._refcount = head._refcount + 1


@primitive
def page_ref_add(page: Page, nr: int) -> None:
    """Add ``nr`` references to this very structure: no head redirection."""
    page._refcount = page._refcount + nr


@primitive
def page_ref_sub(page: Page, nr: int) -> None:
    """Take away ``nr`` references from this very structure; does not free at zero.

    Splats if the count would become negative.
    """
    if page._refcount < nr:
        splat.report(
            "reference underflow",
            f"{page} has {page._refcount} references; {nr} are taken away",
        )
    page._refcount = page._refcount - nr


@primitive
def put_page_testzero(page: Page) -> bool:
    """Drop one reference of the head; True if it was the last. Splats if there was none."""
    head = compound_head(page)
    if head._refcount <= 0:
        splat.report(
            "reference underflow", f"{head} is put with {head._refcount} references"
        )
    head._refcount = head._refcount - 1
    return head._refcount == 0


@primitive
def page_ref_freeze(page: Page, nr: int) -> bool:
    """If there are exactly ``nr`` references make it none and return True."""
    if page._refcount != nr:
        return False
    page._refcount = 0
    return True


@primitive
def page_ref_unfreeze(page: Page, nr: int) -> None:
    """Give a frozen page ``nr`` references again."""
    page._refcount = nr


@primitive
def page_cache_get_speculative(head: Page) -> bool:
    """Take a reference unless the count is zero, which means that the page is being freed."""
    if head._refcount == 0:
        return False
    head._refcount = head._refcount + 1
    return True


# ---- map counts -----------------------------------------------------------------------------------------


@primitive
def atomic_inc_and_test_mapcount(page: Page) -> bool:
    """Add one mapping to this sub-page; True if it is the first (−1 → 0)."""
    page._mapcount = page._mapcount + 1
    return page._mapcount == 0


@primitive
def atomic_add_negative_mapcount(page: Page) -> bool:
    """Take one mapping from this sub-page; True if it was the last (the count became negative)."""
    page._mapcount = page._mapcount - 1
    return page._mapcount < 0


@primitive
def atomic_inc_and_test_compound_mapcount(page: Page) -> bool:
    """Add one PMD mapping to the huge page; True if it is the first."""
    tail = nth_page(page, 1)
    tail.compound_mapcount = tail.compound_mapcount + 1
    return tail.compound_mapcount == 0


@primitive
def atomic_add_negative_compound_mapcount(page: Page) -> bool:
    """Take one PMD mapping from the huge page; True if it was the last."""
    tail = nth_page(page, 1)
    tail.compound_mapcount = tail.compound_mapcount - 1
    return tail.compound_mapcount < 0


@primitive
def page_mapcount(page: Page) -> int:
    """Mappings that cover this sub-page (file pages: PMD mappings are already in ``_mapcount``)."""
    return page._mapcount + 1


@primitive
def compound_mapcount(page: Page) -> int:
    """PMD mappings of the huge page that ``page`` belongs to; 0 for a small page."""
    head = compound_head(page)
    return nth_page(head, 1).compound_mapcount + 1 if PageHead(head) else 0


@primitive
def total_mapcount(head: Page) -> int:
    """PMD mappings plus PTE mappings of a page, small or huge (file pages)."""
    nr = hpage_nr_pages(head)
    compound = compound_mapcount(head)
    covered = sum(nth_page(head, i)._mapcount + 1 for i in range(nr))
    return compound + covered - compound * nr if nr > 1 else covered


@primitive
def page_mapped(page: Page) -> bool:
    """Whether anything maps the page, or any sub-page of its huge page."""
    head = compound_head(page)
    if compound_mapcount(head) > 0:
        return True
    return any(nth_page(head, i)._mapcount >= 0 for i in range(hpage_nr_pages(head)))
