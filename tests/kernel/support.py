"""What the kernel tests share: a scene with one file and two processes, and everything that counts, by name.

Tests run in both geometries where the numbers scale; they take page, block and count from the scene, never from a
constant. Expected numbers come from FACTS and CORRECTIONS, which each test cites.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from thpkit.checks import broken
from thpkit.kernel import current, flags, pgtable, units, xarray
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.fs import AddressSpace, Inode
from thpkit.kernel.machine import Machine, Process
from thpkit.kernel.mm_types import MmCounter, VmArea, VmFaultInfo
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config
from thpkit.kernel.units import REAL, Geometry, Pgoff, VirtAddr
from thpkit.kernel.variant import REF, Variant
from thpkit.kernel.xarray import XaNode

RX = Prot.READ | Prot.EXEC
RW = Prot.READ | Prot.WRITE
PATH = "/file"


class Scene:
    """One machine, one file on the huge-page file system (unless told otherwise), processes A and B."""

    def __init__(
        self,
        geometry: Geometry = REAL,
        *,
        blocks: int = 2,
        huge: bool = True,
        size: int | None = None,
        config: Config | None = None,
        variant: Variant = REF,
    ) -> None:
        self.machine = Machine(variant, config or Config(geometry=geometry))
        with self.machine.installed():
            self.page = units.PAGE_SIZE
            self.nr = units.HPAGE_PMD_NR
            self.block = units.HPAGE_PMD_SIZE
            self.window = units.FAULT_AROUND_BYTES // units.PAGE_SIZE
            self.chunk = units.XA_CHUNK_SIZE
            self.batch = units.PAGEVEC_SIZE
        length = blocks * self.block if size is None else size
        self.inode: Inode = self.machine.create(PATH, length, huge=huge)
        self.length = length
        self.a = self.machine.spawn("A")
        self.b = self.machine.spawn("B")

    # ---- acting ---------------------------------------------------------------------------------------

    def map(
        self,
        who: Process,
        prot: Prot = RX,
        kind: MapFlags = MapFlags.PRIVATE,
        *,
        length: int | None = None,
        offset: int = 0,
        addr: int = 0,
        mode: OpenFlags = OpenFlags.RDONLY,
    ) -> int:
        """Open the file, map it (whole unless told otherwise), and return the address."""
        fd = who.open(PATH, mode)
        assert fd >= 0
        start = who.mmap(length or self.length, prot, kind, fd, offset, addr)
        assert start > 0
        return start

    def aligned(self, who: Process, prot: Prot = RX) -> int:
        """Map the whole file at a block boundary, whatever its file system."""
        with self.machine.installed():
            top = units.round_down(who.mm.mmap_base, self.block)
        addr = top - 2 * self.block - self.length // self.block * self.block
        flags = MapFlags.PRIVATE | MapFlags.FIXED
        assert self.map(who, prot, flags, addr=addr) == addr
        return addr

    def misaligned(self, who: Process, prot: Prot = RX) -> int:
        """Map the whole file where no huge page fits: one page above a block boundary."""
        with self.machine.installed():
            top = units.round_down(who.mm.mmap_base, self.block)
        addr = top - 2 * self.block - self.length + self.page
        flags = MapFlags.PRIVATE | MapFlags.FIXED
        assert self.map(who, prot, flags, addr=addr) == addr
        return addr

    def touch(
        self, who: Process, start: int, index: int, access: Access = Access.READ
    ) -> object:
        """Access page ``index`` of a mapping of the whole file that begins at ``start``."""
        return who.touch(start + index * self.page, access)

    def meanwhile(
        self,
        function: Callable[..., object],
        call: Callable[[], object],
        *,
        visit: int = 1,
    ) -> None:
        """Let somebody else act, on a CPU of his own, right before a call of ``function``: the next, or the n-th."""

        def act(machine: Machine) -> None:
            call()

        self.machine.interrupt(function, visit, act)

    # ---- looking --------------------------------------------------------------------------------------

    @property
    def mapping(self) -> AddressSpace:
        assert self.inode.i_mapping is not None
        return self.inode.i_mapping

    def entry(self, index: int) -> object:
        """What stands at ``index`` of the file's page cache."""
        with self.machine.installed():
            return xarray.xa_load(self.mapping.i_pages, index)

    def cached(self, index: int) -> Page:
        """The page at ``index``, which must be there."""
        page = self.entry(index)
        assert isinstance(page, Page)
        return page

    def maps(self, head: Page) -> tuple[int, set[int]]:
        """compound_mapcount of a huge page, and the different _mapcounts of its sub-pages, as FACTS prints them."""
        with self.machine.installed():
            sub = {page_h.nth_page(head, i)._mapcount for i in range(self.nr)}
            return page_h.nth_page(head, 1).compound_mapcount, sub

    def total_mapcount(self, head: Page) -> int:
        with self.machine.installed():
            return page_h.total_mapcount(head)

    def word(self, who: Process, addr: int) -> int:
        """The last entry word on the way to an address: a PTE, a huge PMD, or 0."""
        with self.machine.installed():
            return pgtable.entry_val(pgtable.walk(who.mm, VirtAddr(addr))[-1])

    def level(self, who: Process, addr: int) -> str:
        """Name of the last table on the way to an address."""
        with self.machine.installed():
            return pgtable.walk(who.mm, VirtAddr(addr))[-1].table.level.name

    def huge_at(self, who: Process, addr: int) -> bool:
        return bool(self.word(who, addr) & flags.PAGE_PSE)

    def mapped_indices(self, who: Process, start: int) -> list[int]:
        """Pages of a mapping at ``start`` that small entries map."""
        count = self.length // self.page
        return [
            index
            for index in range(count)
            if self.level(who, start + index * self.page) == "PTE"
            and self.word(who, start + index * self.page)
        ]

    def vmas(self, who: Process) -> list[VmArea]:
        found = []
        vma = who.mm.mmap
        while vma is not None:
            found.append(vma)
            vma = vma.vm_next
        return found

    # ---- counting -------------------------------------------------------------------------------------

    def counters(self) -> Counter[str]:
        """Everything that counts, by name; per-process ones with the process in brackets."""
        kernel = self.machine.kernel
        found = Counter(self.machine.counters())
        found["memcg"] = kernel.memcg.charged
        found["nrpages"] = self.mapping.nrpages
        found["nodes"] = kernel.xa_nodes
        for name, process in self.machine.processes.items():
            found[f"maj_flt({name})"] = process.task.maj_flt
            found[f"min_flt({name})"] = process.task.min_flt
            mm = process.task.mm
            if mm is not None:
                found[f"tables({name})"] = mm.pgtables_bytes // units.PAGE_SIZE
                for member in MmCounter:
                    found[f"{member.name}({name})"] = mm.rss_stat[member]
        return found

    @contextmanager
    def changes(self) -> Iterator[Counter[str]]:
        """Collect how far each counter moved in the block; counters that did not move are absent."""
        moved: Counter[str] = Counter()
        before = self.counters()
        yield moved
        after = self.counters()
        for name in {*before, *after}:
            if after[name] != before[name]:
                moved[name] = after[name] - before[name]

    def assert_quiet(self) -> None:
        """All invariants hold, and no rule was broken on the way."""
        assert broken(self.machine.kernel) == []
        assert list(self.machine.kernel.splats.values()) == []

    def assert_nothing_left(self) -> None:
        """After exit and truncation: every gauge is zero (FACTS §12.5, last lines)."""
        self.machine.drain()
        kernel = self.machine.kernel
        assert not any(kernel.vmstat.node)
        assert (kernel.memcg.charged, kernel.xa_nodes) == (0, 0)
        assert len(kernel.zone.tables) == 0
        assert [p for p in kernel.zone.memmap.values() if p._refcount] == []
        self.assert_quiet()

    def finish(self) -> None:
        """Let everybody exit and cut the file to nothing; then nothing may be left."""
        for process in (self.a, self.b):
            process.exit()
        last = self.machine.spawn("last")
        assert last.truncate(PATH, 0) == 0
        last.exit()
        self.assert_nothing_left()


