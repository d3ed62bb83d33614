"""The parts of the grader: cases, what is seen, answers, comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from thpkit.grading.answer import AnswerError, Ended, SeenCall, SeenCase, decode
from thpkit.grading.calls import CaseError, call_of, number
from thpkit.grading.cases import case_of
from thpkit.grading.compare import first_divergence
from thpkit.grading.exercise import load
from thpkit.grading.observe import observe, plain, returned, runs
from thpkit.grading.player import Player, machine_for, version_named
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


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"do": "interrupt", "at": "locks.lock_page"}, "interrupt needs calls"),
        ({"do": "drain", "calls": []}, "drain has no calls"),
        (
            {"do": "interrupt", "at": "os.system", "calls": [{"do": "drain"}]},
            "there is no kernel function 'os.system'",
        ),
        (
            {"do": "interrupt", "at": "locks.nothing", "calls": [{"do": "drain"}]},
            "there is no kernel function",
        ),
        (
            {"do": "interrupt", "at": "locks.lock_page", "calls": [{"do": "x"}]},
            "there is no call 'x'",
        ),
    ],
)
def test_a_wrong_interruption_is_a_sentence(data: object, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        call_of(data, {})


def played(*calls: Mapping[str, object], base: str = "ref") -> tuple[Machine, object]:
    """The machine after these calls, and what the last one returned."""
    machine = machine_for(version_named(base), base)
    player = Player(machine)
    case = case_of({"id": "c", "title": "t", "calls": [*map(dict, calls)]})
    assert case_of(json.loads(json.dumps(case.to_data()))) == case
    for call in case.calls:
        result = player.play(call)
    return machine, result


BEGIN: list[dict[str, object]] = [
    {"do": "create", "path": "/f", "size": "4M"},
    {"do": "spawn", "name": "A", "mmap_base": 0x7F00005FF000},
    {"do": "A.open", "path": "/f", "gives": "fd"},
    {"do": "A.mmap", "length": "4M", "fd": "fd", "gives": "at"},
]


def test_failures_and_interruptions_happen_during_the_next_call() -> None:
    """A node cannot be had at once, and T reads a page of the block meanwhile: A gets small pages (FACTS 12.6)."""
    machine, result = played(
        *BEGIN,
        {"do": "A.thread", "name": "T"},
        {"do": "fail", "site": "xa_node", "skip": 1, "count": 1},
        {
            "do": "interrupt",
            "at": "xarray.xas_nomem",
            "calls": [{"do": "T.read", "fd": "fd", "page": 700}],
        },
        {"do": "A.touch", "addr": "at + 2M"},
    )
    assert returned(result) == "Block(1, 512, v0)"
    assert machine.kernel.fail_plans["xa_node"].failed == 1
    assert "THP_FILE_ALLOC" not in machine.counters()
    assert machine.kernel.vmstat.node[NodeStat.NR_FILE_PAGES] > 0


def test_the_newer_calls() -> None:
    _, read = played(*BEGIN, {"do": "A.read", "fd": "fd", "page": 3, "count": 2})
    assert returned(read) == "Block(1, 3, v0), Block(1, 4, v0)"
    _, core = played(*BEGIN, {"do": "A.mincore", "addr": "at", "length": "16K"})
    assert returned(core) == "4 x False"
    for call in (
        {"do": "A.mprotect", "addr": "at", "length": "4K", "prot": "READ|WRITE"},
        {"do": "A.unlink", "path": "/f"},
        {"do": "A.load_text", "fd": "fd", "length": "2M", "gives": "text"},
    ):
        _, result = played(*BEGIN, call)
        assert isinstance(result, int)
        assert result >= 0
    write = {"do": "A.open", "path": "/f", "flags": "RDWR", "gives": "w"}
    _, written = played(*BEGIN, write, {"do": "A.write", "fd": "w", "page": 1})
    assert written == 1
    _, cut = played(*BEGIN, write, {"do": "A.ftruncate", "fd": "w", "length": "2M"})
    assert cut == 0


def test_a_case_can_run_on_a_version_of_the_patch() -> None:
    text = {"do": "A.mmap", "length": "4M", "prot": "READ|EXEC", "fd": "fd"}
    machine, _ = played(
        *BEGIN[:3], {**text, "gives": "at"}, {"do": "A.touch", "addr": "at"}, base="v3"
    )
    assert machine.kernel.splats, "it notes broken rules and goes on"
    with pytest.raises(ValueError, match="no version 'v9'"):
        version_named("v9")


def test_an_interruption_reads_like_one() -> None:
    call = call_of(
        {
            "do": "interrupt",
            "at": "locks.lock_page",
            "visit": 2,
            "calls": [{"do": "T.touch", "addr": "at"}],
        },
        {"at": 0},
    )
    assert call.text == (
        "while the next call runs, before locks.lock_page (time 2): T: touch(at)"
    )
    spawn = call_of({"do": "spawn", "name": "A", "mmap_base": 0x7F00005FF000}, {})
    assert spawn.text == "spawn(A, mmap_base=0x7f00005ff000)"


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

GOOD: dict[str, object] = {
    "nonce": "n",
    "problem": None,
    "cases": [],
    "recorded": None,
    "run": None,
}


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
            "no return: it crashed",
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
