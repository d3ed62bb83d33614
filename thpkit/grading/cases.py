"""Cases: what an exercise is tried on, as system calls written in plain data.

A case in ``cases.toml``::

    [[case]]
    id = "one-process"
    title = "One process maps a huge page and unmaps it"
    calls = [
      { do = "create", path = "/lib/libbig.so", size = "4M" },
      { do = "spawn", name = "A" },
      { do = "A.open", path = "/lib/libbig.so", gives = "fd" },
      { do = "A.mmap", length = "4M", prot = "READ|EXEC", fd = "fd", gives = "at" },
      { do = "A.touch", addr = "at + 2M" },
    ]

How a call is written: :mod:`~thpkit.grading.calls`. ``seeded = 4`` above the cases adds four that are generated:
:mod:`~thpkit.grading.seeded`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thpkit.grading.calls import Call, CaseError, call_of

__all__ = ["Call", "Case", "CaseError", "call_of", "calls_of", "case_of"]


@dataclass(frozen=True)
class Case:
    """A named sequence of calls on a machine of its own."""

    id: str
    title: str
    calls: tuple[Call, ...]

    def to_data(self) -> dict[str, Any]:
        """The plain data that :func:`case_of` reads."""
        calls = [each.to_data() for each in self.calls]
        return {"id": self.id, "title": self.title, "calls": calls}


def case_of(data: object) -> Case:
    """The case that plain data describes.

    Raises:
        CaseError: something is missing, unknown or of the wrong type.
    """
    if not isinstance(data, dict) or set(data) != {"id", "title", "calls"}:
        raise CaseError("a case has exactly id, title and calls")
    name, title, calls = data["id"], data["title"], data["calls"]
    if not isinstance(name, str) or not isinstance(title, str) or not name:
        raise CaseError(f"case {name!r}: id and title are texts")
    if not isinstance(calls, list) or not calls:
        raise CaseError(f"case {name}: calls is a list with at least one call")
    try:
        return Case(name, title, calls_of(calls))
    except CaseError as error:
        raise CaseError(f"case {name}, {error}") from None


def calls_of(data: Iterable[object]) -> tuple[Call, ...]:
    """The calls that plain data describes, in order; each may use the names that those before it gave.

    Raises:
        CaseError: one is written wrongly; the message says which.
    """
    known: dict[str, int] = {}
    found = []
    for number, each in enumerate(data, 1):
        try:
            call = call_of(each, known)
        except CaseError as error:
            raise CaseError(f"call {number}: {error}") from None
        if call.gives is not None:
            known[call.gives] = 0
        found.append(call)
    return tuple(found)
