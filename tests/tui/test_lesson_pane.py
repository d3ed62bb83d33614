"""The lesson's text beside the run: what is marked, what enter plays, and that only the step decides what is shown.

Which bullet speaks of which statement is computed here from the text on disk, in a few lines of our own.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from threading import Event

import pytest
from textual.pilot import Pilot

from tests.tui.playing import painted, play, stepper, stepping, text_of
from tests.tui.small import target as small_target
from thpkit.trace.statements import ROOT
from tui.app import ThpApp
from tui.asking import AskScreen
from tui.layouts import LESSON
from tui.lesson_text import ordinal
from tui.lessonpane import LessonPane
from tui.opening import Run
from tui.state import Store
from tui.where import Target, resolve

SIZES = [(80, 24), (200, 60)]
TEXT = (ROOT / "lessons/01_where_to_map/README.md").read_text(encoding="utf-8")
BULLETS = [
    (function, span)
    for function, below in re.findall(
        r"^```python src=\S+::(\S+)\n.*?\n```\n(.*?)(?=^```|^#)", TEXT, re.DOTALL | re.M
    )
    for span in re.findall(r"^- `([^`]+)`", below, re.MULTILINE)
    if not span.startswith("return")  # stands in a function more than once
]
"""Function and code span of the bullets that explain a line."""


@lru_cache(maxsize=1)
def run() -> Run:
    """Lesson 1 without its questions. Tests only move in it."""
    return replace(asking_run(), ask=None)


@lru_cache(maxsize=1)
def asking_run() -> Run:
    """Lesson 1 with its questions, recorded once."""
    return replace(resolve("01").open(), introduction=())


@pytest.fixture
def lesson() -> Target:
    """Lesson 1, recorded already."""
    return Target("01_where_to_map", "Where to map", run)


def stop(title: str) -> int:
    """The step of a stop."""
    return next(each.step for each in run().timeline.stops if each.stop.title == title)


@lru_cache(maxsize=1)
def statements() -> dict[tuple[str, str], int]:
    """The first step at which each statement is about to run, by function and first line."""
    timeline = run().timeline
    found: dict[tuple[str, str], int] = {}
    for n in range(len(timeline)):
        statement = timeline.step(n).statement
        if statement is not None:
            found.setdefault((statement.function, statement.text), n)
    return found


def step_of(function: str, line: str) -> int | None:
    """The first step at which a statement that begins so is about to run; None if it never does."""
    return next(
        (
            step
            for (name, text), step in statements().items()
            if name == function and text.startswith(line)
        ),
        None,
    )


def pane(app: ThpApp) -> LessonPane:
    """The pane with the text."""
    return app.screen.query_one(f"#{LESSON}", LessonPane)


def seen(app: ThpApp) -> list[str]:
    """The lines of the pane that are in view."""
    return [pane(app).render_line(y).text for y in range(pane(app).size.height)]


async def jump(pilot: Pilot[str], app: ThpApp, step: int) -> None:
    """Go to a step."""
    screen = stepper(app)
    assert screen.reader is not None
    screen.reader.jump(step)
    screen._sync()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_the_bullet_of_the_running_statement_is_marked_and_in_view(
    tmp_path: Path, lesson: Target, size: tuple[int, int]
) -> None:
    """For each bullet of kernel code that runs in the lesson's run: its first row has the sign, and is seen."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        checked = 0
        for function, span in BULLETS:
            step = step_of(function, span)
            if step is None:
                continue
            await jump(pilot, app, step)
            signed = [each for each in seen(app) if "▶" in each and "•" in each]
            assert len(signed) == 1, span
            assert f"• {span}" in signed[0]
            checked += 1
        assert checked >= 8

    play(scene, tmp_path, size, lesson)


