"""Fences whose content comes from the run: pictures of a pane, questions, and what a function of the scenario prints.

The info string says what to show::

    text picture=PANE at="PLACE" [variant=V] [only="REGEX"]
    text question=ID
    text run=FUNCTION

``PANE`` is one of the panes of state, ``PLACE`` a place as in :mod:`~thpkit.book.measure`, ``FUNCTION`` a function of
the lesson's scenario file that takes nothing and returns a list of lines.
"""

from __future__ import annotations

import inspect
import re
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from typing import Final, NamedTuple

from thpkit.book import markdown, measure
from thpkit.book.files import replace_text
from thpkit.book.lesson import Lesson
from thpkit.book.markdown import Fence
from thpkit.book.quiz import load_quiz
from thpkit.book.runs import Runs
from thpkit.view.moment import Moment
from thpkit.view.panes import pane
from thpkit.view.rows import text_of

WIDTH: Final = 76
"""Columns of a picture: it fits a terminal of 80 beside its margin."""
STATE: Final = ("xarray", "pagetable", "pages", "vmas", "counters", "locks", "stack")
"""The panes that a picture may show."""
_OPTIONS: Final = {
    "picture": frozenset({"at", "variant", "only"}),
    "question": frozenset[str](),
    "run": frozenset[str](),
}


class GeneratedError(ValueError):
    """A fence asks for something that the run does not give. The message says what."""


class Order(NamedTuple):
    """What a fence asks for."""

    kind: str
    """``picture``, ``question`` or ``run``; also the name of the rule."""
    what: str
    """The pane, the question's id, or the function."""
    options: Mapping[str, str]


def order_of(fence: Fence) -> Order | None:
    """What the fence asks for; None if its content is the author's own.

    Raises:
        GeneratedError: the info string is not understood.
    """
    if not re.match(r"text\s+(\w+)=", fence.info):
        return None
    try:
        words = shlex.split(fence.info)[1:]
    except ValueError as error:
        raise GeneratedError(f"{fence.info!r}: {error}") from None
    (kind, what), *rest = [word.partition("=")[::2] for word in words]
    if kind not in _OPTIONS:
        known = ", ".join(f"{each}=" for each in _OPTIONS)
        raise GeneratedError(f"a generated fence begins with {known}; {kind}= does not")
    for key, _ in rest:
        if key not in _OPTIONS[kind]:
            known = ", ".join(sorted(_OPTIONS[kind])) or "nothing else"
            raise GeneratedError(f"{kind}= takes {known}; {key!r} is not known")
    return Order(kind, what, dict(rest))


# ---- what the run gives ---------------------------------------------------------------------------------


def content(order: Order, lesson: Lesson, runs: Runs) -> tuple[str, ...]:
    """The lines that the fence should hold.

    Raises:
        GeneratedError: there are none.
    """
    makers = {"picture": _picture, "question": _question, "run": _run}
    try:
        lines = makers[order.kind](order, lesson, runs)
    except ValueError as error:  # of the run, of the place, of the quiz
        raise GeneratedError(str(error)) from None
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise GeneratedError(f"{order.kind}={order.what} shows nothing there")
    return tuple(lines)


def _picture(order: Order, lesson: Lesson, runs: Runs) -> list[str]:
    """A pane at a place."""
    if order.what not in STATE:
        raise GeneratedError(
            f"there is no picture of {order.what!r}; panes are {', '.join(STATE)}"
        )
    if "at" not in order.options:
        raise GeneratedError('a picture has a place: at="title of a stop"')
    timeline = runs.timeline(lesson, order.options.get("variant"))
    before = timeline.position
    try:
        step = measure.step_of(timeline, order.options["at"])
        rows = pane(order.what).render(Moment.of(timeline, step), WIDTH).rows
    finally:
        timeline.seek(before)
    lines = [text_of(each) for each in rows]
    only = order.options.get("only")
    if only is None:
        return lines
    try:
        return [line for line in lines if re.search(only, line)]
    except re.error as error:
        raise GeneratedError(f"only={only!r}: {error}") from None


def _question(order: Order, lesson: Lesson, runs: Runs) -> list[str]:
    """A question with its options, and without the answer."""
    questions = {each.id: each for each in load_quiz(lesson, runs).questions}
    if order.what not in questions:
        known = ", ".join(questions)
        raise GeneratedError(f"there is no question {order.what!r}; known: {known}")
    return [line for each in questions[order.what].lines() for line in _wrapped(each)]


def _wrapped(line: str) -> list[str]:
    """A line in lines of :data:`WIDTH`; options hang."""
    hang = re.match(r"\s*(\w[.)]\s+)?", line)
    indent = " " * (hang.end() if hang else 0)
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _run(order: Order, lesson: Lesson, runs: Runs) -> list[str]:
    """What a function of the scenario file says."""
    function = getattr(runs.module(lesson), order.what, None)
    if not inspect.isfunction(function):
        raise GeneratedError(
            f"{lesson.scenario_file.name} has no function {order.what}"
        )
    try:
        lines = function()
    except Exception as error:  # the author's function may do anything
        raise GeneratedError(
            f"{order.what}() fails: {type(error).__name__}: {error}"
        ) from None
    if not isinstance(lines, list) or not all(isinstance(x, str) for x in lines):
        raise GeneratedError(f"{order.what}() returns no list of lines")
    return [each for line in lines for each in line.split("\n")]


def difference(fence: Fence, lines: Sequence[str]) -> str:
    """The fence's content against what it should be, as an indented diff."""
    diff = unified_diff(fence.code, lines, "text", "run", lineterm="", n=1)
    return "\n".join(f"    {line}" for line in list(diff)[2:])


# ---- rewriting ------------------------------------------------------------------------------------------


class Change(NamedTuple):
    """What happened to one fence."""

    line: int
    """Line of the opening fence, before anything was rewritten."""
    info: str
    sentence: str
    """``rewritten`` with a diff, or why it could not be."""
    failed: bool = False


def rewrite(lesson: Lesson, runs: Runs) -> list[Change]:
    """Bring every generated fence of the lesson's text up to date, in place; what changed, in order.

    A fence that cannot be made is left as it is. The file is replaced as a whole, or not at all.

    Raises:
        LessonError: the text cannot be read.
    """
    document = lesson.document()
    lines = lesson.text_file.read_text(encoding="utf-8").split("\n")
    changes: list[Change] = []
    fences = [each for each in document.blocks if isinstance(each, markdown.Fence)]
    for fence in reversed(fences):
        try:
            order = order_of(fence)
            if order is None:
                continue
            wanted = content(order, lesson, runs)
        except GeneratedError as error:
            changes.append(Change(fence.line, fence.info, str(error), failed=True))
            continue
        if wanted != fence.code:
            margin = re.match(r"[\s>]*", lines[fence.line - 1])
            indent = margin[0] if margin else ""
            new = [(indent + each).rstrip() for each in wanted]
            lines[fence.line : fence.line + len(fence.code)] = new
            said = f"rewritten\n{difference(fence, wanted)}"
            changes.append(Change(fence.line, fence.info, said))
    if any(not each.failed for each in changes):
        replace_text(lesson.text_file, "\n".join(lines))
    return changes[::-1]
