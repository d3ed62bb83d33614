"""Twenty statements drawn by lot, and what happens without each of them.

A bullet of the commentary is good if a reader who sees only the bullet can tell what breaks when the statement is
deleted. For each drawn statement the table below has the words in which its bullet says so, a scene in which it must
show, and what is observed there with the statement and without it.

``python -m tests.book.deletions`` prints all of it for a reader.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from tests.book import scenes
from tests.machine.edits import without
from thpkit.book.commentary import list_commentary
from thpkit.book.explanations import Explanation, explanations
from thpkit.book.quotes import QuoteRole
from thpkit.kernel.machine import Machine
from thpkit.kernel.splat import Config, KernelStop
from thpkit.kernel.units import SMALL
from thpkit.kernel.variant import REF, Variant
from thpkit.trace.statements import ROOT, Statement

SEED: Final = 2019
DRAWN: Final = 20
CRASHES: Final = (AssertionError, AttributeError, LookupError, NameError, TypeError)
"""What Python says where the kernel would follow a bad pointer."""
KERNEL: Final = "thpkit/kernel"
FILES: Final = (
    *("filemap", "mmap", "huge_memory", "memory", "rmap", "truncate"),
    *(
        f"xarray/{each}"
        for each in (
            *("walk", "find", "find_marked", "create"),
            *("store", "marks", "alloc", "state"),
        )
    ),
)
"""The path: the six files, and what the page cache uses of the XArray."""


class Drawn(NamedTuple):
    """A statement of the draw, and what the book says about it."""

    place: str
    """File, function, first line and its number among equal ones: the key of the table."""
    statement: Statement
    explanation: Explanation

    @property
    def bullet(self) -> str:
        """The bullet's prose."""
        return "".join(each.text for each in self.explanation.paragraphs[0])


class Fate(NamedTuple):
    """What a drawn statement's bullet promises, and how to see it."""

    says: str
    """Words of the bullet that tell what breaks."""
    scene: Callable[[Machine], object] | None = None
    """What is done on a machine with a file ``/huge`` of three blocks; None if nothing in the kit can show it."""
    fine: str = ""
    """Part of what the scene gives with the statement."""
    broken: str = ""
    """Part of what it gives without."""


def draw() -> list[Drawn]:
    """The twenty statements, in order of the draw.

    Each deletable statement that has a bullet gets a number by the seed and its own place, and the smallest numbers
    are drawn. So the draw stays as it is when code elsewhere changes, which a choice by position would not.
    """
    found = sorted(_explained(), key=lambda each: _lot(each.place))
    return found[:DRAWN]


def _lot(place: str) -> float:
    return Random(f"{SEED} {place}").random()


def _explained() -> Iterator[Drawn]:
    """Every deletable statement of the path that has a bullet of its own."""
    bullets = {
        each.statement: each
        for each in explanations(list_commentary(ROOT), ROOT)
        if each.role is QuoteRole.EXPLAIN and each.lead
    }
    lines = {(each.file, each.first): each for each in bullets}
    for name in FILES:
        file = f"{KERNEL}/{name}.py"
        equal: Counter[tuple[str, str]] = Counter()
        for function, line, text in deletable(ROOT / file):
            equal[function, text] += 1
            statement = lines.get((file, line))
            if statement is not None:
                nth = equal[function, text]
                place = f"{name}.py::{function}::{text}#{nth}"
                yield Drawn(place, statement, bullets[statement])


def deletable(file: Path) -> Iterator[tuple[str, int, str]]:
    """Function, line and text of every statement of a file whose deletion is worth talking about.

    Left out: functions that the stepper never enters; the statement that first binds a name, because without it
    Python, not the kernel, complains; and asserts, which are for the reader and the type checker.
    """
    source = file.read_text(encoding="utf-8")
    lines = source.split("\n")
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef) or function.decorator_list:
            continue
        bound = {each.arg for each in function.args.args}
        inside = [each for each in ast.walk(function) if isinstance(each, ast.stmt)]
        for node in sorted(inside[1:], key=lambda each: each.lineno):
            if _binds_first(node, bound) or _does_nothing(node):
                continue
            yield function.name, node.lineno, lines[node.lineno - 1].strip()


