"""A small lesson with a run of its own: one huge page of eight sub-pages, mapped by A and B and unmapped again."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from thpkit.book.lesson import Lesson, load_lesson
from thpkit.book.runs import Runs
from thpkit.trace.timeline import Timeline

SCENARIO: Final = '''
"""A small story."""

from thpkit.kernel import rmap, units, vmstat
from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.page import Page
from thpkit.kernel.splat import Config, OnSplat
from thpkit.kernel.variant import Variant, replaces
from thpkit.scenario import Scenario
from thpkit.trace.stops import Stop

READERS = ("A", "B")


@replaces(rmap.page_add_file_rmap)
def page_add_file_rmap(page: Page, compound: bool) -> None:
    vmstat.mod_node_page_state(vmstat.NR_FILE_MAPPED, 2 * units.HPAGE_PMD_NR)


COUNTS_TWICE = Variant("counts-twice", functions=[page_add_file_rmap])


def boot(machine):
    machine.create("/bin/app", size=0x10000)
    for name in ("A", "B"):
        machine.spawn(name)


def run(machine):
    at = {}
    for name in READERS:
        each = machine.processes[name]
        fd = each.open("/bin/app")
        at[name] = each.mmap(0x10000, Prot.READ | Prot.EXEC, MapFlags.PRIVATE, fd)
        each.touch(at[name])
    for name in READERS:
        machine.processes[name].munmap(at[name], 0x10000)


SCENARIO = Scenario(
    name="01_small",
    title="A small story",
    boot=boot,
    tasks=(run,),
    config=Config(geometry=units.SMALL, on_splat=OnSplat.LOG),
    stops=(
        Stop("handle_mm_fault::vmstat.count_vm_event@1+", "A fault"),
        Stop("do_set_pmd::@return@1", "Mapped"),
        Stop("do_set_pmd::@return@-1", "Mapped by all"),
        Stop("sys_munmap::@return@-1", "Unmapped"),
    ),
)
'''

FACTS: Final = """
id = "01_small"
title = "A small lesson"
part = "One"
objectives = ["see"]
"""


QUIZ: Final = """
[[question]]
id = "references"
kind = "numeric"
before = "Mapped by all"
ask = "How many references has the page?"
answer = 'cell("page#1._refcount", "Mapped by all")'
unit = "references"
explain = "Eight of the cache, two of the mappings."
    [[question.wrong]]
    answer = '2'
    reason = "The cache holds some as well."
    [[question.wrong]]
    answer = 'HPAGE_PMD_NR'
    reason = "The mappings hold some as well."

[[question]]
id = "mapped-twice"
kind = "choice"
before = "Mapped by all"
ask = "What does `NR_FILE_MAPPED` do?"
explain = "It counts pages, not mappings."
    [[question.choice]]
    text = "It stays at 8."
    holds = 'cell("NR_FILE_MAPPED", "Mapped by all") == 8'
    [[question.choice]]
    text = "It goes to 16 and more."
    holds = 'cell("NR_FILE_MAPPED", "Mapped by all") >= 16'
    variant = "COUNTS_TWICE"
    reason = "That would count mappings."
    [[question.choice]]
    text = "It goes to 9."
    holds = 'cell("NR_FILE_MAPPED", "Mapped by all") == 9'
    reason = "That would count entries."

[[question]]
id = "order"
kind = "ordering"
before = "Unmapped"
ask = "In which order?"
explain = "First mapped, then unmapped."
    [[question.item]]
    text = "A maps"
    at = "do_set_pmd::@call@1"
    [[question.item]]
    text = "B maps"
    at = "do_set_pmd::@call@2"
    [[question.item]]
    text = "A unmaps"
    at = "sys_munmap::@call@1"
    [[question.item]]
    text = "the file is truncated"
    never = true
    at = "sys_truncate::inode = path_lookup(path)"
    reason = "Nobody truncates anything."

[[question]]
id = "ledger"
kind = "ledger"
ask = "What moves while both map?"
cells = ["NR_FILE_MAPPED", "NR_FILE_PMDMAPPED", "NR_SHMEM"]
from = "A fault"
to = "Mapped by all"
explain = "One counts pages, one huge pages, one nothing of this."
    [[question.wrong]]
    cell = "NR_FILE_MAPPED"
    answer = '1'
    reason = "it counts small pages."
    [[question.wrong]]
    cell = "NR_SHMEM"
    reason = "this is no shmem."

[[question]]
id = "writer"
kind = "last-writer"
ask = "Who wrote the 0?"
cell = "NR_FILE_PMDMAPPED"
at = "end"
explain = "The last to unmap."
    [[question.wrong]]
    function = "page_add_file_rmap"
    reason = "That wrote the 1."

[[question]]
id = "reason"
kind = "why"
ask = "Why does the counter stay?"
explain = "It counts pages."
    [[question.choice]]
    text = "A page counts once."
    best = true
    [[question.choice]]
    text = "B maps nothing."
    reason = "B does map it."
    [[question.choice]]
    text = "The counter was forgotten."
    reason = "Then it would count every mapping."
    variant = "counts-twice"
    shows = 'cell("NR_FILE_MAPPED", "Mapped by all") > 8'
"""
"""A question of each kind."""


def write_lesson(root: Path, scenario: str = SCENARIO, quiz: str = "") -> Lesson:
    """Make the lesson below ``root``."""
    folder = root / "lessons" / "01_small"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lesson.toml").write_text(FACTS, encoding="utf-8")
    (folder / "README.md").write_text("# A small lesson\n", encoding="utf-8")
    (folder / "small.py").write_text(scenario, encoding="utf-8")
    if quiz:
        (folder / "quiz.toml").write_text(quiz, encoding="utf-8")
    return load_lesson(folder)


_KEPT: Final = TemporaryDirectory()
"""Until the end: recordings read their source."""


@lru_cache(maxsize=1)
def small() -> tuple[Lesson, Runs]:
    """The lesson, and its recordings: made once for all tests."""
    return write_lesson(Path(_KEPT.name), quiz=QUIZ), Runs()


def small_run(variant: str | None = None) -> Timeline:
    """The lesson's run, or its run on a variant."""
    lesson, runs = small()
    return runs.timeline(lesson, variant)
