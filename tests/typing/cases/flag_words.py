"""The words of flags do not mix, and a bare number is none of them."""

from thpkit.kernel.flags import FaultFlags, PageEntrySize, Prot, VmFault, VmFlags
from thpkit.kernel.mm_types import VmArea, VmFaultInfo


def protect(vma: VmArea) -> None:
    """Access asked for is not access granted."""
    vma.vm_flags = vma.vm_flags | VmFlags.MAYWRITE
    vma.vm_flags = Prot.READ  # refused
    vma.vm_flags = 0x20  # refused


def handler(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """A fault handler answers in its own words."""
    if size is PageEntrySize.PMD:
        return VmFault.FALLBACK
    if vmf.pgoff == 0:
        return FaultFlags.WRITE  # refused
    return 0x800  # refused
