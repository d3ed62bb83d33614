"""Cases that are generated: two processes and whatever comes into their minds, always the same for the same seed.

The name of such a case is ``seed-1742``, and the name is all that is needed to play it again. Numbers come from
``random.Random(seed).random()``, which every version of Python promises to repeat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any, Final, TypeVar

from thpkit.grading.cases import Case, case_of

T = TypeVar("T")

SEEDED: Final = "seed"
"""Beginning of the names of generated cases; also what a check names to mean all of them."""

PATH: Final = "/lib/libbig.so"
BLOCKS: Final = 2
"""Length of the file in huge pages."""
MIDDLE: Final = 10
"""Calls between the first touch and the end."""
BASES: Final = {"A": 0x7F00005FF000, "B": 0x7E55559FF000}
"""The two processes, and below which address they place their mappings (so that huge pages fit)."""


def seed_of(name: str) -> int | None:
    """The seed of ``seed-1742``; None for the name of another case."""
    match = re.fullmatch(rf"{SEEDED}-(\d{{1,9}})", name)
    return None if match is None else int(match[1])


def seeded_case(seed: int) -> Case:
    """The case that is generated from a seed."""
    return _Writer(seed).case()


class _Writer:
    """Writes one case."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random(seed)
        self._calls: list[dict[str, Any]] = []
        self._maps: list[tuple[str, str, int]] = []
        """Process, name of the address, and length in pages, of every mapping."""

    def case(self) -> Case:
        """Begin, do this and that, and leave nothing."""
        self._do(do="create", path=PATH, size="4M")
        for who, base in BASES.items():
            self._do(do="spawn", name=who, mmap_base=base)
            self._do(do=f"{who}.open", path=PATH, gives=f"fd_{who.lower()}")
            self._map(who, whole=True)
        self._touch()
        for _ in range(MIDDLE):
            self._pick((self._touch, self._touch, self._touch, self._some))()
        for who in BASES:
            self._do(do=f"{who}.exit")
        self._do(do="drain")
        title = f"generated from the seed {self._seed}"
        return case_of(
            {"id": f"{SEEDED}-{self._seed}", "title": title, "calls": self._calls}
        )

    # ---- calls ------------------------------------------------------------------------------------------

    def _some(self) -> None:
        """Something other than touching memory."""
        self._pick(
            (
                lambda: self._map(self._who(), whole=False),
                self._unmap,
                self._unmap,
                self._protect,
                self._read,
                self._cut,
            )
        )()

    def _map(self, who: str, *, whole: bool) -> None:
        name = f"at{len(self._maps) + 1}"
        first = 0 if whole else self._below(512 * BLOCKS - 16)
        pages = 512 * BLOCKS if whole else 4 + self._below(12)
        call = {"length": 4096 * pages, "prot": "READ|EXEC", "offset": 4096 * first}
        self._do(do=f"{who}.mmap", fd=f"fd_{who.lower()}", gives=name, **call)
        self._maps.append((who, name, pages))

    def _touch(self) -> None:
        who, name, pages = self._pick(self._maps)
        self._do(do=f"{who}.touch", addr=f"{name} + {4096 * self._below(pages)}")

    def _unmap(self) -> None:
        who, name, pages = self._pick(self._maps)
        first = self._pick((0, 0, pages // 2))
        self._do(
            do=f"{who}.munmap",
            addr=f"{name} + {4096 * first}",
            length=4096 * (pages - first),
        )

    def _protect(self) -> None:
        who, name, pages = self._pick(self._maps)
        prot = self._pick(("READ", "READ|WRITE", "READ|EXEC"))
        first = self._below(pages)
        addr = f"{name} + {4096 * first}"
        self._do(do=f"{who}.mprotect", addr=addr, length=4096, prot=prot)

    def _read(self) -> None:
        who = self._who()
        self._do(
            do=f"{who}.read", fd=f"fd_{who.lower()}", page=self._below(512 * BLOCKS)
        )

    def _cut(self) -> None:
        length = self._pick((0, "2M", "3M", "4M", "4M"))
        self._do(do=f"{self._who()}.truncate", path=PATH, length=length)

    # ---- chance -----------------------------------------------------------------------------------------

    def _do(self, **call: Any) -> None:
        self._calls.append(call)

    def _who(self) -> str:
        return self._pick(tuple(BASES))

    def _below(self, end: int) -> int:
        """A number from 0 to ``end`` − 1."""
        return int(self._random.random() * end)

    def _pick(self, choice: Sequence[T]) -> T:
        return choice[self._below(len(choice))]
