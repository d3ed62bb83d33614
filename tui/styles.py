"""What each role looks like: dark, light, of high contrast, and without colours.

Blue and orange tell good from bad and up from down (never red against green); bold, underline and the glyphs in the
text say it a second time. Every style is a real one: a segment without a style crashes a screen under NO_COLOR.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from rich.style import Style

from thpkit.view.rows import Role
from tui.looks import GROUND, Look


class Inks(NamedTuple):
    """The colours of a look."""

    ground: str
    text: str
    dim: str
    blue: str
    orange: str
    green: str
    violet: str
    yellow: str
    here: str
    """Ground of the present statement."""
    here_text: str


class Palette:
    """One look: its ground, and what each role adds."""

    def __init__(self, ground: Style, roles: dict[Role, Style]) -> None:
        self.roles = {role: ground + roles.get(role, Style()) for role in Role}


def _coloured(inks: Inks) -> Palette:
    """A look with colours."""
    bar = Style(color=inks.here_text, bgcolor=inks.here, bold=True)
    dim, blue, violet = (
        Style(color=each) for each in (inks.dim, inks.blue, inks.violet)
    )
    orange, green, yellow = (
        Style(color=each) for each in (inks.orange, inks.green, inks.yellow)
    )
    bold = Style(bold=True)
    return Palette(
        Style(color=inks.text, bgcolor=inks.ground),
        {
            Role.DIM: dim,
            Role.HEADING: bold,
            **dict.fromkeys((Role.NAME, Role.LINK), blue),
            **dict.fromkeys((Role.TITLE, Role.DOWN, Role.GOOD), blue + bold),
            **dict.fromkeys((Role.CHANGED, Role.UP), orange + bold),
            **dict.fromkeys((Role.STRING, Role.FLAG), green),
            **dict.fromkeys((Role.NUMBER, Role.CODE), yellow),
            **dict.fromkeys((Role.NEXT, Role.RAN), bar),
            Role.STOP: yellow + bold,
            Role.KEYWORD: violet,
            Role.LOCK: violet + bold,
            Role.COMMENT: dim + Style(italic=True),
            Role.EMPHASIS: Style(bold=True, italic=True),
            Role.CALLER: Style(underline=True),
            Role.BAD: Style(color=inks.ground, bgcolor=inks.orange, bold=True),
        },
    )


_DARK: Final = _coloured(
    Inks(
        ground=GROUND[Look.DARK],
        text="#d8dce3",
        dim="#7d8696",
        blue="#6cb6ff",
        orange="#ffa657",
        green="#7ecfa5",
        violet="#c9a4f5",
        yellow="#e6d27a",
        here="#264f78",
        here_text="#ffffff",
    )
)
_LIGHT: Final = _coloured(
    Inks(
        ground=GROUND[Look.LIGHT],
        text="#24292f",
        dim="#6a737d",
        blue="#0550ae",
        orange="#b34000",
        green="#1a6b4a",
        violet="#6f3fb5",
        yellow="#7a5b00",
        here="#cfe3fb",
        here_text="#0b1f33",
    )
)
_CONTRAST: Final = _coloured(
    Inks(
        ground=GROUND[Look.CONTRAST],
        text="#ffffff",
        dim="#b8b8b8",
        blue="#7fd4ff",
        orange="#ffb454",
        green="#8dffa0",
        violet="#e3b8ff",
        yellow="#ffff66",
        here="#ffff00",
        here_text="#000000",
    )
)
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
        Role.EMPHASIS: Style(bold=True),
    },
)
_PALETTES: Final = {
    Look.DARK: _DARK,
    Look.LIGHT: _LIGHT,
    Look.CONTRAST: _CONTRAST,
    Look.MONO: _MONO,
}


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
