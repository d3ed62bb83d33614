"""Comparing what was seen of a case with what the kit does: the first divergence, as a path with both values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from thpkit.grading.answer import Plain, Runs, SeenCall, SeenCase, Value
from thpkit.grading.calls import ADDRESSES
from thpkit.grading.cases import Case
from thpkit.grading.seeded import seed_of

NOTHING: Final = "nothing"
"""Stands for a path that is not there."""
RESULT: Final = "result"
"""Path of what a call returned."""
RETURN: Final = "return"
"""Path of whether a call returned at all."""


@dataclass(frozen=True)
class Divergence:
    """The first thing in which a case differs from the kit."""

    case: str
    call: int
    """Which call of the case, from 1."""
    calls: int
    """How many it has."""
    text: str
    """The call, as a reader would write it."""
    path: str
    expected: Plain
    got: Plain
    alike: int = 1
    """How many sub-pages differ in the same way."""

    @property
    def seed(self) -> int | None:
        """The seed that the case was generated from; None if it was written down."""
        return seed_of(self.case)

    @property
    def sentence(self) -> str:
        """``path: expected 0, got 1``; ``no return`` and why, of a call that does not come back."""
        if self.path == RETURN and self.expected != NOTHING:
            return f"no return: {self.got}"
        more = f" (and {self.alike - 1} more sub-pages)" if self.alike > 1 else ""
        expected, got = _shown(self.expected), _shown(self.got)
        return f"{self.path}: expected {expected}, got {got}{more}"

    @property
    def than(self) -> str:
        """Whether the value is ``less`` or ``more`` than expected, or ``other``."""
        if isinstance(self.expected, int) and isinstance(self.got, int):
            return "less" if self.got < self.expected else "more"
        return "other"


def first_divergence(case: Case, kit: SeenCase, seen: SeenCase) -> Divergence | None:
    """The first difference between what the kit does and what was seen, in order of the calls."""
    total = len(case.calls)
    for number, (call, expected) in enumerate(
        zip(case.calls, kit.calls, strict=False), 1
    ):
        if number > len(seen.calls):
            why = NOTHING if seen.ended is None else seen.ended.sentence
            return Divergence(
                case.id, number, total, call.text, RETURN, "a return", why
            )
        found = _difference(expected, seen.calls[number - 1])
        if found is not None:
            return Divergence(case.id, number, total, call.text, *found)
    if len(seen.calls) != len(kit.calls) or seen.ended is not None:
        text = case.calls[-1].text
        return Divergence(
            case.id, total, total, text, RETURN, NOTHING, "something else"
        )
    return None


def _difference(
    expected: SeenCall, seen: SeenCall
) -> tuple[str, Plain, Plain, int] | None:
    """Path, both values and the number of like sub-pages of the first difference after one call."""
    if not _same(expected.result, seen.result):
        return RESULT, expected.result, seen.result, 1
    for path, value in expected.state.items():
        other = seen.state.get(path, NOTHING)
        if not _same(value, other):
            return _located(path, value, other)
    for path, value in seen.state.items():
        if path not in expected.state:
            return _located(path, NOTHING, value)
    return None


def _same(a: Value, b: Value) -> bool:
    return type(a) is type(b) and a == b


def _located(path: str, expected: Value, got: Value) -> tuple[str, Plain, Plain, int]:
    """The difference of two values; of many sub-pages the first that differs, by its name."""
    if not isinstance(expected, tuple) and not isinstance(got, tuple):
        return path, expected, got, 1
    name, _, field = path.rpartition(".")
    size = max(_length(expected), _length(got))
    first: tuple[int, Plain, Plain] | None = None
    alike = 0
    for at, (a, b) in enumerate(
        zip(_each(expected, size), _each(got, size), strict=True)
    ):
        if type(a) is type(b) and a == b:
            continue
        if first is None:
            first = at, a, b
        alike += first[1:] == (a, b)
    assert first is not None
    at, a, b = first
    return f"{name}+{at}.{field}" if at else path, a, b, alike


def _length(value: Value) -> int:
    return sum(count for count, _ in value) if isinstance(value, tuple) else 1


def _each(value: Value, size: int) -> list[Plain]:
    """One value for each of ``size`` sub-pages."""
    runs: Runs = value if isinstance(value, tuple) else ((size, value),)
    found = list(chain.from_iterable(repeat(each, count) for count, each in runs))
    return found + [NOTHING] * (size - len(found))


def _shown(value: Plain) -> str:
    """A value for readers; addresses in hexadecimal."""
    if isinstance(value, int) and value >= ADDRESSES:
        return hex(value)
    return "None" if value is None else str(value)
