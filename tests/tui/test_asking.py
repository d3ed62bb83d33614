"""Questions in the stepper, in the dialogue of ``thp ask``, and what is remembered of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from textual.pilot import Pilot
from textual.widgets import Input

from tests.book.running import SCENARIO, small, write_lesson
from tests.tui.asked import asked_target, letter_of, small_quiz
from tests.tui.playing import painted, play, stepper, text_of
from thpkit.book.questions import Question
from tui import answers, commands_ask, contents
from tui.app import ThpApp
from tui.asking import AskScreen
from tui.cli import thp
from tui.playscreen import PlayScreen
from tui.rowpane import RowPane
from tui.state import Store
from tui.stepper import Stepper

SIZES = [(80, 24), (40, 10)]


def asking(app: ThpApp) -> AskScreen:
    """The question on top."""
    assert isinstance(app.screen, AskScreen), app.screen
    return app.screen


def pane_title(app: ThpApp) -> str:
    """The title of the question on top."""
    return asking(app).query_one("#question", RowPane).caption


def question(id_: str) -> Question:
    """A question of the small lesson."""
    found = small_quiz().named(id_)
    assert found is not None
    return found


async def type_answer(pilot: Pilot[str], app: ThpApp, text: str) -> None:
    """Type an answer, and enter."""
    asking(app).query_one(Input).value = text
    await pilot.press("enter")
    await pilot.pause()


async def playing(pilot: Pilot[str], app: ThpApp) -> PlayScreen:
    """Wait for the variant's recording."""
    for _ in range(400):
        screen = app.screen
        if isinstance(screen, PlayScreen) and screen.reader is not None:
            await pilot.pause()
            return screen
        await pilot.pause(0.02)
    raise AssertionError("no variant was recorded")


async def to_mapped(pilot: Pilot[str], app: ThpApp) -> Stepper:
    """Go to the second stop: before the third there are two questions."""
    here = stepper(app)
    here.action_do("next_stop")
    here.action_do("next_stop")
    await pilot.pause()
    assert app.screen is here, "no question concerns these stops"
    return here


# ---- before a stop --------------------------------------------------------------------------------------


