"""Address spaces: every mapping of every process, with rights, file offset, and whether huge pages can fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from thpkit.kernel import units
from thpkit.kernel.mm_types import MmCounter, MmStruct, VmArea
from thpkit.kernel.sched import Task
from thpkit.view import subject, values
from thpkit.view.layout import fact, flow, state_pane
from thpkit.view.moment import Lens, Moment, view
from thpkit.view.rows import Rendered, Role, Row, row

MOST: Final = 64
"""Mappings that are shown of one process."""


@view
def render(moment: Moment, width: int, height: int | None) -> Rendered:
    """Processes by pid, mappings by address."""
    rows: list[Row] = []
    focus = 0
    place = subject.place_of(moment)
    for name, task, mm in subject.address_spaces(moment):
        if place is not None and mm is place.mm:
            focus = len(rows)
        rows += process_rows(name, task, mm, moment.lens, width - 2)
        for count, vma in enumerate(mappings_of(mm)):
            if count == MOST:
                more = f"  {mm.map_count - MOST} more mappings"
                rows.append(row((more, Role.DIM)))
                break
            inside = place is not None and place.mm is mm
            if inside and place and vma.vm_start <= place.address < vma.vm_end:
                focus = len(rows)
            rows += vma_rows(moment, vma, width - 2)
        rows.append(())
    if not rows:
        rows.append(row(("no process", Role.DIM)))
    return state_pane(rows, moment.glyphs, focus)


def mappings_of(mm: MmStruct) -> Iterator[VmArea]:
    """The mappings of an address space by address."""
    vma = mm.mmap
    while vma is not None:
        yield vma
        vma = vma.vm_next


def process_rows(
    name: str, task: Task | None, mm: MmStruct, lens: Lens, width: int
) -> list[Row]:
    """A process: what it has mapped and resident, its page tables, its faults."""
    pid = "being torn down" if task is None else f"pid {task.pid}"
    first = row((name, Role.HEADING), (f"  {pid}", Role.DIM))
    rss = [_rss(mm, which, lens) for which in MmCounter]
    tables = f"{mm.pgtables_bytes} bytes"
    change = lens.change(mm, "pgtables_bytes")
    if change is not None:
        tables += f" (was {change.old})"
    facts = [
        fact("mappings", lens.value(mm, "map_count")),
        fact("total_vm", lens.value(mm, "total_vm")),
        *(each for each in rss if each),
        fact("page tables", lens.show(mm, "pgtables_bytes", tables)),
        fact("mmap_base", values.address(mm.mmap_base)),
    ]
    if task is not None:
        facts += [fact(key, lens.value(task, key)) for key in ("maj_flt", "min_flt")]
    return flow(facts, width, first=first, hang=4)


def _rss(mm: MmStruct, which: MmCounter, lens: Lens) -> Row:
    """One resident counter; nothing if it is zero and not the file one."""
    count = mm.rss_stat[which]
    change = lens.change(mm.rss_stat, which.value)
    if not count and change is None and which is not MmCounter.MM_FILEPAGES:
        return ()
    was = "" if change is None else f" (was {change.old})"
    return fact(which.name, lens.show(mm.rss_stat, which.value, f"{count}{was}"))


def vma_rows(moment: Moment, vma: VmArea, width: int) -> list[Row]:
    """One mapping."""
    lens = moment.lens
    length = vma.vm_end - vma.vm_start
    rights = values.vma_rights(vma.vm_flags)
    facts = [
        row(
            (f"  {vma.kname}  ", Role.LINK),
            lens.show(vma, "vm_start", values.address(vma.vm_start)),
            lens.glyphs.dash,
            lens.show(vma, "vm_end", values.address(vma.vm_end)),
        ),
        row((values.size(length), Role.DIM)),
        row(lens.show(vma, "vm_flags", rights, Role.FLAG)),
        fact("may", lens.show(vma, "vm_flags", values.vma_may(vma.vm_flags))),
    ]
    other = values.other_vm_flags(vma.vm_flags)
    if other:
        facts.append(row((other, Role.FLAG)))
    if vma.vm_file is None:
        facts.append(row(lens.show(vma, "vm_file", "anonymous", Role.DIM)))
    else:
        path = subject.path_of(moment, vma.vm_file.f_inode)
        facts.append(row(lens.show(vma, "vm_file", path, Role.LINK)))
        facts.append(fact("pgoff", lens.value(vma, "vm_pgoff")))
        facts.append(congruence(vma))
    if vma.anon_vma or lens.change(vma, "anon_vma"):
        facts.append(row(lens.show(vma, "anon_vma", "has private copies")))
    return flow(facts, width, hang=6)


def congruence(vma: VmArea) -> Row:
    """Whether address and file offset agree modulo a huge page, with both numbers."""
    mask = units.HPAGE_CACHE_INDEX_MASK
    page = (vma.vm_start >> units.PAGE_SHIFT) & mask
    offset = vma.vm_pgoff & mask
    if page != offset:
        text = f"not congruent: {page} and {offset} modulo {mask + 1}"
        return row((text, Role.DIM))
    start = -(-vma.vm_start // units.HPAGE_PMD_SIZE)
    blocks = vma.vm_end // units.HPAGE_PMD_SIZE - start
    text = f"congruent modulo {mask + 1}, "
    return row((text, Role.DIM), f"{values.count_of(max(blocks, 0), 'huge block')}")
