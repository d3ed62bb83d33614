"""Questions: right, wrong and not understood answers of each kind; keys that follow the run; authors' mistakes.

The run is the small one of ``running.py``: a huge page of eight sub-pages that A and B map and unmap.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.book.running import QUIZ, SCENARIO, small, small_run, write_lesson
from thpkit.book import find_lesson
from thpkit.book.questions import Play, Question, Verdict
from thpkit.book.quiz import Quiz, QuizError, load_quiz
from thpkit.book.runs import Runs


def quiz() -> Quiz:
    """The quiz of the small lesson."""
    return load_quiz(*small())


def question(id_: str) -> Question:
    """One of its questions."""
    found = quiz().named(id_)
    assert found is not None
    return found


def judged(id_: str, answer: str, here: int | None = None) -> Verdict:
    """What is said about an answer."""
    return question(id_).judge(answer, here)


def lettered(id_: str, *texts: str) -> str:
    """The letters of these options, with blanks between."""
    lines = question(id_).lines()
    found = [next(x for x in lines if x[3:].startswith(text)) for text in texts]
    return " ".join(each[0] for each in found)


# ---- what a quiz is -------------------------------------------------------------------------------------


def test_questions_before_stops_come_first_in_order_of_the_run() -> None:
    loaded = quiz()
    titled = {each.stop.title: each.step for each in small_run().stops}
    assert [each.id for each in loaded.before(titled["Mapped by all"])] == [
        "references",
        "mapped-twice",
    ]
    assert [each.id for each in loaded.at_end()] == ["ledger", "writer", "reason"]
    steps = [each.before for each in loaded.questions if each.before is not None]
    assert steps == sorted(steps)
    assert {each.kind for each in loaded.questions} == {
        *("numeric", "choice", "ordering", "ledger", "last-writer", "why")
    }


def test_a_lesson_without_a_quiz_has_no_questions(tmp_path: Path) -> None:
    assert load_quiz(write_lesson(tmp_path), Runs()).questions == ()


def test_options_are_lettered_and_their_order_is_the_same_every_time(
    tmp_path: Path,
) -> None:
    lines = question("mapped-twice").lines()
    assert lines[0] == "What does `NR_FILE_MAPPED` do?"
    assert [each[:3] for each in lines[1:]] == ["a) ", "b) ", "c) "]
    again = load_quiz(write_lesson(tmp_path, quiz=QUIZ), Runs()).named("mapped-twice")
    assert again is not None
    assert again.lines() == lines


def test_the_right_option_does_not_always_stand_where_its_author_wrote_it() -> None:
    kinds = ("choice", "why")
    samples = {each.sample() for each in quiz().questions if each.kind in kinds}
    order = question("order").sample()
    assert samples != {"a"} or order != "a b c"


@pytest.mark.parametrize("id_", [each.id for each in quiz().questions])
def test_the_sample_answer_is_right_and_explained(id_: str) -> None:
    asked = question(id_)
    verdict = asked.judge(asked.sample())
    assert verdict.right
    assert verdict.understood
    assert verdict.says.startswith("Right.")
    assert verdict.says.endswith(asked.explain)


@pytest.mark.parametrize("id_", [each.id for each in quiz().questions])
@pytest.mark.parametrize("typed", ["", "  ", "?", "I do not know", "\x00", "9" * 500])
def test_what_is_no_answer_is_not_wrong(id_: str, typed: str) -> None:
    verdict = judged(id_, typed)
    assert not verdict.right
    if verdict.understood:  # the many digits are a step, if a very late one
        assert id_ == "writer"
    else:
        assert question(id_).how in verdict.says


# ---- numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["10", "+10", " 10 ", "10.", "0xa", "10 references", "10 Reference"]
)
def test_a_number_is_read_leniently(typed: str) -> None:
    assert judged("references", typed).right


@pytest.mark.parametrize("typed", ["10 pages", "10 MiB", "1 0", "ten", "10 10"])
def test_a_number_of_something_else_is_not_understood(typed: str) -> None:
    assert not judged("references", typed).understood


def test_a_foreseen_wrong_number_has_its_reason() -> None:
    verdict = judged("references", "2")
    assert (verdict.understood, verdict.right) == (True, False)
    assert "The cache holds some as well." in verdict.says
    assert "The answer is 10 references." in verdict.says


def test_another_wrong_number_is_told_where_to_look() -> None:
    step = question("references").before
    assert f"page#1._refcount is 10 at step {step}" in judged("references", "11").says


# ---- a ledger -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "8 1 0",
        "+8 +1 0",
        "8, 1, 0",
        "8,1,0",
        "8; 1; 0",
        "NR_FILE_MAPPED=+8 NR_FILE_PMDMAPPED=1 NR_SHMEM=0",
        "nr_shmem=0, nr_file_pmdmapped = +1, nr_file_mapped: 8",
        "SHMEM=0 PMDMAPPED=1 NR_FILE_MAPPED=8",
    ],
)
def test_a_ledger_is_read_leniently(typed: str) -> None:
    assert judged("ledger", typed).right


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("8 1", "is not 3 numbers"),
        ("8 1 0 0", "is not 3 numbers"),
        ("8 one 0", "'one' is no number"),
        ("NR_FILE_MAPPED=8", "NR_FILE_PMDMAPPED and NR_SHMEM; 0 if it stays"),
        ("NR_FILE_PAGES=8", "NR_FILE_PAGES is none of the counters"),
        ("FILE=8", "FILE is none of the counters"),
        ("NR_SHMEM=0 NR_SHMEM=1", "NR_SHMEM stands twice"),
        ("NR_SHMEM=", "is not NAME=NUMBER"),
    ],
)
def test_half_a_ledger_is_not_understood(typed: str, told: str) -> None:
    verdict = judged("ledger", typed)
    assert not verdict.understood
    assert told in verdict.says


def test_each_wrong_line_of_a_ledger_has_its_reason() -> None:
    says = judged("ledger", "1 2 −3").says
    assert "NR_FILE_MAPPED, you say +1: it counts small pages." in says
    assert "NR_SHMEM, you say −3: this is no shmem." in says
    found = re.search(
        r"NR_FILE_PMDMAPPED, you say \+2: it moves by \+1; the last to write it is "
        r"page_add_file_rmap, at step (\d+)",
        says,
    )
    assert found
    step = int(found[1])
    assert small_run().frame_at(step).function.name == "page_add_file_rmap"


# ---- letters --------------------------------------------------------------------------------------------


def test_a_letter_or_the_text_of_an_option_is_an_answer() -> None:
    right = question("mapped-twice").sample()
    for typed in (right, right.upper(), f"{right})", f"({right})", f"{right}."):
        assert judged("mapped-twice", typed).right
    assert judged("mapped-twice", "it stays at 8").right


@pytest.mark.parametrize("typed", ["d", "a b", "yes", "1"])
def test_another_letter_is_not_understood(typed: str) -> None:
    assert not judged("mapped-twice", typed).understood


def test_a_wrong_choice_names_the_variant_in_which_it_would_be_right() -> None:
    verdict = judged("mapped-twice", lettered("mapped-twice", "It goes to 16"))
    assert "That would count mappings." in verdict.says
    assert verdict.play == Play("COUNTS_TWICE", "Mapped by all")
    assert judged("mapped-twice", lettered("mapped-twice", "It goes to 9")).play is None


def test_a_worse_reason_names_the_variant_that_shows_it() -> None:
    verdict = judged("reason", lettered("reason", "The counter was"))
    assert not verdict.right
    assert verdict.play == Play("counts-twice", "Mapped by all")


def test_letters_in_order_are_read_leniently() -> None:
    right = lettered("order", "A maps", "B maps", "A unmaps")
    first, second, third = right.split()
    for typed in (
        right,
        right.upper(),
        f"{first},{second},{third}",
        first + second + third,
        f"{first} > {second} > {third}",
        f"{first}) {second}) {third})",
    ):
        assert judged("order", typed).right, typed


def test_a_wrong_order_is_told_by_two_that_stand_the_wrong_way_round() -> None:
    first, second = lettered("order", "A maps", "B maps").split()
    says = judged("order", lettered("order", "B maps", "A maps", "A unmaps")).says
    assert re.search(rf"{first} \(step \d+\) comes before {second} \(step \d+\)", says)


def test_what_never_happens_and_what_is_left_out_are_told() -> None:
    never = lettered("order", "A maps", "B maps", "A unmaps", "the file")
    assert "never happens: Nobody truncates anything." in judged("order", never).says
    assert re.search(
        r"left out what does happen: [a-d] at step \d+",
        judged("order", lettered("order", "A maps", "B maps")).says,
    )


@pytest.mark.parametrize("typed", ["a a b", "a b e", "a 1", ">"])
def test_letters_that_are_no_order_are_not_understood(typed: str) -> None:
    assert not judged("order", typed).understood


# ---- the last writer ------------------------------------------------------------------------------------


def written() -> tuple[int, int]:
    """The steps that write NR_FILE_PMDMAPPED: A's mapping, and the last unmapping."""
    cell = small_run().resolve("NR_FILE_PMDMAPPED")
    assert cell is not None
    up, down = (each.step for each in small_run().writes_of(cell))
    return up, down


