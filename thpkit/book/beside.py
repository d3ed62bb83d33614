"""A lesson's text beside its run: which part of the text speaks of the statement that runs, and the way back.

The index is built once for a text; what depends on the run is asked of a timeline.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from thpkit.book.explanations import quoted
from thpkit.book.markdown import Bullet, Document, Fence, Heading, Paragraph
from thpkit.book.quotes import (
    QuoteError,
    QuoteRole,
    Standing,
    bind,
    place_of,
    stand,
)
from thpkit.trace import moves
from thpkit.trace.statements import Statement
from thpkit.trace.timeline import Timeline


class Spot(NamedTuple):
    """The part of a text that speaks of one statement."""

    block: int
    """Number of the bullet; of the fence itself if no bullet explains the line."""
    last: int
    """The last block that belongs to it: further paragraphs of the bullet, or the prose below a bare fence."""
    fence: int
    """Number of the fence that quotes the statement."""
    lines: range
    """The statement's lines in the fence, counted from 0."""


class Mark(NamedTuple):
    """What to mark at a step."""

    spot: Spot
    runs: bool
    """Whether this is the very statement of the step; else the run came through here last."""


@dataclass(frozen=True)
class Beside:
    """A text and its index."""

    document: Document
    spots: Mapping[Statement, Spot]
    """Where a statement is spoken of, if anywhere."""
    _functions: Mapping[str, Spot] = field(repr=False)
    """The first passage that quotes a function, by its qualified name."""

    # ---- from the run to the text -----------------------------------------------------------------------

    def mark(self, timeline: Timeline, n: int) -> Mark | None:
        """What speaks of the step, else of where the run was last in this text; None before it was anywhere."""
        statement = timeline.step(n).statement
        if statement is not None and statement in self.spots:
            return Mark(self.spots[statement], True)
        stop = self._stop_before(timeline, n)
        visited = self._visited(timeline, n)
        if stop is None or (visited is not None and visited[0] >= stop[0]):
            return None if visited is None else Mark(visited[1], False)
        return Mark(stop[1], False)

    def _visited(self, timeline: Timeline, n: int) -> tuple[int, Spot] | None:
        """The last step up to ``n`` that ran a statement of this text."""
        found: tuple[int, Spot] | None = None
        for statement, spot in self.spots.items():
            visits = timeline.visits(statement)
            at = bisect_right(visits, n)
            if at and (found is None or visits[at - 1] > found[0]):
                found = visits[at - 1], spot
        return found

    def _stop_before(self, timeline: Timeline, n: int) -> tuple[int, Spot] | None:
        """The last stop up to ``n``, and the passage about it; None if the text has none about it."""
        stops: list[tuple[int, Spot | None]] = timeline.memo(
            f"passages of {self.document.path}",
            lambda: [
                (each.step, self._of_stop(timeline, each.step))
                for each in timeline.stops
            ],
        )
        last = next((each for each in reversed(stops) if each[0] <= n), None)
        if last is None or last[1] is None:
            return None
        return last[0], last[1]

    def _of_stop(self, timeline: Timeline, step: int) -> Spot | None:
        """The passage about a stop: about its statement, the one before, or its function."""
        for at in (step, moves.back_over(timeline, step)):
            statement = timeline.step(at).statement
            if statement is not None and statement in self.spots:
                return self.spots[statement]
        return self._functions.get(timeline.step(step).frame.function.qualname)

    # ---- from the text to the run -----------------------------------------------------------------------

    def statements(self, block: int) -> list[Statement]:
        """What a block explains or quotes, in the order of the code; none for headings and other prose."""
        found = [
            (spot.fence, spot.lines.start, statement)
            for statement, spot in self.spots.items()
            if spot.block <= block <= spot.last or spot.fence == block
        ]
        return [statement for _fence, _line, statement in sorted(found)]

    def section(self, block: int) -> range:
        """The blocks below a heading, up to the next one of its level or above."""
        blocks = self.document.blocks
        head = blocks[block]
        level = head.level if isinstance(head, Heading) else 0
        for at in range(block + 1, len(blocks)):
            each = blocks[at]
            if isinstance(each, Heading) and each.level <= level:
                return range(block + 1, at)
        return range(block + 1, len(blocks))


def beside(document: Document, root: Path) -> Beside:
    """The index of a text. Quotes that do not stand in the source are passed over.

    What is quoted again counts only for statements that are explained nowhere else in it.
    """
    found: dict[Statement, Spot] = {}
    again: dict[Statement, Spot] = {}
    functions: dict[str, Spot] = {}
    for at, standing in _quotes(document, root):
        into = again if standing.place.role is QuoteRole.AGAIN else found
        whole = range(len(standing.lines))
        last = max(_prose(document, at), default=at)
        functions.setdefault(standing.place.function, Spot(at, last, at, whole))
        for statement, spot in _spots(document, at, standing):
            known = into.get(statement)
            if known is None or (known.block == known.fence and spot.block != at):
                into[statement] = spot
    return Beside(document, again | found, functions)


def _quotes(document: Document, root: Path) -> Iterator[tuple[int, Standing]]:
    """Every quote with the number of its fence."""
    for at, block in enumerate(document.blocks):
        if not isinstance(block, Fence):
            continue
        try:
            place = place_of(block)
            if place is not None and place.role is not QuoteRole.SKETCH:
                yield at, stand(block, place, root)
        except QuoteError:
            continue


def _spots(
    document: Document, fence: int, standing: Standing
) -> Iterator[tuple[Statement, Spot]]:
    """Each statement of a quote with its bullet, or else with the lines of the fence."""
    prose = _prose(document, fence)
    bullets = {
        id(each): at
        for at in prose
        if isinstance(each := document.blocks[at], Bullet) and each.span is not None
    }
    bound = bind([_bullet(document, at) for at in bullets.values()], standing)
    explained = {
        each.statement: bullets[id(each.bullet)]
        for each in reversed(bound)
        if each.statement is not None
    }
    for statement in quoted(standing):
        lines = range(
            statement.first - standing.first,
            min(statement.last - standing.first + 1, len(standing.lines)),
        )
        at = explained.get(statement, fence)
        last = _end(document, at) if at != fence else fence
        if not bullets and prose:
            last = prose[-1]
        yield statement, Spot(at, last, fence, lines)


def _bullet(document: Document, at: int) -> Bullet:
    block = document.blocks[at]
    assert isinstance(block, Bullet)
    return block


def _prose(document: Document, fence: int) -> Sequence[int]:
    """The blocks of prose up to the next fence or heading."""
    for at in range(fence + 1, len(document.blocks)):
        if isinstance(document.blocks[at], (Heading, Fence)):
            return range(fence + 1, at)
    return range(fence + 1, len(document.blocks))


def _end(document: Document, bullet: int) -> int:
    """The last block of a list item: its further paragraphs and the items inside it."""
    depth = _bullet(document, bullet).depth
    at = bullet + 1
    for each in document.blocks[at:]:
        inside = isinstance(each, (Bullet, Paragraph)) and (
            each.depth > depth or (isinstance(each, Paragraph) and each.depth == depth)
        )
        if not inside:
            break
        at += 1
    return at - 1
