"""The plain walk says what the screen says: the questions, at their stops and without answers, and the other run."""

from __future__ import annotations

from dataclasses import replace

from tests.tui.asked import asked_run, asked_target, small_quiz
from tests.tui.beside import beside_target
from thpkit.view.glyphs import UNICODE
from tui import printed
from tui.asides import Questions, beside


def test_each_question_is_printed_before_its_stop() -> None:
    """Once, with its options; those of the end come last."""
    lines = list(printed.walk(asked_target()))
    said = "\n".join(lines)
    stops = {each.step: each.stop.title for each in asked_run().timeline.stops}
    asked = 0
    for question in small_quiz().questions:
        first = " ".join(question.ask.replace("`", "").split())[:30]
        assert said.count(first) == 1, question.id
        if question.before is not None:
            asked += 1
            assert said.index(first) < said.index(f"\n{stops[question.before]}\n")
    assert said.count("Before you go on:") == asked
    assert said.count("Check yourself:") == len(small_quiz().at_end())


def test_no_answer_is_given_away() -> None:
    """Neither the key's sentence nor the explanation."""
    said = " ".join(" ".join(printed.walk(asked_target())).split())
    for question in small_quiz().questions:
        assert " ".join(question.explain.split()) not in said


def test_a_run_without_questions_asks_none() -> None:
    """Nothing is printed."""
    run = replace(asked_run(), ask=None)
    asked = Questions(run, UNICODE)
    assert list(asked.at_end()) == [] and list(asked.before(0)) == []
    assert list(beside(run, UNICODE)) == []


def test_two_runs_are_told_where_they_part() -> None:
    """Both places, and the difference of the states; no row is wider than a terminal."""
    lines = list(printed.walk(beside_target()))
    said = "\n".join(lines)
    assert "\nv3, step " in said and "\nref, step " in said
    assert "Difference of the states (v3 | ref):" in said
    assert "  vmstat.node[NR_FILE_PMDMAPPED]  0 | 1" in said
    assert max(map(len, lines)) <= 80
