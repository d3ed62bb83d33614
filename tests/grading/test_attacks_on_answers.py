"""Answers and calls that try to pass without being right, or to break or hold the judge, which reads them himself."""

from __future__ import annotations

import json
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.grading import workshop
from thpkit.grading import grade, plays, process, solutions
from thpkit.grading.answer import Answer, Ended, SeenCase
from thpkit.grading.exercise import RUNS, load
from thpkit.grading.kinds.review import Review
from thpkit.grading.limits import Limits
from thpkit.grading.results import Result

LIMITS: Final = Limits(case_seconds=0.5, cpu_seconds=2, wall_seconds=10.0)
SECONDS: Final = 8.0
"""Within which every verdict is there, on a busy machine too."""
EXA: Final = (1 << 64) - 1
HUGE: Final = "0x" + "f" * 60_000


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place to work in; every answer is a new file in it."""
    return workshop.place(tmp_path_factory.mktemp("root"))


def withstood(root: Path, exercise_id: str, text: str) -> Result:
    """The verdict on a text: no pass, in time, with a report that can be printed."""
    workshop.hand_in(root, load(exercise_id, root), text)
    started = time.monotonic()
    result = grade(exercise_id, root, limits=LIMITS)
    assert time.monotonic() - started < SECONDS
    assert not result.passed and result.first_failure is not None
    report = result.text() + json.dumps(result.to_json(), ensure_ascii=False)
    assert all(each.isprintable() or each == "\n" for each in report)
    assert len(report) < 20_000
    return result


# ---- sheets ---------------------------------------------------------------------------------------------

SHIPPED: Final = workshop.shipped(load("ex08"))
RIGHT: Final = solutions.right_text(load("ex08"))
WRONG: Final = RIGHT.replace("513", "7")
TABLES: Final = tomllib.loads(WRONG)
VALUES: Final = {
    "nothing": "",
    "date": "1979-05-27T07:32:00Z",
    "true": "true",
    "not a number": "nan",
    "huge number": "9" * 900,
    "huge hexadecimal number": "0x" + "f" * 900,
    "deep brackets": "[" * 450 + "]" * 450,
    "deep tables": "{ a = " * 100 + "1" + " }" * 100,
    "long line": "9" * 60_000,
    "text for a terminal": '"\\u001b[2J\\u0000\\u2028"',
}
"""Put in the place of the first number."""
SHEETS: Final = {
    "deep names": SHIPPED.replace('refcount = "?"', f"refcount.{'a.' * 20_000}a = 1", 1),
    "deep names in one line": SHIPPED.replace('refcount = "?"', f"refcount.{'a.' * 480}a = 1", 1),
    "deep table": f"{SHIPPED}\n[{'a.' * 30_000}a]\n",
    "table that nobody knows": f'{SHIPPED}\n["\\u001b[2J"]\nx = 1\n',
    "thousands of tables": "\n".join(f"[x{n}]" for n in range(8_000)),
    "number in the place of a table": "A-touches = 5\n" + SHIPPED.partition("[B-")[2].join(("[B-", "")),
    "list of tables": SHIPPED.replace("[A-touches]", "[[A-touches]]"),
}  # fmt: skip
WAYS: Final = {
    "quoted keys": WRONG.replace("refcount =", '"refcount" ='),
    "quoted tables": WRONG.replace("[A-touches]", '["A-touches"]'),
    "dotted keys": "\n".join(
        f"{name}.{key} = {value}"
        for name, table in TABLES.items()
        for key, value in table.items()
    ),
    "inline tables": "\n".join(
        f"{name} = {{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"
        for name, table in TABLES.items()
    ),
}
"""Wrong answers, written in ways that TOML allows."""


@pytest.mark.parametrize("name", VALUES, ids=lambda each: each.replace(" ", "-"))
def test_a_value_in_a_sheet(name: str, root: Path) -> None:
    text = SHIPPED.replace('refcount = "?"', f"refcount = {VALUES[name]}", 1)
    first = withstood(root, "ex08", text).first_failure
    assert first is not None and first.id == RUNS


@pytest.mark.parametrize("name", SHEETS, ids=lambda each: each.replace(" ", "-"))
def test_a_sheet(name: str, root: Path) -> None:
    first = withstood(root, "ex08", SHEETS[name]).first_failure
    assert first is not None and first.id == RUNS


@pytest.mark.parametrize("name", WAYS, ids=lambda each: each.replace(" ", "-"))
def test_a_sheet_written_in_another_way(name: str, root: Path) -> None:
    """It is read, and wrong numbers are told."""
    first = withstood(root, "ex08", WAYS[name]).first_failure
    assert first is not None and "you say 7" in first.message


def test_nothing_is_no_answer(root: Path) -> None:
    """Not one point for the sheets as shipped, and none for empty answers."""
    for exercise_id in ("ex06", "ex08", "ex10"):
        text = workshop.shipped(load(exercise_id))
        for empty in ('"?"', '"\\u00a0"'):
            assert withstood(root, exercise_id, text.replace('"?"', empty)).points == 0


def test_all_boxes_ticked(root: Path) -> None:
    """Every claim named is as wrong as none; named twice, or of another group, it is no answer at all."""
    task = load("ex10").task
    assert isinstance(task, Review)
    groups = list(dict.fromkeys(each.group for each in task.claims))
    ids = {name: [each.id for each in task.group(name)] for name in groups}

    def sheet(named: dict[str, list[str]], key: str = "broken") -> str:
        return "\n".join(
            f"[{name}]\n{key} = {json.dumps(each)}" for name, each in named.items()
        )

    assert withstood(root, "ex10", sheet(ids)).points == 0
    everything = {name: [each.id for each in task.claims] for name in groups}
    twice = {name: each + each for name, each in ids.items()}
    for wrong in (everything, twice, {name: ["\x1b[2J"] for name in groups}):
        for key in ("broken", '"broken"'):
            first = withstood(root, "ex10", sheet(wrong, key)).first_failure
            assert first is not None and first.id == RUNS


@pytest.mark.parametrize(
    "answers",
    [
        {'function = "?"': 'function = "\\u001b[2J\\u0000"'},
        {'statement = "?"': 'statement = " ("', 'function = "?"': 'function = "."'},
        {'statement = "?"': f"statement = {EXA}", 'step = "?"': f"step = {EXA}"},
        {'statement = "?"': "statement = -1", 'step = "?"': "step = -1"},
        {'statement = "?"': f'statement = "{"x" * 900}"'},
    ],
    ids=["terminal", "anything", "large", "negative", "long"],
)
def test_places_that_are_none(answers: dict[str, str], root: Path) -> None:
    text = workshop.shipped(load("ex06"))
    for old, new in answers.items():
        text = text.replace(old, new)
    assert withstood(root, "ex06", text).points == 0


# ---- calls ----------------------------------------------------------------------------------------------

BEGIN: Final = """
    {"do": "create", "path": "/f", "size": "4M"},
    {"do": "spawn", "name": "A", "mmap_base": 0x7F00005FF000},
    {"do": "A.open", "path": "/f", "gives": "fd"},
    {"do": "A.mmap", "length": "4M", "prot": "READ|EXEC", "fd": "fd", "gives": "at"},
    {"do": "A.touch", "addr": "at + 2M"},