def test_space_asks_before_the_stop_and_then_goes_there(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        before = here.position
        await pilot.press("space")
        assert asking(app).question.id == "references"
        assert here.position == before
        assert "A question (1 of 2)" in "\n".join(painted(app))
        await pilot.press(*"10", "enter")
        await pilot.pause()
        assert asking(app).answered
        assert pane_title(app).startswith("A question (1 of 2): your answer was 10")
        assert "✓ Right." in text_of(app, "question")
        await pilot.press("enter")
        assert asking(app).question.id == "mapped-twice"
        assert pane_title(app) == "A question (2 of 2)"
        await type_answer(pilot, app, letter_of("mapped-twice", "It stays"))
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is here
        assert here.position == question("references").before

    store = play(scene, tmp_path, opened=asked_target())
    record = answers.of(store, question("references"))
    assert (record.tries, record.misses, record.right) == (1, 0, True)
    assert record.last == "10"


@pytest.mark.parametrize("size", SIZES)
def test_question_options_and_verdict_are_painted(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await to_mapped(pilot, app)
        await pilot.press("space", "escape")
        await pilot.pause()
        screen = "\n".join(painted(app))
        for text in question("mapped-twice").options():
            assert text[:30] in screen
        assert "esc skip, e asks it later" in screen
        line = asking(app).query_one(Input)
        assert line.region.height == 1
        assert line.region.bottom == app.size.height - 1
        await type_answer(pilot, app, letter_of("mapped-twice", "It goes to 16"))
        await pilot.pause()
        screen = "\n".join(painted(app))
        assert "✗ No. That would count" in screen
        assert "p see it true on" in screen

    play(scene, tmp_path, size, asked_target())


def test_what_is_no_answer_is_asked_again_and_does_not_count(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await to_mapped(pilot, app)
        await pilot.press("space")
        await type_answer(pilot, app, "many")
        assert "'many' is no number" in text_of(app, "question")
        assert not asking(app).answered
        await type_answer(pilot, app, "2")
        assert "The cache holds some as well." in text_of(app, "question")
        assert "10 references" in text_of(app, "question")

    store = play(scene, tmp_path, opened=asked_target())
    record = answers.of(store, question("references"))
    assert (record.tries, record.misses, record.missed) == (1, 1, True)


def test_esc_skips_and_the_visit_asks_no_more(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        await pilot.press("space", "escape", "escape")
        await pilot.pause()
        assert app.screen is here
        there = here.position
        await pilot.press("backspace", "space")
        await pilot.pause()
        assert app.screen is here
        assert here.position == there

    store = play(scene, tmp_path, opened=asked_target())
    assert not store.memory.answers

    async def later(pilot: Pilot[str], app: ThpApp) -> None:
        stepper(app).action_do("first")
        await to_mapped(pilot, app)
        await pilot.press("space")
        assert asking(app).question.id == "references"

    play(later, tmp_path, opened=asked_target())


def test_a_question_that_was_answered_is_not_asked_by_itself_again(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    for id_ in ("references", "mapped-twice"):
        each = question(id_)
        answers.note(store, each, each.sample(), each.judge(each.sample()))

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        await pilot.press("space")
        await pilot.pause()
        assert app.screen is here
        assert here.position == question("references").before

    play(scene, tmp_path, opened=asked_target())


def test_e_asks_the_questions_of_this_stop_again(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        await pilot.press("e")
        await pilot.pause()
        assert here.reader is not None
        assert "no question or exercise" in here.reader.message
        await pilot.press("space", "escape", "escape")
        await pilot.pause()
        there = here.position
        await pilot.press("n", "e")
        assert asking(app).question.id == "references"
        await type_answer(pilot, app, "10")
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert app.screen is here
        assert here.position > there, "asking again goes nowhere"

    store = play(scene, tmp_path, opened=asked_target())
    assert answers.of(store, question("references")).right


def test_after_the_last_stop_the_questions_of_the_end_are_asked(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = stepper(app)
        assert here.reader is not None
        here.reader.jump(here.reader.timeline.stops[-1].step)
        await pilot.press("space")
        asked = []
        while isinstance(app.screen, AskScreen):
            asked.append(asking(app).question.id)
            await pilot.press("escape")
            await pilot.pause()
        assert asked == ["ledger", "writer", "reason"]

    play(scene, tmp_path, opened=asked_target())


def test_here_is_the_step_that_the_reader_looks_at(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = stepper(app)
        assert here.reader is not None
        timeline = here.reader.timeline
        cell = timeline.resolve("NR_FILE_PMDMAPPED")
        assert cell is not None
        here.reader.jump(timeline.writes_of(cell)[-1].step)
        here.ask([question("writer")], here.show)
        await pilot.pause()
        await type_answer(pilot, app, "here")
        assert "✓ Right." in text_of(app, "question")

    play(scene, tmp_path, opened=asked_target())


def test_asking_can_be_switched_off_for_good(tmp_path: Path) -> None:
    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        here.action_do("questions")
        await pilot.press("space")
        await pilot.pause()
        assert app.screen is here
        await pilot.press("e")
        assert asking(app).question.id == "references"

    store = play(scene, tmp_path, opened=asked_target())
    assert not answers.asks(store)
    assert not answers.asks(Store(tmp_path))
    assert answers.toggle(store)
    assert answers.asks(Store(tmp_path))


# ---- playing a wrong answer -----------------------------------------------------------------------------


def test_p_plays_the_variant_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With q or esc, to the question; and it can be played again."""
    monkeypatch.setattr("tui.played.ROOT", small()[0].folder.parents[1])

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        here = await to_mapped(pilot, app)
        await pilot.press("space", "escape")
        await type_answer(pilot, app, letter_of("mapped-twice", "It goes to 16"))
        question_screen = asking(app)
        await pilot.press("p")
        there = await playing(pilot, app)
        assert there.reader is not None
        timeline = there.reader.timeline
        stop = next(x for x in timeline.stops if x.stop.title == "Mapped by all")
        assert there.position == stop.step
        cell = timeline.resolve("NR_FILE_MAPPED")
        assert cell is not None
        assert timeline.value_at(cell, stop.step) == 32
        assert "go back to the question" in there.reader.message
        await pilot.press("q")
        await pilot.pause()
        assert app.screen_stack[-2:] == [here, question_screen]
        await pilot.press("p")
        await playing(pilot, app)
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen_stack[-2:] == [here, question_screen]
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen_stack[-1] is here

    store = play(scene, tmp_path, opened=asked_target())
    assert set(store.memory.places) <= {"01_small"}


def test_a_variant_that_cannot_be_played_leads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.played.ROOT", tmp_path)  # no lesson there

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        await to_mapped(pilot, app)
        await pilot.press("space", "escape")
        await type_answer(pilot, app, letter_of("mapped-twice", "It goes to 16"))
        question_screen = asking(app)
        await pilot.press("p")
        for _ in range(200):
            await pilot.pause(0.01)
            if app.screen is question_screen:
                break
        assert app.screen is question_screen

    play(scene, tmp_path / "state", opened=asked_target())


# ---- what is remembered ---------------------------------------------------------------------------------


def test_a_file_without_answers_is_read(tmp_path: Path) -> None:
    old = {"version": 1, "places": {"00_tour": {"step": 5, "steps": 9}}, "look": "dark"}
    (tmp_path / "progress.json").write_text(json.dumps(old), encoding="utf-8")
    store = Store(tmp_path)
    assert not store.notice
    assert store.place("00_tour").step == 5
    assert store.memory.answers == {}
    assert answers.asks(store)


@pytest.mark.parametrize(
    "data",
    [
        "no",
        7,
        [1],
        {"01_small": 3},
        {"01_small": {"x": 4}},
        {"a": {"b": {"tries": "x"}}},
    ],
)
def test_answers_that_make_no_sense_are_left_out(tmp_path: Path, data: object) -> None:
    text = json.dumps({"version": 1, "places": {}, "answers": data})
    (tmp_path / "progress.json").write_text(text, encoding="utf-8")
    store = Store(tmp_path)
    assert not store.notice
    assert not any(store.memory.answers.values())


def test_answers_of_two_running_copies_are_both_kept(tmp_path: Path) -> None:
    one, other = Store(tmp_path), Store(tmp_path)
    first, second = question("references"), question("ledger")
    answers.note(one, first, "3", first.judge("3"))
    answers.note(other, second, "8 1 0", second.judge("8 1 0"))
    answers.note(one, first, "10", first.judge("10"))
    record = answers.of(Store(tmp_path), first)
    assert (record.tries, record.misses, record.right, record.missed) == (
        2,
        1,
        True,
        False,
    )
    assert answers.of(Store(tmp_path), second).right


def test_what_was_missed_comes_back_lesson_by_lesson(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for id_, typed in (("references", "3"), ("ledger", "0 0 0"), ("ledger", "1 1 1")):
        each = question(id_)
        answers.note(store, each, typed, each.judge(typed))
    order = [("01_small", "ledger"), ("01_small", "references")]
    assert answers.missed(store, ["00_tour", "01_small"]) == order
    each = question("ledger")
    answers.note(store, each, "8 1 0", each.judge("8 1 0"))
    assert answers.missed(store, ["01_small"]) == order[1:]


# ---- thp ask --------------------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``thp`` with the small lesson as its only one; the state's directory."""
    root = small()[0].folder.parents[1]
    monkeypatch.setattr(commands_ask, "ROOT", root)
    monkeypatch.setattr(contents, "lessons_dir", lambda: root / "lessons")
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path))
    return tmp_path


def run(*words: str, typed: str = "") -> Result:
    """What ``thp`` prints."""
    result = CliRunner().invoke(thp, list(words), input=typed)
    assert result.exception is None, result.exception
    return result


def test_plain_prints_all_questions_and_no_answer(book: Path) -> None:
    output = run("ask", "01", "--plain").output
    for each in small_quiz().questions:
        assert f"({each.lesson}, {each.id})" in output
        for line in each.options():
            assert line.replace("`", "") in output
        assert each.how.split(",")[0] in " ".join(output.split())
    assert "Right" not in output
    assert small_quiz().questions[0].explain not in output


def test_answers_come_from_a_pipe_and_each_is_explained(book: Path) -> None:
    wrong = letter_of("mapped-twice", "It goes to 16")
    output = run("ask", "small", typed=f"many\n2\n{wrong}\n\nquit\n").output
    told = " ".join(output.split())
    assert "'many' is no number. Answer with a number (references)." in told
    assert "✗ No. The cache holds some as well. The answer is 10 references." in told
    assert "✗ No. That would count mappings." in told
    assert "thp step 01_small --variant COUNTS_TWICE" in told
    assert "skipped" in told
    assert "0 right of 2 answered" in told
    assert all(len(line) <= 80 for line in output.splitlines())
    store = Store(book)
    assert answers.of(store, question("references")).missed
    assert not answers.of(store, question("ledger")).tries


def test_without_a_lesson_what_was_missed_is_asked(book: Path) -> None:
    assert "you have missed nothing yet" in run("ask").output
    run("ask", "01", typed="2\n")
    output = run("ask", typed="10\n").output
    assert "Question 1 of 1, 01_small" in output
    assert "1 right of 1 answered" in output
    assert "nothing is to be asked again" in run("ask").output


def test_a_lesson_without_questions_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lesson(tmp_path)
    monkeypatch.setattr(commands_ask, "ROOT", tmp_path)
    monkeypatch.setattr(contents, "lessons_dir", lambda: tmp_path / "lessons")
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path))
    assert "01 has no questions yet" in run("ask", "01").output


def test_a_broken_quiz_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.paths import UserError

    write_lesson(tmp_path, SCENARIO, "[[question]]\nid = 'x'\n")
    monkeypatch.setattr(commands_ask, "ROOT", tmp_path)
    monkeypatch.setattr(contents, "lessons_dir", lambda: tmp_path / "lessons")
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path))
    result = CliRunner().invoke(thp, ["ask", "01"])
    assert isinstance(result.exception, UserError)
    assert "question 'x': kind is missing" in str(result.exception)
