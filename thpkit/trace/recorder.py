"""The recorder: runs something once and keeps every statement and every write of it.

``sys.settrace`` reports calls, lines, returns and exceptions; hooks on the base classes of kernel state report
writes. The trace functions below are the hot path of the whole project, which is why they are closures that
append to arrays, and why they look less tidy than the rest.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Mapping
from types import CodeType, FrameType
from typing import Any, Final, NoReturn, TypeAlias

from thpkit.kernel import kobject, splat
from thpkit.kernel.kobject import KArray, KDict, KObject, Watcher
from thpkit.trace import endings, policy, statements
from thpkit.trace.policy import Follow
from thpkit.trace.statements import Body
from thpkit.trace.tape import (
    KIND_SHIFT,
    MISSING,
    FrameRecord,
    Function,
    Kind,
    Tape,
    set_field,
)
from thpkit.trace.timeline import Timeline
from thpkit.trace.values import BOXES, box

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
    with kobject.hooked(_watcher(tape)):
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


# ---- writes ---------------------------------------------------------------------------------------------


def _watcher(tape: Tape) -> Watcher:
    """The hooks that perform each write and put it on the tape."""
    journal = tape.journal
    extend = journal.extend
    set_item, set_key, delete_key = list.__setitem__, dict.__setitem__, dict.__delitem__

    def on_field(target: KObject, key: str, new: object) -> None:
        old = getattr(target, key, MISSING)
        set_field(target, key, new)
        if old is not MISSING:
            extend((target, key, old, new))
        elif (
            key == "kname"
        ):  # the first write of a field is construction, and the name comes first
            tape.born.append(target)
            tape.born_at.append(len(journal))

    def on_item(target: KArray[Any], key: int, new: object) -> None:
        if key < 0:  # a slice is refused here as well: it cannot be compared
            key += len(target)
        old = target[key]
        set_item(target, key, new)
        extend((target, key, old, new))

    def on_key(target: KDict[Any, Any], key: object, new: object) -> None:
        old = target.get(key, MISSING)
        set_key(target, key, new)
        extend((target, key, old, new))

    def on_delete(target: KDict[Any, Any], key: object) -> None:
        old = target.get(key, MISSING)
        delete_key(target, key)
        extend((target, key, old, MISSING))

    return Watcher(on_field, on_item, on_key, on_delete)


def _refuse_writes(error: splat.StepBudget) -> None:
    """From now on every write raises ``error``, so that state stays as the tape has it."""

    def refuse(*_args: object) -> None:
        raise error

    for cls, name in (
        (KObject, "__setattr__"),
        (KArray, "__setitem__"),
        (KDict, "__setitem__"),
    ):
        setattr(cls, name, refuse)
    setattr(KDict, "__delitem__", refuse)  # noqa: B010 - mypy knows no such attribute on the class


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

    __slots__ = ("alone", "code", "firsts", "function", "hides", "stores")

    def __init__(
        self, code: CodeType, function: Function | None, body: Body, hides: bool
    ) -> None:
        self.code = code  # keeps it alive, so that its id stays its own
        self.function = function
        self.hides = hides
        self.firsts = {line: each.first for line, each in body.statements.items()}
        self.alone = body.alone
        self.stores = body.stores


def _local(
    tape: Tape, record: FrameRecord, known: _Known, stack: Stack, budget: int
) -> Trace:
    """The trace function of one frame."""
    journal, where, log, index, alone = (
        tape.journal,
        tape.where,
        record.log,
        record.index,
        known.alone,
    )
    add_at, add_who, add_where, add_seen = (
        tape.at.append,
        tape.who.append,
        where.append,
        tape.seen.append,
    )
    first_of, stored_by = known.firsts.get, known.stores.get
    values: dict[str, Any] = {}  # locals at the last step, raw
    boxed: dict[str, Any] = {}  # the text last logged for each mutable container
    last = 0  # first line of the statement that runs
    started = 0  # instruction at which it began, where that matters
    passing: Any = MISSING  # text of the exception on its way through this frame
    raised = False  # there has been one
    itself: Trace | None = (
        None  # this function; None once the frame has been left, or it would never be freed
    )

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
            _note_all(log, frame.f_locals, values, boxed)
        elif names:
            now = frame.f_locals
            for name in names:
                value = now.get(name, MISSING)
                if value is not values.get(name, MISSING):
                    _note(log, name, value, values, boxed)
        if event == "return":
            log.extend(("<return>", box(arg)))
        elif event == "exception":
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


def _note(
    log: list[Any], name: str, value: Any, values: dict[str, Any], boxed: dict[str, Any]
) -> None:
    """Log that a local variable became ``value``, or is unbound (MISSING).

    A mutable container is logged as the text it shows, because its later changes are not writes of kernel state.
    """
    if type(value) in BOXES:
        values[name] = value
        boxed.setdefault(name, None)
        _note_boxes(log, values, boxed)
        return
    boxed.pop(name, None)
    if value is MISSING:
        del values[name]
    else:
        values[name] = value
        if isinstance(value, BaseException):
            value = box(value)
    log.extend((name, value))


def _note_all(
    log: list[Any],
    now: Mapping[str, Any],
    values: dict[str, Any],
    boxed: dict[str, Any],
) -> None:
    """Log all local variables that differ from ``values``, and containers that show something else now."""
    for name in [name for name in values if name not in now]:
        _note(log, name, MISSING, values, boxed)
    for name, value in now.items():
        if value is not values.get(name, MISSING) and name[0] != ".":
            _note(log, name, value, values, boxed)
    if boxed:
        _note_boxes(log, values, boxed)


def _note_boxes(log: list[Any], values: dict[str, Any], boxed: dict[str, Any]) -> None:
    """Log the containers that show something else than they did."""
    for name, text in boxed.items():
        shown = box(values[name])
        if shown != text:
            boxed[name] = shown
            log.extend((name, shown))


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
    _refuse_writes(error)
    raise error