def test_the_writer_is_a_function_a_step_or_here() -> None:
    _, down = written()
    for typed in (
        "page_remove_file_rmap",
        "page_remove_file_rmap()",
        "rmap.page_remove_file_rmap",
        "PAGE_REMOVE_FILE_RMAP",
        str(down),
        f"step {down}",
        f"{down:,}",
    ):
        assert judged("writer", typed).right, typed
    assert judged("writer", "here", down).right
    assert "just been written" in judged("writer", "here", down + 1).says


def test_a_wrong_writer_is_told_what_it_does() -> None:
    up, _ = written()
    assert "That wrote the 1." in judged("writer", "page_add_file_rmap").says
    assert (
        "never writes NR_FILE_PMDMAPPED itself" in judged("writer", "do_set_pmd").says
    )
    says = judged("writer", str(up)).says
    assert f"page_add_file_rmap does write NR_FILE_PMDMAPPED at step {up}" in says
    assert "does not write NR_FILE_PMDMAPPED" in judged("writer", "here", 0).says


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("here", "only in the stepper"),
        ("page_remove_file_rnap", "did you mean page_remove_file_rmap"),
        ("dec_node_page_state", "not stepped into: name the function that calls it"),
    ],
)
def test_what_is_no_writer_is_not_understood(typed: str, told: str) -> None:
    verdict = judged("writer", typed)
    assert not verdict.understood
    assert told in verdict.says