def _binds_first(node: ast.stmt, bound: set[str]) -> bool:
    """Whether a statement gives a name its first value; notes the names it binds."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.For)):
        targets = [node.target]
    names = {each.id for each in targets if isinstance(each, ast.Name)}
    new = names - bound
    bound |= names
    return bool(new) and not isinstance(node, ast.For)


def _does_nothing(node: ast.stmt) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, (ast.Assert, ast.Pass))


def outcome(variant: Variant, scene: Callable[[Machine], object]) -> str:
    """What a scene gives on a kernel, in words: its result, or what stopped it."""
    try:
        machine = Machine(variant=variant, config=Config(geometry=SMALL))
        machine.create("/huge", size=3 * scenes.block(machine))
        return f"result: {scene(machine)!r}"
    except KernelStop as stop:
        return f"stop: {type(stop).__name__}: {stop}"
    except CRASHES as crash:
        return f"crash: {type(crash).__name__}: {crash}"


FATES: Final[Mapping[str, Fate]] = {
    "filemap.py::delete_from_page_cache_batch::for page in pvec.pages.values():#1": Fate(
        "NR_FILE_PAGES stays", scenes.truncated, "result: 0", "result: 3"
    ),
    "filemap.py::generic_perform_write::page_h.SetPageUptodate(page)#1": Fate(
        "if that read fails, so does he",
        scenes.written_and_read_without_storage,
        "result: [",
        "result: -5",
    ),
    "memory.py::wp_page_copy::memcg.mem_cgroup_cancel_charge(new_page, charge)#1": Fate(
        "pays for ever", scenes.two_copies_of_one_page, "result: []", "I12"
    ),
    "xarray/create.py::xas_create_range::if xas.xa_index <= index | units.XA_CHUNK_MASK:#1": Fate(
        "climbs over the top of the tree",
        scenes.huge_fault_in_block_1,
        "result: []",
        "crash: AssertionError: the cursor is at None",
    ),
    "memory.py::handle_pte_fault::if vmf.pte is None:#1": Fate(
        "an entry that does not exist",
        scenes.small_fault,
        "result: []",
        "crash: KeyError: 0",
    ),
    "memory.py::pte_alloc_one_map::vmf.prealloc_pte = None#1": Fate(
        "free a table that is in use",
        scenes.small_fault,
        "result: []",
        "crash: KeyError: 4098",
    ),
    "filemap.py::__add_to_page_cache_locked::page.index = index#1": Fate(
        "stops at the check for that",
        scenes.page_3_written_and_touched,
        "result: []",
        "found at 3",
    ),
    "xarray/find_marked.py::xas_next_marked::xas.xa_offset = offset#1": Fate(
        "find the same entry again",
        scenes.marked_entries,
        "result: [0, 1, 2]",
        "result: [0, 1, 1, 1, 1]",
    ),
    "xarray/find.py::xas_find_conflict::return None#3": Fate(
        "the cursor stands on no node",
        scenes.huge_fault_in_block_1,
        "result: []",
        "crash: AssertionError: the cursor is at XAS_BOUNDS",
    ),
    "filemap.py::thp_fill_block::unaccount_page_cache_page(mapping, page)#1": Fate(
        "go on counting a page that is in no file",
        scenes.writer_in_the_middle,
        "result: []",
        "I5",
    ),
    "xarray/find.py::xas_find::entry = node.slots[xas.xa_offset]#1": Fate(
        "truncation would find a file without pages",
        scenes.truncated,
        "result: 0",
        "result: 3",
    ),
    "xarray/find_marked.py::xas_find_marked::advance = False#1": Fate(
        "a dirty page 0 would never be found",
        scenes.marked_entries,
        "result: [0, 1, 2]",
        "result: []",
    ),
    "memory.py::unmap_page_range::if not pgtable.entry_none(pgd):#1": Fate(
        "its pages stay mapped and referenced for ever",
        scenes.unmapped,
        "result: (0, [])",
        "result: (8, [",
    ),
    "xarray/alloc.py::xas_alloc::if xas.xa.xa_flags & XA_FLAGS_ACCOUNT:#1": Fate(
        "its group pays nothing"  # the kit passes the flag on and charges no nodes
    ),
    "xarray/find_marked.py::xas_find_marked::return _tree_exhausted(xas, max)#4": Fate(
        "hand out the entry of another index",
        scenes.load_after_a_search,
        "result: None",
        "result: value(0)",
    ),
    "memory.py::zap_pmd_range::if pgtable.pmd_trans_huge(pgtable.entry_val(pmd)):#1": Fate(
        "would leave 2 MiB mapped", scenes.unmapped, "result: (0, [])", "result: (8, ["
    ),
    "memory.py::pte_alloc_one_map::if table is None:#2": Fate(
        "hang a table that does not exist",
        scenes.no_memory_for_the_last_table,
        "result: <Signal.SIGKILL",
        "crash: AttributeError",
    ),
    "filemap.py::filemap_huge_fault::return VmFault.SIGBUS if vmf.pgoff >= end else VmFault.FALLBACK#1": Fate(
        "with its lock and its reference gone",
        scenes.cut_in_the_middle,
        "result: <Signal.SIGBUS",
        "stop: ",
    ),
    "filemap.py::pagecache_get_page::return None#1": Fate(
        "a mere look would make a page",
        scenes.look_without_making,
        "result: None",
        "result: page",
    ),
    "memory.py::__handle_mm_fault::if vmf.pmd is None:#1": Fate(
        "a table that is not there",
        scenes.no_memory_for_the_second_table,
        "result: <Signal.SIGKILL",
        "crash: ",
    ),
}
"""By place. Written by hand: what is promised, and what was seen, by people who read the bullet first."""


def report() -> Iterator[str]:
    """The draw for a reader: statement, bullet, what is observed with it and without."""
    for number, each in enumerate(draw(), 1):
        yield f"{number}. {each.place}"
        yield f"   {each.bullet}"
        fate = FATES.get(each.place, Fate(""))
        if fate.scene is None:
            yield "   not tried"
            continue
        name = fate.scene.__name__
        yield f"   {name}, with it: {outcome(REF, fate.scene)}"
        yield f"   {name}, without: {outcome(without(each.statement), fate.scene)}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
