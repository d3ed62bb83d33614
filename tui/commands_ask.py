"""``thp ask``: the questions of a lesson as a dialogue, or as text. No screen is needed."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import click

from tui.paths import ROOT, UserError
from tui.state import Store

if TYPE_CHECKING:
    from thpkit.book.questions import Question

WIDTH: Final = 80
LEAVE: Final = ("quit", "exit", "q")


@click.command()
@click.argument("lesson", required=False)
@click.option("--plain", is_flag=True, help="Print the questions, and ask none.")
def ask(lesson: str | None, plain: bool) -> None:
    """Ask the questions of LESSON; without one, those that you missed.

    Answers are read from standard input, a line each. An empty line skips a question, quit leaves.
    """
    store = Store()
    if store.notice:
        click.echo(f"thp: {store.notice}", err=True)
    questions = _missed(store) if lesson is None else _questions(lesson)
    if not questions:
        click.echo(_nothing(lesson, store))
    elif plain:
        _print(questions)
    else:
        _talk(questions, store)


def _questions(name: str) -> list[Question]:
    """The questions of a lesson.

    Raises:
        UserError: there is no such lesson, or its questions cannot be asked.
    """
    from thpkit.book import LessonError, find_lesson
    from thpkit.book.quiz import QuizError, load_quiz
    from thpkit.book.runs import Runs
    from tui.where import resolve

    try:
        lesson = find_lesson(resolve(name).name, ROOT)
        return list(load_quiz(lesson, Runs(), variants=False).questions)
    except (LessonError, QuizError) as error:
        raise UserError(str(error)) from None


def _missed(store: Store) -> list[Question]:
    """What was answered wrong last; the lesson with the most misses first."""
    from tui import answers, contents

    found: list[Question] = []
    known: dict[str, dict[str, Question]] = {}
    for lesson, id_ in answers.missed(
        store, [each.name for each in contents.lessons()]
    ):
        if lesson not in known:
            known[lesson] = {each.id: each for each in _questions(lesson)}
        if id_ in known[lesson]:  # a question may be gone since
            found.append(known[lesson][id_])
    return found


def _nothing(lesson: str | None, store: Store) -> str:
    if lesson is not None:
        return f"{lesson} has no questions yet"
    if any(store.memory.answers.values()):
        return "nothing is to be asked again: what you missed you have answered right since"
    return "you have missed nothing yet; thp ask LESSON asks, and thp list names the lessons"


# ---- saying ---------------------------------------------------------------------------------------------


def _print(questions: Iterable[Question]) -> None:
    """All questions, without answers."""
    for n, each in enumerate(questions, 1):
        _say([f"{n}. ({each.lesson}, {each.id}) {_when(each)}", *_lines(each)])
        _say([f"Answer: {each.how}", ""])


def _when(question: Question) -> str:
    """When it is asked. The stop's title may tell the answer, so it is not said."""
    return "at the end" if question.before is None else f"before step {question.before}"


def _lines(question: Question) -> list[str]:
    from thpkit.view.rows import text_of
    from tui.askable import rows_of

    return [text_of(each) for each in rows_of(question, WIDTH, marked=True)]


def _say(lines: Iterable[str]) -> None:
    """Lines in signs that standard output can write."""
    from thpkit.view.glyphs import spelled
    from tui.looks import signs

    for line in lines:
        for part in textwrap.wrap(line, WIDTH, break_long_words=False) or [""]:
            click.echo(spelled(part, signs()))


# ---- asking ---------------------------------------------------------------------------------------------


def _talk(questions: list[Question], store: Store) -> None:
    """Ask each, and judge the answers, until there are no more."""
    typed = _typed()
    asked = right = 0
    for n, each in enumerate(questions, 1):
        _say([f"Question {n} of {len(questions)}, {each.lesson}", "", *_lines(each)])
        _say([f"({each.how}; empty: skip)"])
        verdict = _answer(each, store, typed)
        if verdict is None:
            break
        asked += verdict >= 0
        right += verdict > 0
    _say([f"{right} right of {asked} answered"])


def _answer(question: Question, store: Store, typed: Iterator[str]) -> int | None:
    """Let a question be answered: 1 right, 0 wrong, -1 skipped; None: the reader leaves."""
    from thpkit.view.rows import text_of
    from tui import answers
    from tui.askable import verdict_rows

    for line in typed:
        if line.strip().casefold() in LEAVE:
            return None
        if not line.strip():
            _say(["skipped", ""])
            return -1
        verdict = question.judge(line)
        answers.note(store, question, line, verdict)
        _say(text_of(each) for each in verdict_rows(verdict, WIDTH, marked=True))
        if verdict.play is not None:
            command = f"thp step {question.lesson} --variant {verdict.play.variant}"
            shows = (
                "what happens otherwise"
                if verdict.right
                else "where you would be right"
            )
            _say([f"{command}  shows {shows}"])
        if verdict.understood:
            _say([""])
            return int(verdict.right)
    return None


def _typed() -> Iterator[str]:
    """The lines of standard input, with a prompt before each; what comes out of a pipe is shown."""
    shown = not sys.stdin.isatty()
    while True:
        click.echo("> ", nl=False)
        line = sys.stdin.readline()
        if not line:
            click.echo()
            return
        if shown:
            click.echo(line.rstrip("\n"))
        yield line.rstrip("\n")
