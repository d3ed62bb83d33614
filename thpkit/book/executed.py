"""How often functions and statements ran in a recording; what never ran must at least stand in the source.

So a count of 0 is an answer, and a misspelt name is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache

from thpkit.trace.policy import KERNEL
from thpkit.trace.statements import Statement, bodies_of, path_of
from thpkit.trace.tape import FrameRecord
from thpkit.trace.timeline import Timeline


class ExecutedError(ValueError):
    """There is no such function or statement. The message says what comes nearest."""


def calls(timeline: Timeline, function: str) -> list[int]:
    """The steps at which a function is called, in order; none if it stands in the source but is never called.

    Raises:
        ExecutedError: there is no function of that name, neither in the recording nor in the kernel.
    """
    frames = _frames(timeline, function)
    if not frames:
        _in_source(timeline, function)
    return [each.first_step for each in frames]


def visits(timeline: Timeline, place: str) -> list[int]:
    """The steps at which the statement of ``function::statement`` is about to run; none if it never does.

    Where a function has the same statement more than once, all of them count: their text does not tell them apart.

    Raises:
        ExecutedError: there is no such function, no such statement in it, or several that differ.
    """
    function, separator, text = place.partition("::")
    if not (separator and function and text.strip()):
        raise ExecutedError(
            f"{place!r}: write function::statement, where the statement is a piece of its code"
        )
    text = text.strip()
    ran = _unique(
        statement
        for frame in _frames(timeline, function)
        for statement in frame.function.statements.values()
    )
    found = _holding(ran, text)
    if len({each.text for each in found}) > 1:
        lines = "; ".join(f"line {each.first}: {each.text}" for each in found)
        raise ExecutedError(f"{place!r}: {len(found)} statements fit: {lines}")
    if found:
        return sorted(step for each in found for step in timeline.visits(each))
    written = ran if ran else _in_source(timeline, function)
    if _holding(written, text) or _holding(_source(function), text):
        return []
    near = get_close_matches(text, [each.text for each in written], 1, 0.4)
    hint = f"; the nearest is {near[0]!r}" if near else ""
    raise ExecutedError(f"{place!r}: no statement of {function} holds {text!r}{hint}")


def functions_that_ran(timeline: Timeline) -> frozenset[str]:
    """Qualified names of all functions that were called."""
    return frozenset(each.function.qualname for each in timeline.tape.frames)


def _frames(timeline: Timeline, function: str) -> list[FrameRecord]:
    """The activations of a function, named with or without its module."""
    return [
        each
        for each in timeline.tape.frames
        if function
        in (
            each.function.qualname,
            f"{each.function.module}.{each.function.qualname}",
        )
    ]


def _unique(statements: Iterable[Statement]) -> list[Statement]:
    return list(dict.fromkeys(statements))


def _holding(statements: Iterable[Statement], text: str) -> list[Statement]:
    """The statements that are ``text``, else those that hold it."""
    known = list(statements)
    return [each for each in known if each.text == text] or [
        each for each in known if text in each.text
    ]


def _in_source(timeline: Timeline, function: str) -> list[Statement]:
    """The statements of a function that never ran.

    Raises:
        ExecutedError: the kernel has no function of that name.
    """
    found = _source(function)
    if found:
        return found
    names = sorted(functions_that_ran(timeline) | set(_kernel()))
    near = get_close_matches(function.rpartition(".")[2], names, 2)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ExecutedError(f"there is no function {function}{hint}")


def _source(function: str) -> list[Statement]:
    """The statements of the kernel's functions of that name; the module may stand in front."""
    module, _, name = function.rpartition(".")
    kernel = _kernel()
    if function in kernel:
        return list(kernel[function])
    return [
        each
        for each in kernel.get(name, ())
        if each.file.endswith(f"/{module.replace('.', '/')}.py")
    ]


@lru_cache(maxsize=1)
def _kernel() -> dict[str, tuple[Statement, ...]]:
    """Every function of the kernel with its statements, by qualified name; those of one name together."""
    found: dict[str, tuple[Statement, ...]] = {}
    for statement in _statements():
        found[statement.function] = (*found.get(statement.function, ()), statement)
    return found


def _statements() -> Iterator[Statement]:
    for file in sorted(KERNEL.rglob("*.py")):
        for body in bodies_of(path_of(str(file))):
            yield from _unique(body.statements.values())
