"""The few signs that are not letters: one set for terminals that have them, one of plain ASCII."""

from __future__ import annotations

from typing import Final, NamedTuple


class Glyphs(NamedTuple):
    """Signs by meaning. All but ``ellipsis`` and ``arrow`` are one column wide in both sets."""

    next: str
    """The statement about to run."""
    ran: str
    """The statement that just ran."""
    caller: str
    """A statement that waits for a call it made."""
    more: str
    """A further line of a marked statement."""
    wrapped: str
    """The rest of a line that was too long."""
    changed: str
    """In front of a row: the last step changed something here."""
    ellipsis: str
    dash: str
    """Between the ends of a range."""
    minus: str
    arrow: str
    """Points to; became."""
    here: str
    """Behind a row: a cursor stands here."""
    line: str
    """A horizontal rule, and the track of the timeline."""
    edge: str
    """Where a section of the timeline begins."""
    stop_ahead: str
    stop_passed: str
    splat: str
    """Where the kernel reported a broken rule."""
    broken: str
    """Where an invariant is broken that held before."""
    written: str
    """Where the selected value is written."""
    position: str


UNICODE: Final = Glyphs(
    next="▶",
    ran="◀",
    caller="▷",
    more="┃",
    wrapped="┊",
    changed="●",
    ellipsis="…",
    dash="–",
    minus="−",
    arrow="→",
    here="◀",
    line="─",
    edge="├",
    stop_ahead="○",
    stop_passed="●",
    splat="!",
    broken="×",
    written="▪",
    position="▼",
)
"""For terminals with UTF-8."""

ASCII: Final = Glyphs(
    next=">",
    ran="<",
    caller="+",
    more="|",
    wrapped=":",
    changed="*",
    ellipsis="..",
    dash="-",
    minus="-",
    arrow="->",
    here="<",
    line="-",
    edge="[",
    stop_ahead="o",
    stop_passed="*",
    splat="!",
    broken="x",
    written="=",
    position="V",
)
"""For everything else."""


def spelled(text: str, glyphs: Glyphs) -> str:
    """``text`` with the typographic signs of our prose in the letters that ``glyphs`` allows."""
    if glyphs is not ASCII or text.isascii():
        return text
    text = text.translate(_PLAIN)
    return text.encode("ascii", "replace").decode("ascii")


_PLAIN: Final = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "→": "->",
        "←": "<-",
        "×": "x",
        "·": ".",
        "•": "*",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "▶": ">",
        "◀": "<",
        "✓": "+",
        "✗": "x",
        "●": "*",
        "○": "o",
        "─": "-",
        "│": "|",
    }
)


def one_to_one(text: str) -> str:
    """``text`` in ASCII, every sign as wide as before: the last resort of a screen that is laid out already."""
    return text if text.isascii() else _map(text)


def _map(text: str) -> str:
    made = text.translate(_SINGLE)
    return made.encode("ascii", "replace").decode("ascii")


_SINGLE: Final = str.maketrans(
    "▶◀▷┃┊●○◐…–—−→←↑↓─━│├▼▲›·•×▪✓✗≤≥≠“”‘’",
    "><+|:*oo~---><^v-=|[v^>.*x=+x<>#\"\"''",
)
"""Signs of one column for signs of one column."""
