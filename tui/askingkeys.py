"""The keys of the stepper that have to do with questions: they are asked before the stop that they concern."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from thpkit.book.questions import Play, Question, Verdict
from thpkit.book.quiz import Quiz
from thpkit.trace import moves
from tui import answers, predicting
from tui.askable import Askable
from tui.asking import AskScreen
from tui.panekeys import PaneKeys
from tui.played import target_of
from tui.predicting import Foretold, question_at


class AskingKeys(PaneKeys):
    """Asks, judges, remembers; what lies beyond a question is a function that is called afterwards."""

    askable: Askable | None = None
    """The lesson's questions; None where there are none."""
    predicting = False
    """Whether the reader foretells what the next line does to the counters."""

    def take(self, quiz: Quiz | None) -> None:
        """These are the questions from now on."""
        self.askable = None if quiz is None else Askable(quiz, self.host.store)

    def ask(
        self,
        questions: Sequence[Question],
        then: Callable[[], None],
        asked: int = 0,
    ) -> None:
        """Ask one question after the other, and do ``then``; ``asked`` have been asked before in this row."""
        if not questions:
            then()
            return
        first, *rest = questions
        asked += 1
        if self.askable is not None:
            self.askable.met(first)
        screen = AskScreen(
            first,
            self.host.look,
            lambda answer: self.judge(first, answer),
            self.play,
            (asked, asked + len(rest)),
        )
        self.app.push_screen(screen, lambda _: self.ask(rest, then, asked))

    def judge(self, question: Question, answer: str) -> Verdict:
        """Judge an answer, and remember it."""
        here = None if self.reader is None else self.reader.position
        verdict = question.judge(answer, here)
        answers.note(self.host.store, question, answer, verdict)
        return verdict

    def play(self, play: Play) -> None:
        """Step through the variant in which a wrong answer would be right, and come back."""
        from tui.playscreen import PlayScreen

        if self.askable is not None:
            target = target_of(self.askable.lesson, play)
            self.app.push_screen(PlayScreen(self.host, target))

    def ask_first(self, action: str, then: Callable[[], None]) -> None:
        """Ask what is due before an action of the reader's, and do ``then``."""
        if action != "next_stop":
            self.foretell(action, then)
        elif self.askable is None or self.reader is None:
            then()
        else:
            self.ask(self.askable.due(self.reader), then)

    def ask_here(self) -> bool:
        """Ask the questions of this stop again; False if it has none."""
        if self.askable is None or self.reader is None:
            return False
        found = self.askable.here(self.reader)
        self.ask(found, self.show)
        return bool(found)

    def do_questions(self) -> None:
        """Ask questions by themselves, or no longer."""
        asks = answers.toggle(self.host.store)
        told = "questions are asked before the stops they concern"
        self.say(
            told if asks else "questions are no longer asked by themselves; e asks"
        )

    # ---- predicting -------------------------------------------------------------------------------------

    def do_predict(self) -> None:
        """Foretell counters from now on, or no longer."""
        self.predicting = not self.predicting
        self.say(predicting.ON if self.predicting else predicting.OFF)

    def foretell(self, name: str, then: Callable[[], None]) -> None:
        """Before the move ``name`` runs a statement that moves a counter, ask which; and do ``then``."""
        question = self._foretold(name) if self.predicting else None
        if question is None:
            then()
            return
        look = self.host.look
        screen = AskScreen(question, look, question.judge, lambda _: None)
        self.app.push_screen(screen, lambda _: then())

    def _foretold(self, name: str) -> Foretold | None:
        """The question about the statement that a move is going to run; None if there is none to ask."""
        if self.reader is None or name not in ("over", "into"):
            return None
        n, timeline = self.reader.position, self.reader.timeline
        if name == "into" and moves.over(timeline, n) != n + 1:
            return None  # it only goes in
        return question_at(timeline, n)
