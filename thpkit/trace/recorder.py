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
from thpkit.trace import endings, policy, variables, writes
from thpkit.trace.code import Known, function_of
from thpkit.trace.policy import Follow
from thpkit.trace.tape import (
    KIND_SHIFT,
    MISSING,
    FrameRecord,
    Kind,
    Tape,
)
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import PLAIN, box

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


def _tracer(tape: Tape, follow: Follow, budget: int, base: FrameType) -> Trace:
    """The trace function: sees every call, and gives each followed frame a local one of its own."""
    frames = tape.frames
    where = tape.where
    stack: Stack = []
    known: dict[int, Known] = {}
    make = _maker(tape, stack, budget)
    ignored: set[int] = set()  # ids of code that never steps: most calls end here

    def learn(code: CodeType) -> Known:
        function = function_of(code) if policy.steps_into(code, follow) else None
        hides = policy.hides(code) and policy.section_of(code) is None
        entry = Known(code, function, hides)
        known[id(code)] = entry
        if function is None:
            ignored.add(id(code))
        return entry

    def hidden(caller: FrameType | None, top: FrameType) -> bool:
        while caller is not None and caller is not top:
            if (known.get(id(caller.f_code)) or learn(caller.f_code)).hides:
                return True
            caller = caller.f_back
        return False

    def on_call(frame: FrameType, event: str, arg: object) -> Trace | None:
        code = frame.f_code
        if id(code) in ignored:
            return None
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
        local = make(record, entry)
        local(frame, "call", None)
        return local

    return on_call


def _maker(
    tape: Tape, stack: Stack, budget: int
) -> Callable[[FrameRecord, Known], Trace]:
    """A function that makes the trace function of one frame."""
    journal, where = tape.journal, tape.where
    add_at, add_who, add_where = tape.at.append, tape.who.append, where.append
    add_seen = tape.seen.append

    def make(record: FrameRecord, known: Known) -> Trace:
        log: list[Any] = []
        record.log = log
        push = log.append
        index = record.index
        first_of, stored_by = known.firsts.get, known.stores.get
        values: dict[str, Any] = {}  # locals at the last step, raw
        boxed: dict[str, Any] = {}  # the text last logged for each mutable container
        last = 0  # first line of the statement that runs
        started = 0  # instruction at which it began, where that matters
        special = known.special  # whether the order of lines is not all that matters
        passing: Any = MISSING  # text of the exception on its way through this frame
        itself: Trace | None = None  # this function, or None once the frame is left:
        # a function that names itself would never be freed

        def local(frame: FrameType, event: str, arg: Any) -> Trace | None:
            nonlocal last, started, special, passing, itself
            if event == "line":
                line = first_of(frame.f_lineno, 0)
                if special:
                    if not known.begins(line, last, frame.f_lasti, started):
                        return itself
                    started = frame.f_lasti
                    if passing is not MISSING:
                        log.extend(("<exception>", MISSING))
                        passing = MISSING
                elif line == last or not line:
                    return itself
                names = stored_by(last)
                last = word = line
            elif event == "call":
                word = record.function.line | CALL_WORD
                names = known.arguments
            elif itself is None:
                return None
            elif event == "return":
                itself = None
                record.last_step = len(where) - 1
                if stack and stack[-1][0] is frame:
                    stack.pop()
                if arg is None and special and _raising(frame):
                    return None
                record.last_step = len(where)
                word = last | RETURN_WORD
                names = stored_by(last)
            elif event == "exception":
                if arg[0] is StopIteration or arg[0] is GeneratorExit:
                    return itself
                special = True
                word = last | EXCEPTION_WORD
                names = stored_by(last)
            else:
                return itself
            if names is None or boxed:
                variables.note_all(log, frame.f_locals, values, boxed)
            elif names:
                now = frame.f_locals
                for name in names:
                    value = now.get(name, MISSING)
                    if value is values.get(name, MISSING):
                        continue
                    if type(value) in PLAIN:
                        values[name] = value
                        push(name)
                        push(value)
                    else:
                        variables.note(log, name, value, values, boxed)
            if word >= RETURN_WORD:
                if itself is None:
                    log.extend(("<return>", box(arg)))
                    record.log = tuple(log)  # takes less memory than the list
                else:
                    passing = box(arg[1])
                    log.extend(("<exception>", passing))
            add_at(len(journal))
            add_who(index)
            add_where(word)
            add_seen(len(log))
            if len(where) >= budget:
                _stop(budget)
            return itself

        itself = local
        return local

    return make


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
