"""The Textual theme behind the look of high contrast; the other looks use themes that Textual brings along."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from tui.looks import GROUND, Look

HIGH_CONTRAST: Final = Theme(
    name=Look.CONTRAST.value,
    primary="#ffff00",
    accent="#ffff00",
    foreground="#ffffff",
    background=GROUND[Look.CONTRAST],
    surface=GROUND[Look.CONTRAST],
    panel="#202020",
    dark=True,
)
"""White and yellow on black, for what is typed into."""
