"""The lock of an array, by its kernel names. Every function here is one act and never stepped into.

Models: include/linux/xarray.h: the xa_lock and xas_lock families (v5.4). Left out: the soft-interrupt forms.
"""

from __future__ import annotations

from thpkit.kernel import locks
from thpkit.kernel.kobject import primitive
from thpkit.kernel.xarray.nodes import XA_FLAGS_LOCK_IRQ, XArray
from thpkit.kernel.xarray.state import XaState


@primitive
def xa_lock(xa: XArray) -> None:
    """Take the array's lock; for arrays that interrupts never touch."""
    locks.spin_lock(xa.xa_lock)


@primitive
def xa_unlock(xa: XArray) -> None:
    """Release the array's lock."""
    locks.spin_unlock(xa.xa_lock)


@primitive
def xa_lock_irq(xa: XArray) -> None:
    """Turn irqs off and take the array's lock. Expects irqs on."""
    locks.spin_lock_irq(xa.xa_lock)


@primitive
def xa_unlock_irq(xa: XArray) -> None:
    """Release the array's lock and turn irqs on."""
    locks.spin_unlock_irq(xa.xa_lock)


@primitive
def xa_lock_irqsave(xa: XArray) -> bool:
    """Turn irqs off and take the array's lock; return whether irqs were off before."""
    return locks.spin_lock_irqsave(xa.xa_lock)


@primitive
def xa_unlock_irqrestore(xa: XArray, irqs_were_disabled: bool) -> None:
    """Release the array's lock and put the irq state back to what :func:`xa_lock_irqsave` returned."""
    locks.spin_unlock_irqrestore(xa.xa_lock, irqs_were_disabled)


@primitive
def xas_lock(xas: XaState) -> None:
    """Take the lock of the cursor's array; for arrays that interrupts never touch."""
    locks.spin_lock(xas.xa.xa_lock)


@primitive
def xas_unlock(xas: XaState) -> None:
    """Release the lock of the cursor's array."""
    locks.spin_unlock(xas.xa.xa_lock)


@primitive
def xas_lock_irq(xas: XaState) -> None:
    """Turn irqs off and take the lock of the cursor's array. Expects irqs on."""
    locks.spin_lock_irq(xas.xa.xa_lock)


@primitive
def xas_unlock_irq(xas: XaState) -> None:
    """Release the lock of the cursor's array and turn irqs on."""
    locks.spin_unlock_irq(xas.xa.xa_lock)


@primitive
def xas_lock_irqsave(xas: XaState) -> bool:
    """Turn irqs off and take the lock of the cursor's array; return whether irqs were off before."""
    return locks.spin_lock_irqsave(xas.xa.xa_lock)


@primitive
def xas_unlock_irqrestore(xas: XaState, irqs_were_disabled: bool) -> None:
    """Release the lock of the cursor's array and put the irq state back to what it was."""
    locks.spin_unlock_irqrestore(xas.xa.xa_lock, irqs_were_disabled)


@primitive
def xas_lock_type(xas: XaState) -> None:
    """Take the array's lock in the way its flags ask for: with irqs off if interrupts take it as well.

    Models: lib/xarray.c: xas_lock_type (v5.4).
    """
    if xas.xa.xa_flags & XA_FLAGS_LOCK_IRQ:
        locks.spin_lock_irq(xas.xa.xa_lock)
    else:
        locks.spin_lock(xas.xa.xa_lock)


@primitive
def xas_unlock_type(xas: XaState) -> None:
    """Release the array's lock in the way its flags ask for.

    Models: lib/xarray.c: xas_unlock_type (v5.4).
    """
    if xas.xa.xa_flags & XA_FLAGS_LOCK_IRQ:
        locks.spin_unlock_irq(xas.xa.xa_lock)
    else:
        locks.spin_unlock(xas.xa.xa_lock)
