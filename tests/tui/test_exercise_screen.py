"""The screen of an exercise: its text, the result of the last check, hints, and the way to the divergence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.learner import Learner
from tests.tui.playing import Scene, painted, play, stepping, text_of
from tests.tui.small import target
from thpkit.grading.results import Result
from tui import paths
from tui.app import ThpApp
from tui.exercise import ExerciseScreen
from tui.exercise_text import without_tables
from tui.home import Home
from tui.state import Store
from tui.suggest import exercise_of
from tui.where import resolve


@pytest.fixture
def learner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graded_once: None
) -> Learner:
    """Somebody who has done nothing yet, in this process too."""
    found = Learner.at(tmp_path)
    monkeypatch.setattr(paths, "ROOT", found.root)
    monkeypatch.setenv("THP_STATE_DIR", str(found.state))
    return found


async def until(pilot: Pilot[str], true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(1000):
        if true():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    raise AssertionError("it never came")


def graded(app: ThpApp) -> Result | None:
    """What the last check found."""
    assert isinstance(app.screen, ExerciseScreen)
    return app.screen.result


def up_to_date(app: ThpApp) -> bool:
    """Whether the result is that of the file as it is now."""
    assert isinstance(app.screen, ExerciseScreen)
    return app.screen.up_to_date


def opened(learner: Learner, scene: Scene, size: tuple[int, int] = (80, 24)) -> Store:
    """Play a scene on the screen of the first exercise, as soon as the first result is there."""

    async def whole(pilot: Pilot[str], app: ThpApp) -> None:
        app.show_exercise("ex:ex01")
        await until(pilot, lambda: isinstance(app.screen, ExerciseScreen))
        await until(pilot, lambda: graded(app) is not None)
        await scene(pilot, app)

    return play(whole, learner.state, size)


def test_enter_on_an_exercise_opens_it(learner: Learner) -> None:
    """From the contents; esc leads back, and the contents tell how far one got."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        assert isinstance(app.screen, Home)
        app.screen.open("ex:ex01")
        await until(pilot, lambda: isinstance(app.screen, ExerciseScreen))
        await until(pilot, lambda: "points" in text_of(app, "result"))
        assert not Store(learner.state).place("ex:ex01").attempts.begun  # only looked
        await pilot.press("m")
        await until(pilot, lambda: "(your file)" in text_of(app, "result"))
        await pilot.press("r")
        await until(pilot, lambda: Store(learner.state).place("ex:ex01").attempts.begun)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Home))
        assert "◐ tried, 1 of 10 points" in "\n".join(painted(app))

    play(scene, learner.state)


def test_the_first_failure_is_shown_in_full(learner: Learner) -> None:
    """Symptom, first divergence, broken rule; what the checks are called; and which file was graded."""

    async def scene(_pilot: Pilot[str], app: ThpApp) -> None:
        said = text_of(app, "result")
        for each in (
            "the file as shipped",
            "m makes work/ex01/rmap_exercise.py",
            "NR_FILE_PMDMAPPED still counts it",
            "vmstat.node[NR_FILE_PMDMAPPED]: expected 0, got 1",
            "I4:",
            "two-processes",
        ):
            assert each in said
        assert "Symptom." in text_of(app, "text")

    opened(learner, scene)


def test_a_saved_copy_is_checked_by_itself(learner: Learner) -> None:
    """The screen stays alive; a pass is remembered."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("m")
        await until(pilot, lambda: "(your file)" in text_of(app, "result"))
        assert learner.file.read_text(encoding="utf-8") == learner.shipped
        learner.save(learner.solution)
        await until(pilot, lambda: "passed: 10 of 10" in text_of(app, "result"))

    store = opened(learner, scene)
    assert Store(store.directory).place("ex:ex01").passed


def test_a_file_that_does_not_load_is_named_and_not_stepped(learner: Learner) -> None:
    """Its name and line stand there; Enter says why it leads nowhere."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("m")
        learner.save("def broken(:\n")
        await until(pilot, lambda: "no valid Python" in text_of(app, "result"))
        await until(pilot, lambda: up_to_date(app))
        assert "work/ex01/rmap_exercise.py" in text_of(app, "result")
        await pilot.press("enter")
        assert isinstance(app.screen, ExerciseScreen)
        assert "put that right first" in text_of(app, "bar")

    opened(learner, scene)