@pytest.mark.parametrize("size", SIZES)
def test_there_and_back_paints_the_same(
    tmp_path: Path, lesson: Target, size: tuple[int, int]
) -> None:
    """Steps and stops forwards, then backwards, scrolled and chosen in between: the screen is the step's alone."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        here = stepper(app)
        assert here.reader is not None
        steps = [each.step for each in run().timeline.stops[:4]]
        steps += range(steps[1], steps[1] + 3)
        before: dict[int, list[str]] = {}
        for step in steps:
            await jump(pilot, app, step)
            here.reader.message = ""
            here.show()
            before[step] = painted(app)
            await pilot.press("down", "pagedown")
        for step in reversed(steps):
            await jump(pilot, app, step)
            here.reader.message = ""
            here.show()
            assert painted(app) == before[step], step

    play(scene, tmp_path, size, lesson)


def test_a_step_lays_nothing_out_again(tmp_path: Path, lesson: Target) -> None:
    """Panes keep their places whatever the text says; which pane of state is seen, a stop may choose."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        screen = stepper(app)
        places = {each.region for each in screen.visible_panes}
        for each in run().timeline.stops:
            await jump(pilot, app, each.step)
            assert {x.region for x in screen.visible_panes} == places

    play(scene, tmp_path, (120, 40), lesson)


def test_toggling_keeps_the_place_and_is_remembered(
    tmp_path: Path, lesson: Target
) -> None:
    """The same step with the text and without; the next visit begins as this one ended."""
    step = stop("Room to spare")

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await jump(pilot, app, step)
        without = painted(app)
        assert LESSON not in {each.id for each in screen.visible_panes}
        await pilot.press("l")
        assert {"source", LESSON} <= {each.id for each in screen.visible_panes}
        assert screen.position == step and app.focused is pane(app)
        await pilot.press("l")
        assert screen.position == step and painted(app) == without
        await pilot.press("l")

    async def again(pilot: Pilot[str], app: ThpApp) -> None:
        assert stepper(app).position == step
        assert pane(app).display

    assert play(scene, tmp_path, (80, 24), lesson).memory.reading
    assert Store(tmp_path).memory.reading
    play(again, tmp_path, (80, 24), lesson)


def test_a_stop_says_its_sentence_in_the_text(tmp_path: Path, lesson: Target) -> None:
    """The explanation is not there to say it."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        await jump(pilot, app, stop("Room to spare"))
        shown = "\n".join(seen(app))
        assert "● Room to spare" in shown and "It found the" in shown
        await pilot.press("s")
        assert "It found the" not in text_of(app, LESSON)

    play(scene, tmp_path, (80, 24), lesson)


@pytest.mark.parametrize("size", SIZES)
def test_what_a_stop_says_is_in_view_at_every_stop(
    tmp_path: Path, lesson: Target, size: tuple[int, int]
) -> None:
    """Wherever in the text it stands; all of it where that fits the pane."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        for step, each in run().timeline.stops:
            await jump(pilot, app, step)
            shown = " ".join(" ".join(seen(app)).replace("│", " ").split())
            assert f"● {each.title[:30]}" in shown
            if size[1] > 24:
                last = " ".join(each.text.replace("`", "").split()[-4:])
                assert last in shown, each.title

    play(scene, tmp_path, size, lesson)


def test_enter_plays_the_next_run_and_says_which(
    tmp_path: Path, lesson: Target
) -> None:
    """The marked bullet again and again; after the last run comes the first."""
    timeline = run().timeline
    first = step_of("__thp_get_unmapped_area", "off_align =")
    assert first is not None
    statement = timeline.step(first).statement
    assert statement is not None
    visits = list(timeline.visits(statement))
    assert len(visits) > 1

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        await jump(pilot, app, first)
        screen = stepper(app)
        assert screen.reader is not None
        for nth in [*range(2, len(visits) + 1), 1]:
            await pilot.press("enter")
            assert screen.position == visits[nth - 1]
            assert f"this is the {ordinal(nth)}" in screen.reader.message
        await pilot.press("O")
        assert screen.position == visits[-1]

    play(scene, tmp_path, (80, 24), lesson)


def choose(app: ThpApp, words: str) -> None:
    """Choose the block whose first row holds these words."""
    text = pane(app)
    at = next(
        rows.start
        for rows in text._blocks
        if rows and words in "".join(each.text for each in text.rows[rows.start])
    )
    text.pick(at, None)


