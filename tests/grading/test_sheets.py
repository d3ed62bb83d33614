"""Answers that are read as data: sheets in TOML, calls in Python syntax. A mistake is a sentence with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.grading import workshop
from thpkit.grading import grade, record
from thpkit.grading.exercise import load
from thpkit.grading.limits import Limits
from thpkit.grading.process import GradingError
from thpkit.grading.results import Outcome
from thpkit.grading.sheet import Cell, SheetError, Value, Wanted, filled, read
from thpkit.grading.sheet import parse as parse_sheet
from thpkit.grading.solutions import right_text
from thpkit.grading.written import CallsError, parse
from thpkit.trace import saved

SHORT = Limits(case_seconds=0.5, cpu_seconds=4)
WANTED: dict[Cell, Wanted] = {
    ("a", "n"): Wanted.NUMBER,
    ("a", "t"): Wanted.TEXT,
    ("b", "p"): Wanted.PLACE,
    ("b", "names"): Wanted.NAMES,
}
SHEET = """# a comment
[a]         # the first
n = "?"     # a number
t = "?"
[b]
p = "?"
names = []
"""


def test_open_answers_are_none() -> None:
    sheet = parse_sheet(SHEET, "answer.toml", WANTED)
    assert sheet.get("a", "n") is None
    assert sheet.get("b", "names") == ()
    assert sheet.line("a", "n") == "line 3 of answer.toml"


def test_filling_in_keeps_all_the_rest() -> None:
    answers: dict[Cell, Value] = {
        ("a", "n"): -1,
        ("a", "t"): 'say "x"',
        ("b", "p"): 12,
        ("b", "names"): ("x", "y"),
    }
    text = filled(SHEET, answers)
    assert parse_sheet(text, "answer.toml", WANTED).answers == answers
    assert text.splitlines()[:3] == [
        "# a comment",
        SHEET.splitlines()[1],
        "n = -1     # a number",
    ]
    with pytest.raises(LookupError):
        filled(SHEET, {("c", "n"): 1})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('n = "?"', "n = ", "line 3 of answer.toml is no valid TOML: invalid value"),
        ('n = "?"', 'n = "many"', "line 3 of answer.toml: n in .a. must be a number"),
        ('n = "?"', "n = true", "must be a number, not True"),
        ('n = "?"', "n = 1.0", "must be a number, not 1.0"),
        ('n = "?"', "n = " + "1" * 5000, "line 3 .* is too long for an answer"),
        ('n = "?"', "n = 0x" + "f" * 900, r"must be a number, not 5104\d*\.\.\."),
        ('t = "?"', "t = 3", "line 4 of answer.toml: t in .a. must be a text"),
        ('t = "?"', 'q = "?"', "line 4 of answer.toml: nobody asks for 'q'"),
        ('t = "?"', "", r'line 2 of answer.toml: t is missing .* write t = "\?"'),
        ("[b]", "[c]", "line 5 of answer.toml: nobody asks for 'c'; there is .a., .b."),
        ("names = []", 'names = "x"', "line 7 .* must be a list of names"),
        ("names = []", "names = [1]", "line 7 .* must be a list of names"),
        ("[a]", "[a", "line 2 of answer.toml is no valid TOML"),
        ("[a]", "x = " + "[\n" * 5000, "no valid TOML"),
    ],
)
def test_a_mistake_is_a_sentence(old: str, new: str, says: str) -> None:
    assert SHEET.count(old) == 1
    with pytest.raises(SheetError, match=says):
        parse_sheet(SHEET.replace(old, new), "answer.toml", WANTED)


def test_what_is_no_sheet_at_all(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    with pytest.raises(SheetError, match="cannot be read: No such file"):
        read(path, WANTED)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SheetError, match="no text in UTF-8"):
        read(path, WANTED)
    path.write_bytes(b"#" * (1 << 17))
    with pytest.raises(SheetError, match="too long"):
        read(path, WANTED)


def test_a_malformed_sheet_fails_one_check_and_reaches_none(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    path.write_text("[A-touches\n", encoding="utf-8")
    result = grade("ex08", file=path)
    runs, *others = result.checks
    assert runs.problem is not None
    assert runs.problem.startswith("line 1 of answer.toml is no valid TOML")
    assert {each.outcome for each in others} == {Outcome.NOT_REACHED}
    assert result.points == 0


# ---- the ledger -----------------------------------------------------------------------------------------


def test_the_keys_are_those_of_facts_12() -> None:
    """FACTS 12.3 and 12.4, and CORRECTIONS A11 for what fault-around adds. The exercise does not have them."""
    lines = right_text(load("ex08")).splitlines()
    rows: dict[str, list[int]] = {}
    for line in lines:
        if line.startswith("["):
            rows[line[1 : line.index("]")]] = row = []
        elif " = " in line and not line.startswith("#"):
            row.append(int(line.split(" = ")[1]))
    assert rows["A-touches"] == [513, 0, 512, 512, 1, 512, 0]
    assert rows["B-touches"] == [514, 1, 512, 512, 1, 512, 512]
    assert rows["B-maps-a-bit"] == [518, 1, 512, 512, 1, 512, 516]
    assert rows["truncated"] == [0, -1, 0, 0, 0, 0, 0]
    meta = (load("ex08").folder / "meta.toml").read_text(encoding="utf-8")
    assert "518" not in meta


def test_a_wrong_number_is_not_given_away(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    text = right_text(load("ex08")).replace("refcount = 518", "refcount = 600")
    path.write_text(text, encoding="utf-8")
    check = grade("ex08", file=path).check("B-maps-a-bit")
    assert check.problem == (
        "refcount: you say 600; that is too many (line 26 of answer.toml)"
    )
    assert check.next.startswith("refcount: 512 references belong to the page cache")
    assert "518" not in check.message


# ---- the review -----------------------------------------------------------------------------------------


def test_naming_everything_is_worth_nothing(tmp_path: Path) -> None:
    exercise = load("ex10")
    text, group = workshop.shipped(exercise), ""
    names: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            group = line.strip("[]")
            names[group] = []
        elif line.startswith("# ") and group:
            names[group].append(line.split()[1])
    answers: dict[Cell, Value] = {
        (key, "broken"): tuple(value) for key, value in names.items()
    }
    path = tmp_path / "answer.toml"
    path.write_text(filled(text, answers), encoding="utf-8")
    result = grade("ex10", file=path)
    assert result.check("runs").passed
    assert result.points == 0


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ('["nonsense"]', "line 10 .* there is no claim 'nonsense' in .lookup."),
        ('["no-reference", "no-reference"]', "a claim is named twice"),
    ],
)
def test_only_claims_that_exist(tmp_path: Path, names: str, says: str) -> None:
    path = tmp_path / "answer.toml"
    text = workshop.shipped(load("ex10")).replace("broken = []", f"broken = {names}", 1)
    path.write_text(text, encoding="utf-8")
    problem = grade("ex10", file=path).check("runs").problem
    assert re.search(says, problem or "")


def test_a_claim_too_many_is_explained_and_one_too_few_is_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "answer.toml"
    text = workshop.shipped(load("ex10")).replace(
        "broken = []", 'broken = ["no-reference", "wide-cursor"]', 1
    )
    path.write_text(text, encoding="utf-8")
    problem = grade("ex10", file=path).check("lookup").problem
    assert problem == (
        "wide-cursor: true, but v3 did the same (D2). Asked is what v4 broke\n"
        "of what is broken here, 2 are not named yet"
    )


# ---- calls ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("CALLS = [", "line 1 of calls.py is no valid Python"),
        ("", "has no CALLS"),
        ("CALLS = []", "still empty"),
        ("CALLS = 3", "line 1 .* only one assignment"),
        ("import os\nCALLS = []", "line 1 .* only one assignment"),
        ("CALLS = []\nCALLS = []", "line 2 .* only one assignment"),
        ("CALLS = [\n  open('/etc/passwd'),\n]", "line 2 of calls.py: .* nothing comp"),
        ("CALLS = [\n\n  {'do': 'drian'},\n]", "line 3 of calls.py: there is no call"),
        ("CALLS = [{'do': 'A.touch', 'addr': 'at'}]", "line 1 .* no result of an earl"),
        ("CALLS = [{'do': 'drain'}" + ", {'do': 'drain'}" * 60 + "]", "61 calls are"),
        ("CALLS = [" + "-" * 100_000 + "1]", "no valid Python|nothing comp"),
        ("x = \x00", "no valid Python"),
        (
            "CALLS = [{'do': 'create', 'path': '/f', 'size': 0x" + "f" * 5000 + "}]",
            "line 1 of calls.py: create: size must fit into 64 bits",
        ),
        (
            "CALLS = [{'do': 'create', 'path': '/f', 'size': '0x" + "f" * 20 + "'}]",
            "a number must fit into 64 bits",
        ),
    ],
)
def test_calls_are_data(text: str, says: str) -> None:
    with pytest.raises(CallsError, match=says):
        parse(text, "calls.py")


def calls(tmp_path: Path, *more: str) -> Path:
    """The shipped calls, with some at the end."""
    text = workshop.shipped(load("ex09")).rstrip().removesuffix("]")
    path = tmp_path / "calls.py"
    path.write_text(text + "".join(f"    {each},\n" for each in more) + "]\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ('{"do": "B.exit"}', "call 7 does not end on the kit: B: exit.*no process B"),
        ('{"do": "spawn", "name": "A"}', "call 7 .*there is a process A already"),
        (
            '{"do": "A.mmap", "length": "1G", "prot": "X"}',
            "call 7 .*there is no Prot 'X'",
        ),
    ],
)
def test_calls_must_end_well_on_the_kit(tmp_path: Path, call: str, says: str) -> None:
    result = grade("ex09", file=calls(tmp_path, call))
    assert re.search(says, result.check("plays").problem or "")
    assert result.check("differs").outcome is Outcome.NOT_REACHED


def test_calls_that_take_for_ever_are_stopped(tmp_path: Path) -> None:
    bomb = '{"do": "A.read", "fd": "fd", "page": 0, "count": 1000000000}'
    many = '{"do": "create", "path": "/x", "size": "1000000G"}'
    big = '{"do": "A.open", "path": "/x", "gives": "fd"}'
    result = grade("ex09", file=calls(tmp_path, many, big, bomb), limits=SHORT)
    assert not result.passed
    assert "call 9 does not end on the kit" in (result.check("plays").problem or "")


def test_more_calls_than_needed_lose_only_the_bonus(tmp_path: Path) -> None:
    bit = '{"do": "A.mmap", "length": "16K", "fd": "fd", "offset": "2M", "gives": "b"}'
    text = workshop.shipped(load("ex09")).replace(
        '    {"do": "A.munmap"',
        f'    {bit},\n    {{"do": "A.touch", "addr": "b"}},\n    {{"do": "A.munmap"',
    )
    path = tmp_path / "calls.py"
    last = '    {"do": "drain"},\n]'
    path.write_text(text.rstrip().removesuffix("]") + last, encoding="utf-8")
    result = grade("ex09", file=path)
    assert result.passed
    assert not result.check("short").passed
    assert result.points == result.max_points - 1


def test_the_learners_calls_are_opened_where_the_mutant_parts(tmp_path: Path) -> None:
    root = workshop.place(tmp_path)
    made = record("ex09", root)
    assert (made.step, made.divergence) == (0, None)
    workshop.hand_in(root, load("ex09"), right_text(load("ex09")))
    made = record("ex09", root)
    assert made.divergence is not None
    assert made.divergence.path == "vmstat.node[NR_FILE_MAPPED]"
    timeline = saved.open(made.path)
    assert timeline.frame_at(made.step).function.qualname == "page_remove_file_rmap"
    assert timeline.frame_at(made.step).function.file.endswith("rmap_mutant.py")
    workshop.hand_in(root, load("ex09"), "CALLS = [")
    with pytest.raises(GradingError, match="nothing can be stepped: line 1"):
        record("ex09", root)
