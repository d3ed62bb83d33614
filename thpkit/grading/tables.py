"""Reading the TOML files of an exercise strictly: nothing missing, nothing left over, every mistake a sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Mistake(ValueError):
    """Something in an exercise's folder is wrong; the message is a sentence."""


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        Mistake: there is no such file, or it is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Mistake(f"it has no {path.name}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise Mistake(f"{path.name}: {error}") from None


class Table:
    """A table of a TOML file, of which every key must be read once and none may be left over."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, dict):
            raise Mistake(f"{where} must be a table")
        self.data: Mapping[str, Any] = data
        self.where = where
        """What it is called in a message."""
        self._read: set[str] = set()

    def text(self, key: str, *, empty: bool = False) -> str:
        """A text, without white space around it unless it has several lines."""
        value = self._get(key)
        if not isinstance(value, str) or not (value or empty):
            raise Mistake(f"{self.where}: {key} must be a text")
        return (
            value
            if "\n" in value.strip("\n") or empty or key == "old"
            else value.strip()
        )

    def texts(self, key: str) -> list[str]:
        """A list of texts with at least one."""
        value = self._get(key)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(each, str) for each in value)
        ):
            raise Mistake(f"{self.where}: {key} must be a list of texts")
        return value

    def has(self, key: str) -> bool:
        """Whether there is such a key; asking is not reading."""
        return key in self.data

    def flag(self, key: str) -> bool:
        """True or false; false if it is not there."""
        value = self._get(key) if self.has(key) else False
        if type(value) is not bool:
            raise Mistake(f"{self.where}: {key} must be true or false")
        return value

    def number(self, key: str) -> int:
        """A number that is not negative."""
        value = self._get(key)
        if type(value) is not int or value < 0:
            raise Mistake(f"{self.where}: {key} must be a number, 0 or more")
        return value

    def integer(self, key: str) -> int:
        """A whole number, negative ones too."""
        value = self._get(key)
        if type(value) is not int:
            raise Mistake(f"{self.where}: {key} must be a whole number")
        return value

    def one(self, key: str, read: Callable[[Table], T]) -> T:
        """What ``read`` makes of the table of that name."""
        table = Table(f"{self.where}: {key}", self._get(key))
        found = read(table)
        table.finish()
        return found

    def each(self, key: str, read: Callable[[Table], T]) -> tuple[T, ...]:
        """What ``read`` makes of each table of a list with at least one."""
        value = self._get(key)
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise Mistake(f"{self.where}: write [[{key}]] at least once")
        found = []
        for number, data in enumerate(value, 1):
            table = Table(f"{self.where}: {key} {number}", data)
            found.append(read(table))
            if key != "case":
                table.finish()
        return tuple(found)

    def finish(self) -> None:
        """Refuse keys that nobody has read."""
        unknown = sorted(set(self.data) - self._read)
        if unknown:
            raise Mistake(f"{self.where}: nobody knows {', '.join(unknown)}")

    def _get(self, key: str) -> Any:
        if key not in self.data:
            raise Mistake(f"{self.where}: {key} is missing")
        self._read.add(key)
        return self.data[key]
