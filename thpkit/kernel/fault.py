"""The page fault as the CPU delivers it: find the mapping, check the rights, serve, account, or signal.

Models: arch/x86/mm/fault.c (v5.3).
Left out: kernel faults, vsyscalls, protection keys, stack growth, retry after mmap_sem was dropped.
"""

from __future__ import annotations

from enum import IntEnum

from thpkit.kernel import current, flags, locks, memory, mmap
from thpkit.kernel.entry import system_call
from thpkit.kernel.flags import Access, FaultFlags, VmFault, VmFlags
from thpkit.kernel.kobject import primitive
from thpkit.kernel.mm_types import VmArea
from thpkit.kernel.sched import Task
from thpkit.kernel.units import VirtAddr


class Signal(IntEnum):
    """What ends an access that cannot be served, by its Linux number."""

    SIGBUS = 7
    SIGKILL = 9
    """Memory ran out. Left out: the OOM killer's choice; the faulting process is the victim."""
    SIGSEGV = 11


@system_call
def do_user_addr_fault(address: VirtAddr, access: Access) -> Signal | None:
    """Serve a fault of the running task.

    Returns:
        None if the instruction can be tried again; otherwise the signal.

    Locks: takes mmap_sem for reading, page lock, i_mmap_rwsem, ptl, lru_lock, i_pages, RCU; may sleep.
    Models: arch/x86/mm/fault.c: do_user_addr_fault (v5.3).
    Left out: kernel faults, vsyscalls, protection keys, stack growth, retry after mmap_sem was dropped.
    """
    task = current.task()
    mm = current.mm()
    fault_flags = fault_flags_of(access)
    locks.down_read(mm.mmap_sem)
    vma = mmap.find_vma(mm, address)
    if vma is None or address < vma.vm_start:
        locks.up_read(mm.mmap_sem)
        return Signal.SIGSEGV
    if access_error(access, vma):
        locks.up_read(mm.mmap_sem)
        return Signal.SIGSEGV
    fault = memory.handle_mm_fault(vma, address, fault_flags)
    locks.up_read(mm.mmap_sem)
    if fault & flags.VM_FAULT_ERROR:
        return mm_fault_error(fault)
    account_fault(task, fault)
    return None


@primitive
def fault_flags_of(access: Access) -> FaultFlags:
    """What the error code of the CPU says about the access."""
    fault_flags = FaultFlags.USER | FaultFlags.ALLOW_RETRY | FaultFlags.KILLABLE
    if access & Access.WRITE:
        fault_flags |= FaultFlags.WRITE
    if access & Access.EXEC:
        fault_flags |= FaultFlags.INSTRUCTION
    return fault_flags


@primitive
def access_error(access: Access, vma: VmArea) -> bool:
    """Whether the mapping does not allow this access.

    Models: arch/x86/mm/fault.c: access_error.
    """
    if access & Access.WRITE:
        return not vma.vm_flags & VmFlags.WRITE
    if access & Access.EXEC:
        return not vma.vm_flags & VmFlags.EXEC
    return not vma.vm_flags & (VmFlags.READ | VmFlags.WRITE | VmFlags.EXEC)


@primitive
def mm_fault_error(fault: VmFault) -> Signal:
    """The signal for a fault that could not be served.

    Models: arch/x86/mm/fault.c: mm_fault_error.
    """
    if fault & VmFault.OOM:
        return Signal.SIGKILL
    if fault & VmFault.SIGSEGV:
        return Signal.SIGSEGV
    return Signal.SIGBUS


@primitive
def account_fault(task: Task, fault: VmFault) -> None:
    """Count the fault with its task: major if it had to read from storage."""
    if fault & VmFault.MAJOR:
        task.maj_flt = task.maj_flt + 1
    else:
        task.min_flt = task.min_flt + 1
