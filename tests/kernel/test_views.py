"""What a user sees: meminfo, vmstat, smaps, mincore (FACTS §5.1), and part of a mapping with other rights (§6.6)."""

from __future__ import annotations

import errno

import pytest

from tests.kernel.support import PATH, RW, RX, Scene
from thpkit.kernel.content import Block
from thpkit.kernel.flags import Access, MapFlags, OpenFlags, Prot
from thpkit.kernel.units import Geometry


def test_meminfo_counts_in_kib(geometry: Geometry) -> None:
    """FACTS §5.1, end: Cached = NR_FILE_PAGES; FileHugePages and FilePmdMapped = huge pages × 512 pages."""
    scene = Scene(geometry)
    assert not any(scene.machine.meminfo().values())
    for who in (scene.a, scene.b):
        scene.touch(who, scene.map(who), 0)
    kib = scene.block // 1024
    seen = {name: value for name, value in scene.machine.meminfo().items() if value}
    assert seen == {
        "Cached": kib,
        "Inactive(file)": kib,
        "Mapped": kib,
        "FileHugePages": kib,
        "FilePmdMapped": kib,
    }


def test_vmstat_names(geometry: Geometry) -> None:
    """FACTS §5.1: nr_mapped, nr_dirty, nr_file_hugepages and nr_shmem_hugepages have names of their own."""
    scene = Scene(geometry)
    scene.touch(scene.a, scene.map(scene.a), 0)
    seen = {name: value for name, value in scene.machine.vmstat().items() if value}
    nr = scene.nr
    assert seen == {
        "nr_inactive_file": nr,
        "nr_mapped": nr,
        "nr_file_pages": nr,
        "nr_file_hugepages": 1,
        "nr_file_pmdmapped": 1,
        "pgalloc": nr,
        "pgfault": 1,
        "pgmajfault": 1,
        "thp_file_alloc": 1,
        "thp_file_mapped": 1,
    }
    zeroes = {"nr_dirty", "nr_shmem", "nr_shmem_hugepages", "nr_shmem_pmdmapped"}
    assert zeroes <= set(scene.machine.vmstat())


def test_smaps(geometry: Geometry) -> None:
    """Rss and FilePmdMapped of a mapping that is partly huge, partly small and partly private."""
    scene = Scene(geometry)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, scene.nr)
    scene.touch(scene.a, start, 3, Access.WRITE)
    [one] = scene.a.smaps()
    page, block = scene.page // 1024, scene.block // 1024
    assert (one.start, one.end, one.size) == (start, start + 2 * scene.block, 2 * block)
    assert (one.perms, one.offset) == ("rw-p", 0)
    assert (one.file_pmd_mapped, one.anonymous) == (block, page)
    assert one.rss == block + page
    assert one.vm_flags == "rd wr mr mw me"


def test_smaps_of_a_shared_read_only_mapping() -> None:
    """FACTS §6.1: VM_SHARED is gone, VM_MAYSHARE stays: smaps still shows an s (fs/proc/task_mmu.c)."""
    scene = Scene()
    scene.map(scene.a, RX, MapFlags.SHARED)
    [one] = scene.a.smaps()
    assert (one.perms, one.vm_flags) == ("r-xs", "rd ex mr me ms")


def test_mincore(geometry: Geometry) -> None:
    """mm/mincore.c (v5.3): mapped, or uptodate in the cache; a huge page makes its whole block resident."""
    scene = Scene(geometry, blocks=3)
    start = scene.map(scene.a)
    assert scene.a.mincore(start, scene.length) == [False] * 3 * scene.nr
    scene.touch(scene.a, start, scene.nr)
    scene.b.read(scene.b.open(PATH), 1)
    expected = [False] * 3 * scene.nr
    expected[1] = True
    expected[scene.nr : 2 * scene.nr] = [True] * scene.nr
    assert scene.a.mincore(start, scene.length) == expected
    assert scene.a.mincore(start + 1, scene.page) == -errno.EINVAL
    assert scene.a.mincore(start - scene.page, scene.page) == -errno.ENOMEM


def test_mincore_of_memory_nobody_may_touch() -> None:
    """x86's pte_present includes PROT_NONE: such a page is resident all the same."""
    scene = Scene()
    start = scene.a.mmap(scene.page, RW, MapFlags.PRIVATE | MapFlags.ANONYMOUS)
    scene.a.touch(start, Access.WRITE)
    scene.a.mprotect(start, scene.page, Prot.NONE)
    assert scene.a.mincore(start, scene.page) == [True]


