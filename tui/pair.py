"""Two runs side by side: the same scene under two versions of the kernel, aligned step by step.

The reader moves in the run whose source has the focus; the other follows. Below stands the difference of the two
states: one list, which is empty until the runs part.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from thpkit.trace.alignment import Alignment
from thpkit.view import differences, source
from thpkit.view.layout import columns, cut, width_of, wrapped
from thpkit.view.moment import Moment, verb
from thpkit.view.rows import Rendered, Role, row
from tui.abreast import counterpart
from tui.bindings import bindings, key_bar
from tui.host import Host
from tui.looks import signs
from tui.opening import Run
from tui.pairkeys import ELSEWHERE, PairKeys
from tui.reader import Reader
from tui.rowmath import Picks
from tui.rowpane import RowPane
from tui.views import Told

SIDES: Final = ("left", "right")
DIFF: Final = "difference"
BAR: Final = "bar"
ACROSS: Final = 100
"""Columns from which the two sources stand beside each other; in narrower windows one above the other."""
KEYS: Final = (
    "next_stop",
    "over",
    "into",
    "finish",
    "continue",
    "focus_next",
    "leave",
    "help",
)


_PICKS: Final = {"left": Picks.LINES, "right": Picks.LINES, DIFF: Picks.NOTHING}


class Side:
    """One of the two runs: its reader, and the way to the other run's steps."""

    def __init__(self, run: Run, alignment: Alignment) -> None:
        self.run = run
        self.reader = Reader(run.timeline, run.start or 0)
        self.alignment = alignment
        self.told = Told(run.timeline.stops, run.explanations)
        self.exact = True
        """Whether the step shown is the other run's counterpart, and not the nearest one before it."""


