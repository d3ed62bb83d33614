"""Tests that grade many files of the same exercises let the kit run once, not once for each file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.grading import workshop

MANY: Final = (
    *("test_attacks", "test_attacks_on_answers", "test_attacks_on_files"),
    *("test_places", "test_seeded"),
)
"""The modules that do."""


@pytest.fixture(scope="module", autouse=True)
def kit_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """The kit's own run is the same for all of them; the learner's code runs in a process of its own as ever."""
    if request.module.__name__.rpartition(".")[2] not in MANY:
        yield
        return
    with workshop.KitOnce():
        yield
