"""A machine: the only door into the simulated kernel.

A :class:`Machine` boots a kernel of some :class:`~thpkit.kernel.variant.Variant`, makes files and starts processes; a
:class:`Process` makes system calls and touches memory. Mistakes of a process come back as a negative errno or a
:class:`~thpkit.kernel.fault.Signal`; rules that the *kernel* breaks raise a
:class:`~thpkit.kernel.splat.KernelStop`, or are noted in ``machine.kernel.splats``.

    >>> machine = Machine()
    >>> inode = machine.create("/bin/app", size=4 << 20)
    >>> a = machine.spawn("A", mmap_base=0x7F00005FF000)
    >>> fd = a.open("/bin/app")
    >>> hex(a.mmap(4 << 20, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd))
    '0x7f0000000000'

Models: no kernel file: this is user space and the boot loader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from thpkit.kernel import (
    current,
    entry,
    fault,
    flags,
    fs,
    init,
    pgtable,
    proc,
    swap,
    syscalls,
    units,
)
from thpkit.kernel import (
    page as page_h,
)
from thpkit.kernel.content import Block, Private, Token
from thpkit.kernel.fault import Signal
from thpkit.kernel.fault_inject import SITES, FailPlan
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.kobject import KArray, KDict
from thpkit.kernel.locks import RwSem, SpinLock
from thpkit.kernel.mm_types import MmStruct
from thpkit.kernel.page import Page
from thpkit.kernel.pgtable import Level, PageTable
from thpkit.kernel.sched import Cpu, Task
from thpkit.kernel.splat import Config, EndlessRefault
from thpkit.kernel.units import VirtAddr
from thpkit.kernel.variant import REF, Variant, bound, name_of
from thpkit.kernel.vmstat import NodeStat, VmEvent


@dataclass(frozen=True)
class Interruption:
    """Another task's calls at a chosen point: before the ``visit``-th call of ``function``, ``call`` runs whole."""

    function: Callable[..., object]
    """A kernel function or primitive."""
    visit: int
    """Which of its calls, from 1."""
    call: Callable[[Machine], object]
    """What the other tasks do; it runs on a CPU of its own, to completion."""


_running: Machine | None = None


class Machine:
    """One computer with one node, one memory control group, two file systems and any number of processes."""

    def __init__(self, variant: Variant = REF, config: Config | None = None) -> None:
        self.variant = variant
        """Which version of the kernel runs."""
        self.config = config or Config()
        self.kernel = init.start_kernel(self.config)
        """Root of all state."""
        self.processes: dict[str, Process] = {}
        """Processes by name."""
        self._pending: list[_Pending] = []
        with self.installed():
            for kind, table in fs.vm_operations().items():
                self.kernel.vm_operations[kind] = table

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Make this machine's kernel, variant, geometry and interruptions the ones that run. Nests."""
        global _running
        if _running is self:
            yield
            return
        before = _running
        bindings = self.variant.bindings()
        for pending in self._pending:
            name = name_of(pending.function)
            bindings[name] = pending.around(bindings.get(name, pending.function))
        with init.running(self.kernel), bound(bindings):
            _running = self
            try:
                yield
            finally:
                _running = before

    def create(self, path: str, size: int, *, huge: bool = True) -> fs.Inode:
        """Put a file of ``size`` bytes on the huge-page file system, or on the 4 KiB one.

        Raises:
            ValueError: the path exists, or the size is negative.
        """
        if path in self.kernel.inodes:
            raise ValueError(f"{path} exists already; choose another path")
        if size < 0:
            raise ValueError(f"{path}: a file cannot have {size} bytes")
        with self.installed():
            inode = fs.new_inode(len(self.kernel.inodes) + 1, size, huge)
            self.kernel.inodes[path] = inode
        return inode

    def spawn(self, name: str, *, mmap_base: int | None = None) -> Process:
        """Start a process with an empty address space; mappings are placed below ``mmap_base`` (bytes).

        Raises:
            ValueError: the name is taken, or ``mmap_base`` is not a page-aligned user address.
        """
        if name in self.processes:
            raise ValueError(f"there is a process {name} already; choose another name")
        with self.installed():
            base = (
                units.TASK_SIZE - units.TASK_SIZE // 8
                if mmap_base is None
                else mmap_base
            )
            if mmap_base is None:
                base = units.round_down(base, units.PAGE_SIZE)
            if base % units.PAGE_SIZE or not 0 < base <= units.TASK_SIZE:
                raise ValueError(
                    f"mmap_base {base:#x} must be a multiple of 4096 below {units.TASK_SIZE:#x}"
                )
            pid = len(self.kernel.tasks)
            task = Task(
                name, pid=pid, mm=_new_mm(self, name, VirtAddr(base)), files=KDict()
            )
            self.kernel.tasks[pid] = task
        process = Process(self, task)
        self.processes[name] = process
        return process

    def thread(self, name: str, of: Process) -> Process:
        """Start a second thread of a process: another task in the same address space, with the same open files.

        Raises:
            ValueError: the name is taken, or the process has exited.
        """
        if name in self.processes:
            raise ValueError(f"there is a process {name} already; choose another name")
        mm = of.mm
        pid = len(self.kernel.tasks)
        task = Task(name, pid=pid, mm=mm, files=of.task.files)
        mm.mm_users += 1
        self.kernel.tasks[pid] = task
        self.processes[name] = Process(self, task)
        return self.processes[name]

    def fail(self, site: str, *, skip: int = 0, count: int = 1) -> None:
        """From now on let ``skip`` attempts at ``site`` succeed, then ``count`` fail, then all succeed.

        Raises:
            ValueError: there is no such site; the message lists them.
        """
        if site not in SITES:
            known = ", ".join(f"{name} ({what})" for name, what in SITES.items())
            raise ValueError(
                f"nothing called {site!r} can be made to fail; known: {known}"
            )
        with self.installed():
            self.kernel.fail_plans[site] = FailPlan(
                f"fail.{site}", skip=skip, count=count
            )

    def interrupt(
        self,
        function: Callable[..., object],
        visit: int,
        call: Callable[[Machine], object],
    ) -> None:
        """Let other tasks act before the ``visit``-th call of ``function`` from now on.

        The function is met where kernel code calls it by name, not where an operation table holds it.
        """
        self._pending.append(_Pending(self, Interruption(function, visit, call)))

    def drain(self) -> None:
        """Move pages that wait in a batch to their LRU lists, so that the machine is quiet."""
        with self.installed():
            swap.lru_add_drain()

    def counters(self) -> dict[str, int]:
        """Every node counter and event that is not zero, by name."""
        vmstat = self.kernel.vmstat
        gauges = {stat.name: vmstat.node[stat] for stat in NodeStat}
        events = {event.name: vmstat.events[event] for event in VmEvent}
        return {name: value for name, value in (gauges | events).items() if value}

    def meminfo(self) -> dict[str, int]:
        """The page-cache lines of /proc/meminfo, in KiB."""
        with self.installed():
            return proc.meminfo(self.kernel)

    def vmstat(self) -> dict[str, int]:
        """/proc/vmstat: all counters by their names there."""
        with self.installed():
            return proc.vmstat(self.kernel)


