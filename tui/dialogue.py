"""The stepper as a conversation: moves typed as words, each answered with lines of text.

For dumb terminals, for screen readers, and for scripts: nothing is ever drawn again, and what one move has to say is
said once, from top to bottom. The words are those of :mod:`tui.actions`; a few of its own ask questions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from thpkit.trace.alignment import Alignment
from thpkit.trace.cells import Cell
from thpkit.view import explain, plain
from thpkit.view.glyphs import Glyphs, spelled
from thpkit.view.layout import wrapped
from thpkit.view.moment import Moment
from thpkit.view.panes import BY_NAME, PANES
from thpkit.view.plain import WIDTH
from thpkit.view.rows import starred, text_of
from tui import asides, breakpoints, words, writers
from tui.abreast import counterpart
from tui.actions import Action
from tui.askable import Askable
from tui.goto import clipped
from tui.introduction import rows_of
from tui.opening import Run
from tui.oral import Oral
from tui.reader import Reader
from tui.views import Told
from tui.words import OWN

Say = Callable[[str], object]

PROMPT: Final = "> "

_SCREEN_ONLY: Final = "that word moves things on the screen; here, show PANE prints one"
_TAKING: Final = frozenset({"change", "change_back", "writer", "writer_back"})
"""Actions whose word may be followed by a cell."""


class Dialogue:
    """One reader's conversation about one recording."""

    def __init__(
        self,
        run: Run,
        reader: Reader,
        say: Say,
        glyphs: Glyphs,
        askable: Askable | None = None,
    ) -> None:
        """``askable`` are the questions to ask by themselves and on demand."""
        self._run = run
        self._oral = Oral(askable, self._rows, self._lines)
        self._say = say
        self._glyphs = glyphs
        self._told = Told((), run.explanations)
        self.reader = reader
        self._asked = ("", 0, 0)
        """The cell of the last question ``last``, how often it was asked, and at which step."""

    # ---- one word after the other -----------------------------------------------------------------------

    def begin(self) -> None:
        """What this is, and the first words to try."""
        self._lines(f"{self._run.title}: {len(self.reader.timeline)} steps")
        for notice in self._run.notices:
            self._lines(notice)
        self._lines(
            "Type next (or press Enter) for the next stop, why, last NR_FILE_PAGES, help for all words, or quit."
        )

    def take(self, line: str) -> bool:
        """Do what a line says, and answer; False if the reader leaves."""
        word, _, rest = line.strip().partition(" ")
        word, rest = words.meant(word), rest.strip()
        if word in ("quit", "exit", "q"):
            return False
        own = getattr(self, f"_do_{word}", None)
        if own is not None:
            own(rest)
            return True
        action = words.action_of(word)
        if action is None:
            self._unknown(word)
        elif action.id == "next_stop" and not rest and self._oral.due(self.reader):
            return True
        elif rest and action.id in _TAKING:
            self._about(action, rest)
        elif rest:
            self._lines(
                f"{word} is said alone; {clipped(rest)!r} means nothing behind it"
            )
        elif self.reader.can(action.id):
            self._move(lambda: self.reader.do(action.id))
        else:
            self._lines(_SCREEN_ONLY)
        return True

    def _unknown(self, word: str) -> None:
        near = words.nearest(word)
        hint = f"did you mean {' or '.join(near)}?" if near else "help lists all words"
        self._lines(f"there is no word {clipped(word)!r}; {hint}")

    # ---- moving -----------------------------------------------------------------------------------------

    def _move(self, move: Callable[[], object]) -> None:
        """Make a move, and tell where it led."""
        before = self.reader.position
        move()
        if self.reader.message:
            self._lines(self.reader.message)
        if self.reader.position != before:
            self._tell(before)

    def _tell(self, before: int) -> bool:
        """Where the reader is now: a stop in full, with the state (then True); any other step with what led here."""
        moment = self._moment()
        halts = plain.halts(moment.timeline)
        for at, halt in enumerate(halts):
            if halt.step == moment.n:
                since = halts[at - 1].step if at else 0
                count = len(halts)
                self._rows(plain.screen_of(moment, halt, at + 1, count, since, WIDTH))
                self._rows(filter(None, [self._oral.hint(self.reader)]))
                return True
        since = before if before < moment.n else max(moment.n - 1, 0)
        last = len(moment.timeline) - 1
        self._rows([f"Step {moment.n} of {last}"])
        self._rows(plain.here(moment))
        self._prose(moment)
        self._rows(plain.changed(moment, since))
        return False

    def _prose(self, moment: Moment) -> None:
        """What there is to say about the statement; a sentence if nothing."""
        told = moment.explanations(moment.step.statement, moment.step)
        for each in told or explain.prose(moment)[:1]:
            self._say("")
            self._rows(text_of(line) for line in wrapped(starred(each), WIDTH))
        self._say("")

    def _about(self, action: Action, name: str) -> None:
        """A move about a value that is named."""
        cell = self.reader.timeline.resolve(name)
        if cell is None:
            self._no_cell(name)
            return
        self.reader.select(cell)
        self._move(lambda: self.reader.do(action.id))

    # ---- asking -----------------------------------------------------------------------------------------

    def _do_why(self, _rest: str) -> None:
        """What the book says about the statement, and what the source says about the function."""
        self._rows(plain.here(self._moment()))
        self._say("")
        for each in explain.prose(self._moment()):
            self._rows(text_of(line) for line in wrapped(starred(each), WIDTH))
        self._say("")

    def _do_last(self, name: str) -> None:
        """Who wrote a value last; asked again, the write before that."""
        timeline = self.reader.timeline
        name, n = name or self._asked[0], self.reader.position
        cell = timeline.resolve(name) if name else None
        if cell is None:
            self._no_cell(name)
            return
        former, asked, there = self._asked
        times = asked + 1 if (name, n) == (former, there) else 1
        step, sentence = writers.writer(timeline, cell, n, times, f"change {name}")
        self._asked = (name, times if step is not None else 0, n)
        more = "" if step is None else f" (goto {step} goes there, last the one before)"
        self._lines(sentence + more)

    def _do_goto(self, place: str) -> None:
        """Go to a place that is named."""
        if not place:
            self._lines(f"goto needs a place: {OWN['goto PLACE']}")
            return
        self._move(lambda: self.reader.goto(place))

    def _do_break(self, place: str) -> None:
        """A breakpoint on what is named, else on what was chosen last, else here; the same again clears it."""
        point = breakpoints.named(self.reader.timeline, self.reader.position, place)
        if place and point is None:
            self._lines(
                f"nothing runs or is called {clipped(place)!r} here: break takes {OWN['break PLACE']}"
            )
            return
        if isinstance(point, Cell):
            self.reader.select(point)
        elif point is not None:
            self.reader.mark(point)
        self._move(lambda: self.reader.do("breakpoint"))

    def _do_show(self, name: str) -> None:
        """A whole pane."""
        if not name:
            self._lines(f"show needs a pane: {OWN['show PANE']}")
            return
        name = name.lower()
        if name not in BY_NAME and name not in {each.key for each in PANES}:
            self._lines(f"there is no pane {name!r}; there is {OWN['show PANE']}")
            return
        self._rows(plain.screen(self._moment(), [name], WIDTH).splitlines())

    def _do_here(self, _rest: str) -> None:
        """Where the reader is, and the state in a few lines."""
        if not self._tell(self.reader.position):
            self._rows(plain.state(self._moment()))

    def _do_introduction(self, _rest: str) -> None:
        """What the lesson says first."""
        if not self._run.introduction:
            self._lines("nothing is said before this run")
        self._rows(text_of(line) for line in rows_of(self._run.introduction, WIDTH))

    def _do_beside(self, _rest: str) -> None:
        """The other run at the place that answers to this one, and in what the two states differ."""
        run, other, n = self._run, self._run.other, self.reader.position
        if other is None:
            self._lines(
                "there is no other run here: thp step WHERE --against V has one"
            )
            return
        alignment = Alignment(run.timeline, other.timeline)
        there = counterpart(alignment, n, run, other).step
        here = replace(run, start=n, other=replace(other, start=there))
        self._rows(asides.beside(here, self._glyphs))

    def _do_help(self, _rest: str) -> None:
        """All words."""
        self._rows(words.listed(self.reader.can))

    def _no_cell(self, name: str) -> None:
        known = "a counter such as NR_FILE_PAGES, or a field such as page#1._refcount"
        said = f"nothing here is called {clipped(name)!r}" if name else "which value?"
        self._lines(f"{said}: name {known}")

    # ---- being asked ------------------------------------------------------------------------------------

    def _do_question(self, _rest: str) -> None:
        """The questions of this stop."""
        self._oral.repeat(self.reader)

    def _do_predict(self, _rest: str) -> None:
        """A question about the counters, made from the recording."""
        self._oral.predict(self.reader)

    def _do_answer(self, text: str) -> None:
        """The answer to the open question."""
        self._oral.answer(self.reader, text)

    # ---- writing ----------------------------------------------------------------------------------------

    def _moment(self) -> Moment:
        reader = self.reader
        return Moment.of(reader.timeline, reader.position, self._told, self._glyphs)

    def _lines(self, sentence: str) -> None:
        """One sentence."""
        self._rows(plain.text_lines(sentence, WIDTH, self._glyphs))

    def _rows(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._say(spelled(line, self._glyphs))


def converse(
    run: Run, reader: Reader, glyphs: Glyphs, say: Say, asked: Askable | None
) -> None:
    """Read words from standard input until the reader leaves; each is echoed if nobody sees it typed."""
    typed = sys.stdin.isatty()
    dialogue = Dialogue(run, reader, say, glyphs, asked)
    dialogue.begin()
    while True:
        if typed:
            sys.stdout.write(PROMPT)
            sys.stdout.flush()
        line = sys.stdin.readline()
        if not typed and line:
            say(f"{PROMPT}{line.strip() or 'next'}")
        if not line or not dialogue.take(line):
            return
