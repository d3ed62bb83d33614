"""The walk from the top-level page table to the address in question, and what the last table on the way holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from thpkit.kernel import flags, mmap, pgtable, units
from thpkit.kernel.init import Kernel
from thpkit.kernel.mm_types import MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import EntryPtr, Level, PageTable
from thpkit.kernel.units import VirtAddr
from thpkit.view import subject, values
from thpkit.view.layout import fact, flow, span_of_range, state_pane
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, row

MOST: Final = 24
"""Runs of entries that are shown of one table."""


class Run(NamedTuple):
    """Neighbouring entries of a table that map neighbouring pages with the same bits, or nothing."""

    first: int
    last: int


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """PGD, PUD, PMD, PTE: the entries of the address, then the last table in runs."""
    place = subject.place_of(moment)
    if place is None:
        return state_pane([row(("no process has a mapping", Role.DIM))], moment.glyphs)
    room = width - 2
    rows = header(moment, place, room)
    top = len(rows)
    path = pgtable.walk(place.mm, VirtAddr(place.address))
    for ptr in path:
        rows += entry_rows(moment, ptr, room)
    rows += _missing(path)
    rows += conclusion(moment, place.address, path[-1], room)
    rows.append(())
    rows += table_rows(moment, path[-1].table, place.address, room)
    return state_pane(rows, moment.glyphs, top + len(path) - 1)


def header(moment: Moment, place: subject.Place, width: int) -> list[Row]:
    """Whose address it is, how it divides, and the mapping it lies in."""
    address = VirtAddr(place.address)
    task = subject.task_of(moment, place.mm)
    name = place.mm.kname if task is None else task.kname
    first = row((f"{name}  {values.address(address)}", Role.HEADING))
    indices = (
        f"PGD {units.pgd_index(address)}  PUD {units.pud_index(address)}  "
        f"PMD {units.pmd_index(address)}  PTE {units.pte_index(address)}"
    )
    return flow([row((indices, Role.DIM)), _vma(place.mm, address)], width, first=first)


def _vma(mm: MmStruct, address: VirtAddr) -> Row:
    """The mapping that the address lies in."""
    vma = mmap.find_vma(mm, address)
    if vma is None or address < vma.vm_start:
        return row(("in no mapping", Role.DIM))
    return fact("in", f"{vma} {values.vma_rights(vma.vm_flags)}")


def entry_rows(moment: Moment, ptr: EntryPtr, width: int) -> list[Row]:
    """One entry: which, what it names, its bits."""
    lens = moment.lens
    word = pgtable.entry_val(ptr)
    first = row((f"{ptr.table.level.name}  ", Role.KEYWORD), f"{ptr}  ")
    change = lens.change(ptr.table.entries, ptr.slot)
    was = ""
    if change is not None and isinstance(change.old, int):
        was = f" (was {target_text(moment.kernel, ptr.table, change.old)})"
    text = target_text(moment.kernel, ptr.table, word)
    role = Role.LINK if word else Role.DIM
    if word:
        text = f"{lens.glyphs.arrow} {text}"
    facts = [row(lens.show(ptr.table.entries, ptr.slot, text + was, role))]
    if word:
        facts.append(row((values.entry_flags(word), Role.FLAG)))
    return flow(facts, width, first=first, hang=5)


def target_text(kernel: Kernel, table: PageTable, word: int) -> str:
    """What an entry names: a page, the next table, or nothing."""
    if not word:
        return "none"
    pfn = pgtable.entry_pfn(word)
    if table.level > Level.PTE and not word & flags.PAGE_PSE:
        lower = dict.get(kernel.zone.tables, pfn)
        return f"pfn {pfn:#x}, no table" if lower is None else lower.kname
    page = dict.get(kernel.zone.memmap, pfn)
    text = f"pfn {pfn:#x}" if page is None else page.kname
    return f"huge {text}" if word & flags.PAGE_PSE else text


def _missing(path: Sequence[EntryPtr]) -> list[Row]:
    """The levels that the walk does not reach."""
    rows = []
    last = path[-1]
    huge = bool(pgtable.entry_val(last) & flags.PAGE_PSE)
    for level in range(last.table.level - 1, Level.PTE - 1, -1):
        why = "not needed: the PMD is huge" if huge else "no table"
        rows.append(row((f"{Level(level).name}  {why}", Role.DIM)))
    return rows


def conclusion(moment: Moment, address: int, last: EntryPtr, width: int) -> list[Row]:
    """What the CPU finds at the address."""
    word = pgtable.entry_val(last)
    if not word & flags.PAGE_PRESENT:
        text = f"an access faults: {last.table.level.name} none"
        return flow([row((text, Role.DIM))], width)
    shift = last.table.level.shift
    offset = (address & ((1 << shift) - 1)) >> units.PAGE_SHIFT
    pfn = pgtable.entry_pfn(word) + offset
    page = dict.get(moment.kernel.zone.memmap, units.Pfn(pfn))
    name = f"pfn {pfn:#x}" if page is None else page.kname
    facts = [row(("the CPU finds ", Role.DIM), (name, Role.LINK))]
    facts.append(row((values.rights(word), Role.FLAG)))
    start = address >> shift << shift
    end = start + (1 << shift)
    span = f"{values.address(start)}{moment.glyphs.dash}{values.address(end)}"
    facts.append(fact("one entry maps", span))
    return flow(facts, width)


# ---- a whole table ----------------------------------------------------------------------------------------


def table_rows(moment: Moment, table: PageTable, address: int, width: int) -> list[Row]:
    """The entries of a table in runs."""
    lens = moment.lens
    used = sum(1 for word in table.entries if word)
    title = f"{table.kname}  {used} of {len(table.entries)} entries in use"
    rows = [row((title, Role.DIM))]
    runs = [
        run
        for run in runs_of(table)
        if table.entries[run.first] or _new(run, table, lens)
    ]
    for run in runs[:MOST]:
        rows += flow([run_row(moment, table, run)], width, hang=4)
    if len(runs) > MOST:
        rows.append(row((f"  {len(runs) - MOST} more runs", Role.DIM)))
    return rows


def _new(run: Run, table: PageTable, lens: Lens) -> bool:
    """Whether the last step changed an entry of a run."""
    return any(lens.change(table.entries, at) for at in range(run.first, run.last + 1))


def runs_of(table: PageTable) -> list[Run]:
    """The entries of a table in runs."""
    step = (1 << table.level.shift) if table.level <= Level.PMD else 0

    def goes_on(word: Any, first: Any, distance: int) -> bool:
        if not word or not first:
            return bool(word == first)
        mapping = table.level is Level.PTE or first & flags.PAGE_PSE
        return bool(mapping and word == first + distance * step)

    return [Run(*each) for each in values.runs(table.entries, goes_on)]


def run_row(moment: Moment, table: PageTable, run: Run) -> Row:
    """One run of entries."""
    lens = moment.lens
    slots = range(run.first, run.last + 1)
    key = next((at for at in slots if lens.change(table.entries, at)), run.first)
    word = table.entries[run.first]
    text = target_text(moment.kernel, table, word)
    page = dict.get(moment.kernel.zone.memmap, pgtable.entry_pfn(word))
    if isinstance(page, Page) and table.level is Level.PTE and len(slots) > 1:
        last = target_text(moment.kernel, table, table.entries[run.last])
        text = f"{text} {lens.glyphs.ellipsis} {last}"
    label = f"  [{span_of_range(run.first, run.last, lens.glyphs)}] "
    bits = f"  {values.entry_flags(word)}" if word else ""
    role = Role.LINK if word else Role.DIM
    return row(
        (label, Role.DIM), lens.show(table.entries, key, text, role), (bits, Role.FLAG)
    )
