"""Rounding keeps the unit; arithmetic gives a plain number that must be named again."""

from thpkit.kernel import units
from thpkit.kernel.units import Pgoff, VirtAddr

address = VirtAddr(0x7F0000203ABC)

kept: VirtAddr = units.round_down(address, units.PAGE_SIZE)
lost: Pgoff = units.round_down(address, units.PAGE_SIZE)  # refused
aligned: Pgoff = units.page_align(address)  # refused
moved: VirtAddr = units.advance(address, units.PAGE_SIZE)
summed: VirtAddr = address + units.PAGE_SIZE  # refused
