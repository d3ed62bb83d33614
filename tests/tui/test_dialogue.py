"""The conversation: moves as words, answers as text, nothing drawn twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.small import TEXT, small_run, write
from thpkit.trace.statements import ROOT
from thpkit.view.glyphs import ASCII, UNICODE
from tui.actions import ACTIONS
from tui.dialogue import Dialogue
from tui.reader import Reader
from tui.where import resolve


class Talk:
    """A dialogue about the small story, and what it has said since one last looked."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self.dialogue = Dialogue(
            small_run(), Reader(small_run().timeline), self._said.append, UNICODE
        )

    @property
    def reader(self) -> Reader:
        """Where the reader is."""
        return self.dialogue.reader

    def __call__(self, line: str) -> str:
        """Say a line; the answer as one text."""
        self._said.clear()
        assert self.dialogue.take(line)
        return "\n".join(self._said)


@pytest.fixture
def talk() -> Talk:
    """At the first step."""
    return Talk()


def test_next_tells_one_stop_and_only_that(talk: Talk) -> None:
    """Number, title, place, meaning, changes and state; an empty line is the same word."""
    said = talk("next")
    assert "1 of 3" in said and "A fault" in said and "No entry yet." in said
    assert "Mapped by one entry" not in said
    assert "Mapped by one entry" in talk("")
    assert "2 of 3" in talk("here")


def test_back_tells_what_forward_told(talk: Talk) -> None:
    """What is said of a stop is a function of the stop, not of the way to it."""
    there = [talk("next"), talk("next"), talk("next")]
    assert [talk("previous"), talk("previous")] == there[1::-1]


def test_why_explains_the_statement(talk: Talk) -> None:
    """The book's paragraph on it, with the source around it."""
    talk("next")
    said = talk("why")
    assert "count_vm_event(vmstat.PGFAULT)" in said
    assert "No entry yet." in said or "count" in said


def test_a_value_nobody_has_written_yet(talk: Talk) -> None:
    """It says so, and names the first step that will write it; its word goes there."""
    said = " ".join(talk("last NR_FILE_PAGES").split())
    assert "not written yet" in said
    step = small_run().timeline.first_write_after(
        talk.reader.timeline.resolve("NR_FILE_PAGES"),  # type: ignore[arg-type]
        0,
    )
    assert step is not None and f"step {step.step}" in said
    assert "change NR_FILE_PAGES" in said
    talk("change NR_FILE_PAGES")
    assert talk.reader.position in (step.step, step.step + 1)


def test_last_asked_again_goes_further_back(talk: Talk) -> None:
    """Two writes of a counter, the younger one first; then there are no more."""
    talk("last-step")
    first, second = talk("last NR_FILE_PMDMAPPED"), talk("last")
    assert "1 → 0" in first and "page_remove_file_rmap" in first
    assert "0 → 1" in second and "page_add_file_rmap" in second
    assert "nothing wrote" in talk("last")


def test_asking_does_not_move(talk: Talk) -> None:
    """``last`` answers; ``writer CELL`` goes there."""
    talk("last-step")
    before = talk.reader.position
    talk("last NR_FILE_PMDMAPPED")
    assert talk.reader.position == before
    talk("writer NR_FILE_PMDMAPPED")
    assert talk.reader.position < before


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("nxt", "did you mean next?"),
        ("zoom", "show PANE"),
        ("last", "which value?"),
        ("last NR_FILE_PAGE", "nothing here is called 'NR_FILE_PAGE'"),
        ("change nonsense", "nothing here is called 'nonsense'"),
        ("goto", "goto needs a place"),
        ("goto nowhere_at_all", "nothing here is called"),
        ("show me", "there is no pane 'me'"),
        ("show", "show needs a pane: source, explain"),
        ("previous", "this is the first step"),
    ],
)
def test_whatever_leads_nowhere_says_why(talk: Talk, line: str, answer: str) -> None:
    """One sentence, and the reader stays where he is."""
    assert answer in " ".join(talk(line).split())
    assert talk.reader.position == 0


@pytest.mark.parametrize("line", ["next please", "over 3", "older 2"])
def test_a_word_that_is_said_alone_does_not_ignore_what_follows(
    talk: Talk, line: str
) -> None:
    """Nothing is done that was not asked for."""
    assert "is said alone" in talk(line)
    assert talk.reader.position == 0


def test_here_tells_the_state_once(talk: Talk) -> None:
    """At a stop as anywhere."""
    for word in ("next", "step"):
        talk(word)
        assert talk("here").count("Now:") == 1, word


def test_two_runs_are_told_where_the_reader_is() -> None:
    """With --against: both places, and in what the states differ; equal where the runs have not parted yet."""
    run = resolve("defect:D5", against="ref").open()
    said: list[str] = []
    dialogue = Dialogue(run, Reader(run.timeline, run.start or 0), said.append, UNICODE)
    dialogue.take("beside")
    told = "\n".join(said)
    assert "lock_again" in told and "filemap_huge_fault" in told
    assert "page#1.flags" in told
    said.clear()
    dialogue.take("first")
    dialogue.take("beside")
    assert "The two states are equal here." in "\n".join(said)


