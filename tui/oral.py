"""Questions by word of mouth: read out, answered by a typed line, for the conversation of :mod:`tui.dialogue`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thpkit.book.questions import Question
from thpkit.view.plain import WIDTH
from thpkit.view.rows import text_of
from tui import askable
from tui.askable import Askable
from tui.predicting import question_at
from tui.reader import Reader

Rows = Callable[[list[str]], object]
Sentence = Callable[[str], object]


class Oral:
    """Asks one question at a time; an answer is the next line that begins with ``answer``."""

    def __init__(self, asked: Askable | None, rows: Rows, sentence: Sentence) -> None:
        """The lesson's questions, if it has any; ``rows`` and ``sentence`` say lines and one wrapped sentence."""
        self._asked = asked
        self._rows = rows
        self._sentence = sentence
        self._open: list[Question] = []
        """Questions that wait for an answer, the next one first."""

    def due(self, reader: Reader) -> bool:
        """Read out what is to be asked before the next stop; False if nothing is. Each is asked by itself once."""
        if self._asked is None:
            return False
        found = self._asked.due(reader)
        for each in found:
            self._asked.met(each)
        return self._begin(found)

    def hint(self, reader: Reader) -> str:
        """That there are questions about this stop, if they are not asked by themselves; else nothing."""
        if (
            self._asked is None
            or not self._asked.silent
            or not self._asked.here(reader)
        ):
            return ""
        return "(there is a question about this stop: question asks it)"

    def repeat(self, reader: Reader) -> None:
        """The questions of this stop, asked on demand."""
        found = [] if self._asked is None else self._asked.here(reader)
        if not self._begin(found):
            self._sentence("there is no question here")

    def predict(self, reader: Reader) -> None:
        """A question about the counters that the statement here will move."""
        question = question_at(reader.timeline, reader.position)
        if not self._begin([] if question is None else [question]):
            self._sentence("no statement is about to run here, or it moves no counter")

    def answer(self, reader: Reader, text: str) -> None:
        """Judge an answer to the open question; when it was understood, ask the next one."""
        if not self._open:
            self._sentence("no question is open: question and predict ask one")
            return
        question = self._open[0]
        verdict = question.judge(text, reader.position)
        if self._asked is not None and question.lesson:
            self._asked.note(question, text, verdict)
        self._sentence(verdict.says)
        if verdict.understood:
            self._begin(self._open[1:])

    def _begin(self, questions: Sequence[Question]) -> bool:
        """These are open now; read out the first. False if there are none."""
        self._open = list(questions)
        if not self._open:
            return False
        first = self._open[0]
        self._rows(["", *map(text_of, askable.rows_of(first, WIDTH, marked=True))])
        self._sentence(f"(answer: {first.how}; next goes on without)")
        return True
