"""The keys of the stepper that have to do with the lesson's text beside the run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from thpkit.book.markdown import Block
from thpkit.book.quiz import Quiz
from tui.askingkeys import AskingKeys
from tui.introduction import rows_of
from tui.layouts import LESSON
from tui.lesson_text import LessonText
from tui.lessonpane import LessonPane
from tui.opening import Run
from tui.page import Page

STEPS: Final = frozenset({"next_stop", "over", "into", "next_section", "last"})
"""Actions that leave an introduction and begin the walk."""


class LessonKeys(AskingKeys):
    """Shows the text, and plays what is chosen in it."""

    _quiz: Quiz | None = None
    _introduction: Sequence[Block] = ()
    _early_turns = 0
    """How often the text was asked for or sent away while the run was still recorded."""

    def take_text(self, run: Run) -> None:
        """This is the lesson's text from now on, shown if the reader wanted to see one last time."""
        self.text_title, self._introduction = run.title, run.introduction
        if run.text is None:
            return
        self._quiz = run.quiz
        self.text = LessonText(run.text, run.timeline)
        if self.host.store.memory.reading != bool(self._early_turns % 2):
            self.reading = True
            self.place_panes()

    def do_introduction(self) -> None:
        """The lesson's introduction; a key that steps leaves it and steps."""
        if not self._introduction:
            self.say("only lessons have an introduction")
            return
        text = partial(rows_of, self._introduction)
        page = Page(self.text_title, text, self.host.look, STEPS, self.host.show_help)
        self.app.push_screen(page, self._begun)

    def _begun(self, name: str | None) -> None:
        if name is not None:
            self.action_do(name)

    def do_lesson(self) -> None:
        """The lesson's text, or the panes of state again."""
        if self.reader is None:
            self._early_turns += 1
            return
        if self.text is None:
            self.say("only lessons have a text; 2 is what the book says here")
            return
        self.reading = not self.reading
        if self.zoomed is not None:
            self.zoomed = None
        self.place_panes()
        if self.reading and LESSON in self._plan:
            self.pane(LESSON).focus()
        self._keep()

    def _keep(self) -> None:
        """Remember whether the text is shown."""
        store = self.host.store
        store.reload()
        store.memory.reading = self.reading
        store.save()

    def do_open(self) -> None:
        """Play what is chosen in the text."""
        pane, text = self._lesson_pane, self.text
        if text is None or self.reader is None or self.active is not pane:
            return
        if pane.block is None:
            self.say("choose a paragraph with the arrows first; enter plays it")
            return
        played = text.play(pane.block, self.reader.position)
        if played.question:
            self._ask(played.question)
        elif played.step is None:
            self.say(played.says)
        else:
            self.reader.jump(played.step)
            self.reader.message = played.says
            self._sync()

    def _ask(self, id_: str) -> None:
        """Ask a question of the text."""
        quiz = self._quiz
        question = None if quiz is None else quiz.named(id_)
        if question is None:
            self.say("this run has no questions: they are about the lesson's own run")
        else:
            self.ask([question], self.show)

    def drop_block(self) -> bool:
        """Drop what is chosen in the text; False if nothing was."""
        if self._lesson_pane.chosen is None:
            return False
        self._lesson_pane.drop()
        return True

    def action_do(self, name: str) -> None:
        """An action of the table."""
        raise NotImplementedError

    def _sync(self) -> None:
        """Show where the reader is now."""
        raise NotImplementedError

    def on_lesson_pane_opened(self, event: LessonPane.Opened) -> None:
        """A paragraph was clicked that is chosen already."""
        event.stop()
        self.do_open()