class Process:
    """A user program: system calls, and accesses to its memory."""

    def __init__(self, machine: Machine, task: Task) -> None:
        self.machine = machine
        self.task = task
        """Its task structure in the kernel."""

    @property
    def name(self) -> str:
        """The name it was started under."""
        return self.task.kname

    @property
    def mm(self) -> MmStruct:
        """Its address space.

        Raises:
            ValueError: it has exited.
        """
        if self.task.mm is None:
            raise ValueError(f"process {self.name} has exited")
        return self.task.mm

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Run this process on the current CPU, and check the rules when it returns to user space."""
        with self.machine.installed():
            _ = self.mm
            cpu = current.kernel.cpu
            if cpu.task is not self.task:
                cpu.task = self.task
            yield
            entry.return_to_user(self.task)

    def open(self, path: str, flags: OpenFlags = OpenFlags.RDONLY) -> int:
        """open(2): a descriptor, or a negative errno."""
        with self._running():
            return syscalls.sys_open(path, flags)

    def close(self, fd: int) -> int:
        """close(2): 0 or a negative errno."""
        with self._running():
            return syscalls.sys_close(fd)

    def mmap(
        self,
        length: int,
        prot: Prot = Prot.READ,
        flags: MapFlags = MapFlags.PRIVATE,
        fd: int = -1,
        offset: int = 0,
        addr: int = 0,
    ) -> int:
        """mmap(2): the address (bytes), or a negative errno. ``length`` and ``offset`` are in bytes."""
        with self._running():
            return syscalls.sys_mmap(VirtAddr(addr), length, prot, flags, fd, offset)

    def munmap(self, addr: int, length: int) -> int:
        """munmap(2): 0 or a negative errno."""
        with self._running():
            return syscalls.sys_munmap(VirtAddr(addr), length)

    def mprotect(self, addr: int, length: int, prot: Prot) -> int:
        """mprotect(2): 0 or a negative errno."""
        with self._running():
            return syscalls.sys_mprotect(VirtAddr(addr), length, prot)

    def load_text(self, fd: int, length: int, offset: int = 0) -> int:
        """Map a program's text as exec does, so that nobody may write the file: the address or a negative errno."""
        with self._running():
            return syscalls.sys_elf_map(fd, length, offset)

    def ftruncate(self, fd: int, length: int) -> int:
        """ftruncate(2): 0 or a negative errno."""
        with self._running():
            return syscalls.sys_ftruncate(fd, length)

    def read(self, fd: int, page: int, count: int = 1) -> list[Token] | int:
        """pread(2) in whole pages: what up to ``count`` pages from page ``page`` on hold, or a negative errno."""
        with self._running():
            return syscalls.sys_pread(fd, page, count)

    def write(self, fd: int, page: int, count: int = 1) -> int:
        """pwrite(2) in whole pages: pages written from page ``page`` on, or a negative errno."""
        with self._running():
            return syscalls.sys_pwrite(fd, page, count)

    def unlink(self, path: str) -> int:
        """unlink(2): 0 or a negative errno."""
        with self._running():
            return syscalls.sys_unlink(path)

    def smaps(self) -> list[proc.SmapsEntry]:
        """/proc/PID/smaps: its mappings with what is resident of them, in KiB."""
        with self.machine.installed():
            return proc.smaps(self.mm)

    def mincore(self, addr: int, length: int) -> list[bool] | int:
        """mincore(2): residency of each page of a range, or a negative errno."""
        with self._running():
            return syscalls.sys_mincore(VirtAddr(addr), length)

    def truncate(self, path: str, length: int) -> int:
        """truncate(2): 0 or a negative errno. Takes write access for the call only."""
        with self._running():
            return syscalls.sys_truncate(path, length)

    def exit(self) -> None:
        """exit(2): the process is gone afterwards."""
        with self._running():
            syscalls.sys_exit()

    def touch(self, addr: int, access: Access = Access.READ) -> Token | Signal:
        """Let the CPU access ``addr``, faulting as often as it takes.

        Returns:
            What the 4 KiB there hold afterwards, or the signal that ends the access.

        Raises:
            EndlessRefault: a fault was served, changed nothing, and would come again for ever.
        """
        with self._running():
            address = VirtAddr(addr)
            unchanged = 0
            while True:
                translation = pgtable.mmu_translate(self.mm, address, access)
                if translation.page is not None:
                    return _access(self, translation.page, access)
                before = _entries(self.mm, address)
                signal = fault.do_user_addr_fault(address, access)
                if signal is not None:
                    return signal
                unchanged = unchanged + 1 if _entries(self.mm, address) == before else 0
                if unchanged == 2:
                    raise EndlessRefault(
                        f"{self.name}: the fault at {address:#x} ({access.name}) was served twice, changed nothing, "
                        "and the instruction would fault again for ever"
                    )


