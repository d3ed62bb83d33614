"""One kernel, many versions: what DESIGN §4 promises about replacing functions."""

from __future__ import annotations

import sys

import pytest

from tests.kernel.support import Scene
from thpkit.kernel import filemap, fs, huge_memory, init, locks, memory, rmap, xarray
from thpkit.kernel.flags import PageEntrySize, VmFault
from thpkit.kernel.mm_types import VmArea, VmFaultInfo
from thpkit.kernel.page import Page
from thpkit.kernel.units import Geometry, VirtAddr
from thpkit.kernel.variant import REF, Variant, replaced_by, replaces
from thpkit.kernel.xarray import XaState


@replaces(memory.do_set_pmd)
def do_set_pmd(vmf: VmFaultInfo, page: Page) -> VmFault:
    """Never maps huge."""
    return VmFault.FALLBACK


@replaces(filemap.filemap_huge_fault)
def filemap_huge_fault(vmf: VmFaultInfo, size: PageEntrySize) -> VmFault:
    """Never serves a fault."""
    return VmFault.FALLBACK


@replaces(huge_memory.transhuge_vma_suitable)
def transhuge_vma_suitable(vma: VmArea, haddr: VirtAddr) -> bool:
    """Nothing suits."""
    return False


NO_PMD = Variant("no PMD", functions=[do_set_pmd])
NO_HUGE = Variant("no huge fault", functions=[filemap_huge_fault])


def maps_huge(scene: Scene) -> bool:
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    return scene.huge_at(scene.a, start)


def bound_now() -> list[object]:
    return [memory.do_set_pmd, filemap.filemap_huge_fault]


ORIGINAL = bound_now()


def test_a_replacement_runs_in_its_machine_only(geometry: Geometry) -> None:
    """Machines of several variants alternate in one process; afterwards the modules are as they were."""
    scenes = [Scene(geometry, variant=variant) for variant in (NO_PMD, REF, NO_PMD)]
    assert [maps_huge(scene) for scene in scenes] == [False, True, False]
    assert bound_now() == ORIGINAL


def test_calls_of_two_machines_interleave() -> None:
    """Not only machine after machine, but call by call."""
    plain, other = Scene(), Scene(variant=NO_PMD)
    starts = [scene.map(scene.a) for scene in (plain, other)]
    for scene, start in zip((other, plain, other), (starts[1], *starts), strict=True):
        scene.touch(scene.a, start, 0)
    assert plain.huge_at(plain.a, starts[0])
    assert not other.huge_at(other.a, starts[1])


def test_operation_tables_hold_the_replacement() -> None:
    """DESIGN §4: vm_ops.huge_fault and the other tables are built at boot."""
    scene = Scene(variant=NO_HUGE)
    assert not maps_huge(scene)
    assert scene.machine.counters().get("THP_FILE_ALLOC") is None
    table = scene.machine.kernel.vm_operations["huge"]
    assert table.huge_fault is filemap_huge_fault


def test_nested_machines_do_not_mix() -> None:
    """A call of one machine inside another's block runs its own kernel, and gives the other's back."""
    outer, inner = Scene(variant=NO_PMD), Scene()
    with outer.machine.installed():
        assert memory.do_set_pmd is do_set_pmd
        assert maps_huge(inner)
        assert memory.do_set_pmd is do_set_pmd
        with inner.machine.installed():
            assert memory.do_set_pmd is ORIGINAL[0]
            assert not maps_huge(outer)
    assert bound_now() == ORIGINAL


def test_looking_at_a_kernel_does_not_lose_its_variant() -> None:
    """Checks and views run in init.running; a call made there still runs the machine's own kernel."""
    scene = Scene(variant=NO_PMD)
    with init.running(scene.machine.kernel):
        assert not maps_huge(scene)
    assert bound_now() == ORIGINAL


def test_an_error_restores_everything() -> None:
    """Also when the simulated kernel stops."""
    scene = Scene(variant=NO_PMD)
    with pytest.raises(ZeroDivisionError), scene.machine.installed():
        raise ZeroDivisionError
    assert bound_now() == ORIGINAL
    assert maps_huge(Scene())


