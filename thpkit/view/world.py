"""What several views need to know about pages: which are cached, which sub-pages they have, who maps them."""

from __future__ import annotations

from typing import NamedTuple

from thpkit.kernel import flags, units
from thpkit.kernel.fs import AddressSpace
from thpkit.kernel.page import Page
from thpkit.view.holders import Holder, Mapped, cached, holders, mapped, pages_below
from thpkit.view.moment import Moment


class World(NamedTuple):
    """Everything that refers to pages at one moment."""

    moment: Moment
    mapped: dict[int, list[Mapped]]
    """Entries of page tables by the frame number of the page's head."""
    cached: dict[int, int]
    """Occupied slots of page caches, likewise."""

    @classmethod
    def at(cls, moment: Moment) -> World:
        """Read it from the state."""
        return cls(moment, mapped(moment), cached(moment.kernel))

    def mappings(self, head: Page) -> list[Mapped]:
        """The entries that map a page."""
        return self.mapped.get(head.pfn, [])

    def holders(self, head: Page) -> list[Holder]:
        """Who holds the references of a page."""
        slots = self.cached.get(head.pfn, 0)
        return holders(self.moment, head, self.mappings(head), slots)

    def split(self, head: Page) -> str:
        """The holders in one line: ``512 page cache + 1 PMD of A``."""
        return " + ".join(f"{each.number} {each.who}" for each in self.holders(head))


def is_head(page: Page) -> bool:
    """Whether a page is the head of a huge page."""
    return bool(page.flags >> flags.PG_head & 1)


def cached_heads(mapping: AddressSpace | None) -> dict[int, Page]:
    """The heads of the pages in a cache, by frame number."""
    found: dict[int, Page] = {}
    if mapping is not None:
        for page in pages_below(mapping.i_pages.xa_head):
            head = page.compound_head or page
            found[head.pfn] = head
    return found


def sub_pages(moment: Moment, head: Page) -> list[Page]:
    """The sub-pages of a huge page, or the small page itself."""
    if not is_head(head):
        return [head]
    memmap = moment.kernel.zone.memmap
    frames = range(head.pfn, head.pfn + units.HPAGE_PMD_NR)
    return [memmap[units.Pfn(pfn)] for pfn in frames if pfn in memmap]
