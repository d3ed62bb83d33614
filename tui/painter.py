"""Painting one line: from text with roles to a strip of styled segments, kept by what the line says."""

from __future__ import annotations

from typing import Final, NamedTuple

from rich.segment import Segment
from textual.strip import Strip

from thpkit.view.glyphs import ASCII, one_to_one
from thpkit.view.layout import head_of, width_of
from thpkit.view.rows import Role, Row, Span
from tui.looks import Look, signs
from tui.styles import style

CACHED: Final = 2048
"""Painted lines that a pane keeps."""
BARS: Final = (Role.NEXT, Role.RAN)
"""Roles that reach to the end of the line."""


class Line(NamedTuple):
    """One line on the screen: all that its look depends on."""

    row: Row
    chosen: int | None = None
    """Which of its spans is the selected cell."""
    mark: str = " "
    """The sign in the first column."""
    whole: bool = False
    """Whether the line as a whole is chosen."""


class Painter:
    """Paints the lines of one pane."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.edge = False
        """Whether a line separates the pane from the one to the left."""
        self._strips: dict[tuple[Line, int, bool, bool], Strip] = {}
        self._ascii = signs() is ASCII

    @property
    def left(self) -> int:
        """Columns before the text: the edge, and the sign."""
        return 2 if self.edge else 1

    def restyle(self, look: Look) -> None:
        """From now on paint in another look."""
        self._look = look
        self._strips.clear()

    def strip(self, line: Line, width: int, bare: bool) -> Strip:
        """The line in this width; ``bare`` without edge and sign."""
        key = (line, width, bare, self.edge)
        found = self._strips.get(key)
        if found is None:
            if len(self._strips) >= CACHED:
                self._strips.clear()
            found = self._strips[key] = self._paint(line, width, bare)
        return found

    def _paint(self, line: Line, width: int, bare: bool) -> Strip:
        look = self._look
        segments: list[Segment] = []
        if not bare:
            if self.edge:
                segments.append(Segment("│", style(look, Role.DIM)))
            segments.append(Segment(line.mark, style(look, Role.TITLE)))
        for i, span in enumerate(line.row):
            shown = style(look, span.role, i == line.chosen, line.whole)
            segments.append(Segment(span.text, shown))
        last = line.row[-1].role if line.row else Role.PLAIN
        tail = style(look, last if last in BARS else Role.PLAIN)
        missing = width - sum(each.cell_length for each in segments)
        if missing > 0:
            segments.append(Segment(" " * missing, tail))
        if self._ascii:
            segments = [Segment(one_to_one(text), look) for text, look, _ in segments]
        return Strip(joined(segments)).adjust_cell_length(width, tail)


def joined(segments: list[Segment]) -> list[Segment]:
    """The same picture in fewer segments, each of which costs some forty bytes on the way to a terminal.

    Neighbours of one style become one; blanks join their neighbour, because only their ground is seen.
    """
    made: list[Segment] = []
    for each in segments:
        if not each.text:
            continue
        if made and _alike(made[-1], each):
            text = made[-1].text + each.text
            blank = made[-1].text.isspace() and not each.text.isspace()
            made[-1] = Segment(text, (each if blank else made[-1]).style)
        else:
            made.append(each)
    return made


def _alike(one: Segment, other: Segment) -> bool:
    """Whether two segments can share a style."""
    first, second = one.style, other.style
    if first == second:
        return True
    if first is None or second is None:
        return False
    if not (one.text.isspace() or other.text.isspace()):
        return False
    lines = first.underline or second.underline or first.reverse or second.reverse
    return first.bgcolor == second.bgcolor and not lines


CHOSEN: Final = "  › "
"""What stands in a title before the name of the chosen value."""


def _shortened(caption: str, room: int) -> str:
    """A title that fits; of the chosen value's name the end counts, which is what tells slots apart."""
    pane, sign, name = caption.partition(CHOSEN)
    rest = room - len(pane) - len(sign)
    if not sign or len(name) <= rest:
        return caption
    return f"{pane}{sign}…{name[1 - rest :]}" if rest > 1 else pane


def title_line(caption: str, seen: str, width: int, focused: bool) -> Line:
    """The title row: heavy and bold if the pane has the focus; always of the same width."""
    rule, role = ("━", Role.TITLE) if focused else ("─", Role.DIM)
    room = max(width - len(seen) - 2, 0)
    name = head_of(f" {_shortened(caption, room - 2)} ", room)
    filled = rule * (room - width_of((Span(name),)))
    name_role = Role.TITLE if focused else Role.HEADING
    edge = Span(rule, role)
    return Line(
        (edge, Span(name, name_role), Span(filled, role), Span(seen, Role.DIM), edge)
    )