def test_without_another_run_there_is_nothing_beside(talk: Talk) -> None:
    """It says what has one; and a run without introduction says that too."""
    assert "--against V has one" in " ".join(talk("beside").split())
    assert "nothing is said before" in talk("introduction")


def test_keys_are_words_too(talk: Talk) -> None:
    """Who knows the screen types its keys: small letters forward, capital letters back."""
    talk("s")
    talk("s")
    assert talk.reader.position == 2
    talk("S")
    assert talk.reader.position == 1
    assert "1 of 3" in talk("space")
    assert talk("?") == talk("help")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("do_set_pmd", "breakpoint set on do_set_pmd(), which runs 1 time"),
        ("NR_FILE_MAPPED", "which changes 2 times"),
        ("vmstat.node[NR_FILE_MAPPED]", "which changes 2 times"),
    ],
)
def test_breakpoints_are_set_by_name(talk: Talk, place: str, said: str) -> None:
    """On a function or a value; continue goes there, and the same again clears it."""
    assert said in " ".join(talk(f"break {place}").split())
    assert "a breakpoint: " in talk("continue")
    assert talk.reader.position > 0
    assert "breakpoint cleared" in talk(f"break {place}")


def test_breakpoints_are_set_by_line(talk: Talk) -> None:
    """The number of a line of the file that is shown; nothing is set where nothing stands."""
    talk("next")
    line = talk.reader.timeline.step(talk.reader.position).line
    assert f"breakpoint set on line {line}" in talk(f"break {line}")
    assert "'999999' here" in talk("break 999999")
    assert "'nowhere' here" in talk("break nowhere")
    assert len(talk.reader.breakpoints) == 1


def test_last_begins_anew_after_a_move(talk: Talk) -> None:
    """It asks about the value as it is here, and after the first write begins again."""
    talk("last-step")
    youngest = talk("last NR_FILE_PMDMAPPED")
    assert talk("last NR_FILE_PMDMAPPED") != youngest
    talk("step-back")
    assert talk("last NR_FILE_PMDMAPPED") == youngest
    talk("last")
    assert "nothing wrote" in talk("last")
    assert talk("last") == youngest


def test_what_nobody_can_use_is_not_repeated_at_length(talk: Talk) -> None:
    """A line of any length gets an answer of a few."""
    for line in ("x" * 9000, "goto " + "x" * 9000, "last " + "x" * 9000):
        assert len(talk(line)) < 300, line[:9]


def test_every_move_of_the_table_is_a_word(talk: Talk) -> None:
    """Each word that moves is listed by help, and each can be said at any place."""
    listed = talk("help")
    for each in ACTIONS:
        if talk.reader.can(each.id):
            assert each.words[0] in listed
            talk(each.words[0])


def test_predictions_are_asked_and_judged(talk: Talk) -> None:
    """Only where a statement is about to move a counter; a wrong answer says what is wrong."""
    assert "moves no counter" in " ".join(talk("predict").split())
    assert "no question is open" in talk("answer 1")
    talk("goto do_set_pmd::rmap.page_add_file_rmap@1")
    assert "Which counters will it move" in " ".join(talk("predict").split())
    assert "not understood" in talk("answer ??")
    assert "No." in talk("answer NR_FILE_MAPPED +1")
    talk("predict")
    assert "Right." in talk("answer NR_FILE_MAPPED 8, NR_FILE_PMDMAPPED")


def test_panes_are_printed_whole(talk: Talk) -> None:
    """By name or by number."""
    talk("goto do_set_pmd")
    assert "NR_FILE_PAGES" in talk("show counters")
    assert talk("show 3") == talk("show xarray")


def test_signs_of_terminals_without_utf_8() -> None:
    """Only ASCII is written if that is all there is."""
    said: list[str] = []
    dialogue = Dialogue(small_run(), Reader(small_run().timeline), said.append, ASCII)
    for line in ("next", "why", "show xarray", "show pagetable", "last nr", "help"):
        dialogue.take(line)
    assert "\n".join(said).isascii()


def test_a_script_is_a_useful_dialogue(tmp_path: Path) -> None:
    """From a pipe each word is echoed before its answer; the end of input is the end; exit status 0."""
    script = "next\nwhy\nlast NR_FILE_PAGES\nquit\n"
    done = subprocess.run(
        [sys.executable, "-m", "tui", "step", str(write(tmp_path)), "--plain", "--interactive"],
        input=script,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    words = [line for line in done.stdout.splitlines() if line.startswith("> ")]
    assert words == ["> next", "> why", "> last NR_FILE_PAGES", "> quit"]
    assert "not written yet" in done.stdout


def test_a_scenario_that_raised_ends_with_status_1(tmp_path: Path) -> None:
    """As in the plain walk: what was recorded can be talked about, and the reason stands on standard error."""
    text = TEXT.replace("    a.munmap(at, 0x10000)\n", "    raise ValueError('oops')\n")
    done = subprocess.run(
        [sys.executable, "-m", "tui", "step", str(write(tmp_path, text)), "--plain", "--interactive"],
        input="last-step\nquit\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "the run ends here" in done.stdout
    assert done.stderr.count("\n") == 1 and "oops" in done.stderr
