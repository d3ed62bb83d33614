"""What a step is about: the file, the address and the pages that a reader wants to see beside it.

The local variables of the running code decide, the innermost frame first; then those that the system call had at any
time; then the calls before. So the answer is a function of the recording and the step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from thpkit.kernel import units
from thpkit.kernel.flags import PG_head
from thpkit.kernel.fs import AddressSpace, File, Inode
from thpkit.kernel.memory import MmuGather
from thpkit.kernel.mm_types import MmStruct, VmArea, VmFaultInfo
from thpkit.kernel.page import Page, Poison
from thpkit.kernel.sched import Task
from thpkit.kernel.swap import Pagevec
from thpkit.kernel.xarray import XArray, XaState
from thpkit.trace import sections
from thpkit.trace.sections import Section
from thpkit.view.moment import Moment

ADDRESS_NAMES: Final = ("address", "addr", "haddr", "start", "result")
"""Local variables that hold a user address, the most telling first."""


class Place(NamedTuple):
    """An address of a process."""

    mm: MmStruct
    address: int


# ---- files ----------------------------------------------------------------------------------------------


def mapping_of(moment: Moment) -> AddressSpace | None:
    """The page cache that this step is about; None if there is no file at all."""
    for known in moment.locals:
        for value in known.values():
            mapping = mapping_in(moment, value)
            if mapping is not None:
                return mapping
    for section in _sections_back(moment):
        found = _file_in(moment, section)
        mapping = mapping_in(moment, found)
        if mapping is not None:
            return mapping
    inodes = moment.kernel.inodes.values()
    return inodes[0].i_mapping if inodes else None


def mapping_in(moment: Moment, value: object) -> AddressSpace | None:
    """The page cache that a value leads to."""
    if isinstance(value, AddressSpace):
        return value
    if isinstance(value, XaState):
        return mapping_of_xarray(moment, value.xa)
    if isinstance(value, XArray):
        return mapping_of_xarray(moment, value)
    if isinstance(value, File):
        return value.f_mapping
    if isinstance(value, Inode):
        return value.i_mapping
    if isinstance(value, VmFaultInfo):
        value = value.vma
    if isinstance(value, VmArea):
        return None if value.vm_file is None else value.vm_file.f_mapping
    if isinstance(value, Page):
        mapping = head_of(value).mapping
        return None if isinstance(mapping, Poison) else mapping
    return None


def mapping_of_xarray(moment: Moment, xa: XArray) -> AddressSpace | None:
    """The page cache whose i_pages an array is."""
    for inode in dict.values(moment.kernel.inodes):
        if inode.i_mapping is not None and inode.i_mapping.i_pages is xa:
            return inode.i_mapping
    return None


def path_of(moment: Moment, inode: Inode) -> str:
    """The path of a file; its inode's name if it has none."""
    return next(
        (path for path, each in moment.kernel.inodes.items() if each is inode),
        inode.kname,
    )


def _sections_back(moment: Moment) -> Iterator[Section]:
    """The section of this step, then those that began before it, the latest first."""
    if moment.section is not None:
        yield moment.section
        for section in reversed(sections.sections(moment.timeline)):
            if section.first < moment.section.first:
                yield section


def _file_in(moment: Moment, section: Section) -> object:
    """The first file, inode or address space that any local variable of a section ever held."""

    def look() -> object:
        for frame in moment.timeline.tape.frames[section.frame.index :]:
            if frame.first_step > section.last:
                return None
            for value in frame.log:
                if isinstance(value, (AddressSpace, File, Inode)):
                    return value
        return None

    return moment.timeline.memo(f"file of the call at {section.first}", look)


# ---- addresses ------------------------------------------------------------------------------------------


