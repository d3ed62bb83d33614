"""Content as tokens instead of bytes: what 4 KiB hold, and so where they came from.

With tokens, wrong data and leaked data are visible at once: a reader who gets ``Stale`` sees memory that nobody
wrote for him, and one who gets another block's token sees the wrong place of the file.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Block(NamedTuple):
    """4 KiB of a file: block ``pgoff`` of inode ``ino`` as of its ``version``-th write."""

    ino: int
    pgoff: int
    version: int

    def __repr__(self) -> str:
        return f"Block({self.ino}, {self.pgoff}, v{self.version})"


class Zero(NamedTuple):
    """4 KiB of zeroes."""

    def __repr__(self) -> str:
        return "Zero"


class Stale(NamedTuple):
    """4 KiB nobody has written since the frame was allocated: whatever its former owner left there."""

    of: str

    def __repr__(self) -> str:
        return f"Stale({self.of})"


class Private(NamedTuple):
    """4 KiB that a process wrote into memory of its own; the file never sees them."""

    by: str
    write: int

    def __repr__(self) -> str:
        return f"Private({self.by}, write {self.write})"


Token: TypeAlias = Block | Zero | Stale | Private
"""What a page holds."""
