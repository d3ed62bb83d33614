"""Texts that a learner's code or file has made, as they may stand in a report: nothing that a terminal would obey."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from thpkit.grading.compare import Divergence
from thpkit.grading.results import CheckResult

LIMIT: Final = 600
"""Characters of one line of a report that are shown."""
VALUE_LIMIT: Final = 200
"""Characters of one value."""


def printable(text: str, limit: int = LIMIT) -> str:
    """``text`` without control characters, lone surrogates and the like, and no line longer than ``limit``."""
    lines = (_line(each, limit) for each in text.split("\n"))
    return "\n".join(lines)


def clean(result: CheckResult) -> CheckResult:
    """A check's result with printable texts."""
    return replace(
        result,
        problem=None if result.problem is None else printable(result.problem),
        broken=None if result.broken is None else printable(result.broken),
        divergence=None
        if result.divergence is None
        else _divergence(result.divergence),
    )


def _divergence(found: Divergence) -> Divergence:
    return replace(
        found,
        text=_line(found.text, LIMIT),
        path=_line(found.path, VALUE_LIMIT),
        expected=_value(found.expected),
        got=_value(found.got),
    )


def _value(value: int | str | None) -> int | str | None:
    return _line(value, VALUE_LIMIT) if isinstance(value, str) else value


def _line(text: str, limit: int) -> str:
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(each if each.isprintable() else "·" for each in shown)
