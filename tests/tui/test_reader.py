"""The reader: every move both ways, who wrote what, the jump history, and a sentence where nothing happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.small import TEXT, timeline, write
from thpkit import checks
from thpkit.trace import folds, moves
from thpkit.trace.sections import sections
from tui.actions import ACTIONS
from tui.breakpoints import Breakpoints, Called, point_on
from tui.reader import Reader
from tui.trouble import Trouble
from tui.where import resolve

PAIRS = [
    ("into", "into_back"),
    ("next_stop", "previous_stop"),
    ("next_section", "previous_section"),
]


@pytest.fixture
def reader() -> Reader:
    """At the first step of the small story."""
    return Reader(timeline())


@pytest.mark.parametrize(("there", "back"), PAIRS)
def test_moves_lead_there_and_back(reader: Reader, there: str, back: str) -> None:
    """Walking to the end and back visits the same steps."""
    seen = [0]
    while True:
        reader.do(there)
        if reader.position == seen[-1]:
            break
        seen.append(reader.position)
    assert reader.message
    assert len(seen) > 3
    found = []
    while reader.position:
        before = reader.position
        reader.do(back)
        if reader.position == before:
            break
        found.append(reader.position)
    assert [each for each in found[::-1] if each] == [
        each for each in seen[:-1] if each
    ]


def test_stops_are_counted(reader: Reader) -> None:
    """Before the first stop 0, then 1, 2, 3."""
    numbers = [reader.stop]
    for _ in range(4):
        reader.do("next_stop")
        numbers.append(reader.stop)
    assert numbers == [0, 1, 2, 3, 3]
    assert "last stop" in reader.message
    reader.onward = "e leads to the exercise"
    reader.do("next_stop")
    assert reader.message == "e leads to the exercise"


def test_backspace_from_the_first_stop_leads_to_the_start(reader: Reader) -> None:
    """And says so when it is there."""
    reader.do("next_stop")
    reader.do("previous_stop")
    assert reader.position == 0
    reader.do("previous_stop")
    assert "first step" in reader.message


def test_a_loop_is_skipped_both_ways(reader: Reader) -> None:
    """x leads behind the alike iterations, X to their start."""
    fold = folds.folds(reader.timeline)[0]
    reader.position = fold.first
    reader.do("fold")
    assert reader.position == fold.last + 1
    reader.do("fold_back")
    assert reader.position == fold.first


def test_finish_and_call(reader: Reader) -> None:
    """f ends in the same call, F at its beginning."""
    reader.goto("do_set_pmd")
    start = reader.position
    frame = reader.timeline.frame_at(start)
    reader.do("finish")
    assert reader.timeline.frame_at(reader.position) is frame
    reader.do("finish_back")
    assert reader.position == start


def test_who_wrote_it_goes_back_writer_by_writer(reader: Reader) -> None:
    """Each w leads to an earlier write of the same value; the sentence has old, new and place."""
    reader.position = len(reader.timeline) - 1
    cell = reader.timeline.resolve("NR_FILE_MAPPED")
    assert cell is not None
    writes = [each.step for each in reader.timeline.writes_of(cell)]
    assert len(writes) == 2
    reader.selected = cell
    reader.do("writer")
    assert reader.position == writes[1]
    assert "8 → 0" in reader.message and "rmap.py:" in reader.message
    reader.do("writer")
    assert reader.position == writes[0]
    assert "0 → 8" in reader.message
    reader.do("writer")
    assert reader.position == writes[0]
    assert "not written yet" in reader.message or "never" in reader.message


def test_the_writer_before_that(reader: Reader) -> None:
    """W skips one writer; where there is only one it says what was before."""
    reader.position = len(reader.timeline) - 1
    reader.selected = reader.timeline.resolve("NR_FILE_MAPPED")
    reader.do("writer_back")
    assert "0 → 8" in reader.message
    reader.do("last")
    reader.selected = reader.timeline.resolve("PGFAULT")
    reader.do("writer_back")
    assert "nothing wrote" in reader.message and "began as 0" in reader.message


def test_the_writer_before_goes_on_from_where_w_led(reader: Reader) -> None:
    """At a statement that is about to write the value, the write before it is the one that is missing."""
    reader.position = len(reader.timeline) - 1
    reader.selected = reader.timeline.resolve("NR_FILE_MAPPED")
    reader.do("writer")
    assert "8 → 0" in reader.message
    reader.do("writer_back")
    assert "0 → 8" in reader.message


def test_what_is_not_written_yet_names_its_first_writer(reader: Reader) -> None:
    """With its step; what is never written says so."""
    reader.selected = reader.timeline.resolve("NR_FILE_PAGES")
    reader.do("writer")
    assert reader.position == 0
    assert "not written yet" in reader.message and "step" in reader.message
    reader.selected = reader.timeline.resolve("NR_SHMEM")
    reader.do("writer")
    assert "never written" in reader.message


def test_changes_of_a_value(reader: Reader) -> None:
    """} goes to where the value has changed, { to just before it did."""
    reader.selected = reader.timeline.resolve("NR_FILE_MAPPED")
    reader.do("change")
    assert "is 8 here" in reader.message
    changed = reader.position
    reader.do("change_back")
    assert reader.position == changed - 1
    assert "is 0 here" in reader.message


def test_without_a_selection_the_last_change_is_meant(reader: Reader) -> None:
    """And at the first step there is none."""
    reader.do("writer")
    assert "nothing has been written" in reader.message
    reader.do("next_stop")
    reader.do("writer")
    assert "→" in reader.message


def test_a_value_that_was_not_chosen_is_forgotten_with_the_next_step(
    reader: Reader,
) -> None:
    """So that w always asks about the last change; a chosen one stays."""
    reader.do("next_stop")
    reader.do("writer")
    assert reader.selected is not None
    reader.do("into")
    assert reader.selected is None
    chosen = reader.timeline.resolve("NR_FILE_PAGES")
    reader.select(chosen)
    reader.do("into")
    assert reader.selected == chosen


def test_jumps_are_remembered_both_ways(reader: Reader) -> None:
    """O goes back over jumps, o forward; steps are no jumps."""
    reader.do("last")
    reader.do("into_back")
    here = reader.position
    reader.do("first")
    reader.do("jump_back")
    assert reader.position == here
    reader.do("jump_back")
    assert reader.position == 0
    reader.do("jump_back")
    assert "no jump" in reader.message
    reader.do("jump_forward")
    reader.do("jump_forward")
    assert reader.position == 0
    reader.do("jump_forward")
    assert "no jump" in reader.message


def test_a_breakpoint_stops_in_both_directions(reader: Reader) -> None:
    """c goes forward to it, C back to it; b takes it away again."""
    reader.goto("do_set_pmd")
    reader.do("into")
    line = reader.position
    reader.do("breakpoint")
    assert "runs 1 time;" in reader.message
    reader.do("first")
    reader.do("continue")
    assert reader.position == line and reader.message.startswith("a breakpoint: line")
    reader.do("last")
    reader.do("continue_back")
    assert reader.position == line
    reader.do("breakpoint")
    reader.do("first")
    reader.do("continue")
    assert reader.position == 0 and "no breakpoint" in reader.message


def test_a_breakpoint_on_a_value_stops_at_each_change(reader: Reader) -> None:
    """Forwards and backwards at the same steps: just behind each write, with both values and the place."""
    cell = reader.timeline.resolve("NR_FILE_PMDMAPPED")
    assert cell is not None
    writes = [each.step + 1 for each in reader.timeline.writes_of(cell)]
    reader.select(cell)
    reader.do("breakpoint")
    assert "changes 2 times" in reader.message
    seen = []
    for _ in writes:
        reader.do("continue")
        seen.append(reader.position)
    assert seen == writes and "1 → 0, by page_remove_file_rmap" in reader.message
    reader.do("continue")
    assert reader.position == writes[-1] and "no breakpoint" in reader.message
    reader.do("last")
    back = []
    for _ in writes:
        reader.do("continue_back")
        back.append(reader.position)
    assert back == writes[::-1]


def test_a_breakpoint_on_a_def_line_stops_at_each_call(reader: Reader) -> None:
    """The line itself is no statement; the function is meant."""
    reader.goto("page_add_file_rmap")
    step = reader.timeline.step(reader.position)
    point = point_on(reader.timeline, step.frame.function.file, step.line)
    assert isinstance(point, Called) and point.name == "page_add_file_rmap"
    reader.mark(point)
    reader.do("breakpoint")
    assert "page_add_file_rmap()" in reader.message
    call = reader.position
    reader.do("first")
    reader.do("continue")
    assert reader.position == call


def test_what_was_chosen_last_gets_the_breakpoint(reader: Reader) -> None:
    """Line, then value, then nothing: the line is still chosen."""
    reader.goto("do_set_pmd")
    reader.do("into")
    reader.mark(reader.timeline.step(reader.position).statement)
    reader.select(reader.timeline.resolve("NR_FILE_PAGES"))
    reader.do("breakpoint")
    assert "NR_FILE_PAGES" in reader.message
    reader.select(None)
    reader.do("breakpoint")
    assert "breakpoint set on line" in reader.message


def test_runs_of_a_line(reader: Reader) -> None:
    """t and T go through the runs of the present line."""
    reader.goto("page_ref_add")
    fold = folds.folds(reader.timeline)[0]
    reader.position = moves.into(reader.timeline, fold.first)
    here = reader.timeline.statement_at(reader.position)
    start = reader.position
    reader.do("visit")
    assert reader.position > start
    assert reader.timeline.statement_at(reader.position) == here
    reader.do("visit_back")
    assert reader.position == start


@pytest.mark.parametrize(
    "text",
    ["1000", "step 1,000", "+3", "stop 2", "do_set_pmd", "do_set_pmd()", "NR_FILE_PAGES",
     "page#1._refcount", "rmap.page_add_file_rmap", "do_set_pmd::@return", "page_ref_add(page"],
)  # fmt: skip
def test_much_can_be_gone_to(reader: Reader, text: str) -> None:
    """Numbers, stops, functions, cells, places."""
    reader.goto(text)
    assert reader.position > 0


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "stop 77", "stop", "²", "do_set_pmd::no such code", "+", "a::b::c", "[[", "99999999999999999999"],
)  # fmt: skip
def test_what_leads_nowhere_gets_a_sentence(reader: Reader, text: str) -> None:
    """And never an error."""
    reader.goto(text)
    assert reader.message


def test_a_run_that_ended_early_says_so_at_its_last_step(tmp_path: Path) -> None:
    """And only there."""
    text = TEXT.replace("    a.munmap(at, 0x10000)", "    raise ValueError('enough')")
    run = resolve(str(write(tmp_path, text))).open()
    reader = Reader(run.timeline)
    assert reader.ending() == ""
    reader.do("last")
    assert "the run ends here" in reader.ending() and "enough" in reader.ending()
    assert reader.message == reader.ending()


def test_a_broken_invariant_is_found_at_the_first_quiet_moment(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all hold, nothing is found; where one breaks, the moment just behind that call."""
    trouble = Trouble(reader.timeline)
    assert trouble.after(0, Breakpoints(reader.timeline)) is None
    assert trouble.begins() == ()
    reader = Reader(resolve(str(write(tmp_path))).open().timeline)  # nothing known yet
    second = sections(reader.timeline)[1].last + 1

    def broken(_kernel: object) -> str | None:
        return "I4: too many" if reader.timeline.position >= second else None

    monkeypatch.setattr(checks, "first_broken", broken)
    trouble = Trouble(reader.timeline)
    assert trouble.after(0, Breakpoints(reader.timeline)) == (second, "I4: too many")
    assert trouble.after(second, Breakpoints(reader.timeline)) is None
    assert trouble.before(len(reader.timeline) - 1, Breakpoints(reader.timeline)) == (
        second,
        "I4: too many",
    )
    assert trouble.begins() == (second,)


def test_a_splat_is_found_with_its_sentence(tmp_path: Path) -> None:
    """On the patch as posted: both ways to the report, and the ending at the last step."""
    reader = Reader(resolve(str(write(tmp_path)), "v3").open().timeline)
    reader.do("continue")
    found = reader.position
    assert found > 0 and reader.message.startswith("lock order: A takes")
    reader.do("last")
    reader.do("last")
    assert "the run ends here" in reader.message
    reader.do("continue_back")
    assert reader.position == found


def test_random_actions_never_fail(reader: Reader) -> None:
    """A thousand of them, in an order that a small generator makes."""
    names = [each.id for each in ACTIONS if reader.can(each.id)]
    state = 12345
    for _ in range(1000):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        reader.do(names[state % len(names)])
        assert 0 <= reader.position < len(reader.timeline)


def test_stops_count_as_visited_only_when_stood_on(reader: Reader) -> None:
    """Jumping to the end visits nothing in between; stepping from stop to stop visits each."""
    reader.do("last")
    assert reader.visited == set() and reader.stop == 3
    reader.goto("stop 3")
    assert reader.visited == {3}
    reader.do("first")
    for _ in range(3):
        reader.do("next_stop")
    assert reader.visited == {1, 2, 3}
