"""Counters of the node and events of the whole machine, by their names in /proc/vmstat.

A *node counter* is a gauge: it goes up and down. An *event* only grows.

Models: include/linux/mmzone.h, vm_event_item.h, mm/vmstat.c (v5.3; NR_FILE_THPS and NR_FILE_PMDMAPPED are v5.4's).
Left out: per-CPU deltas, zones, NUMA: one node, exact values.
"""

from __future__ import annotations

from enum import IntEnum

from thpkit.kernel import current
from thpkit.kernel.kobject import KArray, KObject, kstruct, primitive


class NodeStat(IntEnum):
    """Index of a node counter."""

    NR_INACTIVE_ANON = 0
    NR_ACTIVE_ANON = 1
    NR_INACTIVE_FILE = 2
    NR_ACTIVE_FILE = 3
    NR_ANON_MAPPED = 4
    NR_FILE_MAPPED = 5
    NR_FILE_PAGES = 6
    NR_FILE_DIRTY = 7
    NR_SHMEM = 8
    NR_SHMEM_THPS = 9
    NR_SHMEM_PMDMAPPED = 10
    NR_FILE_THPS = 11
    NR_FILE_PMDMAPPED = 12


class VmEvent(IntEnum):
    """Index of an event counter."""

    PGALLOC = 0
    PGFREE = 1
    PGFAULT = 2
    PGMAJFAULT = 3
    THP_FILE_ALLOC = 4
    THP_FILE_MAPPED = 5
    THP_SPLIT_PMD = 6
    THP_SPLIT_PAGE = 7
    THP_SPLIT_PAGE_FAILED = 8
    THP_FAULT_FALLBACK = 9


NR_INACTIVE_ANON = NodeStat.NR_INACTIVE_ANON
NR_ACTIVE_ANON = NodeStat.NR_ACTIVE_ANON
NR_INACTIVE_FILE = NodeStat.NR_INACTIVE_FILE
NR_ACTIVE_FILE = NodeStat.NR_ACTIVE_FILE
NR_ANON_MAPPED = NodeStat.NR_ANON_MAPPED
NR_FILE_MAPPED = NodeStat.NR_FILE_MAPPED
NR_FILE_PAGES = NodeStat.NR_FILE_PAGES
NR_FILE_DIRTY = NodeStat.NR_FILE_DIRTY
NR_SHMEM = NodeStat.NR_SHMEM
NR_SHMEM_THPS = NodeStat.NR_SHMEM_THPS
NR_SHMEM_PMDMAPPED = NodeStat.NR_SHMEM_PMDMAPPED
NR_FILE_THPS = NodeStat.NR_FILE_THPS
NR_FILE_PMDMAPPED = NodeStat.NR_FILE_PMDMAPPED
PGALLOC = VmEvent.PGALLOC
PGFREE = VmEvent.PGFREE
PGFAULT = VmEvent.PGFAULT
PGMAJFAULT = VmEvent.PGMAJFAULT
THP_FILE_ALLOC = VmEvent.THP_FILE_ALLOC
THP_FILE_MAPPED = VmEvent.THP_FILE_MAPPED
THP_SPLIT_PMD = VmEvent.THP_SPLIT_PMD
THP_SPLIT_PAGE = VmEvent.THP_SPLIT_PAGE
THP_SPLIT_PAGE_FAILED = VmEvent.THP_SPLIT_PAGE_FAILED
THP_FAULT_FALLBACK = VmEvent.THP_FAULT_FALLBACK


@kstruct
class VmStat(KObject):
    """All counters of the machine. Page counters are in pages of 4 KiB; the THP counters in huge pages."""

    node: KArray[int]
    """Gauges by :class:`NodeStat`."""
    events: KArray[int]
    """Events by :class:`VmEvent`."""


@primitive
def mod_node_page_state(item: NodeStat, delta: int) -> None:
    """Move a node counter by ``delta``."""
    node = current.kernel.vmstat.node
    node[item] = node[item] + delta


@primitive
def inc_node_page_state(item: NodeStat) -> None:
    """Add one to a node counter."""
    mod_node_page_state(item, 1)


@primitive
def dec_node_page_state(item: NodeStat) -> None:
    """Take one from a node counter."""
    mod_node_page_state(item, -1)


@primitive
def count_vm_events(item: VmEvent, delta: int) -> None:
    """Count ``delta`` events."""
    events = current.kernel.vmstat.events
    events[item] = events[item] + delta


@primitive
def count_vm_event(item: VmEvent) -> None:
    """Count one event."""
    count_vm_events(item, 1)
