"""Charging: try, commit, cancel, uncharge; who is charged for what (FACTS §4.3, §12.1 R7 and R9, I12)."""

from __future__ import annotations

import pytest

from tests.kernel.support import PATH, RW, Scene
from thpkit.kernel import locks, memcg, page_alloc, swap
from thpkit.kernel.fault import Signal
from thpkit.kernel.flags import Access, Gfp
from thpkit.kernel.splat import Config, KernelBug, SplatError
from thpkit.kernel.units import Geometry


def test_a_charge_in_three_moves(geometry: Geometry) -> None:
    """try reserves, commit ties to the page, the last put gives back (v5.3: in __page_cache_release, §3.5)."""
    scene = Scene(geometry)
    group = scene.machine.kernel.memcg
    with scene.machine.installed():
        page = page_alloc.alloc_pages(Gfp.KERNEL, 0)
        assert page is not None
        assert memcg.mem_cgroup_try_charge(page, scene.a.mm) is group
        assert group.charged == 1 and page.mem_cgroup is None
        memcg.mem_cgroup_cancel_charge(page, group)
        assert group.charged == 0
        memcg.mem_cgroup_try_charge(page, scene.a.mm)
        memcg.mem_cgroup_commit_charge(page, group)
        assert page.mem_cgroup is group
        with pytest.raises(KernelBug):
            memcg.mem_cgroup_commit_charge(page, group)
        swap.put_page(page)
    assert group.charged == 0


def test_a_huge_page_is_charged_512(geometry: Geometry) -> None:
    """R7: charge 512; I12: 512 per cached huge page, however many processes map it."""
    scene = Scene(geometry)
    for who in (scene.a, scene.b):
        scene.touch(who, scene.map(who), 0)
    assert scene.machine.kernel.memcg.charged == scene.nr
    scene.finish()


@pytest.mark.parametrize(("room", "huge"), [(0, True), (-1, False)])
def test_the_limit_is_exact(geometry: Geometry, room: int, huge: bool) -> None:
    """R7: exactly at the limit is allowed; one page less is FALLBACK."""
    limit = Scene(geometry).nr + room
    scene = Scene(config=Config(geometry=geometry, memcg_limit=limit))
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    assert scene.huge_at(scene.a, start) is huge
    scene.assert_quiet()


def test_at_the_limit_small_pages_fail_too(geometry: Geometry) -> None:
    """§4.3: the charge comes first; its failure returns the error, and the fault is out of memory."""
    scene = Scene(config=Config(geometry=geometry, memcg_limit=2), huge=False)
    start = scene.map(scene.a, RW)
    scene.touch(scene.a, start, 0)
    scene.touch(scene.a, start, 1)
    assert scene.touch(scene.a, start, 2) is Signal.SIGKILL
    assert scene.touch(scene.a, start, 1, Access.WRITE) is Signal.SIGKILL
    assert scene.b.read(scene.b.open(PATH), 3) == -12
    assert scene.machine.kernel.memcg.charged == 2
    scene.assert_quiet()
    scene.finish()


def test_charging_may_sleep(geometry: Geometry) -> None:
    """§9.2: the charge may reclaim, so it has no place under a page-table lock."""
    scene = Scene(geometry)
    with scene.machine.installed():
        page = page_alloc.alloc_pages(Gfp.KERNEL, 0)
        assert page is not None
        scene.machine.kernel.cpu.task = scene.a.task
        locks.spin_lock(scene.a.mm.page_table_lock)
        with pytest.raises(SplatError, match="sleeping function"):
            memcg.mem_cgroup_try_charge(page, scene.a.mm)
