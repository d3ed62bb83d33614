"""Reading the file that a learner has handed in: whatever stands in its place, it neither waits nor fills memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

CODE_LIMIT: Final = 1 << 18
"""Bytes of a file of code; an exercise has a few thousand."""

_KINDS: Final = (
    (stat.S_ISDIR, "is a directory, not a file"),
    (stat.S_ISFIFO, "is a pipe, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
)


class Unreadable(ValueError):
    """There is nothing that can be read; the message is a sentence."""


def read(path: Path, limit: int) -> bytes:
    """What stands in a regular file of at most ``limit`` bytes. Symbolic links are followed.

    Raises:
        Unreadable: it is another thing, is larger, or cannot be opened.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = (text for is_one, text in _KINDS if is_one(mode))
        raise Unreadable(f"{path.name} {next(what, 'is a device, not a file')}")
    with os.fdopen(handle, "rb") as file:
        try:
            data = file.read(limit + 1)
        except OSError as error:
            raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise Unreadable(
            f"{path.name} is too long: more than {limit >> 10} KiB cannot be graded"
        )
    return data


def text(path: Path, limit: int) -> str:
    """The same as text in UTF-8, with or without a byte order mark.

    Raises:
        Unreadable: as :func:`read`, or it is no such text.
    """
    try:
        return read(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{path.name} is no text in UTF-8") from None
