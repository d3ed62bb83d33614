"""The reader: a place in a recording, and every move that leads to another one. Knows nothing of screens.

Each ``do_*`` method is one action of :mod:`tui.actions`. It changes :attr:`Reader.position` and may leave one
sentence in :attr:`Reader.message`; a move that leads nowhere always says why.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from thpkit.trace import moves
from thpkit.trace.cells import Cell
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Timeline
from tui import goto, writers
from tui.breakpoints import Breakpoints, Called, Point, point_on
from tui.simple import ASKING, JUMPS, PLAIN
from tui.trouble import Trouble
from tui.visits import Visits

NO_LINE: Final = "no statement stands here; choose a line in the source first"
NO_CELL: Final = "nothing has been written yet; choose a value in a pane of state"


class Reader(Visits):
    """Somebody's place in a recording."""

    def __init__(self, timeline: Timeline, position: int = 0) -> None:
        super().__init__(timeline, position)
        self.selected: Cell | None = None
        """The value that was chosen, if one."""
        self.marked: Statement | Called | None = None
        """What stands on the source line that was chosen, if anything."""
        self.breakpoints = Breakpoints(timeline)
        self.message = ""
        """One sentence about the last action, or nothing."""
        self._older: list[int] = []
        self._newer: list[int] = []
        self._latest: Point | None = None
        """What was chosen last, line or value: a breakpoint is set on it."""
        self._implied = False
        """Whether the selected value was not chosen: then it is forgotten with the next move."""
        self.trouble = Trouble(timeline)
        """Where something is wrong."""
        self.onward = ""
        """What to say when there is no further stop; empty: that there is none."""

    # ---- doing ------------------------------------------------------------------------------------------

    def can(self, action: str) -> bool:
        """Whether this is an action of the reader's."""
        return action in PLAIN or hasattr(self, f"do_{action}")

    def do(self, action: str) -> None:
        """Do an action of the table by its id."""
        before = self.position
        self.message = ""
        if self._implied and action not in ASKING:
            self.select(None)
        if action in PLAIN:
            move, nowhere = PLAIN[action]
            self._to(move(self.timeline, before), nowhere)
        else:
            getattr(self, f"do_{action}")()
        self._note(before, action in JUMPS)

    def select(self, cell: Cell | None) -> None:
        """Choose a value, or none."""
        self.selected, self._implied = cell, False
        self._latest = self.marked if cell is None else cell

    def mark(self, point: Statement | Called | None) -> None:
        """Choose a source line by what stands on it, or none."""
        self.marked = point
        self._latest = self.selected if point is None else point

    def jump(self, step: int) -> None:
        """Go to a step, and note in the jump history where that was done."""
        before = self.position
        self.message = ""
        self._to(step)
        self._note(before)

    def goto(self, text: str) -> None:
        """Go to what a reader typed, or say why it leads nowhere."""
        before = self.position
        found = goto.find(self.timeline, before, text)
        self.message = found.sentence
        if found.cell is not None:
            self.select(found.cell)
            self.do_change()
        elif found.step is not None:
            self.position = found.step
        self._note(before)

    def _to(self, step: int, nowhere: str = "") -> None:
        """Go to a step; say ``nowhere`` if that is here."""
        step = max(min(step, len(self.timeline) - 1), 0)
        if step == self.position:
            self.message = self.ending() or nowhere
        self.position = step

    def _note(self, before: int, jumped: bool = True) -> None:
        """Note a jump; and where a run stopped early, say why on arriving at its last step."""
        if before == self.position:
            return
        if jumped:
            self._older.append(before)
            self._newer.clear()
        self.message = self.message or self.ending()

    def ending(self) -> str:
        """Why the run stopped early, at its last step; else nothing."""
        if self.timeline.ending and self.position == len(self.timeline) - 1:
            return f"the run ends here: {self.timeline.ending}"
        return ""

    # ---- stops ------------------------------------------------------------------------------------------

    def do_next_stop(self) -> None:
        """The next stop; in a recording without stops, the next section."""
        if not self.timeline.stops:
            self.do("next_section")
            return
        step = moves.next_stop(self.timeline, self.position)
        end = self.position >= len(self.timeline) - 1
        told = (
            "this is the end of the run; backspace goes back"
            if end
            else "this was the last stop; n and s go on to the end of the run"
        )
        self._to(step, self.onward or told)

    def do_previous_stop(self) -> None:
        """The stop before; from the first one, the first step."""
        if not self.timeline.stops:
            self.do("previous_section")
            return
        step = moves.previous_stop(self.timeline, self.position)
        self._to(
            0 if step == self.position else step,
            "this is the first step; space goes on",
        )

    # ---- lines ------------------------------------------------------------------------------------------

    @property
    def line(self) -> Statement | None:
        """The marked statement, else the one of this step."""
        if isinstance(self.marked, Statement):
            return self.marked
        return self.timeline.step(self.position).statement

    def do_visit(self) -> None:
        """The next run of the line."""
        self._visit(moves.next_visit, "does not run after this")

    def do_visit_back(self) -> None:
        """The run before of the line."""
        self._visit(moves.previous_visit, "did not run before this")

    def _visit(
        self,
        move: Callable[[Timeline, int, Collection[Statement]], int],
        never: str,
    ) -> None:
        line = self.line
        if line is None:
            self.message = NO_LINE
            return
        self._to(
            move(self.timeline, self.position, [line]), f"line {line.first} {never}"
        )

    def do_breakpoint(self) -> None:
        """Set or clear a breakpoint on what was chosen last, else on this statement, or this call."""
        step = self.timeline.step(self.position)
        function = step.frame.function
        here = step.statement or point_on(self.timeline, function.file, step.line)
        point = self._latest or here
        self.message = NO_LINE if point is None else self.breakpoints.toggle(point)

    def do_continue(self) -> None:
        """The next breakpoint, splat, or broken invariant."""
        self.stop_at(self.trouble.after(self.position, self.breakpoints), "after")

    def do_continue_back(self) -> None:
        """The breakpoint, splat or broken invariant before."""
        self.stop_at(self.trouble.before(self.position, self.breakpoints), "before")

    def arrive(self, found: tuple[int, str] | None, where: str) -> None:
        """Go to trouble that was looked for elsewhere; a jump like any other."""
        before = self.position
        self.stop_at(found, where)
        self._note(before)

    def stop_at(self, found: tuple[int, str] | None, where: str) -> None:
        """Go to trouble that was found ``after`` or ``before`` this step, or say that there is none."""
        if found is None:
            self.message = (
                f"no breakpoint, kernel report or broken invariant {where} this step"
            )
            return
        self.position, self.message = found

    # ---- values -----------------------------------------------------------------------------------------

    def _asked(self) -> Cell | None:
        """The selected value, else the one that changed last, which thereby is selected for a while."""
        if self.selected is None:
            self.selected = writers.last_changed(self.timeline, self.position)
            self._implied = self.selected is not None
        return self.selected

    def do_writer(self) -> None:
        """The statement that wrote what the cell holds."""
        self._written(1)

    def do_writer_back(self) -> None:
        """The statement that wrote what the cell held before that; where ``w`` has led, the one before this."""
        cell = self._asked()
        coming = self.timeline.writes(self.position)
        self._written(1 if any(each.cell == cell for each in coming) else 2)

    def _written(self, times: int) -> None:
        cell = self._asked()
        if cell is None:
            self.message = NO_CELL
            return
        step, self.message = writers.writer(self.timeline, cell, self.position, times)
        if step is not None:
            self.position = step

    def do_change(self) -> None:
        """The next change of the cell."""
        self._change(moves.next_change, "does not change after this step")

    def do_change_back(self) -> None:
        """Just before the cell got its value."""
        self._change(moves.previous_change, "was not changed before this step")

    def _change(self, move: Callable[[Timeline, int, Cell], int], never: str) -> None:
        cell = self._asked()
        if cell is None:
            self.message = NO_CELL
            return
        name = self.timeline.cell_name(cell)
        step = move(self.timeline, self.position, cell)
        if step == self.position:
            self.message = f"{name} {never}"
            return
        self.position = step
        now = writers.value(cell, self.timeline.value_at(cell, step))
        self.message = f"{name} is {now} here"

    # ---- the jump history -------------------------------------------------------------------------------

    def do_jump_back(self) -> None:
        """Where the last jump began."""
        self._travel(self._older, self._newer, "no jump to go back over")

    def do_jump_forward(self) -> None:
        """Where a jump led that was gone back over."""
        self._travel(self._newer, self._older, "no jump to go forward over")

    def _travel(self, source: list[int], other: list[int], empty: str) -> None:
        if not source:
            self.message = empty
            return
        other.append(self.position)
        self.position = source.pop()