# ---- read(2), write(2) ----------------------------------------------------------------------------------


def test_read_of_a_huge_page(geometry: Geometry) -> None:
    """FACTS §4.5: lookups return the sub-page, so each index reads its own content; no reference stays."""
    scene = Scene(geometry)
    scene.touch(scene.a, scene.map(scene.a), scene.nr)
    refs = scene.cached(scene.nr)._refcount
    fd = scene.b.open(PATH)
    expected = [Block(scene.inode.i_ino, scene.nr + i, 0) for i in range(3)]
    assert scene.b.read(fd, scene.nr, 3) == expected
    assert scene.cached(scene.nr)._refcount == refs
    assert scene.b.read(fd, 2 * scene.nr) == [], "end of file"
    scene.assert_quiet()


def test_descriptors_allow_what_they_were_opened_for() -> None:
    """read on a write-only and write on a read-only descriptor: −EBADF."""
    scene = Scene()
    reader, writer = scene.a.open(PATH), scene.a.open(PATH, OpenFlags.WRONLY)
    assert scene.a.write(reader, 0) == -errno.EBADF
    assert scene.a.read(writer, 0) == -errno.EBADF
    assert scene.a.write(writer, 0) == 1
    assert scene.a.read(reader, 0) == [Block(scene.inode.i_ino, 0, 1)]


def test_a_write_is_seen_through_mappings(geometry: Geometry) -> None:
    """One page cache for read, write and mmap; a private copy made before keeps what it had."""
    scene = Scene(geometry)
    writer = scene.b.open(PATH, OpenFlags.RDWR)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 0)
    copied = scene.touch(scene.a, start, 1, Access.WRITE)
    assert scene.b.write(writer, 0, 2) == 2
    assert scene.touch(scene.a, start, 0) == Block(scene.inode.i_ino, 0, 1)
    assert scene.touch(scene.a, start, 1) == copied
    scene.assert_quiet()
    scene.b.close(writer)
    scene.finish()


@pytest.mark.parametrize("site", ["page", "xa_node", "memcg"])
def test_reading_without_memory(geometry: Geometry, site: str) -> None:
    """−ENOMEM, and nothing is left behind; the next try works."""
    scene = Scene(geometry)
    fd = scene.a.open(PATH)
    scene.machine.fail(site, count=2)
    assert scene.a.read(fd, 1) == -errno.ENOMEM
    assert scene.mapping.nrpages == scene.machine.kernel.memcg.charged == 0
    scene.machine.fail(site, count=0)
    assert scene.a.read(fd, 1) == [Block(scene.inode.i_ino, 1, 0)]
    scene.assert_quiet()


# ---- mprotect of a part ---------------------------------------------------------------------------------


def test_mprotect_inside_a_block_splits(geometry: Geometry) -> None:
    """FACTS §8.3, "a VMA edge inside a huge PMD splits that PMD", for mprotect's edges: counters as in §8.4."""
    scene = Scene(geometry)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, scene.nr)
    at = start + scene.block + scene.page
    with scene.changes() as moved:
        assert scene.a.mprotect(at, scene.page, Prot.READ) == 0
    assert dict(moved) == {
        "MM_FILEPAGES(A)": -scene.nr,
        "NR_FILE_MAPPED": -scene.nr,
        "NR_FILE_PMDMAPPED": -1,
        "THP_SPLIT_PMD": 1,
    }
    found = [(v.vm_start, v.vm_pgoff) for v in scene.vmas(scene.a)]
    page = scene.page
    assert found == [(start, 0), (at, scene.nr + 1), (at + page, scene.nr + 2)]
    assert all(scene.touch(scene.a, start, i) for i in range(scene.nr, scene.nr + 3))
    scene.assert_quiet()
    scene.finish()


def test_mprotect_of_small_pages(geometry: Geometry) -> None:
    """Entries are rewritten in place: no fault to read again, and a write copies although it was writable once."""
    scene = Scene(geometry, huge=False)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 0)
    scene.a.mprotect(start, scene.page, Prot.NONE)
    scene.a.mprotect(start, scene.page, Prot.READ)
    with scene.changes() as moved:
        assert scene.touch(scene.a, start, 0) == Block(scene.inode.i_ino, 0, 0)
    assert dict(moved) == {}
    scene.assert_quiet()
