"""Asking a timeline: writes, who wrote what, names of cells, visits, searches."""

from __future__ import annotations

import pytest

from tests.trace import support, toy
from thpkit.kernel import current, units
from thpkit.kernel.kobject import KObject
from thpkit.kernel.vmstat import VmEvent
from thpkit.trace import stops
from thpkit.trace.cells import Cell, Write
from thpkit.trace.tape import MISSING, Kind
from thpkit.trace.timeline import Timeline


def root_of(timeline: Timeline) -> toy.Toy:
    assert isinstance(timeline.root, toy.Toy)
    return timeline.root


def cell(timeline: Timeline, name: str) -> Cell:
    found = timeline.resolve(name)
    assert found is not None, name
    return found


def test_a_line_step_shows_the_state_before_its_statement() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "insert::toy.last = frame")
    timeline.seek(n)
    assert root_of(timeline).last is None
    timeline.seek(n + 1)
    assert root_of(timeline).last is not None


def test_seeking_beyond_the_ends_stays_at_them() -> None:
    timeline = support.story()
    assert timeline.seek(-5) == timeline.position == 0
    assert timeline.seek(10**9) == timeline.position == len(timeline) - 1
    assert timeline.start() == 0
    assert timeline.end() == len(timeline) - 1
    with pytest.raises(IndexError):
        timeline.step(len(timeline))


def test_an_empty_recording_can_be_looked_at() -> None:
    timeline = support.record_toy(lambda root: None)
    assert len(timeline) == 0
    assert timeline.seek(3) == timeline.start() == timeline.end() == 0
    assert timeline.resolve("toy.last") is not None
    assert timeline.first_step_where(lambda: "always") is None


def test_steps_know_what_they_are() -> None:
    timeline = support.story()
    first = timeline.step(0)
    assert (first.kind, first.statement, first.depth) == (Kind.CALL, None, 0)
    assert first.line == first.frame.function.line
    assert first.frame.function.module == "toy"
    second = timeline.step(1)
    assert second.statement is not None
    assert second.statement.text == "fill(toy, 0, 12)"
    assert second.line == second.statement.first


def test_the_stack_shows_where_each_caller_stands() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "down::return 0")
    levels = timeline.stack(n)
    texts = [level.statement.text for level in levels if level.statement]
    assert texts == ["down(3)", *["below = down(depth - 1)"] * 3, "return 0"]
    assert [level.frame.depth for level in levels] == [0, 1, 2, 3, 4]


def test_the_stack_of_the_second_call_in_one_statement() -> None:
    timeline = support.story()
    for visit in (1, 2):
        n = stops.step_of(timeline, f"add_up::@call@{visit}")
        caller = timeline.stack(n)[-2]
        assert caller.statement is not None
        assert caller.statement.text == "total = add_up("


def test_writes_between_two_steps() -> None:
    timeline = support.story()
    n = stops.step_of(timeline, "leaf_of::toy.leaves[number] = leaf")
    (write,) = timeline.writes(n)
    assert write.old is MISSING
    assert isinstance(write.new, KObject)
    assert timeline.cell_name(write.cell) == "toy.leaves[0]"
    n = stops.step_of(timeline, "erase::del toy.leaves[index // SLOTS]")
    (write,) = timeline.writes(n)
    assert write.new is MISSING
    timeline.seek(n)
    assert 2 in root_of(timeline).leaves
    timeline.seek(n + 1)
    assert 2 not in root_of(timeline).leaves


def test_every_write_is_in_exactly_one_step() -> None:
    timeline = support.story()
    total = sum(len(timeline.writes(n)) for n in range(len(timeline)))
    assert total == len(timeline.tape.journal) // 4


def test_who_wrote_a_cell() -> None:
    timeline = support.story()
    count = cell(timeline, "leaf#0.count")
    end = len(timeline) - 1
    last = timeline.last_write_before(count, end)
    assert last is not None
    where = timeline.statement_at(last.step)
    assert where is not None
    assert where.text == "leaf.count = leaf.count - 1"
    before = timeline.last_write_before(count, last.step)
    assert before is not None
    assert (before.old, before.new, last.old, last.new) == (7, 8, 8, 7)
    all_writes = timeline.writes_of(count)
    assert all_writes[-2:] == [before, last]
    assert timeline.last_write_before(count, all_writes[0].step) is None
    assert timeline.first_write_after(count, 0) == all_writes[0]
    assert timeline.first_write_after(count, last.step) == last
    assert timeline.first_write_after(count, last.step + 1) is None


def test_the_value_of_a_cell_at_any_step_is_what_seeking_shows() -> None:
    timeline = support.story()
    names = ["toy.counters[0]", "toy.last", "leaf#1.slots[3]", "toy.limit", "toy.made"]
    cells = [cell(timeline, name) for name in names]
    leaves = root_of(timeline).leaves
    for n in range(0, len(timeline), 7):
        timeline.seek(n)
        for each in cells:
            if isinstance(each.target, KObject):
                live = getattr(each.target, each.key)
            else:
                live = each.target[each.key]
            assert timeline.value_at(each, n) is live
            assert timeline.value_at(each) is live
        assert timeline.value_at(Cell(leaves, 2), n) is leaves.get(2, MISSING)


def test_when_a_structure_was_created() -> None:
    timeline = support.story()
    leaf = timeline.names().objects("leaf#2")[0]
    n = timeline.created(leaf)
    assert n is not None
    where = timeline.statement_at(n)
    assert where is not None
    assert where.text == 'leaf = Leaf(f"leaf#{number}")'
    assert timeline.created(timeline.root) is None