class Pair(PairKeys):
    """Shows two runs; its answer is the step of the left one when the reader leaves."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Pair { overflow: hidden; }
    Pair > RowPane { position: absolute; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(
        self, host: Host, run: Run, other: Run, said: str = "", at: int | None = None
    ) -> None:
        """The two runs, the left one at step ``at``, else where they part; ``said`` stands in the last row."""
        super().__init__()
        self._host = host
        self._glyphs = signs()
        there = Alignment(run.timeline, other.timeline)
        back = Alignment(other.timeline, run.timeline)
        self._sides = {"left": Side(run, there), "right": Side(other, back)}
        self._widths = dict.fromkeys(SIDES, 1)
        self._leads = "left"
        if at is not None:
            self._leader.reader.position = at
        self._leader.reader.message = said
        self._follow()
        names = (*SIDES, DIFF)
        self._panes = {
            name: RowPane(name, picks=_PICKS[name], look=host.look, id=name)
            for name in names
        } | {BAR: RowPane(look=host.look, id=BAR)}

    def compose(self) -> ComposeResult:
        """Both sources, the difference, and a row of keys."""
        yield from self._panes.values()

    def on_mount(self) -> None:
        """The left run leads."""
        self._panes["left"].focus()

    def on_resize(self) -> None:
        """Another size, another arrangement."""
        width, height = self.size
        body = height - 1
        below = max(body * 2 // 5, min(6, body))
        above = body - below
        if width >= ACROSS:
            half = width // 2
            self._put("left", 0, 0, half, above)
            self._put("right", half, 0, width - half, above)
        else:
            half = above // 2
            self._put("left", 0, 0, width, half)
            self._put("right", 0, half, width, above - half)
        self._put(DIFF, 0, above, width, below)
        self._put(BAR, 0, body, width, 1)
        self._show()

    def _put(self, name: str, x: int, y: int, width: int, height: int) -> None:
        pane = self._panes[name]
        self._widths[name] = width
        pane.edge = x > 0
        pane.styles.offset = (x, y)
        pane.styles.width, pane.styles.height = width, height

    # ---- moving -----------------------------------------------------------------------------------------

    def on_descendant_focus(self) -> None:
        """The focus says which run leads."""
        name = getattr(self.focused, "id", None)
        if name in SIDES:
            self._leads = name

    @property
    def _leader(self) -> Side:
        return self._sides[self._leads]

    @property
    def _follower(self) -> Side:
        return self._sides["right" if self._leads == "left" else "left"]

    def action_do(self, name: str) -> None:
        """An action of the table."""
        own = getattr(self, f"do_{name}", None)
        if own is not None:
            own()
        elif self.reader.can(name):
            self.reader.do(name)
            self.moved()
        else:
            self.say(ELSEWHERE)

    @property
    def reader(self) -> Reader:
        """The reader of the run that leads."""
        return self._leader.reader

    def moved(self) -> None:
        """Bring the other run to where the leading one is, and show both."""
        self._follow()
        self._show()

    def say(self, sentence: str) -> None:
        """Put a sentence into the last row until the next action."""
        self.reader.message = sentence
        self._show_bar()

    def _follow(self) -> None:
        """Bring the other run to where the leading one is."""
        leader, follower = self._leader, self._follower
        n = leader.reader.position
        found = counterpart(leader.alignment, n, leader.run, follower.run)
        follower.reader.position = found.step
        leader.exact, follower.exact = True, found.exact

    def do_leave(self) -> None:
        """Back to one run."""
        self.dismiss(self._sides["left"].reader.position)

    do_zoom = do_leave

    def do_quit(self) -> None:
        """Quit."""
        self.app.exit()

    def do_help(self) -> None:
        """The list of keys."""
        self._host.show_help()

    def do_theme(self) -> None:
        """Other colours."""
        self._host.next_look()

    def do_focus_next(self) -> None:
        """The next pane; a source that gets the focus leads."""
        self.focus_next()
        self._show()

    def do_focus_back(self) -> None:
        """The pane before."""
        self.focus_previous()
        self._show()

    def do_centre(self) -> None:
        """Back to the statement."""
        self._show()

    @property
    def active(self) -> RowPane:
        """The pane that has the focus; else the difference."""
        return self.focused if isinstance(self.focused, RowPane) else self._panes[DIFF]

    # ---- showing ----------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Both moments, and what they differ in."""
        if not self.size.width:
            return
        for name, side in self._sides.items():
            self._show_side(name, side)
        left, right = (side.run.timeline for side in self._sides.values())
        width = max(self.size.width - 1, 1)
        shown = differences.render(left, right, width, self._glyphs)
        versions = " | ".join(side.run.version for side in self._sides.values())
        caption = f"Difference of the states  {versions}"
        self._panes[DIFF].show(self._told_in_full(shown), caption=caption)
        self._show_bar()

    def _told_in_full(self, shown: Rendered) -> Rendered:
        """The difference; above it the sentence of the last row, if it is too long to stand there."""
        said = row((self.reader.message, Role.STOP))
        if width_of(said) <= self.size.width:
            return shown
        lines = wrapped(said, max(self.size.width - 3, 1))
        return Rendered((*lines, (), *shown.rows))

    def _show_side(self, name: str, side: Side) -> None:
        pane = self._panes[name]
        moment = Moment.of(
            side.run.timeline, side.reader.position, side.told, self._glyphs
        )
        rendered = source.render(moment, max(self._widths[name] - 2, 1))
        step = moment.step
        where = f"{side.run.version}  {step.frame.function.qualname}  step {moment.n}"
        of, done = f" of {len(moment.timeline) - 1}", f"  {verb(step.kind)}"
        waits = "" if side.exact else "  (no counterpart here: the last step before)"
        captions = (where + of + done + waits, where + done + waits)
        room = self._widths[name] - 4
        fits = (each for each in captions if columns(each) <= room)
        pane.show(rendered, caption=next(fits, where + done))

    def _show_bar(self) -> None:
        width = max(self.size.width, 1)
        said = self._leader.reader.message
        bar = self._panes[BAR]
        if said:
            bar.show_row(cut(row((said, Role.STOP)), width, self._glyphs))
        else:
            bar.show_row(key_bar(width, *KEYS, back=True))

    def restyle(self) -> None:
        """Paint in the host's look."""
        for pane in self._panes.values():
            pane.restyle(self._host.look)
