"""Comparing two runs: aligned by what they do, the first cell that differs, with both values and where it was set."""

from __future__ import annotations

from pathlib import Path

from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, Variant
from thpkit.patch import V3, variant_named
from thpkit.patch.scene import PATH, RX, Setting
from thpkit.scenario import Scenario, record
from thpkit.trace.compare import compare, compare_states
from thpkit.trace.timeline import Timeline

SETTING = Setting()


def _read_once(machine: Machine) -> None:
    a = machine.processes["A"]
    fd = a.open(PATH)
    at = a.mmap(machine.kernel.inodes[PATH].i_size, RX, fd=fd)
    a.touch(at)


def _read_twice(machine: Machine) -> None:
    _read_once(machine)
    b = machine.processes["B"]
    b.open(PATH)


def _open_by_b(machine: Machine) -> None:
    machine.processes["B"].open(PATH)


def _run(variant: Variant, task: object = _read_once) -> Timeline:
    assert callable(task)
    config = Config(geometry=SMALL, on_splat=OnSplat.LOG, debug_vm=False)
    scenario = Scenario("x", "x", SETTING.boot, (task,), variant, config)
    return record(scenario).timeline


def test_the_same_run_twice() -> None:
    assert compare(_run(V3), _run(V3)) is None
    assert compare_states(_run(REF).root, _run(REF).root) is None


def test_the_first_cell_that_differs() -> None:
    """v3 and v3+D7 part in one cell; the step that set it is known on the side that did."""
    left, right = _run(V3), _run(variant_named("v3+D7"))
    before = left.position, right.position
    found = compare(left, right)
    assert found is not None
    assert (found.path, found.left, found.right) == ("mapping#1.nrpages", 0, 8)
    assert found.during.startswith("A: page fault(")
    assert found.left_step is None and found.right_step is not None
    statement = right.step(found.right_step).statement
    assert statement is not None and "nrpages" in statement.text
    assert (left.position, right.position) == before


def test_the_earliest_write_counts() -> None:
    """v3 and REF differ in much after the mmap already; ignoring that, in the fault."""
    found = compare(_run(V3), _run(REF))
    assert found is not None and found.path == "vma#1.vm_flags"
    assert found.during.startswith("A: mmap(")
    later = compare(_run(V3), _run(REF), ignore=["vm_flags", "lockdep_depth"])
    assert later is not None and later.during.startswith("A: page fault(")


def test_runs_that_do_different_things() -> None:
    found = compare(_run(REF, _read_once), _run(REF, _open_by_b))
    assert found is not None
    assert (found.path, found.right) == ("call", "B: open('/bin/app', RDONLY)")


def test_one_run_goes_on() -> None:
    found = compare(_run(REF, _read_once), _run(REF, _read_twice))
    assert found is not None
    assert found.path == "call"
    assert found.sentence("in one", "in the other") == (
        "call is (nothing) in one and B: open('/bin/app', RDONLY) in the other"
    )


def test_states_by_name() -> None:
    """Two machines that did the same but for one page."""
    machines = [SETTING.machine(REF, SMALL) for _ in range(2)]
    for machine in machines:
        _read_once(machine)
    machines[1].kernel.zone.memmap[min(machines[1].kernel.zone.memmap)]._refcount += 1
    found = compare_states(machines[0].kernel, machines[1].kernel)
    assert found is not None
    assert (found.path, found.left, found.right) == ("page#1._refcount", 9, 10)
    assert Path(PATH).name == "app"