def place_of(moment: Moment) -> Place | None:
    """The address that this step is about; None if no process has a mapping."""
    for level, known in enumerate(moment.locals):
        address = _address_in(known)
        if address is not None:
            mm = next(
                (each for each in map(_mm_in, moment.locals[level:]) if each), None
            )
            mm = mm or moment.kernel.cpu.task.mm
            return None if mm is None else Place(mm, address)
    task = moment.kernel.cpu.task
    tasks = [task, *moment.kernel.tasks.values()]
    section = moment.section
    if section is not None and task.mm is not None:
        until = min(moment.n, section.last)
        known = moment.timeline.locals_of(section.frame, until)
        address = _address_in(known)
        if address is not None:
            return Place(task.mm, address)
    for each in tasks:
        if each.mm is not None and each.mm.mmap is not None:
            return Place(each.mm, each.mm.mmap.vm_start)
    return None


def _address_in(known: dict[str, Any]) -> int | None:
    """A user address among local variables."""
    for value in known.values():
        if isinstance(value, VmFaultInfo):
            return value.address
    for name in ADDRESS_NAMES:
        value = known.get(name)
        if isinstance(value, int) and units.MMAP_MIN_ADDR <= value <= units.TASK_SIZE:
            return value
    return None


def _mm_in(known: dict[str, Any]) -> MmStruct | None:
    """An address space among local variables."""
    for value in known.values():
        if isinstance(value, MmStruct):
            return value
        if isinstance(value, VmFaultInfo):
            return value.vma.vm_mm
        if isinstance(value, VmArea):
            return value.vm_mm
        if isinstance(value, MmuGather):
            return value.mm
    return None


def task_of(moment: Moment, mm: MmStruct) -> Task | None:
    """The process that has an address space."""
    return next((task for task in moment.kernel.tasks.values() if task.mm is mm), None)


class Owned(NamedTuple):
    """An address space and who has it."""

    name: str
    task: Task | None
    """None while the task is exiting, and has let go of it."""
    mm: MmStruct


def address_spaces(moment: Moment) -> list[Owned]:
    """Every address space: those of tasks by pid, then one that is being torn down."""
    found = [
        Owned(task.kname, task, task.mm)
        for task in moment.kernel.tasks.values()
        if task.mm is not None
    ]
    for mm in filter(None, map(_mm_in, moment.locals)):
        if all(each.mm is not mm for each in found):
            found.append(Owned(mm.kname, None, mm))
    return found


# ---- pages ----------------------------------------------------------------------------------------------


def head_of(page: Page) -> Page:
    """The head of a page, or the page itself."""
    return page if page.compound_head is None else page.compound_head


def pages_in(value: object) -> Iterator[Page]:
    """The pages that a local variable holds, directly or in a batch."""
    if isinstance(value, Page):
        yield value
    elif isinstance(value, VmFaultInfo):
        if value.page is not None:
            yield value.page
        if value.cow_page is not None:
            yield value.cow_page
    elif isinstance(value, (Pagevec, MmuGather)):
        yield from dict.values(value.pages)


def owner_of(moment: Moment, page: Page) -> Page:
    """The head of a page, also while a huge page is being made of it or taken apart: then its name still tells."""
    head = head_of(page)
    name, plus, offset = head.kname.partition("+")
    if not plus:
        return head
    former = moment.kernel.zone.memmap.get(units.Pfn(head.pfn - int(offset)))
    if former is None or former.kname != name or not former.flags >> PG_head & 1:
        return head
    return former


def local_heads(moment: Moment) -> dict[int, Page]:
    """The heads of all pages that local variables hold, by frame number."""
    found: dict[int, Page] = {}
    for known in moment.locals:
        for value in known.values():
            for page in pages_in(value):
                head = owner_of(moment, page)
                found[head.pfn] = head
    return found


def changed_heads(moment: Moment) -> dict[int, Page]:
    """The heads of pages that the last step changed, by frame number."""
    found: dict[int, Page] = {}
    for write in moment.writes:
        if isinstance(write.target, Page):
            head = owner_of(moment, write.target)
            found[head.pfn] = head
    return found
