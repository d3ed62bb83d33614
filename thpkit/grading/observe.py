"""What can be seen of a machine between two calls: the data that a worker returns and a judge compares.

It is a flat list of paths and values. A path is a cell's name where the value is one cell (``page#1._refcount``), so
that the stepper can show it; sub-pages of a huge page that agree are counted together. Only exact numbers and texts
are returned: whatever else stands where a number belongs is named, not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, TypeAlias

from thpkit.checks import census
from thpkit.kernel import flags, pgtable
from thpkit.kernel import page as page_h
from thpkit.kernel.fs import AddressSpace, Inode
from thpkit.kernel.init import Kernel, running
from thpkit.kernel.mm_types import MmCounter, MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import Level, PageTable
from thpkit.kernel.sched import Task
from thpkit.kernel.vmstat import NodeStat, VmEvent

Plain: TypeAlias = int | str | None
Runs: TypeAlias = list[list[int | Plain]]
"""Values of consecutive sub-pages: how many times, and what."""
Value: TypeAlias = Plain | Runs

WORD: Final = 1 << 64
"""No number in a kernel is as large as this."""

Pairs: TypeAlias = Iterator[tuple[str, Value]]


def observe(kernel: Kernel) -> dict[str, Value]:
    """Everything that can be seen now: path → value, counters first."""
    with running(kernel):
        seen: dict[str, Value] = {}
        for part in (_counters, _processes, _files, _pages):
            seen.update(part(kernel))
        return seen


def plain(value: object) -> Plain:
    """``value`` if it is exactly a number, a text or nothing; else a text that says what it is."""
    if value is None or type(value) is str:
        return value
    if type(value) is int:
        return value if abs(value) < WORD else f"a number of {value.bit_length()} bits"
    if type(value) is bool:
        return str(value)
    if isinstance(value, (int, str, tuple)) and type(value).__module__.startswith(
        "thpkit."
    ):
        return getattr(value, "name", None) or repr(value)
    return f"a {type(value).__qualname__}"


def returned(value: object) -> Plain:
    """What a call returned; a list as a text, like values counted together: ``2 x Block(...), 510 x False``."""
    if type(value) is not list:
        return plain(value)
    return ", ".join(
        f"{count} x {each}" if count != 1 else str(each) for count, each in runs(value)
    )


def _counters(kernel: Kernel) -> Pairs:
    for stat in NodeStat:
        yield f"vmstat.node[{stat.name}]", plain(kernel.vmstat.node[stat])
    for event in VmEvent:
        yield f"vmstat.events[{event.name}]", plain(kernel.vmstat.events[event])
    yield "memcg.charged", plain(kernel.memcg.charged)
    yield "kernel.xa_nodes", plain(kernel.xa_nodes)
    for number, report in kernel.splats.items():
        yield f"kernel.splats[{number}]", f"{report.rule}: {report.sentence}"


def _processes(kernel: Kernel) -> Pairs:
    for task in kernel.tasks.values():
        yield from _process(task)
        if task.mm is not None:
            yield from _address_space(task.mm)


def _process(task: Task) -> Pairs:
    yield f"{task.kname}.min_flt", plain(task.min_flt)
    yield f"{task.kname}.maj_flt", plain(task.maj_flt)
    yield f"{task.kname}.lockdep_depth", plain(task.lockdep_depth)


def _address_space(mm: MmStruct) -> Pairs:
    for member in MmCounter:
        yield f"{mm.kname}.rss_stat[{member.name}]", plain(mm.rss_stat[member])
    yield f"{mm.kname}.pgtables_bytes", plain(mm.pgtables_bytes)
    yield f"{mm.kname}.map_count", plain(mm.map_count)
    yield f"{mm.kname}.total_vm", plain(mm.total_vm)
    yield from _leaves(mm, mm.pgd, 0)


def _leaves(mm: MmStruct, table: PageTable, base: int) -> Pairs:
    """Every entry that maps a page."""
    for index, word in enumerate(table.entries):
        if not word:
            continue
        address = base + (index << table.level.shift)
        if table.level == Level.PTE or word & flags.PAGE_PSE:
            rights = "".join(
                letter
                for letter, on in (
                    ("w", word & flags.PAGE_RW),
                    ("x", not word & flags.PAGE_NX),
                    ("d", word & flags.PAGE_DIRTY),
                )
                if on
            )
            size = "2 MiB" if table.level == Level.PMD else "4 KiB"
            page = pgtable.entry_page(word).kname
            yield f"{mm.kname} at {address:#x}", f"{size} of {page}, r{rights}"
        else:
            yield from _leaves(mm, pgtable.entry_table(word), address)


def _files(kernel: Kernel) -> Pairs:
    for inode in kernel.inodes.values():
        yield f"{inode.kname}.i_size", plain(inode.i_size)
        yield f"{inode.kname}.i_writecount", plain(inode.i_writecount)
        if inode.i_mapping is not None:
            yield from _cache(inode, inode.i_mapping)


def _cache(inode: Inode, mapping: AddressSpace) -> Pairs:
    yield f"{mapping.kname}.nrpages", plain(mapping.nrpages)
    yield f"{mapping.kname}.nrexceptional", plain(mapping.nrexceptional)
    yield f"{mapping.kname}.nr_thps", plain(mapping.nr_thps)
    pages = census.cached_pages(mapping)
    for _, group in groupby(pages, key=lambda each: each[0] - each[1].pfn):
        run = list(group)
        first, page = run[0]
        yield (
            f"{mapping.kname} from index {first}",
            f"{len(run)} pages from {page.kname}",
        )


def _pages(kernel: Kernel) -> Pairs:
    for head in census.live_heads(kernel):
        yield from _page(kernel, head)


def _page(kernel: Kernel, head: Page) -> Pairs:
    name = head.kname
    group = census.sub_pages(kernel, head)
    yield f"{name}._refcount", plain(head._refcount)
    if len(group) > 1:
        yield f"{group[1].kname}.compound_mapcount", plain(group[1].compound_mapcount)
    yield f"{name}._mapcount", runs(each._mapcount for each in group)
    yield f"{name}.flags", runs(_flag_names(each) for each in group)
    owner = page_h.page_mapping(head)
    yield f"{name}.mapping", None if owner is None else owner.kname
    yield f"{name}.index", plain(head.index)
    yield f"{name}.content", runs(plain(each.content) for each in group[:1])
    charged = head.mem_cgroup
    yield f"{name}.mem_cgroup", None if charged is None else charged.kname


def _flag_names(page: Page) -> str:
    word = page.flags
    if type(word) is not int:
        return f"a {type(word).__qualname__}"
    return _names_of(word)


@lru_cache(maxsize=1 << 10)
def _names_of(word: int) -> str:
    """The names of the flags in a word; thousands of pages have the same few."""
    return "|".join(flags.page_flag_names(word)) or "none"


def runs(values: Iterable[object]) -> Runs:
    """Consecutive equal values counted together."""
    found: Runs = []
    for value in map(plain, values):
        if found and found[-1][1] == value and type(found[-1][1]) is type(value):
            count = found[-1][0]
            assert isinstance(count, int)
            found[-1][0] = count + 1
        else:
            found.append([1, value])
    return found
