"""A file index is neither a frame number nor an address."""

from thpkit.kernel import units
from thpkit.kernel.units import Pfn, Pgoff, VirtAddr

units.hpage_floor(Pgoff(515))
units.hpage_floor(Pfn(515))  # refused
units.hpage_ceil(VirtAddr(0x203000))  # refused
units.hpage_ceil(515)  # refused
