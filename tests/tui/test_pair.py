"""Two runs side by side: opened where they part, moved together, left at the step where one stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.beside import beside_target
from tests.tui.playing import painted, play, text_of
from thpkit.trace.alignment import Alignment
from tui.app import ThpApp
from tui.pair import DIFF, Pair
from tui.paths import UserError
from tui.stepper import Stepper
from tui.where import Target, resolve


@pytest.fixture
def compared() -> Target:
    """The scene of D5 in v3, against the correct version; recorded once."""
    return beside_target()


def pair(app: ThpApp) -> Pair:
    """The screen on top."""
    assert isinstance(app.screen, Pair)
    return app.screen


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (20, 5)])
def test_it_opens_where_they_part(
    tmp_path: Path, compared: Target, size: tuple[int, int]
) -> None:
    """Both versions are named, and the difference holds the page's flags."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.pause()
        pair(app)
        shown = painted(app)
        assert len(shown) == size[1]
        if size[0] >= 80:
            assert any("v3 " in line and "lock_again" in line for line in shown)
            assert any(
                "ref " in line and "filemap_huge_fault" in line for line in shown
            )
            assert "page#1.flags" in text_of(app, DIFF)

    play(scene, tmp_path, size, compared)


def test_the_other_run_follows(tmp_path: Path, compared: Target) -> None:
    """Whichever source has the focus leads; the other stands at its counterpart."""
    run = compared.open()
    assert run.other is not None
    there = Alignment(run.timeline, run.other.timeline)
    parts = run.start, run.other.start

    def expected(n: int) -> int:
        assert parts[0] is not None and parts[1] is not None
        return max(there.step(n).step, parts[1] if n >= parts[0] else 0)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.pause()
        left, right = pair(app)._sides["left"].reader, pair(app)._sides["right"].reader
        for key in ("n", "s", "F", "space", "backspace", "home", "end"):
            await pilot.press(key)
            assert right.position == expected(left.position)
        await pilot.press("tab", "home", "s", "s")
        assert right.position == 2

    play(scene, tmp_path, (120, 40), compared)


def test_leaving_goes_on_with_one_run(tmp_path: Path, compared: Target) -> None:
    """Esc: the stepper, at the step of the left run."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.pause()
        await pilot.press("n", "n")
        step = pair(app)._sides["left"].reader.position
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, Stepper) and app.screen.position == step

    play(scene, tmp_path, (120, 40), compared)


def test_an_exercise_stands_beside_the_kit() -> None:
    """Opened at the step where the two part, with the planted line on one side and the kit's on the other."""
    run = resolve("ex:ex03", against="ref").open()
    assert run.side_by_side and run.other is not None
    assert run.start is not None and run.other.start is not None
    ours = run.timeline.step(run.start).statement
    theirs = run.other.timeline.step(run.other.start).statement
    assert ours is not None and "round_up" in ours.text
    assert theirs is not None and "(off - addr)" in theirs.text
    assert "are about to part" in run.notices[-1]


def test_where_finding_the_place_is_the_exercise_the_kit_is_not_shown() -> None:
    """A sentence instead."""
    with pytest.raises(UserError, match="finding the place is the exercise"):
        resolve("ex:ex06", against="ref").open()


def test_keys_that_ask_work_on_two_runs_too(tmp_path: Path, compared: Target) -> None:
    """Go to a place in the run that leads, search the pane that has the focus; what belongs to one run says so."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = pair(app)
        await pilot.press("g", *"do_set_pmd", "enter")
        await pilot.pause()
        step = screen.reader.timeline.step(screen.reader.position)
        assert step.frame.function.qualname == "do_set_pmd"
        await pilot.press("slash", *"units.", "enter")
        await pilot.pause()
        assert "does not stand" not in text_of(app, "bar")
        await pilot.press("slash", *"no such text", "enter")
        await pilot.pause()
        assert "'no such text' does not stand in this pane" in text_of(app, "bar")
        await pilot.press("l")
        assert "esc goes back to it" in text_of(app, "bar")
        await pilot.press("y")
        assert "copied" in text_of(app, "bar")
        await pilot.press("colon", *"section-back", "enter")
        await pilot.pause()
        step = screen.reader.timeline.step(screen.reader.position)
        assert step.frame.function.qualname == "do_user_addr_fault"

    play(scene, tmp_path, (120, 40), compared)


def test_a_sentence_that_is_too_long_for_its_row_is_told_in_full(
    tmp_path: Path, compared: Target
) -> None:
    """Where the runs part is what the reader came for: in a narrow window it stands above the difference."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        said = pair(app).reader.message
        assert len(said) > 80
        assert said in " ".join(text_of(app, DIFF).split())
        await pilot.press("s")
        assert said not in " ".join(text_of(app, DIFF).split())

    play(scene, tmp_path, (80, 24), compared)


def test_behind_the_place_where_they_part_neither_falls_back(
    tmp_path: Path, compared: Target
) -> None:
    """Code that only the posted patch has answers to nothing; the other run waits where they part.

    Both titles say which line it is, and the keys stand with their opposites.
    """
    run = compared.open()
    assert run.other is not None and run.other.start is not None
    parts = run.other.start

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = pair(app)
        assert painted(app)[0].count("about to run") == 2
        for _ in range(3):
            await pilot.press("s")
            assert text_of(app, "bar").startswith("→ ← stop  n N line  s S into")
            assert screen._sides["right"].reader.position >= parts

    play(scene, tmp_path, (120, 40), compared)


def test_shown_again_elsewhere_the_other_run_stands_there_too(
    tmp_path: Path, compared: Target
) -> None:
    """And not at the place where they part, where it stood at first."""
    run = compared.open()
    assert run.other is not None
    there = Alignment(run.timeline, run.other.timeline)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("home", "s", "s", "s")
        await pilot.press("colon", *"beside", "enter")
        await pilot.pause()
        right = pair(app)._sides["right"].reader.position
        assert right == there.step(pair(app).reader.position).step < 100

    play(scene, tmp_path, (120, 40), compared)
