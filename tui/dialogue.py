"""The stepper as a conversation: moves typed as words, each answered with lines of text.

For dumb terminals, for screen readers, and for scripts: nothing is ever drawn again, and what one move has to say is
said once, from top to bottom. The words are those of :mod:`tui.actions`; a few of its own ask questions.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from thpkit.view import explain, plain
from thpkit.view.glyphs import Glyphs, spelled
from thpkit.view.layout import wrapped
from thpkit.view.moment import Moment
from thpkit.view.panes import BY_NAME, PANES
from thpkit.view.plain import WIDTH
from thpkit.view.rows import text_of
from tui import writers
from tui.actions import ACTIONS, Action
from tui.askable import Askable
from tui.opening import Run
from tui.oral import Oral
from tui.reader import Reader
from tui.views import Told

Say = Callable[[str], object]

PROMPT: Final = "> "
KEYS: Final = 26
"""Columns for the words in the list of words."""

_OWN: Final = {
    "why": "what the book says about this statement",
    "last CELL": "who wrote it last, and what it held; again, the write before",
    "change CELL": "go to its next change (writer CELL: to who wrote it)",
    "goto PLACE": "a step, stop N, a function, its code, a counter",
    "show PANE": ", ".join(each.name for each in PANES),
    "question": "the questions of this stop; answer TEXT answers",
    "predict": "which counters will this statement move? answer TEXT answers",
    "here": "say again where this is",
    "quit": "leave; so does the end of input",
}
"""Words of the dialogue alone, and what they answer."""

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
        self._asked = ("", 0)
        """The cell of the last question ``last``, and how often it was asked."""

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
        word, rest = word.lower() or "next", rest.strip()
        if word in ("quit", "exit", "q"):
            return False
        own = getattr(self, f"_do_{word}", None)
        if own is not None:
            own(rest)
            return True
        action = _action(word)
        if action is None:
            self._unknown(word)
        elif action.id == "goto":
            self._do_goto(rest)
        elif action.id == "next_stop" and self._oral.due(self.reader):
            return True
        elif rest and action.id in _TAKING:
            self._about(action, rest)
        elif self.reader.can(action.id):
            self._move(lambda: self.reader.do(action.id))
        else:
            self._lines(_SCREEN_ONLY)
        return True

    def _unknown(self, word: str) -> None:
        known = [each.words[0] for each in ACTIONS] + [each.split()[0] for each in _OWN]
        near = get_close_matches(word, known, 2, 0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else "help lists all words"
        self._lines(f"there is no word {word!r}; {hint}")

    # ---- moving -----------------------------------------------------------------------------------------

    def _move(self, move: Callable[[], object]) -> None:
        """Make a move, and tell where it led."""
        before = self.reader.position
        move()
        if self.reader.message:
            self._lines(self.reader.message)
        if self.reader.position != before:
            self._tell(before)

    def _tell(self, before: int) -> None:
        """Where the reader is now, all of it: a stop in full, any other step with what led here."""
        moment = self._moment()
        halts = plain.halts(moment.timeline)
        for at, halt in enumerate(halts):
            if halt.step == moment.n:
                since = halts[at - 1].step if at else 0
                count = len(halts)
                self._rows(plain.screen_of(moment, halt, at + 1, count, since, WIDTH))
                self._rows(filter(None, [self._oral.hint(self.reader)]))
                return
        since = before if before < moment.n else max(moment.n - 1, 0)
        last = len(moment.timeline) - 1
        self._rows([f"Step {moment.n} of {last}"])
        self._rows(plain.here(moment))
        self._prose(moment)
        self._rows(plain.changed(moment, since))

    def _prose(self, moment: Moment) -> None:
        """What there is to say about the statement; a sentence if nothing."""
        told = moment.explanations(moment.step.statement, moment.step)
        for each in told or explain.prose(moment)[:1]:
            self._say("")
            self._rows(text_of(line) for line in wrapped(each, WIDTH))
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
            self._rows(text_of(line) for line in wrapped(each, WIDTH))
        self._say("")

    def _do_last(self, name: str) -> None:
        """Who wrote a value last; asked again, the write before that."""
        timeline = self.reader.timeline
        name = name or self._asked[0]
        cell = timeline.resolve(name) if name else None
        if cell is None:
            self._no_cell(name)
            return
        times = self._asked[1] + 1 if name == self._asked[0] else 1
        step, sentence = writers.writer(
            timeline, cell, self.reader.position, times, onward=f"change {name}"
        )
        self._asked = (name, times) if step is not None else ("", 0)
        more = "" if step is None else f" (goto {step} goes there, last the one before)"
        self._lines(sentence + more)

    def _do_goto(self, place: str) -> None:
        """Go to a place that is named."""
        if not place:
            self._lines(f"goto needs a place: {_OWN['goto PLACE']}")
            return
        self._move(lambda: self.reader.goto(place))

    def _do_show(self, name: str) -> None:
        """A whole pane."""
        if name not in BY_NAME and name not in {each.key for each in PANES}:
            self._lines(f"there is no pane {name!r}; there is {_OWN['show PANE']}")
            return
        self._rows(plain.screen(self._moment(), [name], WIDTH).splitlines())

    def _do_here(self, _rest: str) -> None:
        """Where the reader is, and the state in a few lines."""
        self._tell(self.reader.position)
        self._rows(plain.state(self._moment()))

    def _do_help(self, _rest: str) -> None:
        """All words."""
        for word, what in _OWN.items():
            self._rows(_entry(word, what))
        for each in ACTIONS:
            if self.reader.can(each.id):
                self._rows(_entry(" or ".join(each.words), each.help))

    def _no_cell(self, name: str) -> None:
        known = "a counter such as NR_FILE_PAGES, or a field such as page#1._refcount"
        said = f"nothing here is called {name!r}" if name else "which value?"
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


def _action(word: str) -> Action | None:
    """The action of the table that a word names."""
    return next((each for each in ACTIONS if word in each.words), None)


def _entry(word: str, what: str) -> Iterator[str]:
    """A word and what it does."""
    first, *rest = textwrap.wrap(what, WIDTH - KEYS)
    yield f"  {word:<{KEYS - 3}} {first}"
    yield from (" " * KEYS + line for line in rest)


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