# ---- the tour -------------------------------------------------------------------------------------------


def test_the_keys_of_the_tour_are_the_known_figures() -> None:
    """FACTS 12.3 to 12.5: one fault, 513 and 514 references, 527 during truncation."""
    tour = load_quiz(find_lesson("00_tour"), Runs())
    keys = {each.id: each.sample() for each in tour.questions}
    assert keys["one-byte"] == "512"
    assert keys["ledger-first-fault"] == "+512 +1 +512 +1"
    assert keys["two-mappings"] == "514"
    assert keys["busiest"] == "527"
    assert keys["pmdmapped-writer"] == "page_remove_file_rmap"
    order = tour.named("order")
    assert order is not None
    texts = {each[0]: each[3:].split()[0] for each in order.options()}
    asked = [texts[each] for each in order.sample().split()]
    assert asked == ["lock", "put", "read", "write"]


# ---- keys follow the run --------------------------------------------------------------------------------


def test_another_run_has_other_keys(tmp_path: Path) -> None:
    alone = SCENARIO.replace('READERS = ("A", "B")', 'READERS = ("A",)')
    text = QUIZ[: QUIZ.index("[[question]]", 20)]
    assert judged("references", "10").right
    other = load_quiz(write_lesson(tmp_path, alone, text), Runs()).questions[0]
    assert other.judge("9").right
    assert not other.judge("10").right


# ---- authors' mistakes ----------------------------------------------------------------------------------

