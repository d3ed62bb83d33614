"""What replaces a kernel function has exactly its signature."""

from thpkit.kernel import rmap, units
from thpkit.kernel.page import Page
from thpkit.kernel.units import Pgoff, VirtAddr
from thpkit.kernel.variant import Variant, replaces


@replaces(rmap.page_remove_file_rmap)
def good(page: Page, compound: bool) -> None:
    """The same parameters and result."""


@replaces(rmap.page_remove_file_rmap)  # refused
def without_compound(page: Page) -> None:
    """A parameter is missing."""


@replaces(rmap.page_remove_file_rmap)  # refused
def with_result(page: Page, compound: bool) -> int:
    """Nothing expects a result."""
    return 0


@replaces(units.pmd_floor)  # refused
def of_an_index(addr: Pgoff) -> VirtAddr:
    """The unit of the argument is another."""
    return VirtAddr(addr)


Variant("v", functions=[good])
Variant("v", functions=good)  # refused
