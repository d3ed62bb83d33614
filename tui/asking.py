"""A question over the stepping screen: read, type an answer, see why it is right or wrong, see it played."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from thpkit.book.questions import Play, Question, Verdict
from thpkit.view.rows import Rendered
from tui import askable
from tui.looks import Look
from tui.rowpane import RowPane

QUESTION = "question"
BAR = "bar"
_SCROLLS = {"up": (-1, 0), "down": (1, 0), "pageup": (0, -1), "pagedown": (0, 1)}


class AskScreen(ModalScreen[None]):
    """Asks one question. It is left with enter after an answer, or with esc."""

    DEFAULT_CSS = """
    AskScreen { align: center bottom; background: $background 0%; }
    AskScreen > RowPane { width: 100%; }
    AskScreen > #bar { height: 1; }
    AskScreen > Input { width: 100%; background: $surface; }
    """

    def __init__(
        self,
        question: Question,
        look: Look,
        judge: Callable[[str], Verdict],
        play: Callable[[Play], None],
        place: tuple[int, int] = (1, 1),
    ) -> None:
        """``judge`` judges an answer and remembers it; ``play`` shows a variant and comes back.

        ``place`` tells which of how many questions in a row this is.
        """
        super().__init__()
        self.question = question
        self._look = look
        self._judge = judge
        self._play = play
        number, count = place
        self._caption = "A question" + (f" ({number} of {count})" if count > 1 else "")
        self.verdict: Verdict | None = None
        """What was said about the last answer; None before one."""

    def compose(self) -> ComposeResult:
        """The question, the line to type in, and a row of keys."""
        yield RowPane(self._caption, look=self._look, id=QUESTION)
        yield Input(placeholder=self.question.how, compact=True)
        yield RowPane(look=self._look, id=BAR)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()
        self._show()

    def on_resize(self) -> None:
        """Fit the text to the window."""
        self._show()

    @property
    def answered(self) -> bool:
        """Whether an answer was understood."""
        return self.verdict is not None and self.verdict.understood

    def _show(self) -> None:
        width, height = self.size
        rows = askable.rows_of(self.question, max(width - 2, 1))
        first = 0
        if self.verdict is not None:
            first = len(rows) + 1
            rows += [(), *askable.verdict_rows(self.verdict, max(width - 2, 1))]
        pane = self.query_one(f"#{QUESTION}", RowPane)
        below = 1 if self.answered else 2
        pane.styles.height = max(min(len(rows) + 1, height - below), 1)
        shown = Rendered(tuple(rows), first, len(rows) - 1 if first else None)
        self.call_after_refresh(pane.show, shown, caption=self._caption)
        self.query_one(f"#{BAR}", RowPane).show_row(askable.keys_row(self._keys()))

    def _keys(self) -> list[tuple[str, str]]:
        """What can be done now."""
        scroll = [("↑ ↓", "scroll")]
        if not self.answered:
            later = "skip, e asks it later" if self.question.lesson else "skip"
            return [("enter", "answer"), ("esc", later), *scroll]
        assert self.verdict is not None
        play = self.verdict.play
        told = "see it otherwise" if self.verdict.right else "see it true"
        seen = [("p", f"{told} on {play.variant}")] if play else []
        return [("enter", "go on"), *seen, *scroll]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """An answer."""
        event.stop()
        if self.answered:
            return
        self.verdict = self._judge(event.value)
        if self.answered:
            said = " ".join(event.value.split())
            self._caption += f": your answer was {said}"
            event.input.display = False
            self.query_one(f"#{QUESTION}").focus()
        else:
            event.input.select_all()
        self._show()

    def on_key(self, event: events.Key) -> None:
        """Scrolling, leaving, playing; everything else belongs to the line."""
        if event.key in _SCROLLS:
            rows, pages = _SCROLLS[event.key]
            pane = self.query_one(f"#{QUESTION}", RowPane)
            pane.scroll_rows(rows)
            pane.scroll_pages(pages)
        elif event.key == "escape" or (
            self.answered and event.key in ("enter", "space")
        ):
            self.dismiss(None)
        elif self.answered and event.key == "p" and self.verdict and self.verdict.play:
            self._play(self.verdict.play)
        elif self.answered and event.key == "q":
            self.app.exit()
        else:
            return
        event.stop()

    def restyle(self) -> None:
        """Paint in the application's look."""
        self._look = getattr(self.app, "look", self._look)
        for pane in self.query(RowPane):
            pane.restyle(self._look)
