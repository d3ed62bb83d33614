"""Comparing two spellings on one case."""

from __future__ import annotations


class Disagree(AssertionError):
    """Two spellings gave different results."""


def same(case: object, one: object, other: object) -> int:
    """Compare what two spellings gave; 1, for counting the cases.

    Raises:
        Disagree: it is not the same.
    """
    if one != other:
        raise Disagree(f"{case}: {one!r} in one spelling, {other!r} in the other")
    return 1
