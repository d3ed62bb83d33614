"""Putting writes on the tape: the hooks that see, perform and note every write of kernel state."""

from __future__ import annotations

from typing import Any

from thpkit.kernel.kobject import KArray, KDict, KObject, Watcher
from thpkit.kernel.splat import StepBudget
from thpkit.trace.tape import MISSING, Tape, set_field


def watcher(tape: Tape) -> Watcher:
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
            tape.born_at.append(len(tape.where))

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


def refuse_writes(error: StepBudget) -> None:
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
