"""Each lock has its own pair of functions; structures are built by field name."""

from thpkit.kernel import locks
from thpkit.kernel.locks import RwSem, SpinLock
from thpkit.kernel.page import Page


def lock_wrongly(ptl: SpinLock, mmap_sem: RwSem, page: Page) -> None:
    """A spinlock, a sleeping lock and the page lock are three different things."""
    locks.spin_lock(ptl)
    locks.spin_lock(mmap_sem)  # refused
    locks.down_read(ptl)  # refused
    locks.lock_page(ptl)  # refused
    locks.spin_unlock(page)  # refused
    locks.spin_unlock_irqrestore(ptl)  # refused


SpinLock("ptl#1", cls="ptl")
SpinLock("ptl#1")  # refused
SpinLock("ptl#1", "ptl")  # refused
