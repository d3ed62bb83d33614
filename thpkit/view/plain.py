"""Everything as plain text: for pipes, for terminals that can do little, for readers who listen.

No colours, no cursor movement, 80 columns at most unless more are asked for.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from thpkit.trace import folds, sections
from thpkit.trace.folds import Fold
from thpkit.trace.tape import Kind
from thpkit.trace.timeline import Timeline
from thpkit.view import changes, compact, explain, source, values
from thpkit.view.explanations import NO_EXPLANATIONS, Explanations, paragraph
from thpkit.view.glyphs import UNICODE, Glyphs, spelled
from thpkit.view.layout import clean, columns, head_of, wrapped
from thpkit.view.moment import Moment, verb
from thpkit.view.panes import pane
from thpkit.view.rows import Row, plain, starred

WIDTH: Final = 80
LABEL: Final = 16
"""Columns of the labels of the state block."""
AROUND: Final = 2
"""Source lines before and after the statement."""


class Halt(NamedTuple):
    """A step at which the walk pauses."""

    step: int
    title: str
    text: str = ""


# ---- the walk from stop to stop ---------------------------------------------------------------------------


def walk(
    timeline: Timeline,
    explanations: Explanations = NO_EXPLANATIONS,
    *,
    first: int = 0,
    last: int | None = None,
    width: int = WIDTH,
    glyphs: Glyphs = UNICODE,
    ahead: Callable[[int], Iterable[str]] = lambda _step: (),
) -> Iterator[str]:
    """The lines of the walk: one screen for each stop between steps ``first`` and ``last``.

    ``ahead`` gives the lines to print before the stop at a step.
    """
    end = len(timeline) - 1 if last is None else last
    every = halts(timeline)
    for at, halt in enumerate(every):
        if first <= halt.step <= end:
            moment = Moment.of(timeline, halt.step, explanations, glyphs)
            since = every[at - 1].step if at else 0
            yield from ahead(halt.step)
            yield from screen_of(moment, halt, at + 1, len(every), since, width)
            yield ""
    if timeline.ending and end >= len(timeline) - 1:
        yield from text_lines(f"The run ended early: {timeline.ending}", width, glyphs)


def halts(timeline: Timeline) -> list[Halt]:
    """The stops of a recording; without any, the ends of its system calls and the last step."""
    if timeline.stops:
        return [
            Halt(each.step, each.stop.title, each.stop.text) for each in timeline.stops
        ]
    last = len(timeline) - 1
    found = [
        Halt(each.last, f"{each.title} ends") for each in sections.sections(timeline)
    ]
    if last >= 0 and all(each.step != last for each in found):
        found.append(Halt(last, "The last step"))
    return sorted(found)


def screen_of(
    moment: Moment, halt: Halt, number: int, count: int, since: int, width: int
) -> Iterator[str]:
    """One stop: where it is, the source, what it means, what has changed since step ``since``, and the state."""
    glyphs = moment.glyphs
    rule = f"{glyphs.line * 2} {number} of {count} "
    where = f" step {moment.n} of {len(moment.timeline) - 1} {glyphs.line * 2}"
    yield rule + glyphs.line * max(width - len(rule) - len(where), 1) + where
    yield from text_lines(halt.title, width, glyphs)
    yield ""
    yield from here(moment, width)
    told = [paragraph(halt.text)] if halt.text else []
    told += moment.explanations(moment.step.statement, moment.step)
    for each in told or explain.prose(moment)[:1]:
        yield ""
        yield from _rows(wrapped(starred(each), width), glyphs)
    yield ""
    yield from changed(moment, since, width)
    yield from state(moment, width)


def here(moment: Moment, width: int = WIDTH) -> Iterator[str]:
    """Where the moment is: the call, the function, and the statement in a few lines of source."""
    step = moment.step
    section = moment.section
    if section is not None:
        title = section.title if moment.in_kernel else f"after {section.title}"
        yield from text_lines(title, width, moment.glyphs)
    function = step.frame.function
    place = f"{function.qualname}, {function.file}:{step.line}, {verb(step.kind)}"
    yield from text_lines(place, width, moment.glyphs)
    shown = list(_rows(source.excerpt(moment, width, AROUND, AROUND), moment.glyphs))
    while shown and shown[-1].strip().isdigit():
        shown.pop()
    yield from shown


def changed(moment: Moment, since: int, width: int = WIDTH) -> Iterator[str]:
    """What is different from step ``since``."""
    with moment.present():
        found = changes.sentences(moment, since)
    count = moment.n - since
    if not moment.n:
        yield "Nothing has run yet."
        return
    steps = "step" if count == 1 else values.count_of(count, "step")
    if not found:
        yield f"No counter, page, tree or page-table entry has changed in the last {steps}."
        return
    yield f"Changed in the last {steps}:"
    for sentence in found:
        yield from text_lines(sentence, width, moment.glyphs, "  ", "    ")


def state(moment: Moment, width: int = WIDTH) -> Iterator[str]:
    """The state in a few lines."""
    yield "Now:"
    with moment.present():
        lines = list(compact.state(moment))
    for label, text in lines:
        lead = f"  {label:<{LABEL}} "
        yield from text_lines(text, width, moment.glyphs, lead, " " * (LABEL + 3))


# ---- every step -------------------------------------------------------------------------------------------


def every(
    timeline: Timeline,
    first: int = 0,
    last: int | None = None,
    *,
    fold: bool = True,
    width: int = WIDTH,
    glyphs: Glyphs = UNICODE,
) -> Iterator[str]:
    """One line for each step from ``first`` to ``last``; with ``fold`` alike iterations of loops share one."""
    end = min(len(timeline) - 1, len(timeline) - 1 if last is None else last)
    n = max(first, 0)
    while n <= end:
        hidden = folds.fold_at(timeline, n) if fold else None
        if hidden is None:
            yield _cut(step_line(timeline, n, glyphs), width, glyphs)
            n += 1
        else:
            yield _cut(fold_line(timeline, hidden, glyphs), width, glyphs)
            n = hidden.last + 1
    if timeline.ending and end == len(timeline) - 1:
        yield from text_lines(f"The run ended early: {timeline.ending}", width, glyphs)


def step_line(timeline: Timeline, n: int, glyphs: Glyphs) -> str:
    """One step: number, and indented by depth the function, the line and what happens."""
    step = timeline.step(n)
    function = step.frame.function
    lead = f"{n:>8} {' ' * step.depth}"
    place = f"{function.name}:{step.line}"
    if step.kind is Kind.CALL:
        known = timeline.locals_of(step.frame, n)
        given = ", ".join(
            f"{key}={values.short(each, key)}" for key, each in known.items()
        )
        return f"{lead}{glyphs.next} {place} called({given})"
    text = "" if step.statement is None else step.statement.text
    if step.kind is Kind.LINE:
        return f"{lead}{place} {text}"
    known = timeline.locals_of(step.frame, n)
    if step.kind is Kind.RETURN:
        said = f"returns {values.short(known.get('<return>'))}"
    else:
        said = f"raised {known.get('<exception>')}"
    return f"{lead}{glyphs.ran} {place} {said}"


def fold_line(timeline: Timeline, fold: Fold, glyphs: Glyphs) -> str:
    """A line for all the steps of a fold."""
    depth = " " * timeline.depth_at(fold.first)
    steps = f"steps {fold.first}{glyphs.dash}{fold.last}"
    return (
        f"{'':>8} {depth}{glyphs.ellipsis} {fold.alike} iterations alike, of "
        f"{fold.iterations}, {steps}: {fold.header.text}"
    )


# ---- whole panes ------------------------------------------------------------------------------------------


def screen(moment: Moment, names: Iterable[str], width: int = WIDTH) -> str:
    """The panes of these names in full, one below the other, each under its title.

    Raises:
        KeyError: there is no such pane.
    """
    parts: list[str] = []
    for name in names:
        each = pane(name)
        title = f"{moment.glyphs.line * 2} {each.title} "
        parts.append(title + moment.glyphs.line * max(width - len(title), 0))
        parts.append(plain(each.render(moment, width).rows))
    return "\n".join(parts)


# ---- text -------------------------------------------------------------------------------------------------


def _rows(rows: Iterable[Row], glyphs: Glyphs) -> Iterator[str]:
    for line in rows:
        yield spelled(plain([line]), glyphs)


def text_lines(
    text: str, width: int, glyphs: Glyphs, first: str = "", later: str = ""
) -> Iterator[str]:
    """A sentence in lines of ``width``."""
    parts = text.split(changes.NO_BREAK)
    text = changes.NO_BREAK.join(clean(spelled(part, glyphs)) for part in parts)
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later)
    for line in lines or [first.rstrip()]:
        yield line.replace(changes.NO_BREAK, " ")


def _cut(text: str, width: int, glyphs: Glyphs) -> str:
    text = clean(spelled(text, glyphs)).rstrip()
    if columns(text) <= width:
        return text
    return head_of(text, width - columns(glyphs.ellipsis)) + glyphs.ellipsis
