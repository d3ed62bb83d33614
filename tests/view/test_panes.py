"""Every pane, at every kind of step, in every width: it shows something, fits, and depends on the step alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from thpkit.trace import saved
from thpkit.trace.timeline import Timeline
from thpkit.view import timeline_view
from thpkit.view.glyphs import ASCII
from thpkit.view.layout import width_of
from thpkit.view.moment import Moment
from thpkit.view.panes import BY_NAME, PANES, pane
from thpkit.view.rows import Rendered, plain

WIDTHS = (20, 40, 80, 132, 200)
VIEWS = [each.render for each in PANES] + [timeline_view.render]


def check(rendered: Rendered, width: int) -> None:
    """Fits, has a focus that exists, and holds nothing that disturbs a terminal."""
    assert rendered.rows
    assert 0 <= rendered.focus < len(rendered.rows)
    assert rendered.focus_end is None or rendered.focus <= rendered.focus_end
    for line in rendered.rows:
        assert width_of(line) <= width
        assert all(span.text.isprintable() for span in line)


def test_nine_panes_by_digit_and_name() -> None:
    assert [each.key for each in PANES] == list("123456789")
    assert pane("xarray") is pane("3") is BY_NAME["xarray"]
    with pytest.raises(KeyError, match="known: source, explain"):
        pane("registers")


@pytest.mark.parametrize(
    ("which", "stride"), [("tour", 1597), ("pages", 2003), ("toys", 53)]
)
def test_total_all_along_the_way(
    which: str, stride: int, request: pytest.FixtureRequest
) -> None:
    timeline: Timeline = request.getfixturevalue(which)
    for at, n in enumerate(range(0, len(timeline), stride)):
        width = WIDTHS[at % len(WIDTHS)]
        moment = Moment.of(timeline, n)
        for render in VIEWS:
            check(render(moment, width), width)


@pytest.mark.parametrize(
    ("which", "part"), [("tour", 1 / 3), ("pages", 1 / 3), ("toys", 1)]
)
def test_every_width(which: str, part: float, request: pytest.FixtureRequest) -> None:
    """The narrowest, and some of the others."""
    timeline: Timeline = request.getfixturevalue(which)
    moment = Moment.of(timeline, int((len(timeline) - 1) * part))
    for width in (1, 2, 3, 5, 9, 17, 29, *range(40, 201, 40)):
        for render in VIEWS:
            check(render(moment, width), width)


def test_ascii_terminals_get_ascii(tour: Timeline) -> None:
    for n in range(0, len(tour), 8009):
        moment = Moment.of(tour, n, glyphs=ASCII)
        for render in VIEWS:
            for line in render(moment, 80).rows:
                assert all(span.text.isascii() for span in line)


def test_the_way_to_a_step_does_not_matter(tour: Timeline) -> None:
    """Coming from before, from behind, or by a jump paints the same rows."""
    steps = range(30_000, 30_000 + 12 * 199, 199)
    forward = [[render(Moment.of(tour, n), 90) for render in VIEWS] for n in steps]
    backward = [
        [render(Moment.of(tour, n), 90) for render in VIEWS] for n in reversed(steps)
    ]
    assert forward == backward[::-1]


def test_an_older_moment_still_shows_its_own_step(tour: Timeline) -> None:
    early = Moment.of(tour, 400)
    before = pane("counters").render(early, 80)
    Moment.of(tour, len(tour) - 1)
    assert pane("counters").render(early, 80) == before


def test_steps_outside_become_the_nearest_inside(tour: Timeline) -> None:
    assert Moment.of(tour, -5).n == 0
    assert Moment.of(tour, 10**9).n == len(tour) - 1


def test_a_reopened_recording_shows_the_same(tour: Timeline, tmp_path: Path) -> None:
    saved.save(tour, tmp_path / "tour.thprec")
    again = saved.open(tmp_path / "tour.thprec")
    again.stops = tour.stops
    for n in range(0, len(tour), 19_937):
        for each in PANES:
            before = each.render(Moment.of(tour, n), 90)
            assert plain(each.render(Moment.of(again, n), 90).rows) == plain(
                before.rows
            )


def test_cells_lead_from_what_is_shown_to_who_wrote_it(tour: Timeline) -> None:
    """Each span of a state pane that shows state says which: so "who wrote this?" can be answered."""
    moment = Moment.of(tour, tour.stops[1].step)
    for name in ("xarray", "pagetable", "pages", "vmas", "counters", "locks"):
        rendered = pane(name).render(moment, 100)
        cells = [span.cell for line in rendered.rows for span in line if span.cell]
        assert cells, name
        for cell in cells:
            tour.last_write_before(cell, moment.n)
