"""The fields of a page have units, and a page is not its number."""

from thpkit.kernel import page as page_h
from thpkit.kernel import units
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pfn, Pgoff


def misplace(page: Page) -> None:
    """Each line mixes up what a page is, where it lies, and what of a file it holds."""
    page.index = Pgoff(7)
    page.index = Pfn(7)  # refused
    page.pfn = page.index  # refused
    page.mapping = page  # refused
    page_h.get_page(page.pfn)  # refused
    frame: Pfn = page_h.page_to_pgoff(page)  # refused
    page_h.nth_page(page, frame)
    cached = page_h.page_mapping(page).nrpages  # refused
    units.pages_in(cached)
