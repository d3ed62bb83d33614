"""Making a recording ready to be looked at, on a thread of its own that tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from thpkit.trace import folds, sections
from thpkit.trace.timeline import Timeline
from tui.askable import with_questions
from tui.looks import signs
from tui.opening import Run
from tui.paths import UserError
from tui.trouble import Trouble
from tui.where import Target

BAR: Final = 20
"""Columns of the bar that shows how much has been done."""
LONG: Final = 300_000
"""Steps from which it takes long enough for a bar to be seen."""

Say = Callable[[str], object]


def prepared(target: Target, say: Say) -> Run | str:
    """Record, or read, and build what the panes will ask for; or a sentence why that is impossible."""
    try:
        run = with_questions(target.open())
    except UserError as error:
        return str(error)
    except Exception as error:  # whatever it is, nobody must wait for ever
        return f"{target.name}: {type(error).__name__}: {error}"
    index(run.timeline, say)
    return run


def index(timeline: Timeline, say: Say) -> None:
    """Find out who wrote what, which loops repeat and which calls there are, before anybody asks."""
    many = len(timeline) >= LONG

    def progress(done: float) -> None:
        if many:
            say(f"{len(timeline)} steps: who wrote what {bar(done)}")

    progress(0.0)
    timeline.history(progress)
    if many:
        say(f"{len(timeline)} steps: loops and calls {bar(1.0)}")
    folds.folds(timeline)
    sections.sections(timeline)
    Trouble(timeline).begins()


def bar(done: float) -> str:
    """A bar, and the part done in per cent."""
    glyphs = signs()
    full = round(min(max(done, 0.0), 1.0) * BAR)
    return f"{glyphs.more * full}{glyphs.line * (BAR - full)} {done:.0%}"
