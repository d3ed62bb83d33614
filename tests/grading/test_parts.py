"""The parts of the grader: cases, answers, comparison, results, exercises on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import check_ids, grade
from thpkit.grading.answer import AnswerError, Ended, SeenCall, SeenCase, decode
from thpkit.grading.cases import Case, CaseError, call_of, case_of, number
from thpkit.grading.compare import Divergence, first_divergence
from thpkit.grading.exercise import ExerciseError, learner_file, load
from thpkit.grading.observe import observe, plain, runs
from thpkit.grading.player import Player
from thpkit.grading.results import CheckResult, Outcome, Result
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


# ---- results --------------------------------------------------------------------------------------------


def result(*checks: CheckResult, expected: tuple[str, ...]) -> Result:
    """A result with these checks."""
    return Result(
        "ex99", "t", Path("f.py"), False, "f.py (your file)", checks, expected
    )


def test_only_exactly_the_expected_checks_pass() -> None:
    a = CheckResult("a", "A", 1, Outcome.PASSED)
    b = CheckResult("b", "B", 2, Outcome.PASSED)
    assert result(a, b, expected=("a", "b")).passed
    assert not result(expected=()).passed
    assert not result(a, expected=("a", "b")).passed
    assert not result(a, b, expected=("a",)).passed
    assert not result(a, a, expected=("a",)).passed
    assert not result(
        a, replace(b, outcome=Outcome.NOT_REACHED), expected=("a", "b")
    ).passed
    assert not result(a, expected=("a", "b")).check("b").passed


def test_the_report_shows_the_first_failure_first() -> None:
    where = Divergence("c", 1, 2, "A: exit()", "x.y", 0, 512)
    checks = (
        CheckResult("a", "first", 1, Outcome.PASSED),
        CheckResult(
            "b", "second", 2, Outcome.FAILED, divergence=where, symptom="S", next="N"
        ),
        CheckResult("c", "third", 2, Outcome.NOT_REACHED, "not reached"),
    )
    made = result(*checks, expected=("a", "b", "c"))
    assert made.text() == (
        "ex99  t\ngraded: f.py (your file)\n\n"
        "FIX b — second\n\n"
        "  Symptom\n      S\n"
        "  First divergence, after call 1 of 2\n      A: exit()\n      x.y: expected 0, got 512\n"
        "  Next\n      N\n\n"
        "  ok  a  first\n  FIX b  second\n  ... c  third\n\n"
        "not passed yet: 1 of 5 points\n"
    )
    data = json.loads(json.dumps(made.to_json()))
    assert data["passed"] is False
    assert [each["outcome"] for each in data["checks"]] == [
        "passed",
        "failed",
        "not_reached",
    ]
    assert data["checks"][1]["divergence"]["path"] == "x.y"


# ---- exercises on disk ----------------------------------------------------------------------------------


def test_an_unknown_exercise_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        ExerciseError, match=r"there is no exercise 'ex1'; did you mean ex01\?"
    ):
        load("ex1")
    with pytest.raises(ExerciseError, match="there is none yet"):
        grade("ex01", tmp_path)


def test_the_folders_name_is_accepted_too() -> None:
    assert load(EX.name) == EX
    assert check_ids(EX.name) == EX.check_ids()


def test_the_learners_copy_counts_if_there_is_one(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    assert (
        learner_file(load("ex01", root), root) == root / "exercises" / EX.name / EX.file
    )
    copy = workshop.hand_in(root, EX, "")
    assert learner_file(load("ex01", root), root) == copy


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("meta.toml", 'title = "The', 'titel = "The', "meta.toml: title is missing"),
        ("meta.toml", 'kind = "fix"', 'kind = "fix"\nmode = 1', "nobody knows mode"),
        ("meta.toml", "points = 3", 'points = "3"', "points must be a number"),
        ("meta.toml", 'case = "mixed"', 'case = "mixd"', "names a case 'mixd'"),
        (
            "meta.toml",
            'check = "one-process"\npath',
            'check = "one"\npath',
            "there is no check",
        ),
        ("meta.toml", 'id = "ex01"', 'id = "ex02"', "the folder says otherwise"),
        ("meta.toml", 'id = "ex01"', "id = ", "meta.toml: "),
        ("cases.toml", 'do = "drain"', 'do = "drian"', "case small-pages, call 8"),
    ],
)
def test_mistakes_of_authors_are_sentences(
    tmp_path: Path, file: str, old: str, new: str, says: str
) -> None:
    root = workshop.place(tmp_path)
    path = root / "exercises" / EX.name / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ExerciseError, match=says):
        load("ex01", root)


def test_missing_files_are_sentences(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    folder = root / "exercises" / EX.name
    (folder / "cases.toml").unlink()
    with pytest.raises(ExerciseError, match=r"it has no cases\.toml"):
        load("ex01", root)
    shutil.copy(EX.folder / "cases.toml", folder)
    (folder / EX.file).unlink()
    with pytest.raises(ExerciseError, match="there is no file"):
        load("ex01", root)


def test_cases_are_plain_and_complete() -> None:
    assert all(isinstance(each, Case) and each.calls for each in EX.cases)
