"""Finding steps and reading panes as a person would."""

from __future__ import annotations

from thpkit.trace.stops import step_of
from thpkit.trace.timeline import Timeline
from thpkit.view.moment import Moment
from thpkit.view.panes import pane
from thpkit.view.rows import Rendered, Role, Span, plain


def at(timeline: Timeline, where: str) -> Moment:
    """The moment at a place written as for stops: ``function::statement@visit``."""
    return Moment.of(timeline, step_of(timeline, where))


def text(moment: Moment, name: str, width: int = 100) -> str:
    """A pane as text."""
    return plain(pane(name).render(moment, width).rows)


def shown(moment: Moment, name: str, width: int = 100) -> Rendered:
    """A pane."""
    return pane(name).render(moment, width)


def spans(rendered: Rendered, role: Role) -> list[Span]:
    """The spans of a pane that have a role."""
    return [span for line in rendered.rows for span in line if span.role is role]
