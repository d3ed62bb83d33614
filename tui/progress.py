"""Between the reader and what is remembered: going on where one stopped."""

from __future__ import annotations

from tui.opening import Run
from tui.reader import Reader
from tui.state import Place, Store


def resume(store: Store, run: Run, reader: Reader) -> str:
    """Put the reader where he left; the sentence that says so, or nothing.

    A step number means nothing in a recording of another length: then the stop decides.
    """
    place = store.place(run.name)
    if run.start is not None or not place.begun or not (place.step or place.stop):
        return ""
    stops = run.timeline.stops
    if place.steps == len(run.timeline):
        reader.position = min(place.step, len(run.timeline) - 1)
        return f"continued at step {reader.position}; home goes to the start"
    if 0 < place.stop <= len(stops):
        reader.position = stops[place.stop - 1].step
        return f"the code has changed: continued at stop {place.stop}; home goes to the start"
    return "the code has changed since you were here; this is the start"


def keep(store: Store, run: Run, reader: Reader) -> None:
    """Remember where the reader is."""

    def here(place: Place) -> None:
        place.step, place.steps = reader.position, len(run.timeline)
        place.stop, place.stops = reader.stop, len(run.timeline.stops)
        place.furthest = max(place.furthest, place.stop)
        place.visit(reader.visited)

    store.change(run.name, here)