def _access(process: Process, page: Page, access: Access) -> Token:
    """Complete an access to a page: a write leaves a token of its own, through to storage for a file page."""
    if access & Access.WRITE:
        if page_h.PageAnon(page):
            former = page.content
            page.content = Private(
                process.name, former.write + 1 if isinstance(former, Private) else 1
            )
        else:
            mapping = page_h.page_mapping(page)
            assert mapping is not None
            index = page_h.page_to_pgoff(page)
            inode = mapping.host
            inode.versions[index] = inode.versions.get(index, 0) + 1
            page.content = Block(inode.i_ino, index, inode.versions[index])
    return page.content


def _entries(mm: MmStruct, address: VirtAddr) -> list[int]:
    """The entry words on the way to an address, accessed and dirty bits left aside."""
    used = flags.PAGE_ACCESSED | flags.PAGE_DIRTY
    return [pgtable.entry_val(ptr) & ~used for ptr in pgtable.walk(mm, address)]


def _new_mm(machine: Machine, name: str, base: VirtAddr) -> MmStruct:
    """An empty address space: a top-level table and nothing else."""
    pgd = PageTable(
        f"pgd {name}",
        level=Level.PGD,
        pfn=units.Pfn(0x100 + len(machine.kernel.tasks)),
        entries=KArray.filled(units.PTRS_PER_TABLE, 0),
        ptl=SpinLock(f"pgd {name}.ptl", cls="ptl"),
    )
    return MmStruct(
        f"mm {name}",
        mmap_base=base,
        pgd=pgd,
        mmap_sem=RwSem(f"mm {name}.mmap_sem", cls="mmap_sem"),
        page_table_lock=SpinLock(f"mm {name}.page_table_lock", cls="ptl"),
        memcg=machine.kernel.memcg,
    )


class _Pending:
    """An interruption that has not happened yet, and how often its function was called so far."""

    def __init__(self, machine: Machine, what: Interruption) -> None:
        self._machine = machine
        self._what = what
        self._visits = 0
        self.function = what.function

    def around(self, bound: Callable[..., object]) -> Callable[..., object]:
        """What stands in for the function while this interruption waits: count the call, act, go on."""

        def interrupted(*args: object, **kwargs: object) -> object:
            self._visits += 1
            if self._visits == self._what.visit:
                _run_elsewhere(self._machine, self._what.call)
            return bound(*args, **kwargs)

        return interrupted


def _run_elsewhere(machine: Machine, call: Callable[[Machine], object]) -> None:
    """Run other tasks' calls on a CPU of their own, then come back to the one that was interrupted."""
    kernel = machine.kernel
    here = kernel.cpu
    suffix = kernel.namer.suffix
    kernel.namer.suffix = "@cpu1"
    kernel.cpu = Cpu("cpu1", task=kernel.tasks[init.IDLE_PID])
    try:
        call(machine)
    finally:
        kernel.cpu = here
        kernel.namer.suffix = suffix