def test_enter_on_other_parts(tmp_path: Path, lesson: Target) -> None:
    """A heading leads to a stop, a picture to its place; what never runs here says so, and nothing moves."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        assert screen.reader is not None
        stops = {each.step for each in run().timeline.stops}
        await pilot.press("l")
        choose(app, "Move up until address and offset agree")
        await pilot.press("enter")
        assert screen.position == stop("Room to spare")
        assert "Room to spare" in screen.reader.message
        choose(app, "Walk")
        await pilot.press("enter")
        assert screen.position in stops
        choose(app, "vma#1  0x7ffff7a01000")
        await pilot.press("enter")
        assert screen.position == stop("The huge page, sixteen times small")
        before = screen.position
        choose(app, "if result and not result &")
        await pilot.press("enter")
        assert screen.position == before
        assert "never comes" in screen.reader.message
        choose(app, "4 MiB of one file")
        await pilot.press("enter")
        assert screen.position == before and "other runs" in screen.reader.message

    play(scene, tmp_path, (80, 24), lesson)


def test_enter_on_a_question_asks_it(tmp_path: Path) -> None:
    """There in the text; afterwards the reader is where he was."""
    lesson = Target("01_where_to_map", "Where to map", asking_run)

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("l")
        choose(app, "The hole begins at")
        await pilot.press("enter")
        question = app.screen
        assert isinstance(question, AskScreen) and question.question.id == "moved"
        await pilot.press("escape")
        assert stepper(app) is screen and screen.position == 0

    play(scene, tmp_path, (80, 24), lesson)


def test_the_text_may_be_asked_for_before_the_run_is_there(
    tmp_path: Path, lesson: Target
) -> None:
    """The key is not lost."""
    waiting = Event()

    def slow() -> Run:
        waiting.wait(20)
        return lesson.open()

    async def run_it() -> None:
        app = ThpApp(Store(tmp_path), replace(lesson, open=slow))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press("l")
            waiting.set()
            await stepping(pilot, app)
            assert pane(app).display

    asyncio.run(run_it())


def test_arrows_choose_one_part_after_the_other(tmp_path: Path, lesson: Target) -> None:
    """From what is marked; esc drops the choice and does not leave."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        await jump(pilot, app, stop("Room to spare"))
        here = pane(app).block
        assert here is not None and pane(app).chosen is None
        await pilot.press("down")
        assert pane(app).chosen == here + 1
        await pilot.press("up", "up")
        assert pane(app).chosen == here - 1
        assert any("›" in each for each in seen(app))
        await pilot.press("escape")
        assert pane(app).chosen is None
        assert pane(app).display

    play(scene, tmp_path, (80, 24), lesson)


def test_wide_windows_keep_one_pane_of_state(tmp_path: Path, lesson: Target) -> None:
    """Under the source; a digit changes it. In a narrow one a digit takes the text away."""

    async def wide(pilot: Pilot[str], app: ThpApp) -> None:
        screen = stepper(app)
        await pilot.press("l", "7")
        names = {each.id for each in screen.visible_panes}
        assert {"source", LESSON, "counters"} <= names and "explain" not in names
        text, source = pane(app).region, screen.query_one("#source").region
        assert text.x >= source.right - 1 and text.right == 120
        await pilot.press("l", "l", "z")
        assert pane(app).region.width == 120

    async def narrow(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l", "7")
        names = {each.id for each in stepper(app).visible_panes}
        assert LESSON not in names and "counters" in names

    play(wide, tmp_path / "wide", (120, 40), lesson)
    play(narrow, tmp_path / "narrow", (80, 24), lesson)


def test_a_window_too_small_for_panes_stays_as_it_is(
    tmp_path: Path, lesson: Target
) -> None:
    """And shows the text when it grows."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l", "enter")
        assert not pane(app).display
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert pane(app).display

    play(scene, tmp_path, (50, 12), lesson)


def test_what_is_no_lesson_has_no_text(tmp_path: Path) -> None:
    """The key says so."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("l")
        screen = stepper(app)
        assert screen.reader is not None
        assert "only lessons have a text" in screen.reader.message
        assert not pane(app).display

    play(scene, tmp_path, (80, 24), small_target())


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")],
)
def test_ordinals(number: int, said: str) -> None:
    """As in English."""
    assert ordinal(number) == said