def fault_at(scene: Scene, who: Process, addr: int) -> VmFaultInfo:
    """A fault parameter block for an address, its PMD walked, as __handle_mm_fault would pass it to a handler.

    Call it while the machine is installed.
    """
    current.kernel.cpu.task = who.task
    vma = next(v for v in scene.vmas(who) if v.vm_start <= addr < v.vm_end)
    vmf = VmFaultInfo(
        "vmf",
        vma=vma,
        flags=flags.FaultFlags.USER,
        gfp_mask=flags.Gfp.HIGHUSER_MOVABLE,
        pgoff=Pgoff(((addr - vma.vm_start) >> units.PAGE_SHIFT) + vma.vm_pgoff),
        address=VirtAddr(addr),
    )
    vmf.pud = pgtable.table_alloc(
        who.mm, pgtable.pgd_offset(who.mm, VirtAddr(addr)), VirtAddr(addr)
    )
    assert vmf.pud is not None
    vmf.pmd = pgtable.table_alloc(who.mm, vmf.pud, VirtAddr(addr))
    return vmf


def tree_of(mapping: AddressSpace) -> tuple[int, int, int]:
    """Nodes, page entries and count of the topmost node of a page cache's tree."""
    nodes = [node for node, _first in xarray.walk_nodes(mapping.i_pages)]
    entries = sum(isinstance(slot, Page) for node in nodes for slot in node.slots)
    top = mapping.i_pages.xa_head
    return len(nodes), entries, top.count if isinstance(top, XaNode) else 0
