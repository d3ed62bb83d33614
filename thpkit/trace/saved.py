"""Recordings in files: versioned plain data, from which the real structures are made again.

A file is a line that says what it is, then JSON, compressed. A reopened timeline works like the one that was saved:
the same views and checks run on it. Nothing in a file is executed.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from array import array
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any, Final

from thpkit.kernel.kobject import KObject
from thpkit.trace import statements
from thpkit.trace.codec import Decoder, Encoder
from thpkit.trace.endings import Ending
from thpkit.trace.registry import CodecError
from thpkit.trace.statements import Loop, Statement
from thpkit.trace.tape import FrameRecord, Function, Tape, is_sound
from thpkit.trace.timeline import Timeline

MAGIC: Final = b"thprec "
VERSION: Final = 1
LARGEST: Final = 1 << 30
"""A file that unpacks to more bytes than this is refused."""


class SavedError(Exception):
    """A recording cannot be saved or opened; the message is one sentence that says why."""


def save(
    timeline: Timeline, path: str | Path, meta: dict[str, Any] | None = None
) -> None:
    """Write the recording to ``path``, with ``meta`` (plain data) along with it. The position stays as it is.

    Raises:
        SavedError: the file cannot be written, or state holds structures that are not the kernel's.
    """
    path = Path(path)
    before = timeline.position
    timeline.rejoin()
    try:
        data = json.dumps(_document(timeline, meta or {}), separators=(",", ":"))
    except (CodecError, TypeError, ValueError) as error:
        raise SavedError(f"this recording cannot be saved: {error}") from None
    finally:
        timeline.seek(before)
    packed = MAGIC + f"{VERSION}\n".encode() + zlib.compress(data.encode(), 6)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(packed)
        part.replace(path)
    except OSError as error:
        raise SavedError(f"cannot write {path}: {error.strerror}") from None


def open(path: str | Path) -> Timeline:
    """The recording in ``path``, at its first step.

    :attr:`Timeline.changed_sources` names the files that have changed since; statements then still show the
    recorded text.

    Raises:
        SavedError: there is no such file, or it is no recording, damaged, or made by another version.
    """
    document = _read(Path(path))
    try:
        timeline = _timeline(document)
    except CodecError as error:
        raise SavedError(f"{path} cannot be opened: {error}") from None
    except Exception as error:  # whatever a damaged file can do wrong
        raise SavedError(
            f"{path} is damaged: {type(error).__name__} while reading it"
        ) from None
    timeline.start()
    return timeline


# ---- writing --------------------------------------------------------------------------------------------


def _document(timeline: Timeline, meta: dict[str, Any]) -> dict[str, Any]:
    """The recording as plain data."""
    tape = timeline.tape
    code = Encoder()
    functions = list(
        {id(each.function): each.function for each in tape.frames}.values()
    )
    numbers = {id(each): at for at, each in enumerate(functions)}
    files = sorted({each.file for each in functions})
    document = {
        "title": timeline.title,
        "ending": timeline.ending,
        "crashed": timeline.crashed,
        "meta": meta,
        "root": code.number(timeline.root),
        "journal": _packed(array("I", map(code.number, tape.journal))),
        "logs": _packed(
            array(
                "I", [code.number(each) for frame in tape.frames for each in frame.log]
            )
        ),
        "born": [code.number(each) for each in tape.born],
        "at": _packed(tape.at),
        "who": _packed(tape.who),
        "where": _packed(tape.where),
        "seen": _packed(tape.seen),
        "born_at": _packed(tape.born_at),
        "functions": [_function_data(each) for each in functions],
        "frames": [_frame_data(each, numbers) for each in tape.frames],
        "files": {file: _sha256(file) for file in files},
    }
    document["objects"] = code.contents()
    document["values"] = code.values
    document["classes"] = code.classes
    return document


def _function_data(function: Function) -> list[Any]:
    """Everything about a function; each statement once."""
    each_once = dict.fromkeys(function.statements.values())
    return [
        function.file,
        function.qualname,
        function.name,
        function.line,
        [[each.first, each.last, each.text] for each in each_once],
        [list(each) for each in function.loops],
        function.section,
    ]


def _frame_data(frame: FrameRecord, numbers: dict[int, int]) -> list[int]:
    parent = -1 if frame.parent is None else frame.parent.index
    return [
        numbers[id(frame.function)],
        parent,
        frame.first_step,
        frame.last_step,
        len(frame.log),
    ]


def _packed(numbers: array[int]) -> str:
    """An array of 32-bit numbers as text, lowest byte first."""
    if sys.byteorder == "big":
        numbers = array("I", numbers)
        numbers.byteswap()
    return b64encode(numbers.tobytes()).decode()


def _sha256(path: str) -> str | None:
    """Digest of a source file; None if it cannot be read."""
    try:
        return hashlib.sha256(statements.absolute(path).read_bytes()).hexdigest()
    except OSError:
        return None


# ---- reading --------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    """The plain data of a file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SavedError(f"cannot read {path}: {error.strerror}") from None
    head, _, packed = data.partition(b"\n")
    version = head.removeprefix(MAGIC)
    if not head.startswith(MAGIC) or not version.isdigit():
        raise SavedError(f"{path} is not a recording")
    if int(version) != VERSION:
        age = "a newer" if int(version) > VERSION else "an older"
        raise SavedError(
            f"{path} was made by {age} version: its format is {int(version)}, this one reads {VERSION}"
        )
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, LARGEST)
        if not unpacker.eof:
            raise SavedError(
                f"{path} is damaged: it ends early, or unpacks to more than {LARGEST >> 20} MiB"
            )
        document = json.loads(text)
    except (zlib.error, ValueError, RecursionError):
        raise SavedError(f"{path} is damaged: it does not unpack") from None
    if not isinstance(document, dict):
        raise SavedError(f"{path} is damaged: it holds no recording")
    return document


