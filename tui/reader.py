"""The reader: a place in a recording, and every move that leads to another one. Knows nothing of screens.

Each ``do_*`` method is one action of :mod:`tui.actions`. It changes :attr:`Reader.position` and may leave one sentence in
:attr:`Reader.message`; a move that leads nowhere always says why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from thpkit import checks
from thpkit.kernel.init import Kernel
from thpkit.trace import folds, moves, stops
from thpkit.trace.cells import Cell, Write
from thpkit.trace.sections import section_at, sections
from thpkit.trace.statements import Statement
from thpkit.trace.stops import StopError
from thpkit.trace.tape import MISSING, Kind
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import text_of

Move = Callable[[Timeline, int], int]

_PLAIN: Final[dict[str, tuple[Move, str]]] = {
    "first": (moves.home, "this is the first step"),
    "last": (moves.end, "this is the last step"),
    "into": (moves.into, "this is the last step of the run"),
    "into_back": (moves.back, "this is the first step of the run"),
    "over": (moves.over, "this is the last step of the run"),
    "over_back": (moves.back_over, "nothing ran before this in this function or above it"),
    "finish": (moves.to_return, "this is where it ends"),
    "finish_back": (moves.to_call, "this is where it was called"),
    "next_section": (moves.next_section, "no system call or page fault begins after this"),
    "previous_section": (moves.previous_section, "no system call or page fault began before this"),
    "fold": (moves.past_fold, "no alike iterations from here to the end of this loop"),
    "fold_back": (moves.fold_start, "no alike iterations before this in this loop"),
}  # fmt: skip
"""Moves that need nothing but the place, and what to say when they lead nowhere."""

JUMPS: Final = frozenset(
    {
        "first", "last", "next_section", "previous_section", "visit", "visit_back", "continue",
        "continue_back", "writer", "writer_back", "change", "change_back", "finish", "finish_back",
    }
)  # fmt: skip
"""Actions whose starting place is noted in the jump history."""


class Reader:
    """Somebody's place in a recording."""

    def __init__(self, timeline: Timeline, position: int = 0) -> None:
        self.timeline = timeline
        self.position = max(min(position, len(timeline) - 1), 0)
        """The step that is shown."""
        self.selected: Cell | None = None
        """The value that was chosen, if one."""
        self.marked: Statement | None = None
        """The source line that was chosen, if one."""
        self.breakpoints: set[Statement] = set()
        self.message = ""
        """One sentence about the last action, or nothing."""
        self._older: list[int] = []
        self._newer: list[int] = []
        self._quiet: dict[int, str | None] = {}

    # ---- doing ------------------------------------------------------------------------------------------

    def can(self, action: str) -> bool:
        """Whether this is an action of the reader's."""
        return action in _PLAIN or hasattr(self, f"do_{action}")

    def do(self, action: str) -> None:
        """Do an action of the table by its id."""
        before = self.position
        self.message = ""
        if action in _PLAIN:
            move, nowhere = _PLAIN[action]
            self._to(move(self.timeline, before), nowhere)
        else:
            getattr(self, f"do_{action}")()
        if action in JUMPS:
            self._note(before)

    def jump(self, step: int) -> None:
        """Go to a step, and note in the jump history where that was done."""
        before = self.position
        self.message = ""
        self._to(step)
        self._note(before)

    def _to(self, step: int, nowhere: str = "") -> None:
        """Go to a step; say ``nowhere`` if that is here."""
        step = max(min(step, len(self.timeline) - 1), 0)
        if step == self.position:
            self.message = nowhere
        self.position = step

    def _note(self, before: int) -> None:
        if before != self.position:
            self._older.append(before)
            self._newer.clear()

    # ---- stops ------------------------------------------------------------------------------------------

    @property
    def stop(self) -> int:
        """How many stops have been reached at this step: the present one's number, counted from 1."""
        return sum(each.step <= self.position for each in self.timeline.stops)

    def do_next_stop(self) -> None:
        """The next stop; without any, the next section."""
        if not self.timeline.stops:
            self._to(moves.next_section(self.timeline, self.position), "nothing more begins after this")
            return
        self._to(
            moves.next_stop(self.timeline, self.position),
            "this was the last stop; n and s go on to the end of the run",
        )

    def do_previous_stop(self) -> None:
        """The stop before; from the first one, the first step."""
        if not self.timeline.stops:
            self._to(moves.previous_section(self.timeline, self.position), "nothing began before this")
            return
        step = moves.previous_stop(self.timeline, self.position)
        self._to(0 if step == self.position else step, "this is the first step; space goes on")

    # ---- the marked line --------------------------------------------------------------------------------

    @property
    def line(self) -> Statement | None:
        """The marked statement, else the one of this step."""
        return self.marked or self.timeline.step(self.position).statement

    def do_visit(self) -> None:
        """The next run of the line."""
        self._visit(moves.next_visit, "does not run again")

    def do_visit_back(self) -> None:
        """The run before of the line."""
        self._visit(moves.previous_visit, "did not run before")

    def _visit(self, move: Callable[[Timeline, int, list[Statement]], int], never: str) -> None:
        line = self.line
        if line is None:
            self.message = "no statement stands here; mark a line in the source first"
            return
        self._to(move(self.timeline, self.position, [line]), f"line {line.first} of {line.function} {never}")

    def do_breakpoint(self) -> None:
        """Set or clear a breakpoint on the line."""
        line = self.line
        if line is None:
            self.message = "no statement stands here; mark a line in the source first"
            return
        self.breakpoints ^= {line}
        what = "set on" if line in self.breakpoints else "cleared from"
        runs = len(self.timeline.visits(line))
        times = "which never runs here" if not runs else f"which runs {runs} time{'s' * (runs != 1)}"
        self.message = f"breakpoint {what} line {line.first} of {line.function}, {times}"

    # ---- trouble ----------------------------------------------------------------------------------------

    def do_continue(self) -> None:
        """The next breakpoint, splat, or broken invariant."""
        self._trouble(True)

    def do_continue_back(self) -> None:
        """The breakpoint, splat or broken invariant before."""
        self._trouble(False)

    def _trouble(self, forward: bool) -> None:
        here, timeline = self.position, self.timeline
        points = list(self.breakpoints)
        visit = moves.next_visit if forward else moves.previous_visit
        splat = moves.next_splat if forward else moves.previous_splat
        found = [
            (visit(timeline, here, points), "a breakpoint"),
            (splat(timeline, here), "the kernel has reported a broken rule"),
            self._broken(forward),
        ]
        ahead = [each for each in found if each[0] != here]
        if not ahead:
            where = "after" if forward else "before"
            known = "no breakpoint, no report and no broken invariant" if points else "no report, no broken invariant (and no breakpoint is set)"
            self.message = f"{known} {where} this step"
            return
        step, why = (min if forward else max)(ahead, key=lambda each: each[0])
        self._to(step)
        self.message = why

    def _broken(self, forward: bool) -> tuple[int, str]:
        """The next quiet moment at which invariants break that held at the quiet moment before it."""
        quiet = [each.last for each in sections(self.timeline) if each.frame.parent is None or each.frame.depth <= 1]
        states = [(step, self._sentence(step)) for step in quiet]
        fresh = [
            (step, sentence)
            for (step, sentence), before in zip(states, [None, *(each[1] for each in states)], strict=False)
            if sentence is not None and before is None
        ]
        ahead = [each for each in fresh if (each[0] > self.position if forward else each[0] < self.position)]
        if not ahead:
            return self.position, ""
        return ahead[0] if forward else ahead[-1]

    def _sentence(self, step: int) -> str | None:
        """What is broken at a quiet step; None if nothing."""
        if step not in self._quiet:
            before = self.timeline.position
            self.timeline.seek(step)
            root = self.timeline.root
            assert isinstance(root, Kernel)
            self._quiet[step] = checks.first_broken(root)
            self.timeline.seek(before)
        return self._quiet[step]

    # ---- who wrote it -----------------------------------------------------------------------------------

    @property
    def cell(self) -> Cell | None:
        """The selected value, else the one that changed last."""
        if self.selected is not None:
            return self.selected
        for step in range(self.position - 1, max(self.position - 5000, -1), -1):
            writes = self.timeline.writes(step)
            if writes:
                return writes[-1].cell
        return None

    def do_writer(self) -> None:
        """The statement that wrote what the cell holds."""
        self._writer(1)

    def do_writer_back(self) -> None:
        """The statement that wrote what the cell held before that."""
        self._writer(2)

    def _writer(self, times: int) -> None:
        cell = self.cell
        if cell is None:
            self.message = "nothing has been written yet; select a value in a state pane"
            return
        name, at = self.timeline.cell_name(cell), self.position
        write: Write | None = None
        for _ in range(times):
            found = self.timeline.last_write_before(cell, at)
            if found is None:
                break
            write, at = found, found.step
        if write is None:
            self.message = self._unwritten(cell, name)
            return
        self.selected = cell
        self._to(write.step)
        self.message = f"step {write.step}: {name}  {value(write.old)} → {value(write.new)}  written by {self._place(write.step)}"

    def _unwritten(self, cell: Cell, name: str) -> str:
        """Why nobody wrote a cell before this step, and when somebody will."""
        after = self.timeline.first_write_after(cell, self.position)
        if after is None:
            return f"{name} is never written in this recording"
        return f"{name} has its value from before the recording; step {after.step} writes it next, at {self._place(after.step)} (}} goes there)"

    def _place(self, step: int) -> str:
        at = self.timeline.step(step)
        return f"{at.frame.function.qualname}, line {at.line}"

    def do_change(self) -> None:
        """The next change of the cell."""
        self._change(moves.next_change, "does not change after this step")

    def do_change_back(self) -> None:
        """Just before the cell got its value."""
        self._change(moves.previous_change, "has not been changed before this step")

    def _change(self, move: Callable[[Timeline, int, Cell], int], never: str) -> None:
        cell = self.cell
        if cell is None:
            self.message = "nothing has been written yet; select a value in a state pane"
            return
        self.selected = cell
        name = self.timeline.cell_name(cell)
        step = move(self.timeline, self.position, cell)
        if step == self.position:
            self.message = f"{name} {never}"
            return
        self._to(step)
        self.message = f"{name} is {value(self.timeline.value_at(cell, step))} here"

    # ---- the jump history -------------------------------------------------------------------------------

    def do_jump_back(self) -> None:
        """Where the last jump began."""
        self._history(self._older, self._newer, "no jump to go back over")

    def do_jump_forward(self) -> None:
        """Where a jump led that was gone back over."""
        self._history(self._newer, self._older, "no jump to go forward over")

    def _history(self, source: list[int], other: list[int], empty: str) -> None:
        if not source:
            self.message = empty
            return
        other.append(self.position)
        self._to(source.pop())

    # ---- go to ------------------------------------------------------------------------------------------

    def goto(self, text: str) -> bool:
        """Go to what a reader typed; False, with a message, if it leads nowhere."""
        text = text.strip()
        before = self.position
        self.message = ""
        if not self._goto(text):
            self.message = self.message or f"nothing here is called {text!r}: a step number, a function, function::statement, or a counter"
            return False
        self._note(before)
        return True

    def _goto(self, text: str) -> bool:
        number = text.removeprefix("step").strip().replace(",", "")
        if number.lstrip("+-").isdecimal():
            step = int(number)
            self._to(self.position + step if number[0] in "+-" else step, "this is that step")
            return True
        return bool(text) and (self._goto_function(text) or self._goto_cell(text) or self._goto_code(text))

    def _goto_function(self, text: str) -> bool:
        """The next call of a function, else its first."""
        name = text.removesuffix("()")
        calls = [
            each.first_step
            for each in self.timeline.tape.frames
            if name in (each.function.qualname, each.function.name, f"{each.function.module}.{each.function.qualname}")
        ]
        if not calls:
            return False
        step = next((each for each in calls if each > self.position), calls[0])
        self._to(step, "this is its only call")
        self.message = f"call {calls.index(step) + 1} of {len(calls)} of {name}"
        return True

    def _goto_cell(self, text: str) -> bool:
        cell = self.timeline.resolve(text)
        if cell is None:
            return False
        self.selected = cell
        self.do_change()
        return True

    def _goto_code(self, text: str) -> bool:
        """``function::statement@visit``, or a piece of the present function's code."""
        here = self.timeline.frame_at(self.position).function.qualname
        try:
            self._to(stops.step_of(self.timeline, text if "::" in text else f"{here}::{text}"))
        except StopError as error:
            if "::" in text:
                self.message = str(error)
            return False
        return True

    # ---- words ------------------------------------------------------------------------------------------

    def where(self) -> str:
        """Section, function and line of this step, in one line."""
        step = self.timeline.step(self.position)
        section = section_at(self.timeline, self.position)
        begin = f"{section.title} · " if section is not None else ""
        return f"{begin}{step.frame.function.qualname}:{step.line}"

    def fold_note(self) -> str:
        """What is folded around here, if anything."""
        fold = folds.fold_at(self.timeline, self.position)
        if fold is None:
            return ""
        return f"one of {fold.alike} alike iterations of {fold.iterations}; x skips them"

    def ending(self) -> str:
        """Why the run stopped early, at its last step; else nothing."""
        if self.position == len(self.timeline) - 1 and self.timeline.ending:
            return f"the run ends here: {self.timeline.ending}"
        return ""


_TENSE: Final = {
    Kind.LINE: "about to run",
    Kind.CALL: "just called",
    Kind.RETURN: "just ran: it returns",
    Kind.EXCEPTION: "just ran: it raised",
}


def tense(timeline: Timeline, step: int) -> str:
    """Whether the statement of a step is about to run or just ran."""
    return _TENSE[timeline.kind_at(step)]


def value(what: object) -> str:
    """A value in a message."""
    if what is MISSING:
        return "nothing"
    if isinstance(what, int) and not isinstance(what, bool) and abs(what) > 0xFFFF:
        return f"{what:#x}"
    return str(text_of(what))
