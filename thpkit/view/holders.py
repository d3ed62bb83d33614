"""Who holds the references of a page: the cache, page tables, batches, and the code that runs.

Everything is counted from the state itself, and what is left over belongs to local variables. Where nobody is in
sight any more, the rest is a leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from thpkit.kernel import flags, pgtable, units
from thpkit.kernel.init import Kernel
from thpkit.kernel.memory import MmuGather
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import EntryPtr, Level, PageTable
from thpkit.kernel.swap import Pagevec
from thpkit.kernel.xarray import XaNode
from thpkit.trace.cells import Cell
from thpkit.view import subject
from thpkit.view.moment import Moment
from thpkit.view.rows import Role

WITHOUT_REFERENCES: Final = "locked_pvec"
"""The batch of truncation that only remembers which pages it locked."""


class Mapped(NamedTuple):
    """One entry of a page table that maps a page."""

    owner: str
    """The process, or an address space that is being torn down."""
    ptr: EntryPtr
    address: int
    page: Page
    huge: bool


class Holder(NamedTuple):
    """Somebody who holds references."""

    who: str
    number: int
    note: str = ""
    role: Role = Role.PLAIN
    cell: Cell | None = None


# ---- reading state --------------------------------------------------------------------------------------


def mapped(moment: Moment) -> dict[int, list[Mapped]]:
    """Every entry that maps a page, by the frame number of the page's head; processes by pid, then by address."""
    found: dict[int, list[Mapped]] = {}
    for name, _task, mm in subject.address_spaces(moment):
        for each in _below(moment.kernel, name, mm.pgd, 0):
            found.setdefault(subject.head_of(each.page).pfn, []).append(each)
    return found


def _below(kernel: Kernel, owner: str, table: PageTable, base: int) -> Iterator[Mapped]:
    """The entries below one table that map a page."""
    shift = table.level.shift
    for slot, word in enumerate(table.entries):
        if not word:
            continue
        pfn = pgtable.entry_pfn(word)
        address = base + (slot << shift)
        if table.level > Level.PTE and not word & flags.PAGE_PSE:
            lower = dict.get(kernel.zone.tables, pfn)
            if lower is not None:
                yield from _below(kernel, owner, lower, address)
            continue
        page = dict.get(kernel.zone.memmap, pfn)
        if page is not None:
            huge = table.level > Level.PTE
            yield Mapped(owner, EntryPtr(table, slot), address, page, huge)


def cached(kernel: Kernel) -> dict[int, int]:
    """How many slots of all page caches hold sub-pages of each page, by the frame number of its head."""
    found: dict[int, int] = {}
    for inode in dict.values(kernel.inodes):
        if inode.i_mapping is not None:
            for page in pages_below(inode.i_mapping.i_pages.xa_head):
                head = page.compound_head or page
                found[head.pfn] = found.get(head.pfn, 0) + 1
    return found


def pages_below(entry: object) -> Iterator[Page]:
    """The pages in a tree of nodes."""
    if isinstance(entry, Page):
        yield entry
    elif isinstance(entry, XaNode):
        for each in entry.slots:
            if type(each) is Page:
                yield each
            elif each is not None:
                yield from pages_below(each)


# ---- dividing the references of one page ------------------------------------------------------------------


def holders(
    moment: Moment, head: Page, mappings: list[Mapped], slots: int
) -> list[Holder]:
    """Who holds the references of a page; the counts add up to its reference count, always.

    Batches that are being emptied keep their pages while the references go, so they get what is left at most.
    """
    found = [*_cache(moment, head, slots), *_mappings(mappings)]
    left = head._refcount - sum(each.number for each in found)
    for who, pages, note in _batches(moment):
        count = sum(1 for page in pages if subject.head_of(page) is head)
        if count:
            given = max(min(count, left), 0)
            dropped = f"{count - given} of {count} dropped already"
            found.append(Holder(who, given, dropped if given < count else note))
            left -= given
    empty = _empty_slots(moment, head, slots)
    if empty and left >= empty:
        found.append(empty_slots_of(moment, empty))
        left -= empty
    if left:
        found.append(_rest(moment, head, left))
    return found