def _timeline(document: dict[str, Any]) -> Timeline:
    """The recording that the plain data describes."""
    code = Decoder(document["classes"])
    code.decode(document["objects"], document["values"])
    value = code.values.__getitem__
    functions = [_function(each) for each in document["functions"]]
    logs = [value(each) for each in _unpacked(document["logs"])]
    frames = _frames(document["frames"], functions, logs)
    tape = Tape(
        journal=[value(each) for each in _unpacked(document["journal"])],
        frames=frames,
        at=_unpacked(document["at"]),
        who=_unpacked(document["who"]),
        where=_unpacked(document["where"]),
        seen=_unpacked(document["seen"]),
        born=[value(each) for each in document["born"]],
        born_at=_unpacked(document["born_at"]),
    )
    if not is_sound(tape):
        raise CodecError("its parts do not fit together")
    root = value(document["root"])
    if not isinstance(root, KObject):
        raise CodecError("its root of state is no structure")
    ending = (
        None
        if document["ending"] is None
        else Ending(document["ending"], bool(document["crashed"]))
    )
    timeline = Timeline(tape, root, title=document["title"], ending=ending)
    timeline.meta = document["meta"]
    changed = [file for file, sha in document["files"].items() if _sha256(file) != sha]
    timeline.changed_sources = tuple(changed)
    return timeline


def _frames(
    rows: list[list[int]], functions: list[Function], logs: list[Any]
) -> list[FrameRecord]:
    """The frames, each with its part of the log."""
    frames: list[FrameRecord] = []
    done = 0
    for function, parent, first, last, length in rows:
        above = frames[parent] if parent >= 0 else None
        depth = 0 if above is None else above.depth + 1
        log = logs[done : done + length]
        done += length
        frames.append(
            FrameRecord(
                len(frames), functions[function], above, depth, first, last, log
            )
        )
    return frames


def _function(data: list[Any]) -> Function:
    file, qualname, name, line, found, loops, section = data
    by_line: dict[int, Statement] = {}
    for first, last, text in found:
        for each in range(first, last + 1):
            by_line.setdefault(each, Statement(file, qualname, first, last, text))
    return Function(
        file,
        qualname,
        name,
        line,
        by_line,
        tuple(Loop(*each) for each in loops),
        section,
    )


def _unpacked(text: str) -> array[int]:
    numbers = array("I", b64decode(text, validate=True))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
