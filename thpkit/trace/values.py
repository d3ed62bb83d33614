"""What a recording keeps of local values, and how values are told apart.

Kernel structures and immutable values are kept as they are. A plain list, dictionary or set can change without
anybody noticing, and an exception holds its frames, so of those only the text is kept.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, defaultdict, deque
from reprlib import Repr
from typing import Any, Final

from thpkit.trace.tape import Shown

BOXES: Final = frozenset(
    {list, dict, set, bytearray, deque, defaultdict, OrderedDict, Counter}
)
"""Exact types of which only the text is kept. KArray and KDict are kernel state, and not among them."""

PLAIN: Final[set[type]] = {int, bool, str, type(None)}
"""Types of which the value itself is kept. Grows with each type that is met; it only saves time."""

_short = Repr()
_short.maxlist = _short.maxdict = _short.maxset = _short.maxdeque = _short.maxtuple = 8
_short.maxother = _short.maxstring = 80

_ADDRESS: Final = re.compile(r" (?:at|object at) 0x[0-9a-fA-F]+")


def box(value: Any) -> Any:
    """``value`` itself, or the text that is kept in its place."""
    if type(value) in BOXES:
        return text_of(value)
    if isinstance(value, BaseException):
        return Shown(
            f"{type(value).__name__}: {value}" if str(value) else type(value).__name__
        )
    return value


def text_of(value: object) -> Shown:
    """A short text for any value; the same in every run, so without addresses."""
    try:
        return Shown(_ADDRESS.sub("", _short.repr(value)))
    except Exception as error:
        return Shown(
            f"<{type(value).__name__}: its repr raised {type(error).__name__}>"
        )
