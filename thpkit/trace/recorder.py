"""The recorder: runs something once and keeps every statement and every write of it.

``sys.settrace`` reports calls, lines, returns and exceptions; hooks on the base classes of kernel state report
writes. The trace functions below are the hot path of the whole project, which is why they are closures that
append to arrays, and why they look less tidy than the rest.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Final, NoReturn, TypeAlias

from thpkit.kernel import kobject, splat
from thpkit.kernel.kobject import KObject
from thpkit.trace import endings, policy, statements, variables, writes
from thpkit.trace.policy import Follow
from thpkit.trace.statements import Body
from thpkit.trace.tape import (
    KIND_SHIFT,
    MISSING,
    FrameRecord,
    Function,
    Kind,
    Tape,
)
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import box

Trace: TypeAlias = Callable[[FrameType, str, Any], Any]
Stack: TypeAlias = list[tuple[FrameType, FrameRecord]]

CALL_WORD: Final = Kind.CALL << KIND_SHIFT
RETURN_WORD: Final = Kind.RETURN << KIND_SHIFT
EXCEPTION_WORD: Final = Kind.EXCEPTION << KIND_SHIFT

_LEAVING: Final = frozenset(
    dis.opmap[name]
    for name in ("RETURN_VALUE", "RETURN_CONST", "YIELD_VALUE", "RETURN_GENERATOR")
    if name in dis.opmap
)
"""Instructions that leave a frame with a value; a frame that stops anywhere else is left by an exception."""


def record(
    run: Callable[[], None],
    *,
    root: KObject,
    follow: Follow,
    budget: int = 2_000_000,
    title: str = "",
) -> Timeline:
    """Run ``run`` to its end and return what happened; the timeline stands at its first step.

    ``root`` is what all state is reachable from. A run that fails is kept as well: see :attr:`Timeline.ending`. A run
    of more than ``budget`` steps is stopped; state then stays as it was at the last step.

    Raises:
        RuntimeError: kernel state is being watched already.
        KeyboardInterrupt: the user gave up; nothing is kept.
    """
    tape = Tape()
    ending: endings.Ending | None = None
    before = sys.gettrace()
    with kobject.hooked(writes.watcher(tape)):
        tracer = _tracer(tape, follow, budget, sys._getframe())
        sys.settrace(tracer)
        try:
            run()
        except (Exception, SystemExit) as error:
            ending = endings.of(error)
        finally:
            lost = sys.gettrace() is not tracer
            sys.settrace(before)
    if len(tape.where) >= budget:  # even if the scenario caught the error
        ending = endings.of(_over(budget))
    elif ending is None and lost:
        ending = endings.Ending(
            "the recording stopped early: something else took over sys.settrace", False
        )
    for frame in tape.frames:
        if frame.last_step < 0:  # it never ended
            frame.last_step = len(tape.where) - 1
    timeline = Timeline(tape, root, title=title, ending=ending)
    timeline.start()
    return timeline


# ---- steps ----------------------------------------------------------------------------------------------


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


def _tracer(tape: Tape, follow: Follow, budget: int, base: FrameType) -> Trace:
    """The trace function: sees every call, and gives each followed frame a local one of its own."""
    frames = tape.frames
    where = tape.where
    stack: Stack = []
    known: dict[int, _Known] = {}

    def learn(code: CodeType) -> _Known:
        function = function_of(code) if policy.steps_into(code, follow) else None
        hides = policy.hides(code) and policy.section_of(code) is None
        entry = known[id(code)] = _Known(
            code, function, statements.body_of(code), hides
        )
        return entry

    def hidden(caller: FrameType | None, top: FrameType) -> bool:
        while caller is not None and caller is not top:
            if (known.get(id(caller.f_code)) or learn(caller.f_code)).hides:
                return True
            caller = caller.f_back
        return False

    def on_call(frame: FrameType, event: str, arg: object) -> Trace | None:
        code = frame.f_code
        entry = known.get(id(code)) or learn(code)
        function = entry.function
        if function is None:
            return None
        top, parent = stack[-1] if stack else (base, None)
        if (
            frame.f_back is not top
            and function.section is None
            and hidden(frame.f_back, top)
        ):
            return None
        depth = 0 if parent is None else parent.depth + 1
        record = FrameRecord(len(frames), function, parent, depth, len(where))
        frames.append(record)
        stack.append((frame, record))
        local = _local(tape, record, entry, stack, budget)
        local(frame, "call", None)
        return local

    return on_call


class _Known:
    """What the trace function needs to know about a piece of code."""

    __slots__ = ("alone", "code", "entries", "firsts", "function", "hides", "stores")

    def __init__(
        self, code: CodeType, function: Function | None, body: Body, hides: bool
    ) -> None:
        self.code = code  # keeps it alive, so that its id stays its own
        self.function = function
        self.hides = hides
        self.firsts = {line: each.first for line, each in body.statements.items()}
        self.alone = body.alone
        self.entries = _entries(code, body)
        self.stores = body.stores


def _entries(code: CodeType, body: Body) -> dict[int, int]:
    """For the header of each ``while True`` the instruction at which the loop is entered.

    Nothing runs there when the loop goes round, but some jumps back are attributed to that line.
    """
    found: dict[int, int] = {}
    headers = {each.header for each in body.loops if each.marker != each.header}
    for start, _stop, line in code.co_lines():
        if line in headers:
            found[line] = min(start, found.get(line, start))
    return found


def _local(
    tape: Tape, record: FrameRecord, known: _Known, stack: Stack, budget: int
) -> Trace:
    """The trace function of one frame."""
    log: list[Any] = []
    record.log = log
    index, alone, entries = record.index, known.alone, known.entries
    journal, where = tape.journal, tape.where
    add_at, add_who, add_where = tape.at.append, tape.who.append, where.append
    add_seen = tape.seen.append
    first_of, stored_by = known.firsts.get, known.stores.get
    values: dict[str, Any] = {}  # locals at the last step, raw
    boxed: dict[str, Any] = {}  # the text last logged for each mutable container
    last = 0  # first line of the statement that runs
    started = 0  # instruction at which it began, where that matters
    passing: Any = MISSING  # text of the exception on its way through this frame
    raised = False  # there has been one
    itself: Trace | None = None  # this function, or None once the frame has been left:
    # a function that names itself would never be freed

    def local(frame: FrameType, event: str, arg: Any) -> Trace | None:
        nonlocal last, started, passing, raised, itself
        names = stored_by(last)
        if event == "line":
            line = first_of(frame.f_lineno, 0)
            if line == last:
                if line not in alone or frame.f_lasti > started:
                    return itself
            elif not line:
                return itself
            if line in entries and frame.f_lasti != entries[line]:
                return itself
            last = word = line
            if alone:
                started = frame.f_lasti
            if passing is not MISSING:
                log.extend(("<exception>", MISSING))
                passing = MISSING
        elif event == "call":
            word = record.function.line | CALL_WORD
            names = None
        elif itself is None:
            return None
        elif event == "return":
            itself = None
            record.last_step = len(where) - 1
            if stack and stack[-1][0] is frame:
                stack.pop()
            if arg is None and raised and _raising(frame):
                return None
            record.last_step = len(where)
            word = last | RETURN_WORD
        elif event == "exception":
            if arg[0] is StopIteration or arg[0] is GeneratorExit:
                return itself
            raised = True
            word = last | EXCEPTION_WORD
        else:
            return itself
        if names is None or boxed:
            variables.note_all(log, frame.f_locals, values, boxed)
        elif names:
            now = frame.f_locals
            for name in names:
                value = now.get(name, MISSING)
                if value is not values.get(name, MISSING):
                    variables.note(log, name, value, values, boxed)
        if event == "return":
            log.extend(("<return>", box(arg)))
        elif event == "exception":
            passing = box(arg[1])
            log.extend(("<exception>", passing))
        add_at(len(journal))
        add_who(index)
        add_where(word)
        add_seen(len(log))
        if itself is None:
            record.log = tuple(log)  # takes less memory than the list
        if len(where) >= budget:
            _stop(budget)
        return itself

    itself = local
    return local


def _raising(frame: FrameType) -> bool:
    """Whether the frame is being left by an exception and not by returning None."""
    return frame.f_code.co_code[frame.f_lasti] not in _LEAVING


def _over(budget: int) -> splat.StepBudget:
    return splat.StepBudget(
        f"the run was stopped after {budget} steps: it may never end"
    )


def _stop(budget: int) -> NoReturn:
    """End the run: it took too many steps."""
    error = _over(budget)
    writes.refuse_writes(error)
    raise error
