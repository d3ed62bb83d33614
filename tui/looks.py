"""The sets of colours there are. What each role looks like in them stands in :mod:`tui.styles`."""

from __future__ import annotations

import os
from enum import Enum
from typing import Final


class Look(Enum):
    """A set of colours, and the Textual theme that goes with it."""

    DARK = "textual-dark"
    LIGHT = "textual-light"
    MONO = "ansi-dark"


GROUND: Final = {Look.DARK: "#12151a", Look.LIGHT: "#fdfcf8"}
"""The background, where there are colours."""


def look_of(name: str) -> Look:
    """The look of this name; the dark one for any other."""
    return Look[name.upper()] if name.upper() in Look.__members__ else Look.DARK


def no_color() -> bool:
    """Whether the reader asked for no colours (any value that is not empty counts)."""
    return bool(os.environ.get("NO_COLOR"))
