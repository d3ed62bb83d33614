"""What can be gone to: suggestions for the prompt, and the exercise that belongs to a lesson."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from thpkit.kernel.vmstat import NodeStat, VmEvent
from tui import contents
from tui.actions import ACTIONS, BY_ID, keys_of
from tui.paths import UserError
from tui.prompt import Suggest
from tui.reader import Reader
from tui.state import Store
from tui.where import Target


def offers(reader: Reader) -> Suggest:
    """Suggestions for what has been typed so far: stops, functions that run, counters."""
    return _among([*_stops(reader), *_functions(reader), *_counters()])


def commands(names: Iterable[str]) -> Suggest:
    """Suggestions for a command: those of these actions, by word, label and help."""
    return _among(
        [
            (
                BY_ID[name].words[0],
                f"{keys_of(BY_ID[name])}  {BY_ID[name].help}".strip(),
            )
            for name in names
        ]
    )


def command(word: str) -> str:
    """The id of the action that a word names; empty if none."""
    return next((each.id for each in ACTIONS if word in each.words), "")


def _among(known: list[tuple[str, str]]) -> Suggest:
    """Those of ``known`` that begin with what was typed, then those that hold all its words."""

    def suggested(text: str) -> list[tuple[str, str]]:
        typed = text.casefold().split()
        begin = [
            each for each in known if each[0].casefold().startswith(" ".join(typed))
        ]
        inside = [
            each
            for each in known
            if each not in begin
            and all(word in " ".join(each).casefold() for word in typed)
        ]
        return [*begin, *inside]

    return suggested


def _stops(reader: Reader) -> list[tuple[str, str]]:
    stops = reader.timeline.stops
    return [(f"stop {i}", each.stop.title) for i, each in enumerate(stops, 1)]


def _functions(reader: Reader) -> list[tuple[str, str]]:
    """Functions by how soon they run, with how often they do."""
    frames = reader.timeline.tape.frames
    calls = Counter(each.function.qualname for each in frames)
    return [
        (name, f"function, called {count} time{'s' * (count != 1)}")
        for name, count in calls.items()
    ]


def _counters() -> list[tuple[str, str]]:
    return [
        *((each.name, "counter of the node: its next change") for each in NodeStat),
        *((each.name, "event counter: its next change") for each in VmEvent),
    ]


def exercise_of(target: Target, store: Store) -> str:
    """The exercise that is, or belongs to, what is stepped: the first that is not passed; empty if none."""
    if target.exercise:
        return target.name.partition("|")[0]
    try:
        belong = [each for each in contents.exercises() if each.lesson == target.name]
    except UserError:
        return ""
    open_ = [each for each in belong if not store.place(each.name).passed]
    return next((each.name for each in (*open_, *belong)), "")


def onward(target: Target, store: Store) -> str:
    """What there is to do behind the last stop of a lesson: its exercise, and the contents with the next lesson."""
    name = exercise_of(target, store).removeprefix("ex:")
    exercise = f" e: open questions, then {name};" if name else " e: open questions;"
    return f"last stop.{exercise} esc: lessons; n s: rest of the run"
