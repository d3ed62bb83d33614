"""Questions a reader has at a line, answered with keys: who wrote this, where does it break, where do runs part."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytest
from textual.pilot import Pilot

from tests.tui.beside import beside_run
from tests.tui.playing import painted, play, stepper, text_of
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.vmstat import NodeStat
from thpkit.kernel.xarray import XaNode
from thpkit.patch import V3
from thpkit.scenario import load_file, record
from thpkit.trace.cells import Cell
from thpkit.trace.timeline import Timeline
from thpkit.view.moment import Moment
from thpkit.view.rows import text_of as text_of_row
from thpkit.view.timeline_view import Marked, bar
from tui.app import ThpApp
from tui.layouts import BAR, STATUS
from tui.opening import Run
from tui.paths import lessons_dir
from tui.reader import Reader
from tui.where import Target, resolve

FIRST_BROKEN: Final = {"I4", "I5", "I6", "I8", "I11", "I12", "I14"}
"""What FACTS §10.7 derives for the patch as posted, after its first clean fault."""
MAPPED: Final = 12
"""The tour's stop at which the huge page is mapped and the fault has returned."""


@lru_cache(maxsize=1)
def tour() -> Run:
    """The tour, recorded once."""
    return replace(resolve("tour").open(), introduction=(), ask=None)


def at_stop(number: int) -> Target:
    """The tour, to be opened at a stop."""
    start = tour().timeline.stops[number - 1].step
    run = replace(tour(), start=start)
    return Target("00_tour", run.title, lambda: run)


def top_node(timeline: Timeline) -> XaNode:
    """The top node of the file's XArray, at the step where the timeline stands."""
    mapping = timeline.root.inodes["/lib/libbig.so"].i_mapping  # type: ignore[attr-defined]
    assert isinstance(mapping.i_pages.xa_head, XaNode)
    return mapping.i_pages.xa_head


async def choose(pilot: Pilot[str], app: ThpApp, digit: str, cell: Cell) -> None:
    """Go to a pane with its digit, and down with the arrow until a value is chosen."""
    reader = stepper(app).reader
    assert reader is not None
    await pilot.press(digit)
    for _ in range(40):
        if reader.selected == cell:
            return
        await pilot.press("down")
    raise AssertionError(f"{cell} cannot be reached; chosen is {reader.selected}")


def said_in(app: ThpApp) -> str:
    """The sentence in the last rows; a long one takes the timeline's row too."""
    return f"{text_of(app, 'timeline')} {text_of(app, BAR)}"


def place(timeline: Timeline, n: int) -> tuple[str, str]:
    """File and function of a step."""
    function = timeline.step(n).frame.function
    return function.file.removeprefix("thpkit/kernel/"), function.qualname


def test_who_wrote_slot_8_of_the_top_node(tmp_path: Path) -> None:
    """Chosen in the XArray's pane, named in its title; w leads into the XArray's code, O back."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        timeline = tour().timeline
        there = screen.position
        timeline.seek(there)
        node = top_node(timeline)
        await choose(pilot, app, "3", Cell(node.slots, 8))
        name = f"{node.kname}.slots[8]"
        assert name in text_of(app, BAR) and "w who wrote it" in text_of(app, BAR)
        assert app.screen.query_one("#xarray").text.startswith(f"3 XArray  › {name}")  # type: ignore[attr-defined]
        await pilot.press("w")
        file, function = place(timeline, screen.position)
        assert file.startswith("xarray/") and function == "xas_create"
        write = timeline.writes(screen.position)
        assert any(each.cell == Cell(node.slots, 8) for each in write)
        said = said_in(app)
        assert (
            f"{name}: NULL → xa_node#" in said and "by xas_create, create.py:" in said
        )
        await pilot.press("O")
        assert screen.position == there

    play(scene, tmp_path, (80, 24), at_stop(MAPPED))


def test_who_wrote_nr_file_pmdmapped(tmp_path: Path) -> None:
    """Two statements of the tour write it: the one that maps the page first, and the one that unmaps it last."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        timeline = tour().timeline
        await pilot.press("end")
        node = timeline.root.vmstat.node  # type: ignore[attr-defined]
        await choose(pilot, app, "7", Cell(node, NodeStat.NR_FILE_PMDMAPPED.value))
        found = []
        while True:
            before = screen.position
            await pilot.press("w")
            if screen.position == before:
                break
            write = timeline.writes(screen.position)[0]
            found.append((write.old, write.new, _outside(timeline, screen.position)))
        assert found == [(1, 0, "page_remove_file_rmap"), (0, 1, "page_add_file_rmap")]
        assert "vmstat.node[NR_FILE_PMDMAPPED] is not written yet" in said_in(app)

    play(scene, tmp_path, (80, 24), at_stop(MAPPED))


