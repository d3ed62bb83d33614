"""Reading what somebody typed as an answer, leniently: numbers, letters, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Final

_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?) ?(?P<digits>0x[0-9a-f_]+|\d{1,3}(?:[,_']\d{3})+|\d[\d_]*)(?: ?(?P<unit>[a-z]\w*))?\.?",
    re.IGNORECASE,
)
_LETTER: Final = re.compile(r"(?:option |answer )?\(?([a-z])[).:]?\.?", re.IGNORECASE)
_SCALED: Final = frozenset(
    {"k", "m", "g", "kb", "mb", "gb", "kib", "mib", "gib", "bytes", "byte"}
)
"""Units that make another number of a number."""
LONGEST: Final = 24
"""Characters that a number can have."""


class NotUnderstood(ValueError):
    """What was typed is no answer to the question. The message says why, without a full stop."""


def number(typed: str, unit: str = "") -> int:
    """The number that was typed: ``512``, ``+512``, ``−512``, ``1,024``, ``0x7f00``, ``512 pages``.

    Raises:
        NotUnderstood: it is none, or one of another unit.
    """
    text = typed.replace("−", "-").replace("–", "-").strip()
    match = _NUMBER.fullmatch(text)
    if match is None or len(match["digits"]) > LONGEST:
        raise NotUnderstood(f"{typed!r} is no number")
    said = (match["unit"] or "").casefold()
    wanted = unit.casefold()
    if said and said.rstrip("s") != wanted.rstrip("s") and (unit or said in _SCALED):
        raise NotUnderstood(f"the number is wanted {_in(unit)}, not in {match['unit']}")
    digits = re.sub(r"[,_']", "", match["digits"])
    try:
        value = int(digits, 16 if digits[:2].casefold() == "0x" else 10)
    except ValueError:
        raise NotUnderstood(f"{typed!r} is no number") from None
    return -value if match["sign"] == "-" else value


def _in(unit: str) -> str:
    return f"in {unit}" if unit else "alone"


def letter(typed: str, options: Sequence[str]) -> int:
    """Which option was meant, counted from 0: ``b``, ``B)``, ``(b)``, or the option's own text.

    Raises:
        NotUnderstood: none of them.
    """
    match = _LETTER.fullmatch(typed)
    if match is not None:
        at = ascii_lowercase.index(match[1].casefold())
        if at < len(options):
            return at
        raise NotUnderstood(f"there is no option {match[1].casefold()}")
    wanted = plain(typed)
    found = [i for i, each in enumerate(options) if plain(each) == wanted]
    if len(found) == 1:
        return found[0]
    raise NotUnderstood(f"{typed!r} is no option")


def letters(typed: str, count: int) -> list[int]:
    """The options in the order typed: ``b a c``, ``b,a,c``, ``bac``, ``b > a > c``.

    Raises:
        NotUnderstood: something else than letters, a letter too high, or one twice.
    """
    text = re.sub(r"[\s,;>.)(→-]+", "", typed).casefold()
    found: list[int] = []
    for each in text:
        at = ascii_lowercase.find(each)
        if not 0 <= at < count:
            raise NotUnderstood(f"{each!r} is none of the letters")
        if at in found:
            raise NotUnderstood(f"{each} stands twice")
        found.append(at)
    if not found:
        raise NotUnderstood("there are no letters")
    return found


def plain(text: str) -> str:
    """A text without what does not matter when two are compared."""
    return " ".join(text.replace("`", "").casefold().rstrip(".").split())


def lettered(texts: Sequence[str]) -> list[str]:
    """Options as they are shown."""
    return [
        f"{letter_}) {text}"
        for letter_, text in zip(ascii_lowercase, texts, strict=False)
    ]


def listed(parts: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
