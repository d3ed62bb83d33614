"""The sets of colours and signs there are. What each role looks like stands in :mod:`tui.styles`."""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from thpkit.view.glyphs import Glyphs


class Look(Enum):
    """A set of colours, and the Textual theme that goes with it."""

    DARK = "textual-dark"
    LIGHT = "textual-light"
    CONTRAST = "high-contrast"
    MONO = "ansi-dark"


GROUND: Final = {Look.DARK: "#12151a", Look.LIGHT: "#fdfcf8", Look.CONTRAST: "#000000"}
"""The background, where there are colours."""


def look_of(name: str) -> Look:
    """The look of this name; the dark one for any other."""
    return Look[name.upper()] if name.upper() in Look.__members__ else Look.DARK


def no_color() -> bool:
    """Whether the reader asked for no colours (any value that is not empty counts)."""
    return bool(os.environ.get("NO_COLOR"))


def signs() -> Glyphs:
    """The signs that this terminal can show: plain ASCII where the locale, or standard output, has no UTF-8."""
    from thpkit.view.glyphs import ASCII, UNICODE  # not needed to start

    # a running screen puts something else in the place of sys.stdout
    stream = sys.__stdout__
    encoding = "" if stream is None else stream.encoding.lower().replace("-", "")
    return UNICODE if encoding.startswith("utf") and _utf8_locale() else ASCII


def _utf8_locale() -> bool:
    """Whether the environment asks for UTF-8, or for nothing at all."""
    own = os.environ.get("LC_ALL"), os.environ.get("LC_CTYPE"), os.environ.get("LANG")
    everything, ctype, language = (each or "" for each in own)
    if ctype == COERCED and not everything and language:
        ctype = ""  # Python itself has put that there, in place of C
    named = (everything or ctype or language).lower().replace("-", "")
    return not named or "utf8" in named


COERCED: Final = "C.UTF-8"
"""What Python makes of LC_CTYPE when it finds the C locale."""
