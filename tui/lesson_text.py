"""A lesson's text beside its run: set in the width of its pane, marked at a step, played from. Knows no screen."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

from thpkit.book.beside import Beside, Mark
from thpkit.book.generated import GeneratedError, order_of
from thpkit.book.markdown import Fence, Heading
from thpkit.book.measure import MeasureError, step_of
from thpkit.book.typeset import Setting, typeset
from thpkit.trace.statements import Statement
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline
from thpkit.view.explanations import paragraph
from thpkit.view.glyphs import Glyphs
from thpkit.view.layout import fitted, wrapped
from thpkit.view.moment import Moment
from thpkit.view.rows import Rendered, Role, Row, Span, row

GUTTER: Final = 2
"""Columns in front of the text, for the sign of the running statement."""
_BLANK: Final[Row] = (Span(" " * GUTTER),)
"""A row between two blocks."""


class Page(NamedTuple):
    """What the pane shows at a step."""

    rendered: Rendered
    blocks: tuple[range, ...]
    """The rows of each block."""
    here: int | None
    """The block that is marked, if one is."""


class Played(NamedTuple):
    """Where a paragraph leads."""

    step: int | None
    """None: nowhere."""
    says: str
    question: str = ""
    """The id of a question to ask instead."""


class LessonText:
    """One lesson's text and one run of it."""

    def __init__(self, text: Beside, timeline: Timeline) -> None:
        self._text = text
        self._timeline = timeline
        self._blocks = text.document.blocks
        self._settings: dict[tuple[int, Glyphs], Setting] = {}

    # ---- showing ----------------------------------------------------------------------------------------

    def page(self, moment: Moment, width: int, height: int) -> Page:
        """The text in this width, with the part marked that speaks of the moment; a function of the step alone."""
        setting = self._setting(width, moment.glyphs)
        mark = self._text.mark(self._timeline, moment.n)
        note = range(0)
        if moment.at_stop:
            said = fitted(Rendered(tuple(_note(moment, width))), width, moment.glyphs)
            setting, note = _with_note(setting, said.rows, mark)
        rows = list(setting.rows)
        if mark is None:
            return Page(Rendered(tuple(rows)), setting.blocks, None)
        code = [at for line in _lines(setting, mark) for at in line]
        prose = _prose(setting, mark)
        sign, role = _sign(moment, mark)
        for places in (code, prose):
            for i, at in enumerate(places):
                head = Span(f"{moment.glyphs.more if i else sign} ", role)
                rows[at] = (head, *rows[at][1:])
        if mark.runs:
            for at in code:
                rows[at] = tuple(each._replace(role=role) for each in rows[at])
        view = _in_view(height, [*note], code, prose)
        return Page(Rendered(tuple(rows), *view), setting.blocks, mark.spot.block)

    def _setting(self, width: int, glyphs: Glyphs) -> Setting:
        """The text in this width, without any mark. Kept: it is set once for each width."""
        key = width, glyphs
        if key not in self._settings:
            made = typeset(self._blocks, max(width - GUTTER, 1))
            rows = tuple((Span(" " * GUTTER), *line) for line in made.rows)
            safe = fitted(Rendered(rows), width, glyphs)
            self._settings[key] = Setting(safe.rows, made.blocks, made.lines)
        return self._settings[key]

    # ---- playing ----------------------------------------------------------------------------------------

    def play(self, block: int, here: int) -> Played:
        """Where a block leads from step ``here``: the next run of what it explains, a stop, a picture's place."""
        kind = self._blocks[block]
        statements = self._text.statements(block)
        if statements:
            return self._run_of(statements, here)
        if isinstance(kind, Heading):
            return self._stop_of(block)
        if isinstance(kind, Fence):
            return self._generated(kind)
        beside = self._fence_beside(block)
        if beside is None:
            return Played(None, "this paragraph is about no statement of this run")
        return self.play(beside, here)

    def _run_of(self, statements: list[Statement], here: int) -> Played:
        """The next run of any of these, else the first."""
        runs = sorted(
            (step, each) for each in statements for step in self._timeline.visits(each)
        )
        if not runs:
            line = statements[0].text
            return Played(None, f"this run never comes to {line!r}")
        at = bisect_right(runs, here, key=lambda each: each[0])
        step, statement = runs[at] if at < len(runs) else runs[0]
        return Played(step, self._told(statement, step))

    def _told(self, statement: Statement, step: int) -> str:
        """Which of its runs this is."""
        visits = self._timeline.visits(statement)
        if len(visits) == 1:
            return "it runs once in this run: here"
        nth = bisect_left(visits, step) + 1
        times = "twice" if len(visits) == 2 else f"{len(visits)} times"
        return f"it runs {times}; this is the {ordinal(nth)}"

    def _stop_of(self, heading: int) -> Played:
        """The stop nearest to where the code of a section runs first."""
        first = self._first_run(
            statement
            for at in self._text.section(heading)
            for statement in self._text.statements(at)
        )
        if first is None:
            return Played(None, "no code of this section runs in this run")
        stops = self._timeline.stops
        if not stops:
            return Played(first, "here the code of this section runs first")
        near = min(stops, key=lambda each: abs(each.step - first))
        return Played(near.step, f"the nearest stop: {near.stop.title}")

    def _first_run(self, statements: Iterable[Statement]) -> int | None:
        """The first run of the first of these that runs at all."""
        return next(
            (
                visits[0]
                for each in statements
                if (visits := self._timeline.visits(each))
            ),
            None,
        )

    def _generated(self, fence: Fence) -> Played:
        """Where a picture was drawn; the question of a fence that holds one."""
        try:
            order = order_of(fence)
        except GeneratedError as error:
            return Played(None, str(error))
        if order is None:
            return Played(None, "this code is about no statement of this run")
        if order.kind == "question":
            return Played(None, "", order.what)
        if order.kind == "run":
            return Played(
                None, "these lines come from other runs, which the scenario file makes"
            )
        if "variant" in order.options:
            version = order.options["variant"]
            return Played(None, f"this picture is of another run, under {version}")
        try:
            place = order.options.get("at", "")
            return Played(step_of(self._timeline, place), f"the picture is of: {place}")
        except MeasureError as error:
            return Played(None, str(error))

    def _fence_beside(self, block: int) -> int | None:
        """The fence that a paragraph leads to: the next one below in its section, else the one above."""
        for ahead in (
            range(block + 1, len(self._blocks)),
            range(block - 1, -1, -1),
        ):
            for at in ahead:
                kind = self._blocks[at]
                if isinstance(kind, Heading):
                    break
                if isinstance(kind, Fence) and not kind.info.startswith("text run="):
                    return at
        return None


