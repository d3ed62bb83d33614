"""A small scenario in a file of its own, as a learner would write it, and what is recorded of it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from thpkit.trace.timeline import Timeline
from tui.opening import Run
from tui.where import Target, resolve

TEXT: Final = """
from thpkit.kernel import units
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.splat import Config
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop


def boot(machine):
    machine.create("/bin/app", size=0x10000)
    machine.spawn("A")


def run(machine):
    a = machine.processes["A"]
    fd = a.open("/bin/app")
    at = a.mmap(0x10000, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd)
    a.touch(at)
    a.munmap(at, 0x10000)
    a.close(fd)


SCENARIO = Scenario(
    name="small",
    title="A small story",
    boot=boot,
    tasks=(run,),
    config=Config(geometry=units.SMALL),
    stops=(
        Stop("handle_mm_fault::vmstat.count_vm_event@1", "A fault", "No entry yet."),
        Stop("do_set_pmd::@return@1", "Mapped by one entry"),
        Stop("sys_munmap::@return@1", "Unmapped"),
    ),
)
"""


_FOLDER: Final = TemporaryDirectory()
"""Kept until the end, because the screen reads the source."""


def write(folder: Path, text: str = TEXT, name: str = "small.py") -> Path:
    """Put a scenario file into ``folder``."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@lru_cache(maxsize=1)
def small_run() -> Run:
    """The small scenario, recorded once for all tests. Tests only move in it."""
    return resolve(str(write(Path(_FOLDER.name)))).open()


def timeline() -> Timeline:
    """Its timeline."""
    return small_run().timeline


def target() -> Target:
    """Something to open that is recorded already."""
    return Target("small", "A small story", small_run)
