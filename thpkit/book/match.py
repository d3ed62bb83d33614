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


def nearest(source: Sequence[str], span: tuple[int, int], quote: Sequence[str]) -> str:
    """What to tell an author whose quote is not in lines ``span`` of ``source``: where it is, or what is like it."""
    elsewhere = find(source, quote)
    if elsewhere:
        return f"they stand at line {elsewhere[0] + 1} of that file"
    first, last = span
    at = first - 1 + _most_alike(source[first - 1 : last], quote)
    near = _dedent(source[at : at + len(quote)])
    wanted = _dedent(quote)
    diff = unified_diff(near, wanted, "source", "quote", lineterm="", n=len(near))
    text = "\n".join(f"    {line}" for line in list(diff)[3:])
    hint = ""
    if any(line.strip() == "..." for line in quote):
        hint = "a quote may not leave lines out with '...', split it; "
    return f"{hint}nearest, at line {at + 1} (- source, + quote):\n{text}"


def _most_alike(source: Sequence[str], quote: Sequence[str]) -> int:
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
