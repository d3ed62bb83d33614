"""Panes never overlap, fill the screen, and do not depend on what they show."""

from __future__ import annotations

from itertools import product

import pytest

from tui.layouts import BAR, LESSON, PROSE, SMALL, SOURCE, STATUS, TIMELINE, plan
from tui.views import PANES, STATE


@pytest.mark.parametrize(
    ("width", "height"),
    [
        *product(
            (20, 59, 60, 80, 99, 100, 149, 150, 160, 300),
            (5, 15, 16, 24, 29, 30, 45, 100),
        )
    ],
)
@pytest.mark.parametrize("chosen", [STATE[0], STATE[-1]])
def test_the_visible_panes_tile_the_screen(
    width: int, height: int, chosen: str
) -> None:
    """Every cell of the screen belongs to exactly one pane."""
    for zoomed, reading in product((None, SOURCE, chosen, LESSON), (False, True)):
        made = plan(width, height, STATE, chosen, zoomed, reading)
        owner: dict[tuple[int, int], str] = {}
        for name, spot in made.items():
            assert spot.width > 0 and spot.height > 0
            for x, y in product(
                range(spot.x, spot.x + spot.width), range(spot.y, spot.y + spot.height)
            ):
                assert (x, y) not in owner, (name, owner[x, y])
                owner[x, y] = name
        assert len(owner) == width * height


def test_a_small_terminal_shows_source_prose_and_one_pane_of_state() -> None:
    """And the pinned rows."""
    made = plan(80, 24, STATE, "counters")
    assert set(made) == {STATUS, SOURCE, PROSE, "counters", TIMELINE, BAR}


def test_the_lessons_text_takes_the_place_of_prose_and_state() -> None:
    """Below the source in a small terminal; from 100 columns on beside it, with one pane of state."""
    small = plan(80, 24, STATE, "counters", reading=True)
    assert set(small) == {STATUS, SOURCE, LESSON, TIMELINE, BAR}
    assert small[LESSON].y == small[SOURCE].y + small[SOURCE].height
    for width in (100, 120, 200):
        wide = plan(width, 40, STATE, "counters", reading=True)
        assert set(wide) == {STATUS, SOURCE, LESSON, "counters", TIMELINE, BAR}
        assert wide[LESSON].x == wide[SOURCE].width <= width // 2


def test_more_room_shows_more_panes() -> None:
    """Three sizes, each with more state than the one before; the chosen pane always among it."""
    narrow, medium, wide = (
        len(plan(width, height, STATE, "locks"))
        for width, height in ((80, 24), (120, 40), (160, 45))
    )
    assert narrow < medium < wide
    assert all("locks" in plan(width, 40, STATE, "locks") for width in (80, 120, 160))


def test_a_tiny_terminal_has_one_pane_and_the_keys() -> None:
    """Too small for panes."""
    assert set(plan(59, 40, STATE, "xarray")) == {SMALL, BAR}
    assert set(plan(80, 15, STATE, "xarray")) == {SMALL, BAR}


def test_digits_count_the_panes() -> None:
    """1 to 9, source and explanation first."""
    assert "".join(each.digit for each in PANES) == "123456789"
    assert [each.name for each in PANES[:2]] == [SOURCE, PROSE]
