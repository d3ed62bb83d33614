"""The kinds of exercises. Each is a module of this package with the same four functions; see :class:`Kind`.

======= ================================================================== ====================
fix     one to three kernel functions with a bug to mend                   code, in a worker
locate  name the step and the statement at which a run goes wrong          ``answer.toml``
ledger  fill in the counters after each of some calls                      ``answer.toml``
expose  write the calls on which a wrong function differs from the kit's   ``calls.py``, as data
review  tell what a given version of the code broke, and what it did not   ``answer.toml``
======= ================================================================== ====================
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Final, Protocol, cast

from thpkit.grading.judging import Job, Judged
from thpkit.grading.model import Exercise, Task
from thpkit.grading.tables import Table

NAMES: Final = ("fix", "locate", "ledger", "expose", "review")
"""All kinds."""


class Kind(Protocol):
    """What a module of this package offers."""

    RUNS_TITLE: str
    """Title of the check ``runs``."""

    def read(self, meta: Table, folder: Path) -> Task:
        """What ``meta.toml`` says for this kind alone. Raises Mistake."""

    def verify(self, exercise: Exercise) -> None:
        """See to it that the parts fit together. Raises Mistake."""

    def judge(self, job: Job) -> Judged:
        """Judge the learner's file. Raises GradingError if this machine cannot."""

    def right(self, exercise: Exercise) -> str:
        """The text of a file that passes."""


def kind_named(name: str) -> Kind:
    """The kind of that name, one of :data:`NAMES`; it is loaded when it is asked for."""
    return cast(Kind, importlib.import_module(f"thpkit.grading.kinds.{name}"))
