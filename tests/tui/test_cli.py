"""The command line: what it prints, what it says about bad input, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.small import TEXT, target, write
from thpkit.scenario.why import MEASURED
from thpkit.trace.statements import ROOT
from tui import cli, printed

THP = [sys.executable, "-m", "tui"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A place of its own for what is remembered."""
    return {**os.environ, "THP_STATE_DIR": str(tmp_path / "state"), "TERM": "xterm"}


def thp(
    environment: dict[str, str], *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run ``thp`` without a terminal."""
    return subprocess.run(
        [*THP, *arguments],
        env={**environment, **more},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_terminal_the_contents_are_printed(
    environment: dict[str, str],
) -> None:
    """A plain list below the reason to want all this, exit status 0, nothing on standard error."""
    done = thp(environment)
    assert done.returncode == 0 and done.stderr == ""
    assert "00_tour" in done.stdout and "ex:ex01" in done.stdout
    lines = done.stdout.splitlines()
    assert lines[:4] == MEASURED.lines() and lines[4:6] == ["", "Lessons"]


def test_the_version(environment: dict[str, str]) -> None:
    """One line."""
    assert thp(environment, "--version").stdout == f"thp {printed.version()}\n"


def test_help_names_all_commands(environment: dict[str, str]) -> None:
    """Those that exist, and no others."""
    said = thp(environment, "--help").stdout
    names = "step list read review glossary defects doctor start check watch hint reset diff"
    for name in names.split():
        assert f"\n  {name} " in said


Here = Callable[..., tuple[object, str, str]]


@pytest.fixture
def here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Here:
    """``thp`` without a terminal in this process, which is faster: exit status, output and errors."""
    monkeypatch.setenv("THP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(ROOT)

    def run(*arguments: str, **more: str) -> tuple[object, str, str]:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["thp", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> str:
    """The small scenario, recorded once for all tests; a name for ``thp step``."""
    known = target()
    monkeypatch.setattr(cli, "resolve", lambda *_named: known)
    return known.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("step", "tuor"), "did you mean 00_tour?"),
        (("step",), "Missing argument 'WHERE'; see thp step --help"),
        (("step", "missing.py"), "there is no file missing.py"),
        (("step", "tour", "--from", "9", "--to", "3"), "--from 9 lies behind --to 3"),
        (("step", "tour", "--from", "-1"), "steps are counted from 0"),
        (("step", "tour", "--from", "x"), "is not a valid integer"),
        (("step", "tour", "--save", "here.txt"), "ends in .thprec"),
        (("step", "tour", "--at", "5"), "--at does nothing here: it needs --svg"),
        (("step", "tour", "--interactive", "--from", "5"), "--from does nothing here"),
        (("step", "ex:ex01", "--variant", "v4"), "--variant needs a lesson"),
        (
            ("step", "tour", "--variant", "v99"),
            "no variant 'v99'; there are counts-mappings",
        ),
        (("stepp",), "No such command 'stepp'"),
        (("read", "nothing"), "there is no lesson 'nothing'"),
        (("read", "ex:ex01"), "is no lesson with a text"),
        (("glossary", "xarrey"), "did you mean XArray"),
        (("check", "ex99"), "there is no exercise 'ex99'"),
        (("--nonsense",), "No such option"),
    ],
)
def test_bad_input_gets_one_sentence_and_status_2(
    arguments: tuple[str, ...], said: str, here: Here
) -> None:
    """On standard error; nothing on standard output, and never a traceback."""
    status, out, err = here(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("thp: ") and err.count("\n") == 1
    assert said in err


def test_a_walk_is_printed(here: Here, recorded: str) -> None:
    """Without a terminal, and with --plain; every step with --every; a range if asked for."""
    status, told, err = here("step", recorded)
    assert (status, err) == (0, "")
    assert "A fault" in told and "No entry yet." in told
    assert here("step", recorded, "--plain")[1] == told
    every = here("step", recorded, "--every")[1].splitlines()
    assert len(every) > 1400
    range_ = ("--from", "10", "--to", "14")
    assert here("step", recorded, "--every", *range_)[1].splitlines() == every[10:15]
    assert here("step", recorded, *range_)[1].splitlines() == every[10:15]


def test_a_walk_fits_terminals_that_can_do_little(
    here: Here, recorded: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """NO_COLOR, TERM=dumb and ASCII change the signs, never the story; no escape sequence is printed."""
    usual = here("step", recorded)[1]
    assert "\x1b" not in usual
    assert here("step", recorded, NO_COLOR="1", TERM="dumb")[1] == usual
    path = str(write(tmp_path))
    ascii_ = thp(environment, "step", path, PYTHONIOENCODING="ascii")
    assert ascii_.returncode == 0 and ascii_.stdout.isascii()
    assert len(ascii_.stdout.splitlines()) == len(usual.splitlines())


def test_a_recording_is_saved_and_opened(here: Here, tmp_path: Path) -> None:
    """The saved walk is the walk."""
    path, saved = str(write(tmp_path)), str(tmp_path / "x.thprec")
    assert here("step", path, "--save", saved)[0] == 0
    assert here("step", saved) == here("step", path)


def test_a_recording_cannot_be_saved_anywhere(
    here: Here, recorded: str, tmp_path: Path
) -> None:
    """A folder that is not there gets a sentence."""
    status, _out, err = here("step", recorded, "--save", str(tmp_path / "no/x.thprec"))
    assert status == 2 and "cannot write" in err


def test_a_reader_who_has_seen_enough_is_no_error(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """A closed pipe ends the walk quietly."""
    with subprocess.Popen(
        [*THP, "step", str(write(tmp_path)), "--every"],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0


def test_an_interrupt_is_quiet(environment: dict[str, str], tmp_path: Path) -> None:
    """Ctrl+C while a file is recorded."""
    path = write(
        tmp_path, "import _thread\n_thread.interrupt_main()\nwhile True: pass\n"
    )
    done = thp(environment, "step", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_broken_state_file_gets_a_sentence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """And the list is printed all the same."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "progress.json").write_text("nonsense", encoding="utf-8")
    done = thp(environment, "list")
    assert done.returncode == 0 and "00_tour" in done.stdout
    assert done.stderr.startswith("thp: the file with your progress")
    assert thp(environment, "list").stderr == ""


def test_a_mistake_of_ours_is_one_sentence_too(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With THP_DEBUG its traceback."""
    (tmp_path / "sitecustomize.py").write_text(
        "import tui.contents\ndef bad(store): raise KeyError('oops')\ntui.contents.listing = bad\n",
        encoding="utf-8",
    )
    path = f"{tmp_path}:{ROOT}"
    done = thp(environment, "list", PYTHONPATH=path)
    assert done.returncode == 2
    assert "a mistake in thp itself: KeyError" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (
        "Traceback" in thp(environment, "list", PYTHONPATH=path, THP_DEBUG="1").stderr
    )


def test_the_glossary_explains_and_lists(environment: dict[str, str]) -> None:
    """A term, and all their names."""
    assert "512" in thp(environment, "glossary", "huge", "page").stdout
    names = thp(environment, "glossary").stdout.splitlines()
    assert len(names) >= 10


def test_a_lesson_is_read(environment: dict[str, str]) -> None:
    """``--raw`` leaves its text untouched; see also test_read.py."""
    text = (ROOT / "lessons" / "00_tour" / "README.md").read_text(encoding="utf-8")
    assert thp(environment, "read", "tour", "--raw").stdout == text


def test_the_doctor_reports(environment: dict[str, str]) -> None:
    """Terminal, Python, book, kernel."""
    said = thp(environment, "doctor", TERM="dumb").stdout
    for word in ("TERM             dumb", "textual", "00_tour", "kernel", "kept in"):
        assert word in said


def test_an_exercise_is_checked_and_remembered(environment: dict[str, str]) -> None:
    """As shipped it fails: status 1, the symptom, and a trace of it in the list."""
    done = thp(environment, "check", "ex01")
    assert done.returncode == 1 and "Symptom" in done.stdout
    assert "tried" in thp(environment, "list").stdout


def test_nothing_of_this_needs_the_screen() -> None:
    """The command line starts without Textual and rich."""
    code = (
        "import sys, tui.cli, tui.contents, tui.where, tui.opening, tui.state, tui.doctor\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'textual', 'rich', 'thpkit'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout == "[]\n"


@pytest.fixture(autouse=True)
def _no_colour_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the caller's terminal wants is none of these tests' business."""
    for name in ("NO_COLOR", "THP_DEBUG", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.mark.parametrize(
    "more", [(), ("--every", "--from", "0", "--to", "3")], ids=["stops", "steps"]
)
def test_a_scenario_that_raises_says_so_and_fails(
    here: Here, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Everything up to there is printed; then one sentence on standard error, and status 1."""
    broken = TEXT.replace("    a.munmap(at, 0x10000)\n", "    a.nonsense()\n")
    broken = broken[: broken.index("    stops=(")] + ")\n"
    status, out, err = here("step", str(write(tmp_path, broken)), *more)
    assert status == 1 and "sys_open" in out
    assert err.startswith("thp: the scenario did not finish: AttributeError")
    assert err.count("\n") == 1 and "nonsense" in err


def test_a_kernel_that_stops_is_no_failure(here: Here, tmp_path: Path) -> None:
    """A report that ends the run is what a reader came to see: status 0."""
    status, out, err = here("step", str(write(tmp_path)), "--variant", "v3")
    assert (status, err) == (0, "")
    assert "The run ended early" in out
