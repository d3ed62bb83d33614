"""A virtual address is neither a file index nor a frame number."""

from thpkit.kernel import units
from thpkit.kernel.units import Pfn, Pgoff, VirtAddr

address = VirtAddr(0x7F0000203ABC)
index = Pgoff(0x203)
frame = Pfn(0x203)

units.pmd_floor(address)
units.pmd_floor(index)  # refused
units.pmd_floor(frame)  # refused
units.pgd_index(0x7F0000203ABC)  # refused
units.pte_index(index)  # refused
