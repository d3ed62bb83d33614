"""Places in the code, and the sentences for places that lead nowhere."""

from __future__ import annotations

import pytest

from tests.trace import support, toy
from thpkit.trace.stops import Stop, StopError, resolve, step_of
from thpkit.trace.tape import Kind


def text(where: str) -> tuple[str, Kind, str | None]:
    """Function, kind and statement of the step that a place leads to."""
    timeline = support.story()
    step = timeline.step(step_of(timeline, where))
    shown = None if step.statement is None else step.statement.text
    return step.frame.function.qualname, step.kind, shown


def test_a_statement_s_first_visit() -> None:
    timeline = support.story()
    n = step_of(timeline, "insert::toy.last = frame")
    assert n == timeline.visits(support.statement(timeline, "toy.last = frame"))[0]
    assert n == step_of(timeline, "toy.insert::toy.last@1")


def test_visits_from_either_end() -> None:
    timeline = support.story()
    visits = list(timeline.visits(support.statement(timeline, "toy.last = frame")))
    assert step_of(timeline, "insert::toy.last = frame@3") == visits[2]
    assert step_of(timeline, "insert::toy.last = frame@-1") == visits[-1]


def test_after_the_statement() -> None:
    assert text("fill::insert(toy, index, frame)@1+") == (
        "fill",
        Kind.LINE,
        "done = done + 1",
    )
    assert text("insert::toy.last = frame+")[1:] == (Kind.RETURN, "toy.last = frame")
    assert text("insert::@return+")[0] == "fill"


def test_calls_and_returns() -> None:
    assert text("down::@call@4") == ("down", Kind.CALL, None)
    assert text("down::@return") == ("down", Kind.RETURN, "return below + 1")
    assert text("down::@return@-1") == ("down", Kind.RETURN, "return 0")


def test_an_exact_statement_wins_over_longer_ones() -> None:
    timeline = support.record_toy(lambda root: toy.down(2))
    assert step_of(timeline, "down::return 0") > 0


def test_stops_keep_their_order() -> None:
    stops = [Stop("down::@call", "late"), Stop("fill::@call", "early", "a word")]
    found = resolve(support.story(), stops)
    assert [each.stop for each in found] == stops
    assert found[0].step > found[1].step


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("fill", "function::statement@visit"),
        ("::x", "function::statement@visit"),
        ("fil::done = 0", "no function fil runs in this recording; did you mean fill"),
        ("nowhere.fill::done = 0", "did you mean toy.fill?"),
        ("fill::done = done - 1", "the nearest is 'done = done + 1'"),
        ("fill::done", "3 statements fit"),
        ("fill::done = done + 1@13", "there is no visit 13; it runs 12 times"),
        ("fill::done = done + 1@0", "there is no visit 0"),
        ("fill::return done@-2", "there is no visit -2; it runs once"),
        ("erase::return None", "never runs in this recording"),
        ("insert::@return@13", "that call does not return"),
        ("story::@return+", "the recording ends before"),
        ("closures::count", "no function closures"),
    ],
)
def test_what_is_said_about_places_that_lead_nowhere(where: str, sentence: str) -> None:
    with pytest.raises(StopError) as caught:
        step_of(support.story(), where)
    assert sentence in str(caught.value)
    assert repr(where) in str(caught.value)


def test_an_unfinished_statement_has_no_step_after_it() -> None:
    timeline = support.record_toy(toy.spin, budget=10)
    with pytest.raises(StopError, match="the recording ends before"):
        step_of(timeline, "spin::add(toy, 0, 1)@-1+")
