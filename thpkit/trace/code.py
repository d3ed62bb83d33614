"""What the recorder knows about a piece of code before it runs."""

from __future__ import annotations

from inspect import (
    CO_ASYNC_GENERATOR,
    CO_COROUTINE,
    CO_GENERATOR,
    CO_VARARGS,
    CO_VARKEYWORDS,
)
from types import CodeType

from thpkit.trace import policy, statements
from thpkit.trace.statements import Body
from thpkit.trace.tape import Function


def function_of(code: CodeType) -> Function:
    """What the tape says about a function."""
    body = statements.body_of(code)
    return Function(
        statements.path_of(code.co_filename),
        code.co_qualname,
        code.co_name,
        body.line,
        body.statements,
        body.loops,
        policy.section_of(code),
    )


class Known:
    """What the trace function needs to know about a piece of code."""

    __slots__ = (
        "alone",
        "arguments",
        "code",
        "entries",
        "firsts",
        "function",
        "hides",
        "special",
        "stores",
    )

    def __init__(self, code: CodeType, function: Function | None, hides: bool) -> None:
        body = Body(0) if function is None else statements.body_of(code)
        self.code = code  # keeps it alive, so that its id stays its own
        self.function = function
        self.hides = hides
        self.firsts = {line: each.first for line, each in body.statements.items()}
        self.alone = body.alone
        self.entries = entries_of(code, body)
        self.stores = body.stores
        self.arguments = arguments_of(code)
        self.special = bool(self.alone or self.entries)

    def begins(self, line: int, last: int, at: int, started: int) -> bool:
        """Whether a new step begins with ``line``, reported at instruction ``at``.

        ``last`` is the line of the step before in this frame, which began at instruction ``started``.
        """
        if line == last:
            return line in self.alone and at <= started
        return line != 0 and self.entries.get(line, at) == at


def arguments_of(code: CodeType) -> tuple[str, ...] | None:
    """The variables that are bound when a call begins; None if others may be, too.

    A generator is resumed with any of its variables, and a nested function has those of the outer one.
    """
    if (
        code.co_flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR)
        or code.co_freevars
    ):
        return None
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    return code.co_varnames[:count]


def entries_of(code: CodeType, body: Body) -> dict[int, int]:
    """For the header of each ``while True`` the instruction at which the loop is entered.

    Nothing runs there when the loop goes round, but some jumps back are attributed to that line.
    """
    found: dict[int, int] = {}
    headers = {each.header for each in body.loops if each.marker != each.header}
    for start, _stop, line in code.co_lines():
        if line in headers:
            found[line] = min(start, found.get(line, start))
    return found
