"""What the command line prints: walks, the glossary, verdicts. No colours, no screen."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui import opening
from tui.looks import signs
from tui.paths import ROOT, UnfinishedError, UserError
from tui.state import Store
from tui.where import SAVED, Target

if TYPE_CHECKING:
    from tui.opening import Run

WIDTH: Final = 80


def version() -> str:
    """The version of this program."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of

    try:
        return version_of("thpkit")
    except PackageNotFoundError:
        return "not installed"


def walk(
    target: Target,
    *,
    every: bool = False,
    first: int | None = None,
    last: int | None = None,
) -> Iterator[str]:
    """The plain walk from stop to stop, or with ``every`` each step; only from ``first`` to ``last`` if given.

    Where no stop lies in the range, its steps are printed.

    Raises:
        UserError: it cannot be opened, or there are no such steps.
        UnfinishedError: all is printed, but the scenario raised an exception.
    """
    from thpkit.view import plain
    from thpkit.view.explanations import NO_EXPLANATIONS
    from tui.asides import Questions, beside

    if min(first or 0, last or 0) < 0:
        raise UserError("steps are counted from 0")
    if first is not None and last is not None and last < first:
        raise UserError(f"--from {first} lies behind --to {last}")
    run = target.open()
    timeline, glyphs = run.timeline, signs()
    opens = 0 if every or last is not None else run.start or 0
    begin, stop = _range(len(timeline) - 1, opens if first is None else first, last)
    for notice in run.notices:
        yield from (*_wrapped(notice), "")
    if run.side_by_side and first is None and last is None:
        yield from beside(run, glyphs)
    if begin == 0 and not every:
        yield from _introduction(run)
    stops = [each for each in plain.halts(timeline) if begin <= each.step <= stop]
    if every or not stops:
        yield from plain.every(timeline, begin, stop, fold=not every, glyphs=glyphs)
    else:
        told = run.explanations or NO_EXPLANATIONS
        asked = Questions(run, glyphs)
        yield from plain.walk(
            timeline, told, first=begin, last=stop, glyphs=glyphs, ahead=asked.before
        )
        if stop == len(timeline) - 1:
            yield from asked.at_end()
    if timeline.failed:
        raise UnfinishedError(f"the scenario did not finish: {timeline.ending}")


def converse(target: Target, say: Callable[[str], object]) -> None:
    """Open a target and talk about it: moves typed as words on standard input.

    Somebody at a terminal goes on where he left; a script begins at the start.

    Raises:
        UserError: it cannot be opened.
        UnfinishedError: the scenario raised an exception; what was recorded of it could be talked about.
    """
    from tempfile import TemporaryDirectory

    from tui import progress
    from tui.askable import Askable, with_questions
    from tui.dialogue import converse as talk
    from tui.reader import Reader

    run = with_questions(target.open())
    reader = Reader(run.timeline, run.start or 0)
    typed = sys.stdin.isatty()
    with TemporaryDirectory(prefix="thp-talk-") as nowhere:
        store = Store() if typed else Store(Path(nowhere))
        asked = None if run.quiz is None else Askable(run.quiz, store)
        if asked is not None and not typed:
            asked.silence()
        said = progress.resume(store, run, reader)
        if said:
            say(said)
        try:
            talk(run, reader, signs(), say, asked)
        finally:
            progress.keep(store, run, reader)
    if run.timeline.failed:
        raise UnfinishedError(f"the scenario did not finish: {run.timeline.ending}")


def draw(target: Target, file: Path, place: str | None, size: str) -> str:
    """Draw the stepping screen into an SVG file; a sentence about it.

    Raises:
        UserError: the target cannot be opened, or place or size make no sense.
    """
    from tui import picture

    columns, rows = picture.size_of(size)
    step = picture.write(target, file, place, (columns, rows))
    return f"step {step} of {target.title}, {columns}x{rows}, is drawn in {file}"


def _introduction(run: Run) -> Iterator[str]:
    """What the lesson says before the walk."""
    if not run.introduction:
        return
    from thpkit.view.glyphs import spelled
    from thpkit.view.rows import text_of
    from tui.introduction import rows_of

    yield run.title
    yield ""
    for line in rows_of(run.introduction, WIDTH):
        yield spelled(text_of(line), signs())


def _range(end: int, first: int, last: int | None) -> tuple[int, int]:
    """First and last step to print.

    Raises:
        UserError: there are none.
    """
    stop = end if last is None else min(last, end)
    if not 0 <= first <= end or stop < first:
        raise UserError(f"the steps go from 0 to {end}")
    return first, stop


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)


def save(target: Target, path: Path) -> str:
    """Record and save; a sentence about it.

    Raises:
        UserError: the target cannot be opened, or the file not be written.
    """
    if path.suffix != SAVED:
        raise UserError(f"a saved recording ends in {SAVED}: {path} does not")
    run = target.open()
    opening.save(run, path)
    return f"{len(run.timeline)} steps of {run.title} are saved: thp step {path} opens them"


def glossary(term: str) -> Iterator[str]:
    """One term and what it means; all names without one."""
    from thpkit import book

    known = book.glossary(ROOT)
    if not known.terms:
        raise UserError("there is no glossary beside this program")
    if not term:
        yield from (each.name for each in known.terms)
        return
    found = known.lookup(term)
    if found is None:
        near = known.nearest(term)
        hint = (
            f"; did you mean {' or '.join(near)}?"
            if near
            else "; thp glossary lists all terms"
        )
        raise UserError(f"the glossary does not have {term!r}{hint}")
    from thpkit.view.layout import wrapped
    from thpkit.view.rows import starred, text_of

    yield found.name
    for paragraph in found.rows():
        yield ""
        yield from (text_of(line) for line in wrapped(starred(paragraph), WIDTH))


def why() -> Iterator[str]:
    """Why anybody wants huge pages for files: a table of four lines, and a blank one."""
    from thpkit.scenario.why import MEASURED

    yield from (*MEASURED.lines(), "")


def defects(id: str | None, verified: bool) -> tuple[list[str], int]:
    """The table of all defects, the story of one, or what verifying them finds; and the exit status.

    Raises:
        UserError: there is no such defect.
    """
    from thpkit.patch import report, verify

    try:
        if id and not verified:
            return report.story(id), 0
        verdicts = verify([id] if id else None)
    except ValueError as error:
        raise UserError(str(error)) from None
    lines = report.verification(verdicts) if verified else report.table(verdicts)
    failed = any(each.failure for each in verdicts)
    if verified or failed:
        lines.append(report.total(verdicts))
    return lines, int(failed)
