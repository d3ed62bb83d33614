"""Scenes about the huge page itself: its lock, its references, what is counted, and what it shows to its readers."""

from __future__ import annotations

from thpkit.kernel import filemap, fs, locks, memory, page_alloc, pgtable, units
from thpkit.kernel import page as page_h
from thpkit.kernel.flags import FaultFlags, OpenFlags, PageEntrySize
from thpkit.kernel.machine import Machine
from thpkit.kernel.units import VirtAddr
from thpkit.patch.scene import PATH, Observation, Stage, outcome


def locked_for_ever(machine: Machine) -> Observation:
    """A reads one page of the file, and the huge page is made for it. Then B maps the same file and reads it too."""
    on = Stage(machine)
    first = on.touch(on.a, on.map(on.a), on.nr + 3)
    second = on.touch(on.b, on.map(on.b), on.nr + 3)
    return {"A reads": first, "B reads": second}


def on_no_list(machine: Machine) -> Observation:
    """A reads one page; reclaim finds pages through the LRU lists only."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    return {"NR_INACTIVE_FILE": on.gauge("NR_INACTIVE_FILE")}


def not_counted_by_the_file(machine: Machine) -> Observation:
    """A reads one page and unmaps the file, which is then cut to nothing. Truncation asks nrpages whether to look."""
    on = Stage(machine)
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    counted = on.mapping.nrpages
    on.unmap(on.a, at)
    done = on.cut(on.a, 0)
    return {
        "nrpages": counted,
        "truncation": done,
        "NR_FILE_PAGES after truncation": on.gauge("NR_FILE_PAGES"),
        "nodes after truncation": on.nodes(),
    }


def counted_as_shmem(machine: Machine) -> Observation:
    """A reads one page and unmaps the file. Then the page is taken out of the cache by hand, as truncation would."""
    on = Stage(machine)
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    during = on.gauge("NR_SHMEM")
    on.unmap(on.a, at)
    force_out(machine)
    return {"NR_SHMEM": during, "NR_SHMEM after removal": on.gauge("NR_SHMEM")}


def force_out(machine: Machine) -> None:
    """Take the first huge page of the machine out of its cache, with a reference and the lock, as a caller must."""
    on = Stage(machine)
    page = on.pages()[0]
    with machine.installed():
        page_h.get_page(page)
        if not page_h.PageLocked(page):
            locks.lock_page(page)
        filemap.delete_from_page_cache(page)


def mapping_counted_twice(machine: Machine) -> Observation:
    """A reads one page: one mapping is made."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    return {"THP_FILE_MAPPED": on.gauge("THP_FILE_MAPPED")}


def references_of_a_second_mapping(machine: Machine) -> Observation:
    """A reads one page, then B: two mappings of one page. Then both unmap."""
    on = Stage(machine)
    a_at, b_at = on.map(on.a), on.map(on.b)
    on.touch(on.a, a_at, on.nr + 3)
    on.touch(on.b, b_at, on.nr + 3)
    mapped = on.pages()[0]._refcount
    on.unmap(on.a, a_at)
    on.unmap(on.b, b_at)
    return {
        "references, mapped twice": mapped,
        "references, unmapped": on.pages()[0]._refcount,
    }


def read_error(machine: Machine) -> Observation:
    """The read of the huge page fails once. A's access goes on with a small page, whose read works."""
    on = Stage(machine)
    at = on.map(on.a)
    machine.fail("read")
    first = on.touch(on.a, at, on.nr + 3)
    return {"A reads": first, "bad page": bad_page(on)}


def bad_page(on: Stage) -> str:
    """The reason of the last report about the state of a freed page, without names; empty if there is none."""
    reports = on.reports("bad page state")
    return reports[-1].partition(": ")[2].partition(" (")[0] if reports else ""


def out_of_memory(machine: Machine) -> Observation:
    """A maps the file where no huge page fits and reads, while no page table can be had: the access must fail."""
    on = Stage(machine)
    at = on.fixed(on.a, beyond=1)
    machine.fail("pgtable", skip=2, count=9)
    return {"A": on.touch(on.a, at, on.nr + 3), "bad page": bad_page(on)}


def one_page_filled(machine: Machine) -> Observation:
    """The file system's ->readpage fills one page of 4 KiB, as almost all do. A reads page 3 of the block."""
    on = Stage(machine)
    return {"A reads": on.touch(on.a, on.map(on.a), on.nr + 3)}


def not_charged(machine: Machine) -> Observation:
    """A reads one page; somebody has to pay for the memory."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    return {"pages charged": machine.kernel.memcg.charged}


def not_a_major_fault(machine: Machine) -> Observation:
    """A reads one page, and storage has to be read for it."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    return {"PGMAJFAULT": on.gauge("PGMAJFAULT"), "maj_flt of A": on.a.task.maj_flt}


