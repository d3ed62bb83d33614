"""The parts of the grader: cases, what is seen, answers, comparison."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from thpkit.grading.answer import AnswerError, Ended, SeenCall, SeenCase, decode
from thpkit.grading.cases import CaseError, call_of, case_of, number
from thpkit.grading.compare import first_divergence
from thpkit.grading.exercise import load
from thpkit.grading.observe import observe, plain, runs
from thpkit.grading.player import Player
from thpkit.kernel.machine import Machine
from thpkit.kernel.vmstat import NodeStat

EX = load("ex01")


# ---- cases ----------------------------------------------------------------------------------------------


def test_a_number_is_a_sum_of_numbers_sizes_and_results() -> None:
    assert number(17, {}) == 17
    assert number("0x10", {}) == 16
    assert number("at + 2M + 4K", {"at": 0x1000}) == 0x1000 + (2 << 20) + 4096
    with pytest.raises(CaseError, match="'ta' is no number"):
        number("ta + 1", {"at": 1})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("mmap", "a call is a table"),
        ({"do": "A.fork"}, "there is no call 'A.fork'"),
        ({"do": "spawn"}, "spawn needs name"),
        ({"do": "A.munmap", "addr": 0, "length": 1, "fd": 3}, "A.munmap has no fd"),
        ({"do": "A.touch", "addr": "at"}, "no result of an earlier call"),
        ({"do": "A.touch", "addr": [1]}, "a number or a text"),
        ({"do": "A.open", "path": "/x", "gives": "1x"}, "gives is a name"),
    ],
)
def test_a_wrong_call_is_a_sentence(data: object, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        call_of(data, {})


def test_cases_survive_the_way_to_the_worker() -> None:
    for case in EX.cases:
        assert case_of(json.loads(json.dumps(case.to_data()))) == case


def test_calls_read_like_calls() -> None:
    case = EX.case("one-process")
    assert [each.text for each in case.calls[2:6]] == [
        "A: fd = open(/lib/libbig.so)",
        "A: at = mmap(4M, prot=READ|EXEC, fd=fd)",
        "A: touch(at + 2M + 0x3abc)",
        "A: munmap(at, 4M)",
    ]


def test_playing_a_case_leaves_nothing() -> None:
    machine = Machine()
    player = Player(machine)
    for call in EX.case("truncate").calls:
        player.play(call)
    assert machine.kernel.vmstat.node[NodeStat.NR_FILE_PAGES] == 0
    with pytest.raises(CaseError, match="there is no process Z"):
        player.play(call_of({"do": "Z.exit"}, {}))


# ---- what is seen ---------------------------------------------------------------------------------------


def test_observation_counts_like_sub_pages_together() -> None:
    machine = Machine()
    player = Player(machine)
    for call in EX.case("one-process").calls[:5]:
        player.play(call)
    seen = observe(machine.kernel)
    assert seen["page#1._mapcount"] == [[512, 0]]
    assert seen["page#1._refcount"] == 513
    assert seen["vmstat.node[NR_FILE_PMDMAPPED]"] == 1
    assert seen["mm A at 0x7f0000200000"] == "2 MiB of page#1, rx"
    assert seen["mapping#1 from index 512"] == "512 pages from page#1"
    json.dumps(seen)


def test_only_exact_values_are_seen() -> None:
    class Like(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    assert plain(3) == 3
    assert plain(True) == "True"
    assert plain(Like(0)) == f"a {Like.__qualname__}"
    assert runs([0, 0, True, 1]) == [[2, 0], [1, "True"], [1, 1]]


# ---- answers --------------------------------------------------------------------------------------------

GOOD: dict[str, object] = {"nonce": "n", "problem": None, "cases": [], "recorded": None}


@pytest.mark.parametrize(
    "data",
    [
        b"passed",
        b"[]",
        b"null",
        json.dumps(GOOD).encode() * 2,
        json.dumps({**GOOD, "nonce": "other"}).encode(),
        json.dumps({**GOOD, "verdict": "passed"}).encode(),
        json.dumps({**GOOD, "problem": 0}).encode(),
        json.dumps({**GOOD, "recorded": True}).encode(),
        json.dumps({**GOOD, "recorded": float("nan")}).encode(),
        json.dumps(
            {**GOOD, "cases": [{"id": "x", "calls": [], "ended": ["won", ""]}]}
        ).encode(),
        json.dumps(
            {
                **GOOD,
                "cases": [
                    {
                        "id": "x",
                        "calls": [{"result": 1.5, "state": {}, "broken": []}],
                        "ended": None,
                    }
                ],
            }
        ).encode(),
        b"[" * 100_000,
    ],
)
def test_what_does_not_fit_is_no_answer(data: bytes) -> None:
    with pytest.raises(AnswerError, match="the code wrote where it should not"):
        decode(data, "n")


def test_an_answer_is_taken_apart() -> None:
    call = {
        "result": 0,
        "state": {"a": 1, "b": [[2, "x"]]},
        "broken": [["I4", "wrong"]],
    }
    case = {"id": "c", "calls": [call], "ended": ["crashed", "why"]}
    answer = decode(json.dumps({**GOOD, "cases": [case]}).encode(), "n")
    assert answer.case("c") == SeenCase(
        "c",
        (SeenCall(0, {"a": 1, "b": ((2, "x"),)}, (("I4", "wrong"),)),),
        Ended("crashed", "why"),
    )
    assert answer.case("d") is None
    with pytest.raises(AnswerError, match="without an answer"):
        decode(b"", "n")


# ---- comparison -----------------------------------------------------------------------------------------

TWO_CALLS = case_of(
    {"id": "c", "title": "t", "calls": [{"do": "drain"}, {"do": "drain"}]}
)


def seen(*states: dict[str, object], ended: Ended | None = None) -> SeenCase:
    """A case whose calls left these states."""
    return SeenCase("c", tuple(SeenCall(0, state, ()) for state in states), ended)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kit", "learner", "sentence"),
    [
        (seen({"a": 0}, {"a": 1}), seen({"a": 0}, {"a": 1}), None),
        (seen({"a": 0}, {"a": 1}), seen({"a": 0}, {"a": 2}), "a: expected 1, got 2"),
        (seen({"a": 0}, {}), seen({"a": "0"}, {}), "a: expected 0, got 0"),
        (seen({}, {}), seen({}, {"x": 1}), "x: expected nothing, got 1"),
        (seen({"x": None}, {}), seen({}, {}), "x: expected None, got nothing"),
        (
            seen({"page#1._mapcount": ((512, 0),)}, {}),
            seen({"page#1._mapcount": ((3, 0), (509, -1))}, {}),
            "page#1+3._mapcount: expected 0, got -1 (and 508 more sub-pages)",
        ),
        (
            seen({"page#1.flags": ((1, "head"),)}, {}),
            seen({}, {}),
            "page#1.flags: expected head, got nothing",
        ),
        (
            seen({}, {}),
            seen({}, ended=Ended("crashed", "it crashed")),
            "return: expected a return, got it crashed",
        ),
    ],
)
def test_the_first_divergence(
    kit: SeenCase, learner: SeenCase, sentence: str | None
) -> None:
    found = first_divergence(TWO_CALLS, kit, learner)
    assert (None if found is None else found.sentence) == sentence


def test_a_result_that_differs_comes_first() -> None:
    kit, learner = seen({"a": 0}), seen({"a": 1})
    learner = replace(learner, calls=(replace(learner.calls[0], result=-22),))
    found = first_divergence(TWO_CALLS, kit, learner)
    assert found is not None
    assert found.sentence == "result: expected 0, got -22"
    assert (found.call, found.calls, found.text, found.than) == (
        1,
        2,
        "drain()",
        "less",
    )
