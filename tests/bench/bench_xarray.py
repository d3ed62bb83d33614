"""How fast the XArray is: each figure as a multiple of what the C implementation takes for the same work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter_ns
from typing import Final

from thpkit.kernel import init, xarray
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KObject
from thpkit.kernel.splat import Config

C_LOAD_NS: Final = 5.3
"""What the C implementation takes for one load, in ns; likewise below. Measured once, on another machine."""
C_STORE_NS: Final = 16.0
C_INSERT_SLOT_NS: Final = 7.9
C_ORDER_9_STORE_NS: Final = 43.0
DENSE: Final = 4096
"""Indices of the dense array: a tree of two levels."""
BLOCK: Final = 512
ROUNDS: Final = 7
"""Each figure is the best of so many rounds: the others were disturbed."""


def best_ns(work: Callable[[], int]) -> float:
    """Time of one repetition of ``work``, in ns; ``work`` returns how many it has done."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = perf_counter_ns()
        repetitions = work()
        best = min(best, (perf_counter_ns() - start) / repetitions)
    return best


def dense_array() -> xarray.XArray:
    """A page-cache array with an entry at every index below DENSE."""
    xa = xarray.page_cache_xarray("bench")
    page = KObject("page")
    for index in range(DENSE):
        xarray.xa_store(xa, index, page, Gfp.KERNEL)
    return xa


def load_ready() -> int:
    """xas_load on a cursor that stands on its entry already."""
    xas = xarray.XA_STATE(dense_array_once(), 1000)
    xarray.xas_load(xas)
    for _ in range(20_000):
        xarray.xas_load(xas)
    return 20_000


_DENSE: list[xarray.XArray] = []


def dense_array_once() -> xarray.XArray:
    """The dense array, built at the first call only."""
    if not _DENSE:
        _DENSE.append(dense_array())
    return _DENSE[0]


def load() -> int:
    """xa_load of every index of the dense array."""
    xa = dense_array_once()
    for index in range(DENSE):
        xarray.xa_load(xa, index)
    return DENSE


def store_dense() -> int:
    """xa_store at every index, from an empty array."""
    xa = xarray.page_cache_xarray("bench")
    page = KObject("page")
    for index in range(DENSE):
        xarray.xa_store(xa, index, page, Gfp.KERNEL)
    return DENSE


def insert_block() -> int:
    """The page cache's insertion of a huge page: create the range, then store and step, 512 times."""
    page = KObject("page")
    for _ in range(4):
        xas = xarray.XA_STATE_ORDER(xarray.page_cache_xarray("bench"), BLOCK, 9)
        xarray.xas_lock_irq(xas)
        xarray.xas_create_range(xas)
        for _slot in range(BLOCK):
            xarray.xas_store(xas, page)
            xarray.xas_next(xas)
        xarray.xas_unlock_irq(xas)
    return 4 * BLOCK


def store_order_9() -> int:
    """One multi-index store over 512 indices, again and again over the same entry's place."""
    pages = (KObject("page"), KObject("other"))
    xa = xarray.page_cache_xarray("bench")
    for number in range(2000):
        xas = xarray.XA_STATE_ORDER(xa, BLOCK, 9)
        xarray.xas_store(xas, pages[number & 1])
    return 2000


FIGURES: Final = (
    ("xas_load, ready cursor", load_ready, C_LOAD_NS, "<= 200x"),
    ("xa_load", load, C_LOAD_NS, "<= 400x"),
    ("xa_store, dense", store_dense, C_STORE_NS, "<= 400x"),
    ("512-slot insert, a slot", insert_block, C_INSERT_SLOT_NS, "<= 380x"),
    ("order-9 store", store_order_9, C_ORDER_9_STORE_NS, "none"),
)


def rows() -> list[tuple[str, float, str]]:
    """Name, measured multiple of the C implementation's time, and budget of each figure."""
    kernel = init.start_kernel(Config())
    with init.running(kernel):
        return [
            (name, best_ns(work) / c_ns, budget) for name, work, c_ns, budget in FIGURES
        ]


def main() -> int:
    """Print the figures, with the times behind them."""
    for (name, ratio, budget), (_name, _work, c_ns, _budget) in zip(
        rows(), FIGURES, strict=True
    ):
        print(
            f"{name:26} {ratio:6.0f}x  {ratio * c_ns / 1000:6.2f} µs   budget {budget}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
