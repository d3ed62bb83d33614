"""The patch on the command line: its defects as a table, told, verified and stepped; two versions, and the review."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui.playing import play, stepper, text_of
from tests.tui.small import TEXT, write
from thpkit.patch import record
from thpkit.trace.statements import ROOT
from tui import apart, cli, commands_read, opening
from tui import where as where_
from tui.app import ThpApp
from tui.layouts import BAR, PROSE
from tui.pair import DIFF, Pair
from tui.paths import UserError
from tui.where import Target
from tui.where import resolve as really_resolve

Captured = pytest.CaptureFixture[str]


@lru_cache(maxsize=32)
def resolve(
    where: str, variant: str | None = None, against: str | None = None
) -> Target:
    """What the program resolves, but recorded once for all tests. They only move in it."""
    found = really_resolve(where, variant, against)
    return replace(found, open=lru_cache(maxsize=1)(found.open))


def side(where: str, variant: str | None = None) -> Target:
    """One of two versions to compare: the left one gets a stop where they part, so it is recorded for itself."""
    return really_resolve(where) if variant is None else resolve(where, variant)


@pytest.fixture(autouse=True)
def _own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A place of its own for what is remembered; no terminal."""
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(cli, "resolve", resolve)
    monkeypatch.setattr(where_, "resolve", side)