def test_hints_wait_for_an_attempt(learner: Learner) -> None:
    """The second one does not come at once, and the first stays in sight; esc shows the result again."""
    first, second = learner.exercise.hints[:2]

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("h")
        assert first.title in text_of(app, "result")
        await pilot.press("h")
        assert first.title in text_of(app, "result")
        assert second.title not in text_of(app, "result")
        assert "Or wait" in text_of(app, "result").replace("\n", " ")
        await pilot.press("escape")
        assert "expected 0, got 1" in text_of(app, "result")

    opened(learner, scene)


@pytest.mark.parametrize("answer", ["no", "yes"])
def test_reset_asks_first(learner: Learner, answer: str) -> None:
    """Only a yes does it; then it says where the text is kept."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("u")
        assert "m makes it" in text_of(app, "bar")
        await pilot.press("m")
        learner.save("mine = 1\n")
        await until(pilot, lambda: "no function" in text_of(app, "result"))
        await pilot.press("u")
        await pilot.press(*answer, "enter")
        await until(pilot, lambda: isinstance(app.screen, ExerciseScreen))
        if answer == "yes":
            kept = "work/ex01/backup-1/rmap_exercise.py"
            await until(pilot, lambda: kept in text_of(app, "bar"))
            assert (learner.root / kept).read_text(encoding="utf-8") == "mine = 1\n"
        now = learner.file.read_text(encoding="utf-8")
        assert now == (learner.shipped if answer == "yes" else "mine = 1\n")

    opened(learner, scene)


def test_enter_opens_the_divergence_and_e_leads_back(learner: Learner) -> None:
    """The stepper stands where it goes wrong."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("enter")
        stepper = await stepping(pilot, app)
        assert stepper.reader is not None
        stop = stepper.reader.timeline.stops[0]
        assert "Here it goes wrong" in stop.stop.title
        assert stepper.position == stop.step
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ExerciseScreen))

    opened(learner, scene)


@pytest.mark.parametrize("size", [(40, 10), (80, 24), (160, 50)], ids=str)
def test_it_is_usable_in_every_size(learner: Learner, size: tuple[int, int]) -> None:
    """Both panes can be read, if not at once; the last row has the keys."""

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await pilot.press("m")
        await pilot.press("r")
        await until(pilot, lambda: "(your file)" in text_of(app, "result"))
        await pilot.press("up")  # takes what was said from the last row
        shown = painted(app)
        assert "? help" in shown[-1]
        assert any("rmap_exercise.py" in each for each in shown)
        assert any("FIX one-process" in each for each in shown)
        for _ in range(20):
            await pilot.press("pagedown")
        assert "invariants" in "\n".join(painted(app))
        await pilot.press("tab")
        shown = painted(app)
        assert any("maps a file" in each for each in shown)
        await pilot.press("z")
        assert not any("FIX one-process" in each for each in painted(app))
        await pilot.press("escape")
        assert isinstance(app.screen, ExerciseScreen)

    opened(learner, scene, size)


def test_e_in_a_lesson_finds_its_exercise(learner: Learner) -> None:
    """The first that is not passed; of an exercise itself; none where none belongs."""
    store = Store(learner.state)
    tour = resolve("00_tour")
    assert exercise_of(tour, store) == "ex:ex01"
    assert exercise_of(resolve("ex:ex02"), store) == "ex:ex02"
    assert exercise_of(target(), store) == ""


def test_a_table_becomes_a_list() -> None:
    """A terminal cannot show tables; nothing of the rows is lost."""
    lines = ["before", "| check | points |", "|---|---|", "| `runs` | |", "| `a` | 3 |"]
    assert list(without_tables(lines)) == ["before", "- `runs`", "- `a` · 3"]
