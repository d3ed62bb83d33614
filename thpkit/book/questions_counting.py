"""Questions that are answered with numbers: one value, or what several counters do between two places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from thpkit.book.questions import Judged, Play, Question
from thpkit.book.questions_typed import NotUnderstood, listed, number

HEX_ABOVE: Final = 0xFFFF
"""Greater numbers are told in hexadecimal too: they are addresses or lengths."""
_PAIR: Final = re.compile(r"([^\s=,;]+) ?[=:] ?([+−–-]? ?[\w,']*\w)")


class Known(NamedTuple):
    """A wrong answer that was foreseen."""

    reason: str
    play: Play | None = None


@dataclass(frozen=True, kw_only=True)
class Numeric(Question):
    """How much is it?"""

    kind: ClassVar[str] = "numeric"
    key: int
    unit: str = ""
    """What is counted, in the plural; empty if that is plain."""
    wrong: Mapping[int, Known]
    """Foreseen wrong answers."""
    look: str = ""
    """Where to look, told to who is wrong in another way."""

    @property
    def how(self) -> str:
        """How to answer."""
        return f"a number ({self.unit})" if self.unit else "a number"

    def sample(self) -> str:
        """The number."""
        return str(self.key)

    def answer(self) -> str:
        """The number, with its unit."""
        return f"{_told(self.key)} {self.unit}".strip()

    def _judge(self, typed: str, here: int | None) -> Judged:
        given = number(typed, self.unit)
        if given == self.key:
            return Judged(True)
        known = self.wrong.get(given)
        return (
            Judged(False, known.reason, known.play)
            if known
            else Judged(False, self.look)
        )


class Account(NamedTuple):
    """A counter between two places."""

    cell: str
    change: int
    look: str
    """A sentence: what it was and is, and who moved it."""


@dataclass(frozen=True, kw_only=True)
class Ledger(Question):
    """By how much does each of these counters move?"""

    kind: ClassVar[str] = "ledger"
    accounts: tuple[Account, ...]
    wrong: Mapping[tuple[str, int | None], str]
    """Reasons for foreseen wrong answers, by cell and change; with None: for every other change."""

    def options(self) -> list[str]:
        """The counters, in order."""
        return [f"{i}. `{each.cell}`" for i, each in enumerate(self.accounts, 1)]

    @property
    def how(self) -> str:
        """How to answer."""
        count = len(self.accounts)
        if count == 1:
            return "a number, with − if it falls"
        return f"{count} numbers in that order, as 5 0 −5, or NAME=+5 for each"

    def sample(self) -> str:
        """The numbers in order."""
        return " ".join(
            f"{each.change:+}" if each.change else "0" for each in self.accounts
        )

    def answer(self) -> str:
        """Each counter with its change."""
        return listed([f"{each.cell} {_signed(each.change)}" for each in self.accounts])

    def _judge(self, typed: str, here: int | None) -> Judged:
        given = (
            self._pairs(typed) if re.search("[=:]", typed) else self._in_order(typed)
        )
        reasons = [
            self._reason(each, value)
            for each, value in zip(self.accounts, given, strict=True)
            if value != each.change
        ]
        return Judged(not reasons, " ".join(reasons))

    def _reason(self, account: Account, given: int) -> str:
        known = self.wrong.get((account.cell, given)) or self.wrong.get(
            (account.cell, None)
        )
        return f"{account.cell}, you say {_signed(given)}: {known or account.look}"

    def _in_order(self, typed: str) -> list[int]:
        """A number for each counter, in order."""
        text = re.sub(r"([+−–-]) (?=\d)", r"\1", typed)
        text = re.sub(r"\band\b", " ", text)
        for split in (r"[;,]? +|;", r"[\s,;]+"):
            parts = [each for each in re.split(split, text.strip(" ,;.")) if each]
            if len(parts) == len(self.accounts):
                return [number(each.strip(",")) for each in parts]
        raise NotUnderstood(f"{typed!r} is not {len(self.accounts)} numbers")

    def _pairs(self, typed: str) -> list[int]:
        """``NAME=+512`` for each counter, in any order."""
        if _PAIR.sub("", typed).strip(" ,;."):
            raise NotUnderstood(f"{typed!r} is not NAME=NUMBER for each counter")
        given: dict[str, int] = {}
        for name, value in _PAIR.findall(typed):
            account = self._named(name)
            if account.cell in given:
                raise NotUnderstood(f"{account.cell} stands twice")
            given[account.cell] = number(value.strip(" ,"))
        missing = [each.cell for each in self.accounts if each.cell not in given]
        if missing:
            raise NotUnderstood(
                f"nothing is said about {listed(missing)}; 0 if it stays"
            )
        return [given[each.cell] for each in self.accounts]

    def _named(self, name: str) -> Account:
        wanted = name.strip("`").casefold()
        for short in (False, True):
            found = [
                each
                for each in self.accounts
                if wanted == each.cell.casefold()
                or (short and each.cell.casefold().endswith(wanted))
            ]
            if len(found) == 1:
                return found[0]
        raise NotUnderstood(f"{name} is none of the counters")


def _told(value: int) -> str:
    return f"{value:#x} ({value})" if abs(value) > HEX_ABOVE else str(value)


def _signed(value: int) -> str:
    if value == 0:
        return "0"
    return f"+{value}" if value > 0 else f"−{-value}"