def freed_under_the_lock(machine: Machine) -> Observation:
    """While A makes its huge page, B reads a page of the block; A has to give its page back."""
    on = Stage(machine)
    at = on.map(on.a)
    fd = on.b.open(PATH)
    held: list[bool] = []
    on.before_entering(lambda: on.b.read(fd, on.nr + 5))
    machine.interrupt(
        page_alloc.__free_pages_ok,
        1,
        lambda _machine: held.append(on.mapping.i_pages.xa_lock.owner is not None),
    )
    on.touch(on.a, at, on.nr + 3)
    return {"the i_pages lock is held while the page is freed": held == [True]}


def fault_block_overwritten(machine: Machine) -> Observation:
    """The handler is called by itself, and the parameter block is looked at afterwards."""
    on = Stage(machine)
    at = VirtAddr(on.map(on.a) + on.block + 3 * on.page)
    with machine.installed():
        vma = on.a.mm.mmap
        assert vma is not None
        vmf = memory.new_vm_fault(vma, at, FaultFlags.USER)
        pgd = pgtable.pgd_offset(on.a.mm, at)
        vmf.pud = pgtable.table_alloc(on.a.mm, pgd, at)
        assert vmf.pud is not None
        vmf.pmd = pgtable.table_alloc(on.a.mm, vmf.pud, at)
        filemap.filemap_huge_fault(vmf, PageEntrySize.PMD)
        same = vmf.address == at
        sub = vmf.page is page_h.nth_page(on.pages()[0], 3)
    return {"address is the fault's": same, "page is the sub-page asked for": sub}


def named_before_it_is_there(machine: Machine) -> Observation:
    """While the page is being read, somebody who walks all frames asks it which file it belongs to."""
    on = Stage(machine)
    at = on.map(on.a)
    seen: list[tuple[bool, bool]] = []

    def walk(_machine: Machine) -> None:
        page = on.pages()[0]
        seen.append((page.mapping is on.mapping, on.cached(on.nr) is page))

    machine.interrupt(fs.fill_page, 1, walk)
    on.touch(on.a, at, on.nr + 3)
    return {"it names the file": seen[0][0], "the file has it": seen[0][1]}


def stale_data(machine: Machine) -> Observation:
    """A's huge page has been read. Now B cuts the file to nothing and makes it long again; then A goes on."""
    on = Stage(machine)
    at = on.map(on.a)
    size = on.inode.i_size

    def cut_and_extend() -> None:
        on.cut(on.b, 0)
        on.cut(on.b, size)

    on.during_read(cut_and_extend)
    return {"A reads": on.touch(on.a, at, on.nr + 3)}


def error_flag_on_a_huge_page(machine: Machine) -> Observation:
    """An ordinary file system marks a page that it could not read with PG_error."""
    on = Stage(machine)
    at = on.map(on.a)
    machine.fail("read", count=9)
    return {"A": on.touch(on.a, at, on.nr + 3)}


def two_holders(machine: Machine) -> Observation:
    """Before the handler locks its page again another task, which walks all frames, locks it and keeps it."""
    on = Stage(machine)
    at = on.map(on.a)

    def walker(_machine: Machine) -> None:
        locks.trylock_page(on.pages()[0])

    machine.interrupt(locks.set_page_locked_nonatomic, 2, walker)
    machine.interrupt(locks.lock_page, 1, walker)
    read = on.touch(on.a, at, on.nr + 3)
    page = on.pages()[0]
    holders = sum(
        held.lock is page
        for task in machine.kernel.tasks.values()
        for held in task.holds()
    )
    return {"A": read, "holders of the page lock": holders}


def a_writer(machine: Machine) -> Observation:
    """A has the huge page mapped. B opens the file for writing, as it may, and writes a page of the block."""
    on = Stage(machine)
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    fd = on.b.open(PATH, OpenFlags.RDWR)
    written = outcome(lambda: on.b.write(fd, on.nr + 3))
    huge = on.huge_at(on.a, at + on.block)
    return {"pages B writes": written, "A maps it huge even so": huge}


def tails(machine: Machine) -> Observation:
    """The huge page is cached and unlocked. B reads a page far from its head; then the file is cut in its middle."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    far = on.nr + on.nr // 2
    read = on.touch(on.b, on.map(on.b), far)
    with machine.installed():
        length = far * units.PAGE_SIZE
    cut = on.cut(on.a, length)
    return {"B reads": read, "truncation": cut}


def statistics(machine: Machine) -> Observation:
    """A has a huge page of the file mapped and reads its own /proc/PID/smaps."""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    result = outcome(lambda: len(on.a.smaps()))
    return {"mappings listed": result}