@pytest.mark.parametrize(
    "name",
    [
        "toy.last",
        "toy.counters[1]",
        "toy.leaves[1]",
        "leaf#2.slots[4]",
        "frame#3.refs",
    ],
)
def test_names_lead_back_to_their_cells(name: str) -> None:
    timeline = support.story()
    assert timeline.cell_name(cell(timeline, name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "toy",
        "toy.",
        "toy.nothing",
        "nobody.last",
        "toy.counters[3]",
        "toy.counters[x]",
        "x[1]",
    ],
)
def test_names_that_lead_nowhere(name: str) -> None:
    assert support.story().resolve(name) is None


def test_names_may_follow_fields() -> None:
    timeline = support.story()
    timeline.end()
    leaf = cell(timeline, "toy.leaves[0].count")
    assert timeline.cell_name(leaf) == "leaf#0.count"


def test_counters_have_names_of_their_own() -> None:
    timeline = support.machine()
    faults = cell(timeline, "PGFAULT")
    assert timeline.cell_name(faults) == "vmstat.events[PGFAULT]"
    assert cell(timeline, "vmstat.events[PGFAULT]") == faults
    assert timeline.value_at(faults, len(timeline) - 1) == 1
    assert faults == Cell(faults.target, VmEvent.PGFAULT)
    assert len({faults, Cell(faults.target, VmEvent.PGFAULT)}) == 1
    rss = cell(timeline, "MM_FILEPAGES")
    assert timeline.cell_name(rss) == "mm A.rss_stat[MM_FILEPAGES]"
    assert (
        timeline.cell_name(cell(timeline, "NR_FILE_PAGES"))
        == "vmstat.node[NR_FILE_PAGES]"
    )


def test_cursors_of_one_name_resolve_to_the_innermost_frame_s() -> None:
    timeline = support.machine()
    seen = set()
    for frame in timeline.tape.frames:
        timeline.seek(frame.first_step)
        cursor = timeline.locals_of(frame).get("xas")
        if cursor is not None:
            assert cell(timeline, "xas.xa_index").target is cursor
            seen.add(id(cursor))
    assert len(seen) > 1


def test_which_task_runs() -> None:
    timeline = support.machine()
    n = stops.step_of(timeline, "sys_open::@call")
    assert timeline.task_at(n) == "A"
    assert timeline.task_at(0) == "swapper"
    assert support.story().task_at(0) is None
    assert support.story().cpu_at(0) is None


def test_visits_of_a_statement() -> None:
    timeline = support.story()
    statement = support.statement(timeline, "done = done + 1")
    visits = list(timeline.visits(statement))
    assert len(visits) == 12
    assert all(timeline.statement_at(n) == statement for n in visits)
    assert timeline.next_visit(statement, visits[3]) == visits[4]
    assert timeline.previous_visit(statement, visits[3]) == visits[2]
    assert timeline.next_visit(statement, visits[-1]) is None
    assert timeline.previous_visit(statement, visits[0]) is None
    never = statement._replace(first=10**6)
    assert list(timeline.visits(never)) == []


def test_the_first_step_where_a_check_fails() -> None:
    timeline = support.story()
    root = root_of(timeline)
    timeline.seek(7)

    def few() -> str | None:
        inside = root.counters[0]
        return f"{inside} pages are inside" if inside > 5 else None

    found = timeline.first_step_where(few)
    assert found is not None
    n, sentence = found
    assert sentence == "6 pages are inside"
    assert timeline.position == 7
    inside = cell(timeline, "toy.counters[0]")
    assert (timeline.value_at(inside, n - 1), timeline.value_at(inside, n)) == (5, 6)
    assert timeline.first_step_where(few, start=n) == found
    assert timeline.first_step_where(few, stop=n) is None
    last = len(timeline) - 1

    def many() -> str | None:
        return None if root.counters[0] > 5 else "few"

    back = timeline.first_step_where(many, start=last, forward=False)
    assert back == (n - 1, "few")


def test_a_search_looks_once_at_each_state_and_can_be_interrupted() -> None:
    timeline = support.story()
    looks: list[int] = []

    def never() -> None:
        looks.append(timeline.position)

    assert timeline.first_step_where(never) is None
    assert len(looks) == len(set(timeline.tape.at))
    asked: list[None] = []

    def enough() -> bool:
        asked.append(None)
        return len(asked) > 10

    looks.clear()
    assert timeline.first_step_where(never, interrupted=enough) is None
    assert len(looks) == 10


def test_checks_run_in_the_recorded_kernel_s_geometry() -> None:
    timeline = support.machine()
    sizes = set()

    def check() -> None:
        assert current.kernel is timeline.root
        sizes.add(units.HPAGE_PMD_NR)

    timeline.first_step_where(check, stop=40)
    assert sizes == {units.SMALL.derived()["HPAGE_PMD_NR"]}


def test_progress_of_the_index_is_reported() -> None:
    timeline = support.record_toy()
    parts: list[float] = []
    timeline.history(parts.append)
    assert parts[-1] == 1.0


def test_a_recording_can_be_run_on_after_rejoining() -> None:
    timeline = support.record_toy()
    timeline.seek(3)
    timeline.rejoin()
    toy.fill(root_of(timeline), 100, 1)
    assert 100 // toy.SLOTS in root_of(timeline).leaves


def test_writes_are_plain_tuples() -> None:
    write = Write(1, toy.new_toy(), "made", 0, 1)
    assert write.cell.key == "made"
