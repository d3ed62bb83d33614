"""The first screen: what this is, what it is not, and the table of contents with the reader's progress."""

from __future__ import annotations

from typing import Final, NamedTuple

from textual.app import ComposeResult
from textual.screen import Screen

from thpkit.scenario.why import MEASURED
from thpkit.view.glyphs import UNICODE
from thpkit.view.layout import columns, cut, wrapped
from thpkit.view.rows import Rendered, Role, Row, row
from tui import contents
from tui.bindings import bindings, key_bar
from tui.host import Host
from tui.paths import UserError
from tui.rowmath import Picks
from tui.rowpane import RowPane
from tui.where import Target, resolve

TITLE: Final = "A file's huge page in Linux, one statement at a time"
ABOUT: Final = (
    "Here the kernel's code that maps huge pages of a file runs as Python: step it both ways, "
    "with page cache, page tables and counters beside it.",
    "Not modelled: several CPUs, stale TLBs, reclaim, writeback. "
    "The huge-page fault is a correct version that never was in a kernel; the rest follows v5.3.",
)
"""What a newcomer should know before anything else."""
WELCOME: Final = (
    "New here? Space or Enter opens the tour; there, space goes on, ? lists keys."
)
KEYS: Final = ("open", "up", "down", "theme", "palette", "quit", "help")

COMMANDS: Final = ("open", "first", "last", "theme", "help", "quit")


def why() -> list[Row]:
    """Why anybody wants this: a table of four rows."""
    head, *lines = MEASURED.lines()
    found = [row((head, Role.HEADING))]
    for line in lines:
        name = line.rstrip(" 0123456789")
        found.append(row((name, Role.PLAIN), (line[len(name) :], Role.NUMBER)))
    return found


class Item(NamedTuple):
    """Something that can be opened, and the row it stands on."""

    at: int
    name: str