"""
LISTS: Final = {
    "no call": "CALLS = []",
    "nothing": "",
    "two lists": "CALLS = [1]\nCALLS = [2]",
    "computed": "CALLS = [dict(do='drain')]",
    "runs": "import os\nos._exit(0)\nCALLS = []",
    "deep brackets": f"CALLS = {'[' * 5_000}{']' * 5_000}",
    "brackets": f"CALLS = [{'[' * 150}{']' * 150}]",
    "signs": f"CALLS = [{'-' * 60_000}1]",
    "a sum": f"CALLS = [1{'+1' * 30_000}]",
    "attributes": f"CALLS = [a{'.b' * 30_000}]",
    "functions": f"CALLS = [{'lambda: ' * 8_000}1]",
    "targets": f"{'x = ' * 15_000}1",
    "huge number": f"CALLS = [{'9' * 5_000}]",
    "huge address": f'CALLS = [{{"do": "A.touch", "addr": {HUGE}}}]',
    "huge address in a text": f'CALLS = [{{"do": "A.touch", "addr": "{HUGE}"}}]',
    "huge address in a list": f'CALLS = [{{"do": "A.touch", "addr": [{HUGE}]}}]',
    "huge key": f'CALLS = [{{"do": "A.touch", {HUGE}: 1}}]',
    "huge name": f'CALLS = [{{"do": "drain", "gives": [{HUGE}]}}]',
    "many digits": f'CALLS = [{{"do": "A.touch", "addr": "{"9" * 5_000}"}}]',
    "terminal": 'CALLS = [{"do": "\\ud800\\x1b[2J"}]',
    "too many calls": 'CALLS = [' + '{"do": "drain"},' * 61 + "]",
    "too many calls in one": 'CALLS = [{"do": "interrupt", "at": "locks.lock_page", "calls": ['
    + '{"do": "drain"},' * 3_000 + "]}]",
}  # fmt: skip
"""Files that are no lists of calls."""
PLAYED: Final = {
    "sizes": ", ".join([
        f'{{"do": "A.mmap", "length": {EXA}, "fd": "fd"}}',
        '{"do": "A.mmap", "length": -1, "fd": "fd", "offset": -4096}',
        f'{{"do": "A.mincore", "addr": "at", "length": {EXA}}}',
        f'{{"do": "A.munmap", "addr": 0, "length": {1 << 47}}}',
        f'{{"do": "A.mprotect", "addr": 0, "length": {1 << 47}, "prot": "READ"}}',
        f'{{"do": "A.read", "fd": "fd", "page": 0, "count": {EXA}}}',
        '{"do": "A.read", "fd": "fd", "page": -5, "count": -5}',
        f'{{"do": "A.truncate", "path": "/f", "length": {EXA}}}',
        f'{{"do": "A.touch", "addr": {EXA}}}, {{"do": "A.touch", "addr": -5}}',
        f'{{"do": "fail", "site": "xa_node", "count": {EXA}, "skip": -9}}',
    ]),
    "base": f'{{"do": "spawn", "name": "B", "mmap_base": {EXA}}}',
    "path": '{"do": "create", "path": "\\ud800\\x1b[2J", "size": -4}',
    "pages": f'{{"do": "create", "path": "/g", "size": {EXA}, "huge": False}},'
    '{"do": "A.open", "path": "/g", "gives": "g"},'
    '{"do": "A.read", "fd": "g", "page": 0, "count": 1000000000}',
}  # fmt: skip
"""Sizes that no machine has, and negative ones."""
HOOKS: Final = ("rmap.page_remove_file_rmap", "page.nth_page", "rmap.page_remove_rmap")
"""Kernel functions at which an interruption could tell the two kernels apart without any mistake in either."""


@pytest.mark.parametrize("name", LISTS, ids=lambda each: each.replace(" ", "-"))
def test_a_list_of_calls(name: str, root: Path) -> None:
    first = withstood(root, "ex09", LISTS[name]).first_failure
    assert first is not None and first.id == RUNS


@pytest.mark.parametrize("name", PLAYED)
def test_calls_of_any_size(name: str, root: Path) -> None:
    result = withstood(root, "ex09", f"CALLS = [{BEGIN}{PLAYED[name]}]")
    assert not result.check("differs").passed


def test_interruptions_are_the_same_on_both(root: Path) -> None:
    calls = [
        f'{{"do": "interrupt", "at": "{at}", "calls": [{{"do": "spawn", "name": "B{n}"}}]}}'
        for n, at in enumerate(HOOKS)
    ]
    calls.append('{"do": "A.munmap", "addr": "at", "length": "4M"}')
    result = withstood(root, "ex09", f"CALLS = [{BEGIN}{', '.join(calls)}]")
    assert result.check("plays").passed and not result.check("differs").passed


@pytest.mark.parametrize("kind", ["endless", "memory", "killed"])
def test_a_limit_is_no_difference(
    kind: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that the kit plays just in time, and the other kernel just not."""
    real = plays.play_unknown

    def slower(*arguments: object) -> tuple[plays.Played, plays.Played]:
        kit, other = real(*arguments)  # type: ignore[arg-type]
        seen = other.answer.cases[0]
        broken_off = replace(seen, calls=seen.calls[:-1], ended=Ended(kind, "too long"))
        cases: tuple[SeenCase, ...] = (broken_off,) if kind != "killed" else ()
        other.answer = Answer(None, cases, None)
        other.problem = "the run was killed" if kind == "killed" else None
        return kit, other

    monkeypatch.setattr(plays, "play_unknown", slower)
    result = withstood(root, "ex09", f"CALLS = [{BEGIN}]")
    assert result.check("plays").passed
    assert "which shows nothing" in result.check("differs").message


def test_both_kernels_have_the_same_work(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one of them would reach a limit earlier. Nothing but the functions of the one differs."""
    asked: list[dict[str, object]] = []
    real = process.start

    def start(request: dict[str, object], *rest: object) -> object:
        if not any(request is each for each in asked):
            asked.append(request)
        return real(request, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "start", start)
    withstood(root, "ex09", f"CALLS = [{BEGIN}]")
    kit, other = asked
    assert {key for key in kit if kit[key] != other[key]} == {"file"}


def test_calls_in_an_interruption_are_counted(root: Path) -> None:
    """For the bonus as well: otherwise all calls could be packed into one."""
    exercise = load("ex09", root)
    text = workshop.changed(exercise, exercise.alternatives[0])
    more = '{"do": "drain"}, ' * 3
    packed = f'{{"do": "interrupt", "at": "locks.lock_page", "visit": 99, "calls": [{more}]}},'
    workshop.hand_in(root, exercise, text.replace("CALLS = [", f"CALLS = [{packed}"))
    result = grade("ex09", root)
    assert result.passed and not result.check("short").passed
