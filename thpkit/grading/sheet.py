"""Answer sheets: an ``answer.toml`` of tables, in which the learner replaces question marks by answers.

    [A-touches]
    NR_FILE_PAGES = "?"     # becomes a number
    [lookup]
    broken = []             # becomes a list of names

The file is read as data and nothing else. A mistake is a sentence with the line in which it stands.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeAlias

from thpkit.grading import handed_in

Value: TypeAlias = int | str | tuple[str, ...]
Cell: TypeAlias = tuple[str, str]
"""A table of the sheet, and a key in it."""

OPEN: Final = "?"
"""Stands where nothing has been answered yet."""
SIZE_LIMIT: Final = 1 << 16
"""Bytes of a sheet; more is none."""
WORD: Final = 1 << 64
"""No number in a kernel is as large as this."""
LINE_LIMIT: Final = 1000
"""Characters of a line: more are never needed, and some long lines take minutes to read."""
_HEADER: Final = re.compile(r"\s*\[\s*([\w-]+)\s*\]\s*(?:#.*)?")
_KEY: Final = re.compile(r"(\s*([\w-]+)\s*=\s*)([^#]*?)(\s*(?:#.*)?)")


class SheetError(ValueError):
    """The sheet cannot be read; the message is a sentence with the line."""


class Wanted(Enum):
    """What an answer is."""

    NUMBER = "a number"
    TEXT = "a text in quotes"
    PLACE = "a text in quotes or the number of a line"
    NAMES = "a list of names, each in quotes"


@dataclass(frozen=True)
class Sheet:
    """The answers of a sheet; an open one is not in it."""

    name: str
    """Name of the file."""
    answers: Mapping[Cell, Value]
    lines: Mapping[Cell, int]
    """Where each answer stands, from 1."""

    def get(self, table: str, key: str) -> Value | None:
        """An answer, or None if it is open."""
        return self.answers.get((table, key))

    def line(self, table: str, key: str) -> str:
        """``line 7 of answer.toml``; the table instead, if the answer is written in a way of its own."""
        at = self.lines.get((table, key))
        return (
            f"[{table}] of {self.name}" if at is None else f"line {at} of {self.name}"
        )


def read(path: Path, wanted: Mapping[Cell, Wanted]) -> Sheet:
    """The sheet in a file, which must have exactly the ``wanted`` answers.

    Raises:
        SheetError: it cannot be read, something is missing or unknown, or an answer is of the wrong type.
    """
    try:
        text = handed_in.text(path, SIZE_LIMIT)
    except handed_in.Unreadable as error:
        raise SheetError(str(error)) from None
    return parse(text, path.name, wanted)


def parse(text: str, name: str, wanted: Mapping[Cell, Wanted]) -> Sheet:
    """The sheet in a text; see :func:`read`.

    Raises:
        SheetError: as :func:`read`.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_LIMIT:
            raise SheetError(
                f"line {number} of {name} is too long for an answer: it has {len(line)} characters"
            )
    tables = _tables(text, name)
    lines = _lines_of(text)
    for table, keys in tables.items():
        if not isinstance(keys, dict) or table not in {cell[0] for cell in wanted}:
            at = lines.get((table, ""), lines.get(("", table), 1))
            known = ", ".join(dict.fromkeys(f"[{cell[0]}]" for cell in wanted))
            raise SheetError(
                f"line {at} of {name}: nobody asks for {table!r}; there is {known}"
            )
        for key in keys:
            if (table, key) not in wanted:
                known = ", ".join(cell[1] for cell in wanted if cell[0] == table)
                at = lines.get((table, key), 1)
                raise SheetError(
                    f"line {at} of {name}: nobody asks for {key!r} in [{table}]; there is {known}"
                )
    answers = {}
    for cell, kind in wanted.items():
        value = _answer(tables, cell, kind, name, lines)
        if value is not None:
            answers[cell] = value
    return Sheet(name, answers, lines)


def filled(text: str, answers: Mapping[Cell, Value]) -> str:
    """The text of a sheet with these answers in it; everything else, comments too, stays.

    Raises:
        LookupError: the sheet has no place for one of them.
    """
    lines, table, missing = [], "", dict(answers)
    for line in text.splitlines():
        header, key = _HEADER.fullmatch(line), _KEY.fullmatch(line)
        if header is not None:
            table = header[1]
        elif key is not None and (table, key[2]) in missing:
            line = f"{key[1]}{_toml(missing.pop((table, key[2])))}{key[4]}"
        lines.append(line)
    if missing:
        raise LookupError(f"the sheet has no place for {sorted(missing)}")
    return "\n".join(lines) + "\n"


def _tables(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", place)
        at = f"line {line[1]}" if line else "the end"
        raise SheetError(
            f"{at} of {name} is no valid TOML: {message[:1].lower()}{message[1:]}"
        ) from None
    except (ValueError, RecursionError):
        raise SheetError(
            f"{name} is no valid TOML: its brackets are too deep"
        ) from None


def _lines_of(text: str) -> dict[Cell, int]:
    """The line of each table, under an empty key, and of each key."""
    found: dict[Cell, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        key = re.match(r"\s*([\w-]+)\s*=", line)
        if header is not None:
            table = header[1]
            found.setdefault((table, ""), number)
        elif key is not None:
            found.setdefault((table, key[1]), number)
    return found


def _answer(
    tables: Mapping[str, Any],
    cell: Cell,
    kind: Wanted,
    name: str,
    lines: Mapping[Cell, int],
) -> Value | None:
    """One answer; None if it is open."""
    table, key = cell
    if table not in tables:
        raise SheetError(f"{name} has no table [{table}] any more; put it back")
    if key not in tables[table]:
        at = lines.get((table, ""), 1)
        raise SheetError(
            f'line {at} of {name}: {key} is missing in [{table}]; write {key} = "?" if it is open'
        )
    value = tables[table][key]
    if isinstance(value, str) and value.strip() in ("", OPEN):
        return None
    if kind in (Wanted.NUMBER, Wanted.PLACE) and type(value) is int:
        if abs(value) < WORD:
            return value
    if kind in (Wanted.TEXT, Wanted.PLACE) and isinstance(value, str):
        return value.strip()
    if kind is Wanted.NAMES and isinstance(value, list):
        if all(isinstance(each, str) for each in value):
            return tuple(each.strip() for each in value)
    at = lines.get(cell, 1)
    raise SheetError(
        f"line {at} of {name}: {key} in [{table}] must be {kind.value}, not {_short(value)}"
    )


def _short(value: object) -> str:
    """What was written instead, briefly."""
    try:
        text = repr(value)
    except RecursionError:
        text = "tables within tables"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _toml(value: Value) -> str:
    """A value as TOML writes it."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"[{', '.join(map(_toml, value))}]"