def test_later_ones_win() -> None:
    """DESIGN §4: a variant has a base; and @replaces may target what the base added."""

    @replaces(do_set_pmd)
    def repaired(vmf: VmFaultInfo, page: Page) -> VmFault:
        original = ORIGINAL[0]
        assert callable(original)
        result = original(vmf, page)
        assert isinstance(result, VmFault)
        return result

    both = Variant("repaired", base=NO_PMD, functions=[repaired])
    assert replaced_by(repaired) is ORIGINAL[0]
    assert both.bindings() == {("thpkit.kernel.memory", "do_set_pmd"): repaired}
    assert NO_PMD.bindings() == {("thpkit.kernel.memory", "do_set_pmd"): do_set_pmd}
    assert maps_huge(Scene(variant=both))


def test_a_base_is_kept_where_nothing_replaces_it() -> None:
    """Bindings of base and variant together."""
    stacked = Variant("stacked", base=NO_PMD, functions=[filemap_huge_fault])
    assert len(stacked.bindings()) == 2
    assert REF.bindings() == {}


def test_calls_inside_one_module_are_replaced_too() -> None:
    """Module globals are rebound, so a caller in the same file meets the replacement as well."""
    variant = Variant("nothing suits", functions=[transhuge_vma_suitable])
    scene = Scene(variant=variant)
    assert not maps_huge(scene)
    assert scene.machine.counters().get("THP_FILE_ALLOC") is None


def test_re_exported_names_are_replaced_too() -> None:
    """The XArray is a package: kernel code calls xarray.xas_find_conflict, which lives in one of its modules."""

    @replaces(xarray.xas_find_conflict)
    def xas_find_conflict(xas: XaState) -> Page | None:
        found.append(xas.xa_index)
        return None

    found: list[int] = []
    scene = Scene(variant=Variant("no conflict", functions=[xas_find_conflict]))
    maps_huge(scene)
    assert found == [0, 0], "the range check and the insertion"
    assert (
        xarray.xas_find_conflict is sys.modules[xarray.find.__name__].xas_find_conflict
    )


def test_wrong_targets_are_refused() -> None:
    """A clear error, not a silent no-op."""

    def replaces_nothing() -> None: ...

    with pytest.raises(ValueError, match="replaces nothing: decorate it"):
        Variant("wrong", functions=[replaces_nothing])
    with pytest.raises(TypeError, match="only plain functions"):
        replaces(memory.do_set_pmd)(len)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="only plain functions"):
        Variant("wrong", functions=[len])


def test_interruptions_count_from_now_and_fire_once() -> None:
    """DESIGN §3, interruptions: before the n-th call of a function, on a CPU of its own, once."""
    scene = Scene(huge=False)
    start = scene.map(scene.a)
    scene.touch(scene.a, start, 0)
    seen: list[str] = []

    def look() -> None:
        seen.append(scene.machine.kernel.cpu.kname)
        assert scene.mapping.nrpages == 3, "before the second read from now on"

    scene.meanwhile(fs.fill_page, look, visit=2)
    for index in (1, 3, 5):
        scene.touch(scene.a, start, index)
    assert seen == ["cpu1"]
    assert scene.machine.kernel.cpu.kname == "cpu0"


def test_an_interrupted_replacement_still_runs() -> None:
    """An interruption wraps whatever the name is bound to: here the variant's function."""
    scene = Scene(variant=NO_PMD)
    seen: list[bool] = []
    scene.meanwhile(memory.do_set_pmd, lambda: seen.append(True))
    assert not maps_huge(scene)
    assert seen == [True]


def test_names_of_an_interrupting_cpu(geometry: Geometry) -> None:
    """DESIGN §3 rule 5: stable names, independent of the schedule: page#1@cpu1."""
    scene = Scene(geometry)
    start_a, start_b = scene.map(scene.a), scene.map(scene.b)
    scene.meanwhile(
        filemap.thp_add_to_page_cache, lambda: scene.touch(scene.b, start_b, 0)
    )
    scene.touch(scene.a, start_a, 0)
    assert scene.cached(0).kname == "page#1@cpu1"


def test_what_is_not_replaced_is_the_kernel() -> None:
    """A variant names its files for the recorder, and nothing else changes."""
    assert NO_PMD.files() == {__file__}
    scene = Scene(variant=NO_PMD)
    with scene.machine.installed():
        assert rmap.page_add_file_rmap.__module__ == "thpkit.kernel.rmap"
        assert locks.LOCK_ORDER["ptl"] == 50
