"""Matching: where quoted lines stand in a source, and what comes nearest if they do not."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher, unified_diff


def find(source: Sequence[str], quote: Sequence[str]) -> list[int]:
    """Every offset of ``source`` at which the lines of ``quote`` stand, indented by one amount.

    An empty quote stands nowhere.
    """
    wanted = [line.rstrip() for line in quote]
    lines = [line.rstrip() for line in source]
    if not any(wanted):
        return []
    return [
        at
        for at in range(len(lines) - len(wanted) + 1)
        if _equal(lines[at : at + len(wanted)], wanted)
    ]


def _equal(lines: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the lines are the wanted ones moved to the right by one number of blanks."""
    at = next(i for i, line in enumerate(wanted) if line)
    margin = lines[at].removesuffix(wanted[at])
    if margin.strip():
        return False
    return all(
        line == (margin + want if want else "")
        for line, want in zip(lines, wanted, strict=True)
    )


def missing(
    fence: Fence, place: Place, source: Sequence[str], start: int, end: int
) -> str:
    """What to say about lines that are not in the function: where they are instead, or what comes nearest."""
    sentence = f"the lines do not stand in {place.function} of {place.path}"
    elsewhere = find(source, fence.code)
    if elsewhere:
        return f"{sentence}; they stand at line {elsewhere[0] + 1} of that file"
    if any(line.strip() == "..." for line in fence.code):
        sentence += "; a quote may not leave lines out with '...': split it"
    at = _nearest(source[start - 1 : end], fence.code)
    near = _dedent(source[start - 1 + at : start - 1 + at + len(fence.code)])
    wanted = [line.rstrip() for line in fence.code]
    diff = unified_diff(near, wanted, "source", "quote", lineterm="", n=len(near))
    text = "\n".join(f"    {line}" for line in list(diff)[3:])
    return f"{sentence}; nearest, at line {start + at}:\n{text}"


def _nearest(source: Sequence[str], quote: Sequence[str]) -> int:
    """Offset of the lines that are most like the quote."""
    wanted = "\n".join(line.strip() for line in quote)
    best, best_at = -1.0, 0
    for at in range(max(1, len(source) - len(quote) + 1)):
        window = "\n".join(line.strip() for line in source[at : at + len(quote)])
        ratio = SequenceMatcher(None, window, wanted, autojunk=False).ratio()
        if ratio > best:
            best, best_at = ratio, at
    return best_at


def _dedent(lines: Sequence[str]) -> list[str]:
    """The lines without their common margin."""
    margin = min((len(x) - len(x.lstrip()) for x in lines if x.strip()), default=0)
    return [line[margin:].rstrip() for line in lines]