def _note(moment: Moment, width: int) -> list[Row]:
    """What the stop says."""
    stop = moment.stops[(moment.stop or 1) - 1].stop
    room = max(width - 2 * GUTTER, 1)
    said = wrapped(row((stop.title, Role.STOP)), room)
    if stop.text:
        said += wrapped(paragraph(stop.text), room)
    sign = Span(f"{moment.glyphs.stop_passed} ", Role.STOP)
    blank = Span(" " * GUTTER)
    return [(blank, blank if at else sign, *line) for at, line in enumerate(said)]


def _with_note(
    setting: Setting, note: tuple[Row, ...], mark: Mark | None
) -> tuple[Setting, range]:
    """The text with what the stop says put in, and its rows there.

    It stands above the part that speaks of the stop, or below the part where the run was last.
    """
    if mark is None:
        at = 0
    elif mark.runs:
        at = setting.blocks[mark.spot.block].start
    else:
        at = setting.blocks[mark.spot.last].stop
    inside: tuple[Row, ...] = (*note, ())
    if at and setting.rows[at - 1] != _BLANK:
        inside = ((), *inside)
    if at < len(setting.rows) and setting.rows[at] == _BLANK:
        inside = inside[:-1]

    def moved(rows: range) -> range:
        by = len(inside) if rows.start >= at else 0
        return range(rows.start + by, rows.stop + by)

    first = at + (not inside[0])
    made = Setting(
        (*setting.rows[:at], *inside, *setting.rows[at:]),
        tuple(moved(each) for each in setting.blocks),
        tuple(tuple(moved(each) for each in line) for line in setting.lines),
    )
    return made, range(first, first + len(note))


def _in_view(
    height: int, note: list[int], code: list[int], prose: list[int]
) -> tuple[int, int]:
    """First and last row that should be seen: what the stop says, and as much as fits of what belongs to it."""
    most = [
        note + code + prose,
        note + prose,
        note + code,
        note or code + prose,
        note or prose or code,
    ]
    fits = [each for each in most if each and max(each) - min(each) < height]
    rows = next(iter(fits), most[-1])
    return min(rows), max(rows)


def _lines(setting: Setting, mark: Mark) -> list[range]:
    """The rows of the quoted statement."""
    lines = setting.lines[mark.spot.fence]
    return [lines[at] for at in mark.spot.lines]


def _prose(setting: Setting, mark: Mark) -> list[int]:
    """The rows of what is said about it; none if nothing is."""
    first = mark.spot.block + (mark.spot.block == mark.spot.fence)
    return [
        at for block in range(first, mark.spot.last + 1) for at in setting.blocks[block]
    ]


def _sign(moment: Moment, mark: Mark) -> tuple[str, Role]:
    """The sign in front of the part that is marked."""
    glyphs = moment.glyphs
    if not mark.runs:
        return glyphs.caller, Role.DIM
    if moment.step.kind in (Kind.RETURN, Kind.EXCEPTION):
        return glyphs.ran, Role.RAN
    return glyphs.next, Role.NEXT


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``4th``."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    teen = 10 < number % 100 < 20
    return f"{number}{'th' if teen else ends.get(number % 10, 'th')}"