def _cache(moment: Moment, head: Page, slots: int) -> list[Holder]:
    """The references of the page cache, one for each slot."""
    if not slots:
        return []
    mapping = subject.mapping_in(moment, head)
    where = "" if mapping is None else f"one for each slot of {mapping.i_pages}"
    if slots == 1 and mapping is not None:
        where = f"its slot of {mapping.i_pages}"
    return [Holder("page cache", slots, where)]


def _mappings(mappings: list[Mapped]) -> list[Holder]:
    """The references of page tables: a row for each huge entry, and one for the small entries of each process."""
    found: list[Holder] = []
    small: dict[str, list[Mapped]] = {}
    for each in mappings:
        if each.huge:
            where = f"{each.ptr} at {each.address:#x}"
            cell = Cell(each.ptr.table.entries, each.ptr.slot)
            found.append(Holder(f"PMD of {each.owner}", 1, where, cell=cell))
        else:
            small.setdefault(each.owner, []).append(each)
    for name, entries in small.items():
        first = entries[0]
        cell = Cell(first.ptr.table.entries, first.ptr.slot)
        word = "PTE" if len(entries) == 1 else "PTEs"
        where = f"from {first.ptr} at {first.address:#x}"
        found.append(Holder(f"{word} of {name}", len(entries), where, cell=cell))
    return found


def _batches(moment: Moment) -> Iterator[tuple[str, list[Page], str]]:
    """Batches that hold references: name, pages, and what they are for."""
    pvec = moment.kernel.lruvec.add_pvec
    yield "LRU batch", list(pvec.pages.values()), "waits to join its list"
    seen = {id(pvec)}
    for known in moment.locals:
        for value in known.values():
            if id(value) in seen:
                continue
            if isinstance(value, MmuGather):
                yield "gather", value.pages.values(), "dropped after the TLB flush"
            elif isinstance(value, Pagevec) and value.kname != WITHOUT_REFERENCES:
                yield f"batch {value}", value.pages.values(), "found by the look-up"
            seen.add(id(value))


def _empty_slots(moment: Moment, head: Page, slots: int) -> int:
    """Slots of a huge page that hold nothing while references for them exist: it is being inserted, or removed."""
    if not head.flags >> flags.PG_head & 1 or not moment.in_kernel:
        return 0
    return max(units.HPAGE_PMD_NR - slots, 0)


def empty_slots_of(moment: Moment, empty: int) -> Holder:
    """References of the cache for slots that are still empty, or empty already."""
    names = [level.frame.function.name for level in moment.stack]
    removing = any("delete" in name or "free_page" in name for name in names)
    if removing:
        return Holder("emptied slots", empty, "the page cache's, about to be dropped")
    return Holder("slots to fill", empty, "the page cache's, taken in advance")


def _rest(moment: Moment, head: Page, left: int) -> Holder:
    """The references that nothing in the state accounts for: local variables, or nobody."""
    if left < 0:
        return Holder("too few", left, "holders without a reference", Role.BAD)
    if not moment.in_kernel:
        return Holder("nobody", left, "no holder in sight: leaked", Role.BAD)
    return Holder("running code", left, ", ".join(_variables(moment, head)))


def _variables(moment: Moment, head: Page) -> list[str]:
    """The variable that holds the page, in the outermost function that has one; a fault's block if nothing else."""
    found: list[str] = []
    for level, known in zip(
        reversed(moment.stack), reversed(moment.locals), strict=True
    ):
        for name, value in known.items():
            if isinstance(value, (Pagevec, MmuGather)):
                continue
            if any(subject.head_of(page) is head for page in subject.pages_in(value)):
                where = f"{name} in {level.frame.function.name}"
                if isinstance(value, Page):
                    return [where]
                found.append(where)
    return found[:1]
