"""Comparing states."""

from __future__ import annotations

from tests.trace import support, toy
from thpkit.kernel.kobject import KObject, kstruct
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.units import SMALL
from thpkit.trace.digest import digest, first_difference, plain, state_of
from thpkit.trace.tape import MISSING


def test_equal_runs_have_equal_states() -> None:
    a, b = toy.new_toy(), toy.new_toy()
    toy.story(a)
    toy.story(b)
    assert state_of(a) == state_of(b)
    assert digest(a) == digest(b)
    assert first_difference(state_of(a), state_of(b)) is None


def test_the_first_difference_names_path_and_values() -> None:
    a, b = toy.new_toy(), toy.new_toy()
    toy.fill(a, 0, 2)
    toy.fill(b, 0, 2)
    leaf = b.leaves[0]
    leaf.count = 7
    assert first_difference(state_of(a), state_of(b)) == ("leaf#0.count", 2, 7)
    assert digest(a) != digest(b)
    leaf.count = 2
    toy.fill(b, 64, 1)
    difference = first_difference(state_of(a), state_of(b))
    assert difference is not None
    extra = first_difference({"x": 1}, {"x": 1, "y": 2})
    assert extra == ("y", MISSING, 2)
    assert first_difference({"x": 1, "y": 2}, {"x": 1}) == ("y", 2, MISSING)


def test_numbers_and_truth_values_differ() -> None:
    assert first_difference({"x": 1}, {"x": True}) == ("x", 1, True)


def test_a_machine_s_state_is_plain_and_says_names() -> None:
    machine = Machine(config=Config(geometry=SMALL))
    machine.create("/lib", 1 << 15)
    state = state_of(machine.kernel)
    assert all(
        value is None or isinstance(value, (bool, int, float, str))
        for value in state.values()
    )
    assert state["vmstat.node[NR_FILE_PAGES]"] == 0
    assert state["kernel.inodes[/lib]"] == "@inode#1"
    assert state["kernel.vm_operations[huge]"] == "VmOperations('huge_file_vm_ops')"
    assert state["kernel.splats"] == "empty"
    assert not any("config" in path or "namer" in path for path in state)


def test_configuration_is_no_state() -> None:
    strict = Machine(config=Config(geometry=SMALL))
    loose = Machine(config=Config(geometry=SMALL, on_splat=OnSplat.LOG))
    assert digest(strict.kernel) == digest(loose.kernel)


def test_structures_of_one_name_are_told_apart() -> None:
    pair = Pair("pair", left=KObject("same"), right=KObject("same"))
    other = Pair("pair", left=KObject("same"), right=pair.left)
    assert plain(pair.left) == "@same"
    assert len(state_of(pair)) == 2
    assert state_of(other) == state_of(pair)  # names are all there is to compare


@kstruct
class Pair(KObject):
    """Two structures."""

    left: KObject
    right: KObject


def test_digests_along_a_recording_only_change_with_writes() -> None:
    timeline = support.story()
    before = None
    for n in range(60):
        timeline.seek(n)
        now = digest(timeline.root)
        if n and not timeline.writes(n - 1):
            assert now == before
        before = now
