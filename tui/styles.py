"""What each role looks like: dark, light, and without colours.

Blue and orange tell good from bad and up from down (never red against green); bold, underline and the glyphs in the
text say it a second time. Every style is a real one: a segment without a style crashes a screen under NO_COLOR.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.style import Style

from thpkit.view.rows import Role
from tui.looks import GROUND, Look


class Palette:
    """One look: its ground, and what each role adds."""

    def __init__(self, ground: Style, roles: dict[Role, Style]) -> None:
        self.ground = ground
        """Foreground and background of plain text."""
        self.roles = {role: ground + roles.get(role, Style()) for role in Role}


def _coloured(
    *, ground: str, text: str, dim: str, blue: str, orange: str, green: str, violet: str,
    yellow: str, here: str, here_text: str,
) -> Palette:  # fmt: skip
    def ink(colour: str, **more: bool) -> Style:
        return Style(color=colour, **more)  # type: ignore[arg-type]

    bar = Style(color=here_text, bgcolor=here, bold=True)
    return Palette(
        Style(color=text, bgcolor=ground),
        {
            Role.DIM: ink(dim),
            Role.HEADING: ink(text, bold=True),
            Role.TITLE: ink(blue, bold=True),
            Role.KEYWORD: ink(violet),
            Role.STRING: ink(green),
            Role.COMMENT: ink(dim, italic=True),
            Role.NUMBER: ink(yellow),
            Role.NAME: ink(blue),
            Role.NEXT: bar,
            Role.RAN: bar,
            Role.CALLER: Style(underline=True),
            Role.CHANGED: ink(orange, bold=True),
            Role.UP: ink(orange, bold=True),
            Role.DOWN: ink(blue, bold=True),
            Role.FLAG: ink(green),
            Role.LOCK: ink(violet, bold=True),
            Role.LINK: ink(blue),
            Role.GOOD: ink(blue, bold=True),
            Role.BAD: Style(color=ground, bgcolor=orange, bold=True),
            Role.STOP: ink(yellow, bold=True),
            Role.CODE: ink(yellow),
        },
    )


_DARK: Final = _coloured(
    ground=GROUND[Look.DARK], text="#d8dce3", dim="#7d8696", blue="#6cb6ff", orange="#ffa657",
    green="#7ecfa5", violet="#c9a4f5", yellow="#e6d27a", here="#264f78", here_text="#ffffff",
)  # fmt: skip
_LIGHT: Final = _coloured(
    ground=GROUND[Look.LIGHT], text="#24292f", dim="#6a737d", blue="#0550ae", orange="#b34000",
    green="#1a6b4a", violet="#6f3fb5", yellow="#7a5b00", here="#cfe3fb", here_text="#0b1f33",
)  # fmt: skip
_MONO: Final = Palette(
    Style(),
    {
        Role.HEADING: Style(bold=True),
        Role.TITLE: Style(bold=True),
        Role.KEYWORD: Style(bold=True),
        Role.NEXT: Style(reverse=True, bold=True),
        Role.RAN: Style(reverse=True),
        Role.CALLER: Style(underline=True),
        Role.CHANGED: Style(bold=True, underline=True),
        Role.UP: Style(bold=True, underline=True),
        Role.DOWN: Style(bold=True, underline=True),
        Role.LOCK: Style(bold=True),
        Role.BAD: Style(reverse=True, bold=True),
        Role.STOP: Style(bold=True),
    },
)
_PALETTES: Final = {Look.DARK: _DARK, Look.LIGHT: _LIGHT, Look.MONO: _MONO}


def palette(look: Look) -> Palette:
    """The styles of a look."""
    return _PALETTES[look]


@lru_cache(maxsize=512)
def style(
    look: Look, role: Role, selected: bool = False, marked: bool = False
) -> Style:
    """The style of a role; ``selected`` for the chosen cell, ``marked`` for the row it stands in."""
    base = _PALETTES[look].roles[role]
    if selected:
        return base + Style(reverse=True, bold=True)
    return base + Style(underline=True) if marked else base