def thp(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, *arguments: str
) -> tuple[object, str, str]:
    """Exit status, output and errors of a command."""
    monkeypatch.setattr(sys, "argv", ["thp", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, *capsys.readouterr()


# ---- thp defects ----------------------------------------------------------------------------------------


def test_the_table_has_a_line_for_each_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A head and 76 lines, none of them cut."""
    status, out, err = thp(monkeypatch, capsys, "defects")
    head, *lines = out.splitlines()
    assert (status, err, len(lines)) == (0, "", 76)
    assert head.split() == ["ID", "class", "v3", "ref", "v4", "v5", "what"]
    (d7,) = [each for each in lines if each.startswith("D7 ")]
    assert "nodes after truncation: 9  " in d7 and d7.endswith(record("D7").title)


def test_verifying_runs_them_all(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """76 rows, and a total in the last line."""
    status, out, err = thp(monkeypatch, capsys, "defects", "--verify")
    head, *lines, total = out.splitlines()
    assert (status, err, len(lines)) == (0, "", 76)
    assert head.split() == ["ID", "class", "v3", "ref"]
    assert {each.split()[1] for each in lines} == {"shown", "equivalent", "argued"}
    assert total.startswith("76 records: ") and total.endswith("all as the records say")


@pytest.mark.parametrize("arguments", [("--verify", "D9"), ()])
def test_a_failure_is_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, arguments: tuple[str, ...]
) -> None:
    """The last line names what is not as its record says; without --verify too."""
    monkeypatch.setitem(record("D9").sees_ref, "THP_FILE_MAPPED", 3)
    status, out, _err = thp(monkeypatch, capsys, "defects", *arguments)
    assert status == 1
    assert out.splitlines()[-1].endswith("FAILED: D9")


def test_a_defect_is_told(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """What one expects, what happens, where the runs part, the remark, the repair; small letters will do."""
    status, out, err = thp(monkeypatch, capsys, "defects", "d5")
    assert (status, err) == (0, "")
    for said in (
        "one expects     A reads: page 515; B reads: page 515",
        "what happens    A reads: page 515; B reads: waits for ever",
        "first apart     in A: page fault(",
        "repair          v3+D5: ",
        "not named in the review",
    ):
        assert said in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_the_step_of_a_story_is_where_it_happens() -> None:
    """The step that the story of D5 names takes the lock that nobody releases."""
    from thpkit.patch.report import first_divergence

    other, found = first_divergence(record("D5"))
    assert other == "v3+D5" and found is not None and found.left_step is not None
    timeline = resolve("defect:D5").open().timeline
    statement = timeline.step(found.left_step).statement
    assert statement is not None and "set_page_locked" in statement.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("defects", "D77"), "there is no defect 'D77'"),
        (("defects", "D77"), "did you mean D52?"),
        (("defects", "k0"), "did you mean K1?"),
        (("defects", "7"), "did you mean K7 or D7?"),
        (("defects", "D38"), "D38 was withdrawn"),
        (("defects", "nonsense"), "there are K1 to K25, and D1 to D52 without D38"),
        (("defects", "D99", "--verify"), "there is no defect 'D99'"),
        (("step", "defect:D99"), "did you mean D52?"),
        (("step", "defect:"), "there is no defect ''"),
        (("step", "defect:K2"), "K2 has nothing to step through: it is argued"),
        (("step", "defect:D5", "--against", "v9"), "there is no version 'v9'"),
        (("step", "defect:D5", "--against", "v3"), "this runs on v3 anyway"),
        (("step", "ex:ex01", "--against", "v3"), "ex:ex01 cannot be recorded"),
        (("step", "x.thprec", "--against", "v3"), "x.thprec cannot be recorded"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    arguments: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
) -> None:
    """On standard error; the sentence names what comes nearest."""
    status, out, err = thp(monkeypatch, capsys, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("thp: ") and err.count("\n") == 1
    assert said in err


# ---- thp review -----------------------------------------------------------------------------------------


def test_the_review_is_read(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    """Set for a terminal, in 80 columns; with --raw as it stands on disk."""
    text = (ROOT / "lessons" / "review.md").read_text(encoding="utf-8")
    assert thp(monkeypatch, capsys, "review", "--raw") == (0, text, "")
    status, shown, err = thp(monkeypatch, capsys, "review")
    assert (status, err) == (0, "") and "K17" in shown and "<!--" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_without_a_review_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """One sentence."""
    monkeypatch.setattr(commands_read, "lessons_dir", lambda: tmp_path)
    status, _out, err = thp(monkeypatch, capsys, "review")
    assert status == 2 and "the review is not beside the lessons" in err


# ---- thp step defect:ID ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "version"), [("defect:k17", "v3"), ("defect:K9", "v3+D2+D5")]
)
def test_a_defect_is_recorded_on_the_version_that_shows_it(
    where: str, version: str
) -> None:
    """The posted version, or one in which what hides the defect is repaired."""
    run = resolve(where).open()
    assert (run.name, run.version) == (f"defect:{where[7:].upper()}", version)
    assert run.title.startswith(f"{where[7:].upper()}: ")


def test_a_defect_on_another_version() -> None:
    """--variant works as for lessons, and has its own place to go on from."""
    run = resolve("defect:D5", "ref").open()
    assert (run.name, run.version) == ("defect:D5@ref", "ref")
    assert run.timeline.ending is None


def test_the_plain_walk_of_a_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """It pauses where the patch does what is wrong."""
    status, out, err = thp(monkeypatch, capsys, "step", "defect:D7", "--plain")
    assert (status, err) == (0, "")
    assert "Here: the file does not know that it has pages" in out


def test_against_opens_where_the_versions_part(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """The notice names the field, both values, and the step in the other run; the walk begins there."""
    run = resolve("defect:D5", against="ref").open()
    assert run.start is not None and run.name == "defect:D5|ref"
    statement = run.timeline.step(run.start).statement
    assert statement is not None and "set_page_locked" in statement.text
    (notice,) = run.notices
    assert notice.startswith(
        "Here v3 and ref part: page#1.flags is locked, uptodate, head in v3 and "
        "uptodate, lru, head in ref (step "
    )
    step = int(notice.removesuffix(" there)").rpartition(" ")[2])
    other = resolve("defect:D5", "ref").open().timeline
    assert "page#1.flags" in {other.cell_name(each.cell) for each in other.writes(step)}
    arguments = ("step", "defect:D5", "--against", "ref", "--plain")
    _status, out, _err = thp(monkeypatch, capsys, *arguments)
    assert " ".join(out.split()).startswith(notice)
    assert f"step {run.start} of {len(run.timeline) - 1}" in out.splitlines()[3]
    whole = thp(monkeypatch, capsys, *arguments, "--from", "0")[1]
    assert "1 of 2" in whole and "1 of 2" not in out


def test_a_single_repair_to_compare_with() -> None:
    """Any name of a version; small letters will do."""
    run = resolve("defect:D5", against="v3+d5").open()
    assert "in v3+D5 (step" in run.notices[0]


def test_a_value_that_no_step_writes() -> None:
    """Where one side never writes the cell, the end of the call stands for it."""
    run = resolve("defect:K23", against="ref").open()
    assert "mm A.map_count is 1 in v3 and 2 in ref" in run.notices[0]
    assert run.start is not None
    assert run.timeline.step(run.start).frame.function.name == "sys_mprotect"


def test_two_runs_that_end_alike() -> None:
    """Then there is a sentence, and no step to open at."""
    run = resolve("defect:D5", "ref").open()
    same = apart.opened(lambda: run, lambda: run, "another")
    assert same.start is None
    assert "after each call ref and ref are in the same state" in same.notices[0]


def test_a_file_of_a_learner_against_another_version(tmp_path: Path) -> None:
    """Its own version against the posted one."""
    text = TEXT.replace("size=0x10000", "size=0x400000, huge=True").replace(
        "0x10000", "0x400000"
    )
    run = resolve(str(write(tmp_path, text)), against="v3").open()
    assert run.version == "ref" and run.start is not None
    assert run.notices[0].startswith("Here ref and v3 part: ")
    titles = [each.stop.title for each in run.timeline.stops]
    assert "Here ref and v3 part" in titles and "A fault" in titles


def test_the_screen_opens_where_they_part(tmp_path: Path) -> None:
    """The notice stands in the last rows, the whole sentence beside the code; the place of old does not matter."""
    target = resolve("defect:K23", against="ref")

    async def scene(pilot: Pilot[str], app: ThpApp) -> None:
        assert isinstance(app.screen, Pair)
        assert "map_count is 1 in v3 and 2 in ref" in text_of(app, BAR)
        assert text_of(app, DIFF).startswith("Difference of the states  v3 | ref")
        await pilot.press("escape")
        await pilot.pause()
        screen = stepper(app)
        assert screen.reader is not None
        stops = {each.stop.title: each.step for each in screen.reader.timeline.stops}
        assert screen.position == stops["Here v3 and ref part"]
        assert "mm A.map_count is 1 in v3" in " ".join(text_of(app, PROSE).split())
        await pilot.press("home", "q")

    for _ in range(2):
        play(scene, tmp_path, opened=target)


def test_a_scene_that_cannot_be_recorded_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever goes wrong with it."""

    def fail(*_arguments: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("thpkit.scenario.record", fail)
    with pytest.raises(UserError, match="defect:D5: its machine cannot be booted"):
        opening.defect("D5", None)
