"""Scenes about the block in the page cache: who is in it, who is found, what is left behind."""

from __future__ import annotations

from thpkit.kernel import filemap, locks, memory, units, xarray
from thpkit.kernel.machine import Machine
from thpkit.patch.scene import PATH, Observation, Stage


def first_block_second(machine: Machine) -> Observation:
    """A reads in the second block of the file, then in the first."""
    on = Stage(machine)
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    on.touch(on.a, at, 3)
    return {"the first block is huge": on.huge_at(on.a, at)}


def cached_page_not_recognised(machine: Machine) -> Observation:
    """A's huge page is cached. B faults in the same block: does the huge path serve it, or is the small one asked?"""
    on = Stage(machine)
    on.touch(on.a, on.map(on.a), on.nr + 3)
    at = on.map(on.b)
    small: list[bool] = []
    machine.interrupt(memory.handle_pte_fault, 1, lambda _machine: small.append(True))
    on.touch(on.b, at, on.nr + on.nr // 2)
    return {"the huge path serves B": not small}


def page_overwritten(machine: Machine) -> Observation:
    """While A's huge page is made, B reads the first page of the block with read(2)."""
    on = Stage(machine)
    at = on.map(on.a)
    fd = on.b.open(PATH)
    on.before_entering(lambda: on.b.read(fd, on.nr))
    on.touch(on.a, at, on.nr + 3)
    lost = [
        page
        for page in on.pages()
        if page._refcount
        and page.mapping is on.mapping
        and on.cached(page.index) is not page
    ]
    return {"pages that name the file but are not in it": len(lost)}


def empty_leaves(machine: Machine) -> Observation:
    """B reads a page of the block while A's huge page is made. Then all is cut away, and A tries again."""
    on = Stage(machine)
    middle = on.nr + on.nr // 2
    at = on.map(on.a)
    fd = on.b.open(PATH)
    size = on.inode.i_size
    on.before_entering(lambda: on.b.read(fd, middle))
    on.touch(on.a, at, middle + 1)
    on.unmap(on.a, at)
    on.cut(on.b, 0)
    left = on.nodes()
    on.cut(on.b, size)
    at = on.map(on.a)
    on.touch(on.a, at, middle)
    huge = on.huge_at(on.a, at + on.block)
    return {"nodes after truncation": left, "the empty block becomes huge": huge}


def sleeping_allocation(machine: Machine) -> Observation:
    """One node of the tree cannot be had without sleeping."""
    on = Stage(machine)
    at = on.map(on.a)
    machine.fail("xa_node", skip=1)
    read = on.touch(on.a, at, on.nr + 3)
    rule = "sleeping function called from invalid context"
    reports = [each for each in machine.kernel.splats.values() if each.rule == rule]
    return {
        "A reads": read,
        "reports": len(reports),
        "a production kernel says so": any(not each.silent for each in reports),
    }


def spare_node(machine: Machine) -> Observation:
    """The last leaf of the block cannot be had. While one is sought, B makes it by reading a page that lies there."""
    on = Stage(machine)
    at = on.map(on.a)
    fd = on.b.open(PATH)

    def read_there(_machine: Machine) -> None:
        on.b.read(fd, on.nr + 1)

    with machine.installed():
        leaves = units.HPAGE_PMD_NR // units.XA_CHUNK_SIZE
    machine.fail("xa_node", skip=leaves)
    machine.interrupt(locks.spin_lock_irq, 3, read_there)
    on.touch(on.a, at, on.nr + 3)
    with machine.installed():
        in_tree = len(list(xarray.walk_nodes(on.mapping.i_pages)))
    return {"nodes that are in no tree": on.nodes() - in_tree}


def mapped_while_removed(machine: Machine) -> Observation:
    """B truncates the file: it holds the lock of the cached huge page and is about to remove it. A faults now."""
    on = Stage(machine)
    at = on.map(on.a)
    on.touch(on.a, at, on.nr + 3)
    on.unmap(on.a, at)
    at = on.map(on.a)
    seen: list[str] = []
    machine.interrupt(
        filemap.delete_from_page_cache_batch,
        1,
        lambda _machine: seen.append(on.touch(on.a, at, on.nr + 3)),
    )
    on.cut(on.b, 0)
    return {
        "A meanwhile": seen[0] if seen else "did not run",
        "removed while mapped": bool(on.reports("bad page cache")),
    }
