"""How long a learner waits for a verdict: cold, on a save while ``thp watch`` runs, and for all exercises by pytest.

Everything happens in a root of its own: the learner's ``work/`` is left alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final

from tests.tui.learner import Learner
from thpkit.grading.exercise import folders
from thpkit.grading.model import CLONE

ROUNDS: Final = 5
"""Cold checks; the fastest counts."""
SAVES: Final = 15
"""Saves while it is watched; the median counts."""
PAUSE: Final = 0.3
"""Seconds between two saves."""


def rows() -> list[tuple[str, float, str]]:
    """The figures with their budgets."""
    with TemporaryDirectory() as name:
        learner = Learner.at(Path(name))
        learner.thp("start", "ex01")
        cold = min(_cold(learner) for _ in range(ROUNDS))
        saves = _saves(learner)
    count = len(folders(CLONE))
    return [
        (f"thp check, cold, best of {ROUNDS}", cold, "<= 0.6 s"),
        (f"save → verdict in thp watch, median of {SAVES}", median(saves), "<= 300 ms"),
        ("save → verdict in thp watch, slowest", max(saves), "(guide) ms"),
        (f"all {count} exercises by pytest", _by_pytest(), "<= 15 s"),
    ]


def _cold(learner: Learner) -> float:
    """Seconds of one ``thp check``, from its start to its end."""
    started = perf_counter()
    learner.thp("check", "ex01")
    return perf_counter() - started


def _saves(learner: Learner) -> list[float]:
    """Milliseconds from each save to the end of the verdict."""
    with subprocess.Popen(
        learner.command("watch", "ex01"),
        env=learner.environment(),
        cwd=CLONE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as watching:
        assert watching.stdout is not None
        out = watching.stdout.fileno()
        _verdict(out)
        times = []
        for number in range(SAVES):
            sleep(PAUSE)
            text = f"{learner.shipped}# save {number}\n"
            started = perf_counter()
            learner.save(text)
            _verdict(out)
            times.append((perf_counter() - started) * 1000)
        watching.communicate(b"q\n")
    return times


def _verdict(out: int) -> None:
    """Read until a verdict is complete.

    Raises:
        RuntimeError: it ended without one.
    """
    read = b""
    while not re.search(rb"of \d+ points\n", read):
        data = os.read(out, 1 << 16)
        if not data:
            raise RuntimeError("thp watch ended without a verdict")
        read += data


def _by_pytest() -> float:
    """Seconds of ``pytest exercises/``, in one process."""
    started = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "exercises"],
        cwd=CLONE,
        capture_output=True,
        check=False,
    )
    return perf_counter() - started
