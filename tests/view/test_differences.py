"""The difference of two states: every cell that differs, and nothing else; what is alike shares a row."""

from __future__ import annotations

from pathlib import Path

from tests.tui.small import TEXT, write
from thpkit.scenario import load_file, record
from thpkit.trace.digest import state_of
from thpkit.trace.timeline import Timeline
from thpkit.view.differences import differing, render
from thpkit.view.glyphs import UNICODE
from thpkit.view.rows import plain


def two(folder: Path) -> tuple[Timeline, Timeline]:
    """The small story twice, in recordings of their own."""
    scenario = load_file(write(folder, TEXT))
    return record(scenario).timeline, record(scenario).timeline


def test_equal_states_do_not_differ(tmp_path: Path) -> None:
    """Two runs of one scenario at one step; the pane says so."""
    left, right = two(tmp_path)
    left.seek(700)
    right.seek(700)
    assert differing(left, right) == []
    assert "equal" in plain(render(left, right, 80, UNICODE).rows)


def test_what_differs_is_what_was_written_between(tmp_path: Path) -> None:
    """One run is ahead: the cells are those whose values are not what they were, joined where they are alike."""
    left, right = two(tmp_path)
    left.seek(0)
    right.seek(len(right) - 1)
    ours, theirs = state_of(left.root), state_of(right.root)
    expected = sum(
        ours.get(path, "absent") != theirs.get(path, "absent")
        for path in {*ours, *theirs}
    )
    found = differing(left, right)
    assert sum(each.alike for each in found) == expected > 10
    for each in found:
        assert ours.get(each.path, each.left) == each.left
        assert theirs.get(each.path, each.right) == each.right


def test_sub_pages_that_differ_alike_share_a_row(tmp_path: Path) -> None:
    """One row names the first, the last and how many."""
    left, right = two(tmp_path)
    stop = next(each.step for each in right.stops if "Mapped" in each.stop.title)
    left.seek(0)
    right.seek(stop)
    shown = plain(render(left, right, 100, UNICODE).rows)
    assert "alike)" in shown and "_mapcount" in shown
    assert max(map(len, shown.splitlines())) <= 100
