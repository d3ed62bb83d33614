"""The defects that must be told: what a newcomer sees happen, with the numbers and the sentences."""

from __future__ import annotations

import pytest

from thpkit.checks import broken
from thpkit.kernel import vmstat
from thpkit.kernel.flags import Access, MapFlags, Prot
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Deadlock, EndlessRefault, KernelBug
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import V3
from thpkit.patch.scene import RW, RX, Setting, Stage


def _stage(variant: Variant = V3, **setting: bool) -> Stage:
    return Stage(Setting(**setting).machine(variant))


def test_d5_the_second_process_sleeps_for_ever() -> None:
    """A reads and is content. B comes, finds the page in the cache, and waits for a lock that nobody will release."""
    on = _stage()
    assert on.touch(on.a, on.map(on.a), 515) == "page 515"
    at = on.map(on.b)
    with pytest.raises(Deadlock) as stopped:
        on.b.touch(at + 515 * on.page)
    assert str(stopped.value) == (
        "B waits for the page lock of page#1, which A holds; "
        "on this one CPU nobody else can run, so it waits for ever"
    )
    assert on.b.task.holds()[0].cls == "mmap_sem", (
        "and nobody can change B's mappings meanwhile"
    )
    on.a.exit()
    other = on.machine.spawn("C")
    place = on.map(other)
    assert on.touch(other, place, 515) == "waits for ever", "A's end does not help"


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
def test_d11_and_d12_nobody_hears_of_it(debug: bool) -> None:
    """Allocating and taking page-table locks under the i_pages lock: reported if somebody looks, else silent."""
    on = _stage(debug=debug)
    at = on.map(on.a)
    on.machine.fail("xa_node", skip=1)
    assert on.touch(on.a, at, 515) == "page 515", "it works, this time"
    splats = list(on.machine.kernel.splats.values())
    assert [each.rule for each in splats[:3]] == [
        "sleeping function called from invalid context",
        "lock order",
        "irq lock inversion",
    ]
    assert all(each.silent for each in splats), "a production kernel says nothing"
    assert "holding mm A.mmap_sem, i_pages#1.xa_lock" in splats[0].sentence
    assert "while holding i_pages#1.xa_lock (i_pages)" in splats[1].sentence
    assert "elsewhere held with irqs on, inside i_pages#1.xa_lock" in splats[2].sentence
    quiet = _stage(REF, debug=debug)
    at = quiet.map(quiet.a)
    quiet.machine.fail("xa_node", skip=1)
    assert quiet.touch(quiet.a, at, 515) == "page 515"
    assert quiet.rules() == ()


def test_d16_wrong_bytes_on_a_production_kernel() -> None:
    """A asks for page 515 and is shown page 512; and the lock of the entry stays taken."""
    on = _stage()
    at = on.fixed(on.a, beyond=1)
    assert on.touch(on.a, at, 515) == "page 512"
    assert {each.id for each in broken(on.machine.kernel)} >= {"huge entries", "I11"}
    with pytest.raises(Deadlock, match="which it holds already"):
        on.a.touch(at + 516 * on.page)


def test_d16_the_assertion_of_a_debug_kernel() -> None:
    on = _stage(debug=True)
    at = on.fixed(on.a, beyond=1)
    with pytest.raises(KernelBug, match="mapped, but the PMD is not huge"):
        on.a.touch(at + 515 * on.page)


def test_d16_in_the_correct_version() -> None:
    on = _stage(REF)
    at = on.fixed(on.a, beyond=1)
    assert on.touch(on.a, at, 515) == "page 515"
    assert broken(on.machine.kernel) == []


def test_d19_memory_of_others_becomes_visible() -> None:
    """The file system filled 4 KiB and said: uptodate. Page 0 is right, pages 1 to 511 show what was there before."""
    on = _stage(fills=False)
    at = on.map(on.a)
    assert on.touch(on.a, at, 512) == "page 512"
    assert {on.touch(on.a, at, 512 + i) for i in range(1, 512)} == {"stale memory"}
    assert "content" in {each.id for each in broken(on.machine.kernel)}


def test_d20_the_processor_runs_and_nothing_happens() -> None:
    """CORRECTIONS B7: private and writable from the start, a load, then a store: mprotect has no part in it."""
    on = _stage()
    at = on.fixed(on.a, RW)
    assert on.touch(on.a, at, 515) == "page 515"
    faults = on.gauge("PGFAULT")
    with pytest.raises(EndlessRefault, match="would fault again for ever"):
        on.a.touch(at + 515 * on.page, Access.WRITE)
    assert on.gauge("PGFAULT") > faults
    assert on.huge_at(on.a, at + on.block), "the huge entry is still there, read-only"


def test_d21_a_compiler_at_run_time_stops_working() -> None:
    """Anonymous memory, readable and executable, 2 MiB or more: no file anywhere, and yet EACCES."""
    for variant, result in ((V3, -13), (REF, 0)):
        on = _stage(variant)
        kind = MapFlags.PRIVATE | MapFlags.ANONYMOUS
        at = on.a.mmap(4 << 20, RX, kind)
        assert on.a.mprotect(at, 4096, RW) == result
        small = on.a.mmap(1 << 20, RX, kind)
        assert on.a.mprotect(small, 4096, RW) == 0, "less than 2 MiB is spared"
        data = on.a.mmap(4 << 20, Prot.READ, kind)
        assert on.a.mprotect(data, 4096, RW) == 0, "and so is what cannot be executed"


def test_k17_mapped_but_not_findable() -> None:
    """Between the entry and the first store A could already run on the page, and no system call finds it."""
    on = _stage()
    at = on.map(on.a)
    moments: list[tuple[str | None, object]] = []

    def look(machine: Machine) -> None:
        if on.huge_at(on.a, at + on.block):
            found = {each.id: each.sentence for each in broken(machine.kernel)}
            moments.append((found.get("I13"), on.cached(512)))

    for visit in range(1, 6):
        on.machine.interrupt(vmstat.count_vm_event, visit, look)
    assert on.touch(on.a, at, 515) == "page 515"
    sentence, found = moments[0]
    assert sentence == "page#1 is mapped but not found in mapping#1 at index 512"
    assert found is None
    assert moments[-1][0] is None, "a moment later it is there"
    assert "I13" not in {each.id for each in broken(on.machine.kernel)}