def _outside(timeline: Timeline, n: int) -> str:
    """The function of mm/rmap.c in whose call a step lies."""
    names = [each.frame.function.qualname for each in timeline.stack(n)]
    return next(each for each in reversed(names) if each.startswith("page_"))


def _tour_that_goes_on() -> Timeline:
    """The tour on the patch as posted, on a kernel that reports broken rules and goes on, as kernels do."""
    scenario = load_file(lessons_dir() / "00_tour" / "tour.py")
    config = Config(on_splat=OnSplat.LOG, debug_vm=False)
    return record(replace(scenario, config=config, stops=()), V3).timeline


@pytest.mark.parametrize(
    "opened",
    [
        _tour_that_goes_on,
        lambda: resolve("defect:D2").open().timeline,
    ],
    ids=["tour", "D2"],
)
def test_the_posted_patch_breaks_what_the_facts_say(
    opened: Callable[[], Timeline],
) -> None:
    """c, again and again: the first broken invariant is one of the list, and the timeline marks where."""
    reader = Reader(opened())
    broken = None
    while broken is None:
        before = reader.position
        reader.do("continue")
        assert reader.position > before, "no invariant breaks"
        broken = re.match(r"(I\d+): ", reader.message)
    assert broken[1] in FIRST_BROKEN, reader.message
    assert reader.position == reader.trouble.begins()[0]
    marks = Marked(broken=reader.trouble.begins())
    line = text_of_row(bar(Moment.of(reader.timeline, 0), 120, marks))
    assert "×" in line


def test_the_tour_on_the_posted_patch_ends_at_a_report() -> None:
    """The correct version's own tour checks the order of locks; c says which broke, and the last step why it ends."""
    reader = Reader(resolve("tour", "v3").open().timeline)
    reader.do("continue")
    assert "lock order" in reader.message and "ptl" in reader.message
    reader.do("last")
    assert reader.message.startswith("the run ends here: lock order")


def test_where_two_versions_part() -> None:
    """``thp step defect:D5 --against ref``: opened where the lock is taken without a look whether it is free."""
    run = beside_run()
    assert run.start is not None and run.other is not None
    assert run.timeline.step(run.start).frame.function.qualname == "lock_again"
    assert "part" in run.notices[-1]


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
def test_where_am_i_what_will_run_what_changed_how_do_i_go_back(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """Four answers that stand on every screen, and in the list behind ?."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        timeline = tour().timeline
        status = text_of(app, STATUS)
        assert f"stop 2 of {len(timeline.stops)}" in status  # where
        assert "about to run" in status  # what will run
        lines = painted(app)
        here = next(line for line in lines if line.lstrip(" ●›").startswith("▶"))
        assert "return __handle_mm_fault(vma, address, flags)" in here
        await pilot.press("7")
        changed = [line for line in painted(app) if "● PGFAULT" in line]  # what changed
        assert len(changed) == 1 and "+1" in changed[0]
        await pilot.press("tab")
        assert text_of(app, BAR).startswith("→ ← stop  n N line  s S into")  # back
        await pilot.press("question_mark")
        assert "capital letters go back" in "\n".join(painted(app))

    play(scene, tmp_path, size, at_stop(2))