EDITS = {
    "id = \"references\"|id = \"References\"": "'References' is not made of a-z",
    "id = \"mapped-twice\"|id = \"references\"": "another question has this id",
    "id = \"references\"|": "question number 1: id is missing",
    "kind = \"numeric\"|kind = \"number\"": "no kind 'number'; there is numeric",
    "before = \"Unmapped\"|before = \"Unmaped\"": "no stop of this lesson; did you mean 'Unmapped'",
    "unit = \"references\"|units = \"references\"": "units means nothing.*did you mean unit",
    "explain = \"It counts pages.\"|": "question 'reason': explain is missing",
    "ask = \"In which order?\"|ask = 5.5": "ask is a string",
    "'cell(\"page#1._refcount\", \"Mapped by all\")'|'10'": "does not look at the run",
    "'cell(\"page#1._refcount\", \"Mapped by all\")'|'cell(\"page#1._refcnt\", \"end\")'": "page#1 has .*_refcount",
    "'cell(\"page#1._refcount\", \"Mapped by all\")'|'ending()'": "is '', and not a number",
    "answer = '2'|answer = '5 + 5'": r"5 \+ 5 is 10 on the lesson's run: that is the right one",
    "answer = '2'|answer = '8'": "two wrong answers are 8",
    "reason = \"The cache holds some as well.\"|": "reason is missing \\('2'\\)",
    "answer = '2'|answer = '2'\nvariant = 'COUNTS_TWICE'": "is 10 on COUNTS_TWICE, and not 2",
    "answer = '2'|answer = '2'\nvariant = 'v9'": "no variant 'v9'",
    '== 8\'|== 7\'': "no choice holds on the lesson's run: .*is false.*NR_FILE_MAPPED is 8",
    "== 9'|== 8'": "more than one choice holds",
    ">= 16'|>= 160'": "should hold on COUNTS_TWICE, and it does not: there NR_FILE_MAPPED is 32",
    "holds = 'cell(\"NR_FILE_MAPPED\", \"Mapped by all\") == 9'|holds = '9'": "is 9; write a comparison",
    "text = \"It goes to 9.\"|text = \"It stays at 8\"": "two options say 'it stays at 8'",
    "reason = \"That would count entries.\"|": "reason is missing",
    "at = \"do_set_pmd::@call@2\"|at = \"do_set_pmd::@call@1\"": "have no order",
    "at = \"do_set_pmd::@call@2\"|at = \"do_set_pmd::@call@3\"": "there is no visit 3",
    "at = \"sys_truncate::inode = path_lookup(path)\"|at = \"do_set_pmd::return\"": "statements fit|runs at step",
    "at = \"sys_truncate::inode = path_lookup(path)\"|at = \"sys_truncate::nothing(\"": "no statement of sys_",
    "reason = \"Nobody truncates anything.\"|": "reason is missing",
    "\"NR_SHMEM\"]|\"NR_SHMEMS\"]": "no cell 'NR_SHMEMS'.*NR_SHMEM",
    "\"NR_SHMEM\"]|\"NR_FILE_MAPPED\"]": "stands twice in cells",
    "cells = [\"NR_FILE_MAPPED\", \"NR_FILE_PMDMAPPED\", \"NR_SHMEM\"]|cells = 'NR_SHMEM'": "cells is a list",
    "from = \"A fault\"|from = \"Unmapped\"": "not before to = 'Mapped by all'",
    "answer = '1'|answer = '4 * 2'": "is the right one on the lesson's run",
    "cell = \"NR_SHMEM\"|cell = \"NR_FILE_PAGES\"": "NR_FILE_PAGES, which is not among the cells",
    "at = \"end\"|at = \"A fault\"": "nothing wrote NR_FILE_PMDMAPPED before.*first write is at step",
    "function = \"page_add_file_rmap\"|function = \"page_remove_file_rmap\"": "is the right one on the lesson's run",
    "function = \"page_add_file_rmap\"|function = \"page_add\"": "no function that runs in this recording",
    "best = true|best = false\nreason = 'no'": "0 choices have best = true; exactly one has",
    "text = \"B maps nothing.\"|text = \"B maps nothing.\"\nbest = true": "2 choices have best = true",
    "shows = 'cell(\"NR_FILE_MAPPED\", \"Mapped by all\") > 8'|": "variant and shows stand together",
    "\"Mapped by all\") > 8'|\"Mapped by all\") > 7'": "true on the lesson's own run",
    "\"Mapped by all\") > 8'|\"Mapped by all\") > 800'": "should hold on counts-twice",
    "best = true|best = 1": "best is true or left out",
    "[[question]]\nid = \"ledger\"|[[questions]]\nid = \"ledger\"": "'questions' means nothing there",
    "id = \"references\"|id = ": "Invalid value.*line 3",
}  # fmt: skip
"""What an author writes instead of what, and what is told."""


@pytest.mark.parametrize("edit", EDITS)
def test_a_mistake_is_told_with_file_and_question(edit: str, tmp_path: Path) -> None:
    before, _, after = edit.partition("|")
    assert before in QUIZ, "the edit does not fit"
    lesson = write_lesson(tmp_path, quiz=QUIZ.replace(before, after, 1))
    with pytest.raises(QuizError, match=f"(?s)^01_small/quiz.toml.*{EDITS[edit]}"):
        load_quiz(lesson, Runs())


def test_variants_are_checked_only_when_that_is_asked_for(tmp_path: Path) -> None:
    wrong = QUIZ.replace(">= 16'", ">= 160'")
    lesson = write_lesson(tmp_path, quiz=wrong)
    assert load_quiz(lesson, Runs(), variants=False).questions
    with pytest.raises(QuizError, match="should hold on COUNTS_TWICE"):
        load_quiz(lesson, Runs())


def test_a_scenario_that_does_not_run_is_told(tmp_path: Path) -> None:
    lesson = write_lesson(tmp_path, "1 / 0", QUIZ)
    with pytest.raises(QuizError, match=r"quiz.toml: .*ZeroDivisionError"):
        load_quiz(lesson, Runs())
