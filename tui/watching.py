"""``thp watch``: the learner's file is graded again whenever it is saved."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from tui import help_ladder, verdicts
from tui.paths import UserError
from tui.state import Store
from tui.wake import Wake, settled, signature, single_keys
from tui.work import Desk

if TYPE_CHECKING:
    from thpkit.grading.results import Result
    from thpkit.view.rows import Row

CLEAR: Final = "\x1b[H\x1b[2J"
KEYS: Final = "enter check now   h hint   q quit"
COLOURS: Final = {
    "good": "32",
    "bad": "1;31",
    "heading": "1",
    "title": "1",
    "dim": "2",
    "code": "36",
    "stop": "33",
}
"""How a role looks on a terminal; the words say it too."""


class Watch:
    """Grades a copy again and again, until the learner has had enough."""

    def __init__(self, desk: Desk, *, terminal: bool) -> None:
        """``terminal``: paint a screenful after each verdict and take single keys; else print lines."""
        self._desk = desk
        self._terminal = terminal
        self._store = Store()
        self._wake = Wake(desk.file, terminal=terminal)
        self._seen = signature(desk.file)
        self._bodies: Sequence[Sequence[Row]] = ()
        """What is shown, the longest form first."""
        self._polled = False

    def run(self) -> None:
        """Grade once, then after every save; ``q`` or ctrl-c ends it.

        Raises:
            UserError: this machine cannot grade.
        """
        from thpkit.grading.warm import Warm

        with ExitStack() as stack:
            if self._terminal:
                stack.enter_context(single_keys(self._paint))
            stack.enter_context(Warm())
            stack.enter_context(self._wake)
            try:
                self._grade()
                while self._look():
                    pass
            except KeyboardInterrupt:
                pass
        self._leave()

    def _look(self) -> bool:
        """Wait, and do what has to be done; False at the end."""
        keys = self._wake.keys()
        if "q" in keys or "\x04" in keys:
            return False
        if self._wake.polling != self._polled:
            self._polled = self._wake.polling
            self._paint()
        if signature(self._desk.file) != self._seen:
            self._seen = settled(self._desk.file)
            self._grade()
        elif "\n" in keys or "r" in keys:
            self._grade()
        elif "h" in keys:
            self._help()
        return True

    # ---- what is said -----------------------------------------------------------------------------------

    def _grade(self) -> None:
        """Grade what stands in the file now."""
        from thpkit.view.rows import Role, row

        if not self._desk.begun:
            gone = f"{self._desk.name} is gone. Save it again, or: thp start {self._desk.exercise.id}"
            self._say([row((gone, Role.BAD))])
            return
        result = verdicts.grade(self._desk, self._store)
        if self._terminal:
            self._show(result)
        else:
            self._print([*result.text().splitlines(), ""])

    def _show(self, result: Result) -> None:
        """A screenful: the first failure in full; all checks if there is room for them."""
        from thpkit.view.layout import wrapped
        from thpkit.view.rows import Role, row

        width = self._size()[0]
        role = Role.GOOD if result.passed else Role.BAD
        verdict = row((verdicts.verdict_of(result), role))
        whole = [*verdicts.rows_of(result, width)]
        if result.passed:
            whole += [(), *wrapped(row((verdicts.advice(result), Role.STOP)), width)]
        self._bodies = [whole]
        first = result.first_failure
        if first is not None:
            ends = [(), verdicts.summary_row(result)]
            full = verdicts.failure_rows(first, width)
            brief = verdicts.brief_rows(first, width)
            self._bodies = [whole, *([verdict, *each, *ends] for each in (full, brief))]
        self._paint()

    def _help(self) -> None:
        """The next hint, if it may come."""
        from thpkit.view.layout import wrapped
        from thpkit.view.rows import Role, row

        width = self._size()[0] if self._terminal else 80
        short = self._desk.exercise.id
        found = help_ladder.next_hint(self._desk.exercise, self._store)
        said = found.said
        rows: list[Row] = []
        if len(found.hints) > 1:  # after a pass: more than a screenful
            said = f"{said} thp hint {short} shows it."
        else:
            for each in found.hints:
                rows += help_ladder.rows_of(each, width)
        self._say([*rows, *wrapped(row((said, Role.STOP)), width)])

    def _say(self, rows: Sequence[Row]) -> None:
        """Show rows instead of a verdict."""
        from thpkit.view.rows import text_of

        self._bodies = [rows]
        if self._terminal:
            self._paint()
        else:
            self._print([*(text_of(each) for each in rows), ""])

    # ---- painting ---------------------------------------------------------------------------------------

    def _size(self) -> tuple[int, int]:
        """Columns and rows to write in; the last column stays empty, so that no terminal wraps."""
        try:  # the terminal itself: COLUMNS and LINES do not follow when the window changes
            size = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            size = shutil.get_terminal_size()
        if not (size.columns and size.lines):
            size = shutil.get_terminal_size()
        return max(size.columns - 1, 10), max(size.lines, 5)

    def _paint(self) -> None:
        """The screenful again, as it fits now."""
        if not self._terminal:
            return
        from thpkit.view.glyphs import spelled
        from thpkit.view.layout import cut
        from thpkit.view.rows import Role, row
        from tui.looks import signs

        width, height = self._size()
        glyphs = signs()
        how = "looking at" if self._wake.polling else "watching"
        exercise = self._desk.exercise
        head = row(
            (f"{exercise.id}  {exercise.title}", Role.HEADING),
            (f"  {time.strftime('%H:%M:%S')}", Role.DIM),
        )
        foot = [
            row((f"{how} {self._desk.name}: save it", Role.DIM)),
            row((KEYS, Role.DIM)),
        ]
        room = height - 3
        fits = [each for each in self._bodies if len(each) <= room]
        body = [*(fits or self._bodies or [[]])[0 if fits else -1]]
        if not fits:
            more = f"… thp check {exercise.id} prints all of it"
            body[room - 1 :] = [row((more, Role.DIM))]
        rows = [head, *body, *foot]
        lines = [_styled(cut(each, width, glyphs)) for each in rows]
        sys.stdout.write(spelled(CLEAR + "\n".join(lines), glyphs))
        sys.stdout.flush()

    def _print(self, lines: Sequence[str]) -> None:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()

    def _leave(self) -> None:
        """Say where the file is."""
        if self._terminal:
            sys.stdout.write("\n")
        self._print([f"your file stays in {self._desk.name}"])


def _styled(line: Row) -> str:
    """A row with colours, unless none are wanted."""
    if os.environ.get("NO_COLOR"):
        return "".join(each.text for each in line)
    parts = []
    for each in line:
        code = COLOURS.get(each.role.value)
        parts.append(f"\x1b[{code}m{each.text}\x1b[0m" if code else each.text)
    return "".join(parts)


def watch(desk: Desk, *, terminal: bool) -> None:
    """Grade a learner's copy whenever it is saved.

    Raises:
        UserError: there is no copy, or this machine cannot grade.
    """
    if not desk.begun:
        short = desk.exercise.id
        raise UserError(
            f"there is no {desk.name} yet: thp start {short} makes it, then thp watch {short}"
        )
    Watch(desk, terminal=terminal).run()
