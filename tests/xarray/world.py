"""One script's world: arrays, cursors, planned failures, and one function for each operation of the format.

Everything an operation takes and gives is in the format's own terms (tokens, paths, error names).
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias

from thpkit.kernel import init, xarray
from thpkit.kernel.fault_inject import FailPlan
from thpkit.kernel.flags import Gfp
from thpkit.kernel.kobject import KObject
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.xarray import dump
from thpkit.kernel.xarray.entries import ULONG_MAX, Entry, XaError, XaInternal, XaValue
from thpkit.kernel.xarray.nodes import XA_RCU_FREE, XaNode, XArray
from thpkit.kernel.xarray.state import XAS_BOUNDS, XAS_RESTART, XaState

Op: TypeAlias = dict[str, Any]
"""One operation of a script, as JSON gives it."""

GFP: Final = {"K": Gfp.KERNEL, "N": Gfp.NOWAIT, "0": Gfp.NONE}
KINDS: Final = {
    None: 0,
    "-": 0,
    "ALLOC": xarray.XA_FLAGS_ALLOC,
    "ALLOC1": xarray.XA_FLAGS_ALLOC1,
}
FOR_EVER: Final = 1 << 62
"""A number of failures that no script reaches."""


def error_name(err: int) -> int | str:
    """0, or the name of a negative errno: ``-ENOMEM``."""
    return f"-{errno.errorcode[-err]}" if err else 0


def place_of(xas: XaState) -> str:
    """Where a cursor is: ``R``, ``B``, ``0``, an error, a path from the head node, or ``X`` off the tree."""
    node = xas.xa_node
    if node is XAS_RESTART:
        return "R"
    if node is XAS_BOUNDS:
        return "B"
    if node is None:
        return "0"
    if isinstance(node, XaError):
        return str(error_name(-node.errno))
    assert isinstance(node, XaNode)
    if node.array is XA_RCU_FREE:
        return "X"
    slots: list[int] = []
    while node.parent is not None:
        assert node.parent.slots[node.offset] is node, (
            f"{node} is not where its parent link says"
        )
        slots.insert(0, node.offset)
        node = node.parent
    assert xas.xa.xa_head is node, f"{node} is neither in the tree nor freed"
    return "/" + "/".join(map(str, slots))


class World:
    """Runs the operations of one script on a kernel of its own. Use it inside ``with world.running()``."""

    def __init__(self) -> None:
        self.kernel = init.start_kernel(Config(on_splat=OnSplat.LOG))
        self.arrays: dict[str, XArray] = {}
        self.states: dict[str, XaState] = {}
        self.next_id: dict[str, int] = {}
        self.updates: list[list[int]] = []
        self._pointers: dict[str, KObject] = {}
        self._failed_before = 0

    def running(self) -> AbstractContextManager[None]:
        """The context in which this world's kernel is the running one."""
        return init.running(self.kernel)

    # ---- terms of the format ---------------------------------------------------------------------------

    def entry(self, token: str | None) -> Entry:
        """The entry a token stands for."""
        if token is None:
            return None
        if token in {"z", "r"}:
            return {"z": xarray.ZERO_ENTRY, "r": xarray.RETRY_ENTRY}[token]
        kind, number = token[0], int(token[1:])
        if kind == "v":
            return xarray.xa_mk_value(number)
        if kind == "s":
            return xarray.xa_mk_sibling(number)
        assert kind == "p", f"unknown entry token {token!r}"
        return self._pointers.setdefault(token, KObject(token))

    def token(self, entry: Entry) -> str | None:
        """The token of an entry, a node link or a failure."""
        if isinstance(entry, XaNode):
            return "n"
        if isinstance(entry, XaError):
            return str(error_name(-entry.errno))
        assert (
            entry is None
            or isinstance(entry, (XaValue, XaInternal))
            or entry.kname in self._pointers
        )
        return dump.token(entry)

    def array_of(self, op: Op) -> XArray | None:
        """The array an operation is about, directly or through its cursor."""
        if "xa" in op:
            return self.arrays[op["xa"]]
        return self.states[op["st"]].xa if "st" in op else None

    def fields(self, xas: XaState) -> dict[str, int | str]:
        """The fields of a cursor that the format shows."""
        shown: dict[str, int | str] = {
            "i": xas.xa_index,
            "sh": xas.xa_shift,
            "sb": xas.xa_sibs,
            "n": place_of(xas),
        }
        if isinstance(xas.xa_node, XaNode):
            shown["o"] = xas.xa_offset
        if xas.xa_alloc is not None:
            shown["a"] = 1
        return shown

    def run(self, op: Op) -> Any:
        """Perform one operation and return its result in the terms of the format."""
        self.updates = []
        name: str = op["op"]
        method: Callable[[Op], Any] = getattr(self, f"_op_{name}")
        return method(op)

    def _gfp(self, op: Op) -> Gfp:
        return GFP[op.get("gfp", "K")]

    def _filter(self, op: Op) -> int:
        mark: int | str = op["filter"]
        return xarray.XA_PRESENT if isinstance(mark, str) else mark

    def _found(self, found: tuple[int, Entry]) -> list[Any] | None:
        index, entry = found
        return None if entry is None else [index, self.token(entry)]

    # ---- the world -------------------------------------------------------------------------------------

    def _op_fail(self, op: Op) -> None:
        former = self.kernel.fail_plans.get("xa_node")
        self._failed_before += former.failed if former else 0
        self.kernel.fail_plans["xa_node"] = FailPlan(
            "fail:xa_node", skip=op["skip"], count=op["count"]
        )

    def _op_alloc_mode(self, op: Op) -> None:
        former = self.kernel.fail_plans.get(xarray.NOWAIT_SITE)
        self._failed_before += former.failed if former else 0
        count = FOR_EVER if op["nowait_fails"] else 0
        self.kernel.fail_plans[xarray.NOWAIT_SITE] = FailPlan(
            "fail:nowait", skip=0, count=count
        )

    def _op_stats(self, op: Op) -> dict[str, int]:
        failed = self._failed_before + sum(
            plan.failed for plan in self.kernel.fail_plans.values()
        )
        return {"live": self.kernel.xa_nodes, "failed": failed}

    # ---- normal API ------------------------------------------------------------------------------------

    def _op_xa_init(self, op: Op) -> None:
        flags = xarray.XA_FLAGS_LOCK_IRQ | KINDS[op.get("flags")]
        self.arrays[op["xa"]] = xarray.xa_init_flags(op["xa"], flags)
        self.next_id[op["xa"]] = 0

    def _op_xa_store(self, op: Op) -> Any:
        entry = self.entry(op["entry"])
        return self.token(
            xarray.xa_store(self.arrays[op["xa"]], op["index"], entry, self._gfp(op))
        )

    def _op_xa_store_order(self, op: Op) -> Any:
        xas = xarray.XA_STATE_ORDER(self.arrays[op["xa"]], op["index"], op["order"])
        while True:
            xarray.xas_lock_irq(xas)
            old = xarray.xas_store(xas, self.entry(op["entry"]))
            xarray.xas_unlock_irq(xas)
            if not xarray.xas_nomem(xas, self._gfp(op)):
                break
        err = xarray.xas_error(xas)
        return error_name(err) if err else self.token(old)

    def _op_xa_store_range(self, op: Op) -> Any:
        entry = self.entry(op["entry"])
        array = self.arrays[op["xa"]]
        return self.token(
            xarray.xa_store_range(array, op["first"], op["last"], entry, self._gfp(op))
        )

    def _op_xa_load(self, op: Op) -> Any:
        return self.token(xarray.xa_load(self.arrays[op["xa"]], op["index"]))

    def _op_xa_erase(self, op: Op) -> Any:
        return self.token(xarray.xa_erase(self.arrays[op["xa"]], op["index"]))

    def _op_xa_insert(self, op: Op) -> Any:
        entry = self.entry(op["entry"])
        return error_name(
            xarray.xa_insert(self.arrays[op["xa"]], op["index"], entry, self._gfp(op))
        )

    def _op_xa_cmpxchg(self, op: Op) -> Any:
        old, entry = self.entry(op["old"]), self.entry(op["entry"])
        return self.token(
            xarray.xa_cmpxchg(
                self.arrays[op["xa"]], op["index"], old, entry, self._gfp(op)
            )
        )

    def _op_xa_reserve(self, op: Op) -> Any:
        return error_name(
            xarray.xa_reserve(self.arrays[op["xa"]], op["index"], self._gfp(op))
        )

    def _op_xa_release(self, op: Op) -> None:
        xarray.xa_release(self.arrays[op["xa"]], op["index"])

    def _op_xa_find(self, op: Op) -> Any:
        return self._found(
            xarray.xa_find(
                self.arrays[op["xa"]], op["index"], op["max"], self._filter(op)
            )
        )

    def _op_xa_find_after(self, op: Op) -> Any:
        array = self.arrays[op["xa"]]
        return self._found(
            xarray.xa_find_after(array, op["index"], op["max"], self._filter(op))
        )

    def _op_xa_for_each(self, op: Op) -> list[Any]:
        array, mark = self.arrays[op["xa"]], self._filter(op)
        hits: list[Any] = []
        index, entry = xarray.xa_find(array, op["start"], ULONG_MAX, mark)
        while entry is not None and len(hits) < op["limit"]:
            hits.append([index, self.token(entry)])
            index, entry = xarray.xa_find_after(array, index, ULONG_MAX, mark)
        return hits

    def _op_xa_extract(self, op: Op) -> list[Any]:
        array = self.arrays[op["xa"]]
        return [
            *map(
                self.token,
                xarray.xa_extract(
                    array, op["start"], op["max"], op["n"], self._filter(op)
                ),
            )
        ]

    def _op_xa_set_mark(self, op: Op) -> None:
        xarray.xa_set_mark(self.arrays[op["xa"]], op["index"], op["mark"])

    def _op_xa_clear_mark(self, op: Op) -> None:
        xarray.xa_clear_mark(self.arrays[op["xa"]], op["index"], op["mark"])

    def _op_xa_get_mark(self, op: Op) -> bool:
        return xarray.xa_get_mark(self.arrays[op["xa"]], op["index"], op["mark"])

    def _op_xa_marked(self, op: Op) -> bool:
        return xarray.xa_marked(self.arrays[op["xa"]], op["mark"])

    def _op_xa_empty(self, op: Op) -> bool:
        return xarray.xa_empty(self.arrays[op["xa"]])

    def _op_xa_alloc(self, op: Op) -> list[Any]:
        limit = xarray.XaLimit(min=op["min"], max=op["max"])
        entry = self.entry(op["entry"])
        err, found = xarray.xa_alloc(self.arrays[op["xa"]], entry, limit, self._gfp(op))
        return [error_name(err)] if err else [0, found]

    def _op_xa_alloc_cyclic(self, op: Op) -> list[Any]:
        limit = xarray.XaLimit(min=op["min"], max=op["max"])
        entry, next_id = self.entry(op["entry"]), self.next_id[op["xa"]]
        array = self.arrays[op["xa"]]
        ret, found, self.next_id[op["xa"]] = xarray.xa_alloc_cyclic(
            array, entry, limit, next_id, self._gfp(op)
        )
        if ret < 0:
            return [error_name(ret), self.next_id[op["xa"]]]
        return [ret, found, self.next_id[op["xa"]]]

    def _op_xa_set_next(self, op: Op) -> None:
        self.next_id[op["xa"]] = op["next"]

    def _op_xa_destroy(self, op: Op) -> None:
        xarray.xa_destroy(self.arrays[op["xa"]])

    # ---- advanced API ----------------------------------------------------------------------------------

    def _op_xas_init(self, op: Op) -> None:
        array = self.arrays[op["xa"]]
        self.states[op["st"]] = xarray.XA_STATE_ORDER(
            array, op["index"], op.get("order", 0)
        )

    def _op_xas_set(self, op: Op) -> None:
        xarray.xas_set(self.states[op["st"]], op["index"])

    def _op_xas_set_order(self, op: Op) -> None:
        xarray.xas_set_order(self.states[op["st"]], op["index"], op["order"])

    def _op_xas_reset(self, op: Op) -> None:
        xarray.xas_reset(self.states[op["st"]])

    def _op_xas_pause(self, op: Op) -> None:
        xarray.xas_pause(self.states[op["st"]])

    def _op_xas_set_err(self, op: Op) -> None:
        xarray.xas_set_err(self.states[op["st"]], -getattr(errno, op["err"][1:]))

    def _op_xas_set_update(self, op: Op) -> None:
        xarray.xas_set_update(
            self.states[op["st"]], self._note_update if op["on"] else None
        )

    def _note_update(self, node: XaNode) -> None:
        self.updates.append([node.shift, node.offset, node.count, node.nr_values])

    def _op_xas_load(self, op: Op) -> Any:
        return self.token(xarray.xas_load(self.states[op["st"]]))

    def _op_xas_reload(self, op: Op) -> Any:
        return self.token(xarray.xas_reload(self.states[op["st"]]))

    def _op_xas_store(self, op: Op) -> Any:
        return self.token(
            xarray.xas_store(self.states[op["st"]], self.entry(op["entry"]))
        )

    def _op_xas_find(self, op: Op) -> Any:
        return self.token(xarray.xas_find(self.states[op["st"]], op["max"]))

    def _op_xas_next_entry(self, op: Op) -> Any:
        return self.token(xarray.xas_next_entry(self.states[op["st"]], op["max"]))

    def _op_xas_find_marked(self, op: Op) -> Any:
        return self.token(
            xarray.xas_find_marked(self.states[op["st"]], op["max"], op["mark"])
        )

    def _op_xas_next_marked(self, op: Op) -> Any:
        return self.token(
            xarray.xas_next_marked(self.states[op["st"]], op["max"], op["mark"])
        )

    def _op_xas_next(self, op: Op) -> Any:
        return self.token(xarray.xas_next(self.states[op["st"]]))

    def _op_xas_prev(self, op: Op) -> Any:
        return self.token(xarray.xas_prev(self.states[op["st"]]))

    def _op_xas_create_range(self, op: Op) -> None:
        xarray.xas_create_range(self.states[op["st"]])

    def _op_xas_find_conflict(self, op: Op) -> Any:
        return self.token(xarray.xas_find_conflict(self.states[op["st"]]))

    def _op_xas_get_mark(self, op: Op) -> bool:
        return xarray.xas_get_mark(self.states[op["st"]], op["mark"])

    def _op_xas_set_mark(self, op: Op) -> None:
        xarray.xas_set_mark(self.states[op["st"]], op["mark"])

    def _op_xas_clear_mark(self, op: Op) -> None:
        xarray.xas_clear_mark(self.states[op["st"]], op["mark"])

    def _op_xas_init_marks(self, op: Op) -> None:
        xarray.xas_init_marks(self.states[op["st"]])

    def _op_xas_retry(self, op: Op) -> bool:
        return xarray.xas_retry(self.states[op["st"]], self.entry(op["entry"]))

    def _op_xas_error(self, op: Op) -> Any:
        return error_name(xarray.xas_error(self.states[op["st"]]))

    def _op_xas_nomem(self, op: Op) -> bool:
        return xarray.xas_nomem(self.states[op["st"]], self._gfp(op))

    def _op_xas_fill(self, op: Op) -> dict[str, Any]:
        xas, token, step = self.states[op["st"]], op["entry"], op.get("step", 0)
        replaced: list[Any] = []
        done = 0
        for k in range(op["n"]):
            numbered = (
                token if token is None else f"{token[0]}{int(token[1:]) + k * step}"
            )
            old = xarray.xas_store(xas, self.entry(numbered))
            if xarray.xas_error(xas):
                break
            done += 1
            if old is not None:
                replaced.append([k, self.token(old)])
            if op.get("im"):
                xarray.xas_init_marks(xas)
            if k + 1 < op["n"]:
                xarray.xas_next(xas)
        return {"old": replaced, "done": done}

    def _op_xas_for_each(self, op: Op) -> list[Any]:
        xas = self.states[op["st"]]
        hits: list[Any] = []
        entry = xarray.xas_find(xas, op["max"])
        while entry is not None:
            hits.append([xas.xa_index, self.token(entry)])
            if len(hits) == op["limit"]:
                break
            entry = xarray.xas_next_entry(xas, op["max"])
        return hits

    def _op_xas_for_each_marked(self, op: Op) -> list[Any]:
        xas = self.states[op["st"]]
        hits: list[Any] = []
        entry = xarray.xas_find_marked(xas, op["max"], op["mark"])
        while entry is not None:
            hits.append([xas.xa_index, self.token(entry)])
            if len(hits) == op["limit"]:
                break
            entry = xarray.xas_next_marked(xas, op["max"], op["mark"])
        return hits
