"""What a worker answered, taken apart with strict types. Whatever does not fit is no answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from thpkit.grading.wanted import Located, RunFacts

Plain: TypeAlias = int | str | None
Runs: TypeAlias = tuple[tuple[int, Plain], ...]
Value: TypeAlias = Plain | Runs

KINDS = frozenset({"endless", "memory", "stopped", "exited", "crashed", "wrong call"})
"""How a case can end early."""
EXHAUSTED = frozenset({"endless", "memory"})
"""The kinds that depend on the machine: a limit was reached."""
GROUP = 1 << 10
"""So many values at most are counted together; a huge page has 512 sub-pages."""
WORD = 1 << 64
"""No number in a kernel is as large as this."""


class AnswerError(ValueError):
    """The data is no answer; the message is a sentence about it."""


@dataclass(frozen=True)
class SeenCall:
    """What one call returned and left behind."""

    result: Plain
    state: Mapping[str, Value]
    """What could be seen afterwards, by path."""
    broken: tuple[tuple[str, str], ...]
    """Id and sentence of every invariant that did not hold."""


@dataclass(frozen=True)
class Ended:
    """Why a case ended before its last call."""

    kind: str
    sentence: str


@dataclass(frozen=True)
class SeenCase:
    """What could be seen of one case."""

    id: str
    calls: tuple[SeenCall, ...]
    ended: Ended | None


@dataclass(frozen=True)
class Answer:
    """One answer of a worker."""

    problem: str | None
    """Why the file does not load; None if it does."""
    cases: tuple[SeenCase, ...]
    """The cases that were begun, in order."""
    recorded: int | None
    """Steps of the recording that was saved, if that was the request."""
    run: RunFacts | None = None
    """What was found in a recorded run, if that was the request."""

    def case(self, name: str) -> SeenCase | None:
        """What was seen of the case of that id."""
        return next((each for each in self.cases if each.id == name), None)


def decode(data: bytes, nonce: str) -> Answer:
    """The answer in ``data``: exactly one JSON value, of the right shape, with the token of this run.

    Raises:
        AnswerError: it is something else.
    """
    if not data:
        raise AnswerError(
            "the run ended without an answer: the code ended its process (os._exit?) or closed what is not its own"
        )
    try:
        value = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise AnswerError(
            "something other than the grader's answer came through its channel: the code wrote where it should not"
        ) from None
    try:
        answer = _table(value, "nonce", "problem", "cases", "recorded", "run")
        if _text(answer["nonce"]) != nonce:
            raise _Misfit
        return Answer(
            _text_or_none(answer["problem"]),
            tuple(_case(each) for each in _list(answer["cases"])),
            None if answer["recorded"] is None else _number(answer["recorded"]),
            None if answer["run"] is None else _run(answer["run"]),
        )
    except _Misfit:
        raise AnswerError(
            "what came through the channel of the grader's answer is none: the code wrote where it should not"
        ) from None


# ---- strict types ---------------------------------------------------------------------------------------


class _Misfit(Exception):
    """A value is not what must stand in its place."""


def _refuse(_name: str) -> None:
    raise ValueError


def _case(value: object) -> SeenCase:
    case = _table(value, "id", "calls", "ended")
    ended = None
    if case["ended"] is not None:
        kind, sentence = (_text(each) for each in _list(case["ended"], 2))
        if kind not in KINDS:
            raise _Misfit
        ended = Ended(kind, sentence)
    calls = tuple(_call(each) for each in _list(case["calls"]))
    return SeenCase(_text(case["id"]), calls, ended)


def _call(value: object) -> SeenCall:
    call = _table(value, "result", "state", "broken")
    state = call["state"]
    if type(state) is not dict:
        raise _Misfit
    broken = (_list(each, 2) for each in _list(call["broken"]))
    return SeenCall(
        _plain(call["result"]),
        {path: _value(each) for path, each in state.items()},
        tuple((_text(name), _text(sentence)) for name, sentence in broken),
    )


def _run(value: object) -> RunFacts:
    run = _table(value, "length", "functions", "places")
    places = [_located(each) for each in _list(run["places"])]
    return RunFacts(
        _number(run["length"]),
        frozenset(_texts(run["functions"])),
        {each.id: each for each in places},
    )


def _located(value: object) -> Located:
    keys = [each.name for each in fields(Located)]
    found = _table(value, *keys)
    return Located(
        _text(found["id"]),
        _number(found["step"]),
        _text(found["function"]),
        _text(found["file"]),
        _number(found["line"]),
        _text(found["text"]),
        _texts(found["active"]),
        _texts(found["calling"]),
        _texts(found["others"]),
        _text_or_none(found["said"]),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _value(value: object) -> Value:
    if type(value) is list:
        pairs = [_list(each, 2) for each in value]
        runs = tuple((_number(count), _plain(each)) for count, each in pairs)
        if not all(0 < count <= GROUP for count, _ in runs) or len(runs) > GROUP:
            raise _Misfit
        return runs
    return _plain(value)


def _plain(value: object) -> Plain:
    if value is None or type(value) is str:
        return value
    if type(value) is int and abs(value) < WORD:
        return value
    raise _Misfit


def _number(value: object) -> int:
    if type(value) is not int:
        raise _Misfit
    return value


def _text(value: object) -> str:
    if type(value) is not str:
        raise _Misfit
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _list(value: object, size: int | None = None) -> list[Any]:
    if type(value) is not list or (size is not None and len(value) != size):
        raise _Misfit
    return value


def _table(value: object, *keys: str) -> dict[str, Any]:
    if type(value) is not dict or set(value) != set(keys):
        raise _Misfit
    return value
