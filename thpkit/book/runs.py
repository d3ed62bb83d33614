"""The recordings that the book is checked against: each lesson's run, and its runs on other versions of the kernel.

A *variant* is a version that :mod:`thpkit.patch.registry` knows (``v3``, ``v3+D7`` …), or a
:class:`~thpkit.kernel.variant.Variant` that the lesson's scenario file defines at module level.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from thpkit.book.lesson import Lesson
from thpkit.kernel.variant import Variant
from thpkit.patch.registry import POSTED, variant_named
from thpkit.scenario import Scenario, ScenarioError, record
from thpkit.scenario.load import load_module
from thpkit.trace.stops import StopError
from thpkit.trace.timeline import Timeline

T = TypeVar("T")


class RunError(ValueError):
    """A lesson, or a variant of it, cannot be recorded. The message says why and what to do."""


class Runs:
    """Records each lesson and variant once, when it is asked for the first time."""

    def __init__(self) -> None:
        self._modules: dict[Path, ModuleType] = {}
        self._timelines: dict[tuple[Path, str | None], Timeline] = {}
        self._memo: dict[str, Any] = {}

    def memo(self, name: str, build: Callable[[], T]) -> T:
        """What ``build`` made of these runs the first time it was asked for under this name."""
        if name not in self._memo:
            self._memo[name] = build()
        found: T = self._memo[name]
        return found

    def module(self, lesson: Lesson) -> ModuleType:
        """The lesson's scenario file, run once: its SCENARIO, and whatever else it defines.

        Raises:
            RunError: it is missing, does not run, or defines no SCENARIO.
        """
        found = self._modules.get(lesson.folder)
        if found is None:
            try:
                found = load_module(lesson.scenario_file)
            except ScenarioError as error:
                raise RunError(str(error)) from None
            if not isinstance(getattr(found, "SCENARIO", None), Scenario):
                raise RunError(
                    f"{lesson.id}: {lesson.scenario_file.name} defines no SCENARIO"
                )
            self._modules[lesson.folder] = found
        return found

    def timeline(self, lesson: Lesson, variant: str | None = None) -> Timeline:
        """The run of the lesson's scenario, on its own version of the kernel or on the one named.

        The same object is returned each time: who moves in it puts it back.

        Raises:
            RunError: there is no such variant, or the scenario cannot be recorded.
        """
        key = lesson.folder, variant
        if key not in self._timelines:
            self._timelines[key] = self._record(lesson, variant)
        return self._timelines[key]

    def keep(self, lesson: Lesson, timeline: Timeline) -> None:
        """Take ``timeline`` for the lesson's own run, so that it is not recorded once more."""
        self._timelines[lesson.folder, None] = timeline

    def variant(self, lesson: Lesson, name: str) -> Variant:
        """The version of the kernel of that name.

        Raises:
            RunError: there is none; the message says which there are.
        """
        own = self._own_variants(lesson)
        if name in own:
            return own[name]
        try:
            return variant_named(name)
        except ValueError:
            known = [*own, *POSTED]
            near = get_close_matches(name, known, 1, 0.4)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise RunError(
                f"{lesson.id}: there is no variant {name!r}; there are {', '.join(known)}, "
                f"and v3+ID for the repairs of the patch{hint}"
            ) from None

    def _own_variants(self, lesson: Lesson) -> dict[str, Variant]:
        """What the scenario file defines, by the variable's name and by the variant's own."""
        found: dict[str, Variant] = {}
        for name, each in vars(self.module(lesson)).items():
            if isinstance(each, Variant) and each.name not in POSTED:
                found.setdefault(each.name, each)
                found[name] = each
        return found

    def _record(self, lesson: Lesson, variant: str | None) -> Timeline:
        scenario: Scenario = self.module(lesson).SCENARIO
        version = None if variant is None else self.variant(lesson, variant)
        try:
            timeline = record(scenario, version).timeline
        except StopError as error:
            raise RunError(f"{lesson.id}: {error}") from None
        except (Exception, SystemExit) as error:
            raise RunError(
                f"{lesson.id}: its machine cannot be booted: {type(error).__name__}: {error}"
            ) from error
        if not len(timeline):
            raise RunError(f"{lesson.id}: nothing was recorded: its tasks do nothing")
        return timeline
