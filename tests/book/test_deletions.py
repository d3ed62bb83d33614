"""Who reads only a bullet can tell what breaks without its statement: tried on twenty drawn by lot.

When a test here fails after a change of the code or of the commentary, read the bullet, say what breaks, and put that
into ``tests/book/deletions.py``; ``python -m tests.book.deletions`` prints what is observed.
"""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.book.deletions import DRAWN, FATES, Drawn, draw, outcome
from tests.machine.edits import without
from thpkit.kernel.variant import REF

TRIED = [place for place, fate in FATES.items() if fate.scene is not None]


@lru_cache(maxsize=1)
def _drawn() -> dict[str, Drawn]:
    return {each.place: each for each in draw()}


def test_the_table_has_what_is_drawn() -> None:
    new = sorted(_drawn().keys() - FATES.keys())
    gone = sorted(FATES.keys() - _drawn().keys())
    assert not new and not gone, (
        "the draw has changed, as it does when a drawn statement or its bullet changes: in tests/book/deletions.py "
        f"add {new or 'nothing'} and remove {gone or 'nothing'}"
    )
    assert len(_drawn()) == DRAWN


def test_most_of_them_are_tried() -> None:
    assert len(TRIED) >= 12


@pytest.mark.parametrize("place", FATES)
def test_the_bullet_says_what_breaks(place: str) -> None:
    each = _drawn()[place]
    assert FATES[place].says in each.bullet, (
        f"{each.explanation.document.name}:{each.explanation.line}: the bullet does not say "
        f"{FATES[place].says!r} any more: {each.bullet}"
    )


@pytest.mark.parametrize("place", TRIED)
def test_nothing_breaks_with_the_statement(place: str) -> None:
    fate = FATES[place]
    assert fate.scene is not None
    seen = outcome(REF, fate.scene)
    assert fate.fine in seen
    assert fate.broken not in seen


@pytest.mark.parametrize("place", TRIED)
def test_the_promised_breaks_without_it(place: str) -> None:
    fate = FATES[place]
    assert fate.scene is not None
    seen = outcome(without(_drawn()[place].statement), fate.scene)
    assert fate.broken in seen, f"{_drawn()[place].bullet} But: {seen}"
    assert fate.fine not in seen