class Home(Screen[None]):
    """Lists lessons and exercises; Enter opens one."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Home { overflow: hidden; layout: vertical; }
    Home > #contents { height: 1fr; }
    Home > #bar { height: 1; }
    """
    BINDINGS = bindings(
        "open", "next_stop", "previous_stop", "up", "down", "page_up", "page_down", "first", "last",
        "help", "palette", "quit", "leave",
    )  # fmt: skip

    def __init__(
        self, host: Host, message: str = "", left: Target | None = None
    ) -> None:
        """``message`` stands in the last row until the first key; backspace goes back to what was ``left``."""
        super().__init__()
        self._host = host
        self._message = message
        self._left = left
        self._items: list[Item] = []
        self._chosen = 0
        self._rows: tuple[Row, ...] = ()

    def compose(self) -> ComposeResult:
        """The contents, and a row of keys."""
        yield RowPane(TITLE, picks=Picks.LINES, look=self._host.look, id="contents")
        yield RowPane(look=self._host.look, id="bar")

    def on_mount(self) -> None:
        """Ready for the arrows; the first thing that is not finished is chosen."""
        self.query_one("#contents").focus()
        self._host.store.reload()  # exercises were graded meanwhile
        self._message = self._message or self._host.store.notice
        self._host.store.notice = ""

    def on_resize(self) -> None:
        """Fit the text to the window."""
        first = not self._rows
        self._build(max(self.size.width - 2, 1))
        if first:
            self._choose_left()
        self._show()

    def _choose_left(self) -> None:
        """What the reader comes from is chosen, if it is listed."""
        for at, item in enumerate(self._items):
            if self._left is not None and item.name == self._left.name:
                self._chosen = at

    # ---- the rows ---------------------------------------------------------------------------------------

    def _build(self, width: int) -> None:
        """Lay out introduction and contents; in a low window only the contents."""
        rows: list[Row] = []
        if self.size.height >= 16 and width >= 40:
            for text in ABOUT:
                rows += wrapped(row((text, Role.PLAIN)), width)
                rows.append(())
            if self.size.height >= 24 and self.size.width >= 66:
                rows += (*why(), ())
            if not self._host.store.memory.places:
                rows += wrapped(row((WELCOME, Role.STOP)), width)
                rows.append(())
        self._items = []
        try:
            self._list(rows, "Lessons", contents.lessons(), width)
            self._list(rows, "Exercises", contents.exercises(), width)
        except UserError as error:
            rows += wrapped(row((str(error), Role.BAD)), width)
        self._rows = tuple(rows)
        self._chosen = min(self._chosen, max(len(self._items) - 1, 0))

    def _list(
        self, rows: list[Row], heading: str, entries: list[contents.Entry], width: int
    ) -> None:
        rows.append(row((heading, Role.HEADING)))
        if not entries:
            rows.append(row(("  none yet", Role.DIM)))
        names = max((len(each.name) for each in entries), default=0)
        for each in entries:
            self._items.append(Item(len(rows), each.name))
            rows.append(self._entry(each, names, width))
        rows.append(())

    def _entry(self, entry: contents.Entry, names: int, width: int) -> Row:
        """Name, title, and at the right how far the reader got."""
        place = self._host.store.place(entry.name)
        state = contents.state_of(entry, place)
        room = max(width - columns(state) - 1, 0)
        name = f"  {entry.name:<{names}}  "
        line = cut(row((name, Role.NAME), entry.title), room, UNICODE)
        gap = " " * max(room - sum(columns(each.text) for each in line), 0)
        role = {"●": Role.GOOD, "◐": Role.STOP}.get(state[0], Role.DIM)
        return (*line, *row(gap, " ", (state, role)))

    def _show(self) -> None:
        """Show the rows, the chosen one as a bar."""
        at = self._items[self._chosen].at if self._items else None
        rows = list(self._rows)
        if at is not None:
            first, *rest = rows[at]
            first = first._replace(text="▶" + first.text[1:])
            rows[at] = tuple(each._replace(role=Role.NEXT) for each in (first, *rest))
        focus = 0 if at is None or self._chosen == 0 else at
        self.query_one("#contents", RowPane).show(Rendered(tuple(rows), focus, at))
        bar = self.query_one("#bar", RowPane)
        width = max(self.size.width, 1)
        bar.show_row(
            cut(row((self._message, Role.STOP)), width, UNICODE)
            if self._message
            else key_bar(width, *KEYS)
        )

    # ---- actions ----------------------------------------------------------------------------------------

    def action_do(self, name: str) -> None:
        """An action of the table."""
        last = max(len(self._items) - 1, 0)
        moves = {
            "up": self._chosen - 1,
            "down": self._chosen + 1,
            "first": 0,
            "last": last,
        }
        if name in moves:
            self._chosen = max(min(moves[name], last), 0)
            self._message = ""
            self._show()
        elif name in ("page_up", "page_down"):
            self.query_one("#contents", RowPane).scroll_pages(
                1 if name == "page_down" else -1
            )
        else:
            self._other(name)

    def _other(self, name: str) -> None:
        if name in ("open", "next_stop") and self._items:
            self.open(self._items[self._chosen].name)
        elif name == "previous_stop" and self._left is not None:
            self._host.step(self._left)
        elif name == "help":
            self._host.show_help()
        elif name == "palette":
            self._host.find_command(COMMANDS, self.action_do)
        elif name == "theme":
            self._host.next_look()
        elif name == "quit":
            self.app.exit()

    def open(self, name: str) -> None:
        """Step through a lesson, show an exercise, or say why that is impossible."""
        try:
            if name.startswith("ex:"):
                self._host.show_exercise(name)
                return
            self._host.step(resolve(name))
        except UserError as error:
            self.tell(str(error))

    def tell(self, message: str) -> None:
        """Put a sentence into the last row."""
        self._message = message
        self._show()

    def on_row_pane_picked(self, event: RowPane.Picked) -> None:
        """A click chooses; a click on what is chosen opens it."""
        event.stop()
        for i, item in enumerate(self._items):
            if item.at == event.at:
                if i == self._chosen:
                    self.open(item.name)
                    return
                self._chosen = i
        self._show()

    def restyle(self) -> None:
        """Paint in the host's look."""
        for pane in self.query(RowPane):
            pane.restyle(self._host.look)
